//! Duration of reading and applying facts: JSON lines as in a bulk body, in slices.
//!
//! `cargo bench --bench ingest` prints lines per second on one thread: events (with ids, of four kinds) and item upserts.

use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput};
use saima::cli::synthetic;
use saima::clock::Clock;
use saima::config::{Config, Live};
use saima::engine::{Engine, EntityKind, Operation};

const ITEMS: u32 = 100_000;
/// Lines per measurement.
const LINES: u64 = 20_000;
/// Lines applied under one lock; the HTTP layer applies half as many.
const SLICE: usize = 16;

fn engine() -> Arc<Engine> {
    let live = Arc::new(Live::new(Config::embedded()));
    let engine = Engine::in_memory(live);
    engine.fill(|facts, config| synthetic::fill(facts, ITEMS, config));
    engine
}

fn event(number: u64) -> String {
    let (user, item) = (
        number * 7_919 % u64::from(ITEMS),
        number * 104_729 % u64::from(ITEMS),
    );
    let kind = ["view", "click", "cart", "purchase"][usize::try_from(number % 4).unwrap_or(0)];
    let at = Clock::machine();
    format!(
        r#"{{"id":"e-{number}","user_id":"u{user}","item_id":"item-{item:07}","kind":"{kind}","at":"{at}","quantity":1,"amount":12.5}}"#
    )
}

fn item(number: u64) -> String {
    let id = number * 104_729 % u64::from(ITEMS);
    format!(
        r#"{{"id":"item-{id:07}","merchant_id":"m{}","category":"c01","tags":{{"t1":1,"t{}":0.5,"t77":0.25}},"title":"an item of the bench","price":{}.5}}"#,
        id / 10,
        number % 100,
        number % 90
    )
}

fn bench(
    criterion: &mut Criterion,
    engine: &Engine,
    name: &str,
    operation: Operation,
    line: fn(u64) -> String,
) {
    let mut next = 0;
    let mut group = criterion.benchmark_group("ingest");
    group
        .throughput(Throughput::Elements(LINES))
        .sample_size(20);
    let fresh = || {
        next += LINES;
        (next - LINES..next).map(line).collect::<Vec<_>>()
    };
    let mut fresh = fresh;
    group.bench_function(name, |bencher| {
        bencher.iter_batched(
            &mut fresh,
            |lines| {
                for slice in lines.chunks(SLICE) {
                    let slice: Vec<&[u8]> = slice.iter().map(String::as_bytes).collect();
                    let fates = engine.ingest(operation, &slice);
                    let accepted = |fates: &Vec<_>| fates.iter().all(Result::is_ok);
                    assert!(fates.as_ref().is_ok_and(accepted), "{fates:?}");
                }
            },
            BatchSize::PerIteration,
        );
    });
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let engine = engine();
    bench(&mut criterion, &engine, "events", Operation::Events, event);
    bench(
        &mut criterion,
        &engine,
        "item upserts",
        Operation::Upsert(EntityKind::Item),
        item,
    );
    criterion.final_summary();
}
