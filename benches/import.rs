//! Duration of what `saima import` does with the rows of a table: reading, mapping, and packing the bodies. Sending is not included.
//!
//! `cargo bench --bench import` prints rows per second on one thread, for plain columns and for a map with two expressions.

use std::io::Write;

use criterion::{Criterion, Throughput};
use flate2::Compression;
use flate2::write::GzEncoder;
use saima::cli::import::{COMMA, Cursor, MapFile, Mapping, table};

/// Rows per measurement.
const ROWS: u32 = 20_000;
/// Rows per body.
const BATCH: usize = 5_000;

const PLAIN: &str = r#"
[events]
id = { column = "Order", prefix = "o" }
user_id = "Customer"
item_id = "Sku"
kind = { constant = "purchase" }
at = { column = "When", type = "time", format = "epoch_s" }
amount = { column = "Unit price", type = "number" }
"#;

const EXPRESSIONS: &str = r#"
[events]
id = { column = "Order", prefix = "o" }
user_id = "Customer"
item_id = "Sku"
kind = { cel = 'number(row.Quantity) < 0.0 ? "refund" : "purchase"' }
at = { column = "When", type = "time", format = "epoch_s" }
amount = { cel = 'abs(number(row["Unit price"]) * number(row.Quantity))' }
"#;

fn csv() -> String {
    let mut text = "Order,Customer,Sku,Quantity,Unit price,When,Country\n".to_owned();
    for row in 0..ROWS {
        let (user, item) = (row * 7_919 % ROWS, row * 104_729 % ROWS);
        let (quantity, cents, at) = (row % 7, row % 90, 1_795_000_000 + row);
        text.push_str(&format!(
            "{row},u{user},item-{item:07},{quantity},{}.{cents:02},{at},United Kingdom\n",
            row % 300
        ));
    }
    text
}

fn mapping(map: &str) -> Result<Mapping, String> {
    MapFile::parse(map)?.target("events")
}

/// Reads, maps and packs a table. Returns the number of packed bytes.
fn import(csv: &str, mapping: &Mapping) -> usize {
    let (cursor, mut packed, mut body) = (Cursor::default(), 0, Vec::new());
    let Ok(rows) = table(csv.as_bytes(), COMMA, mapping, &cursor) else {
        return 0;
    };
    let pack = |body: &mut Vec<u8>| {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        let written = packer.write_all(body).and_then(|()| packer.finish());
        body.clear();
        written.map_or(0, |bytes| bytes.len())
    };
    for (place, line) in rows.flatten().enumerate() {
        body.extend_from_slice(&line.json);
        body.push(b'\n');
        if place % BATCH == BATCH - 1 {
            packed += pack(&mut body);
        }
    }
    packed + pack(&mut body)
}

fn main() -> Result<(), String> {
    let mut criterion = Criterion::default().configure_from_args();
    let csv = csv();
    let mut group = criterion.benchmark_group("import");
    group
        .throughput(Throughput::Elements(u64::from(ROWS)))
        .sample_size(20);
    for (name, map) in [("plain columns", PLAIN), ("two expressions", EXPRESSIONS)] {
        let mapping = mapping(map)?;
        group.bench_function(name, |bencher| bencher.iter(|| import(&csv, &mapping)));
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}
