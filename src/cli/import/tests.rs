//! Tests of the command against a fake service: requests, retries, counts and messages.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::ExitCode;
use std::thread::{self, JoinHandle};

use clap::Parser;
use serde_json::{Value, json};

use super::cursor::Cursor;
use super::map::MapFile;
use super::report::Report;
use super::{Args, COMMA, ImportError, rows, run, table};
use crate::allocator::linear::assert_linear;
use crate::cli::client::CallError;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

/// A request as the fake service received it: its first line and its decompressed lines.
type Received = (String, Vec<String>);

/// Answers one request after another with the given status and body, then returns the requests.
fn fake(answers: Vec<(u16, String)>) -> (String, JoinHandle<Vec<Received>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let served = thread::spawn(move || {
        answers
            .into_iter()
            .map(|(status, body)| serve(&listener.accept().unwrap().0, status, &body))
            .collect()
    });
    (url, served)
}

fn serve(mut stream: &TcpStream, status: u16, body: &str) -> Received {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        head.push(line.trim().to_ascii_lowercase());
    }
    let length = head
        .iter()
        .find_map(|line| line.strip_prefix("content-length: "))
        .unwrap();
    let mut packed = vec![0; length.parse().unwrap()];
    reader.read_exact(&mut packed).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(&packed[..])
        .read_to_string(&mut text)
        .unwrap();
    let length = body.len();
    write!(stream, "HTTP/1.1 {status} x\r\nretry-after: 0\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
    (head[0].clone(), text.lines().map(str::to_owned).collect())
}

fn answer(accepted: u64, rejected: &[Value]) -> (u16, String) {
    let body =
        json!({"accepted": accepted, "rejected_count": rejected.len(), "rejected": rejected});
    (200, body.to_string())
}

fn import(url: &str, folder: &Path, arguments: &[&str]) -> Result<ExitCode, ImportError> {
    let files = arguments
        .iter()
        .map(|argument| match argument.strip_prefix('@') {
            Some(name) => folder.join(name).display().to_string(),
            None => (*argument).to_owned(),
        });
    let line = ["saima", "--url", url]
        .into_iter()
        .map(str::to_owned)
        .chain(files);
    run(&Cli::try_parse_from(line).unwrap().args)
}

#[test]
fn totals_name_repeated_and_late_events() {
    let cli = Cli::try_parse_from(["saima", "--into", "events", "a.ndjson"]).unwrap();
    let mut report = Report::new(&cli.args, None, None);
    for _ in 0..2 {
        let answer =
            json!({"accepted": 5, "repeated": 2, "late": 1, "rejected_count": 1, "rejected": []});
        let answer = serde_json::from_value(answer).unwrap();
        report.batch(answer, &[]).unwrap();
    }
    let totals = "10 accepted (4 repeated, 2 late), 2 rejected";
    assert_eq!(report.totals.line(), totals);
}

#[test]
fn every_line_arrives_once() {
    let folder = tempfile::tempdir().unwrap();
    let text: String = (0..7).map(|n| format!("{{\"id\":{n}}}\n")).collect();
    fs::write(folder.path().join("a.ndjson"), &text).unwrap();
    let (url, served) = fake(vec![
        answer(3, &[]),
        (503, String::new()),
        answer(3, &[]),
        answer(1, &[]),
    ]);
    let code = import(
        &url,
        folder.path(),
        &["--into", "items", "--batch", "3", "@a.ndjson"],
    )
    .unwrap();
    assert_eq!(code, ExitCode::SUCCESS);
    let seen = served.join().unwrap();
    let head = "put /items?effects=true http/1.1";
    assert!(seen.iter().all(|(seen, _)| seen == head));
    assert_eq!(
        seen[1], seen[2],
        "the same request is sent again to a busy service"
    );
    let lines: Vec<String> = [&seen[0].1[..], &seen[2].1[..], &seen[3].1[..]].concat();
    assert_eq!(lines.join("\n"), text.trim_end());
}

#[test]
fn rejects_carry_their_line_numbers() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("map.toml"),
        "[events]\nid = 'id'\nuser_id = { constant = 'u' }\nitem_id = { constant = 'i' }\nkind = { constant = 'view' }\n\
         at = { constant = '2026-11-20T10:00:00Z' }\namount = { column = 'v', type = 'number' }",
    )
    .unwrap();
    fs::write(folder.path().join("a.csv"), "id,v\na,1\nb,x\nc,-1\n").unwrap();
    let reject = json!({"index": 1, "id": "c", "errors": [{"path": "amount", "message": "must be at least 0"}]});
    let (url, served) = fake(vec![answer(1, &[reject])]);
    let arguments = [
        "--into",
        "events",
        "--map",
        "@map.toml",
        "--rejects",
        "@bad.csv",
        "@a.csv",
    ];
    let code = import(&url, folder.path(), &arguments).unwrap();
    assert_eq!(code, ExitCode::FAILURE);
    assert_eq!(served.join().unwrap()[0].0, "post /events http/1.1");
    let bad = fs::read_to_string(folder.path().join("bad.csv")).unwrap();
    let file = folder.path().join("a.csv");
    let file = file.display();
    let expected = format!(
        "id,v\n# saima: row 1, line 3 of {file}: amount: 'x' is not a finite number\nb,x\n\
         # saima: row 2, line 4 of {file}: amount: must be at least 0\nc,-1\n"
    );
    assert_eq!(bad, expected);
}

#[test]
fn invalid_arguments_fail_before_any_request() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.csv"), "id\n").unwrap();
    fs::write(folder.path().join("a.ndjson"), "{}").unwrap();
    let nobody = "http://127.0.0.1:9";
    let rejected = |arguments: &[&str]| import(nobody, folder.path(), arguments).unwrap_err();
    assert!(matches!(
        rejected(&["--into", "items", "@a.csv"]),
        ImportError::NoMap(_)
    ));
    assert!(matches!(
        rejected(&["--into", "items", "@a.ndjson", "@a.xml"]),
        ImportError::Shape(_)
    ));
    assert!(matches!(
        rejected(&["--into", "items", "@none.ndjson"]),
        ImportError::File { .. }
    ));
    assert!(matches!(
        rejected(&["--into", "items", "@a.ndjson"]),
        ImportError::Call(CallError::Unreachable { .. })
    ));
}

#[test]
fn a_rejected_batch_stops_the_import() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.ndjson"), "{}").unwrap();
    let (url, served) = fake(vec![(401, "{\"detail\":\"no token\"}".to_owned())]);
    let message = import(&url, folder.path(), &["--into", "users", "@a.ndjson"])
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("no token") && message.contains("SAIMA_TOKEN"),
        "{message}"
    );
    served.join().unwrap();
}

#[test]
fn row_numbers_continue_through_all_files() {
    let folder = tempfile::tempdir().unwrap();
    let map = "[users]\nid = { row = true, prefix = 'e' }\nregion = 'u'";
    fs::write(folder.path().join("map.toml"), map).unwrap();
    fs::write(folder.path().join("january.csv"), "u\na\nb\n").unwrap();
    fs::write(folder.path().join("february.csv"), "u\nc\nd\n").unwrap();
    let (url, served) = fake(vec![answer(2, &[]), answer(2, &[])]);
    let files = ["@january.csv", "@february.csv"];
    let arguments = [&["--map", "@map.toml"][..], &files].concat();
    import(&url, folder.path(), &arguments).unwrap();
    let seen = served.join().unwrap().into_iter();
    let ids: Vec<Value> = seen
        .flat_map(|(_, lines)| lines)
        .map(|line| serde_json::from_str::<Value>(&line).unwrap()["id"].take())
        .collect();
    assert_eq!(ids, ["e0", "e1", "e2", "e3"]);
}

#[test]
fn every_section_of_a_map_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let map = "[events]\nid = { row = true }\nuser_id = 'u'\nitem_id = 'i'\nkind = { constant = 'view' }\nat = { column = 't', type = 'time' }\n\
               [items]\nid = 'i'\n[users]\nid = 'u'";
    fs::write(folder.path().join("map.toml"), map).unwrap();
    let text = "u,i,t\na,b,2026-11-20T10:00:00Z\n";
    fs::write(folder.path().join("a.csv"), text).unwrap();
    let routes = |arguments: &[&str], requests: usize| {
        let (url, served) = fake(vec![answer(1, &[]); requests]);
        let arguments = [&["--map", "@map.toml"][..], arguments, &["@a.csv"]].concat();
        import(&url, folder.path(), &arguments).unwrap();
        let seen = served.join().unwrap().into_iter();
        seen.map(|(head, _)| head.split('?').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let all = ["put /items", "put /users", "post /events http/1.1"];
    assert_eq!(routes(&[], 3), all);
    assert_eq!(routes(&["--into", "events,items"], 2), [all[0], all[2]]);
}

#[test]
fn every_header_is_checked_before_any_request() {
    let folder = tempfile::tempdir().unwrap();
    let map = "[users]\nid = 'u'\n[items]\nid = 'i'";
    for (name, text) in [
        ("map.toml", map),
        ("a.csv", "u,i\nx,y\n"),
        ("b.csv", "u\nx\n"),
        ("c.csv", "v,i\n"),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let files = ["--map", "@map.toml", "@a.csv", "@b.csv", "@c.csv"];
    let message = import("http://127.0.0.1:9", folder.path(), &files).unwrap_err();
    let message = message.to_string();
    for part in [
        "b.csv: id: the table has no column \"i\"",
        "c.csv: id: the table has no column \"u\"",
        "[items] ",
        "[users] ",
        "--into names the sections",
    ] {
        assert!(message.contains(part), "{part} in {message}");
    }
    assert!(!message.contains("a.csv"), "{message}");
}

#[test]
fn rejects_of_another_header_have_their_own_file() {
    let folder = tempfile::tempdir().unwrap();
    let map = "[users]\nid = 'u'\nregion = { column = 'r', values = { x = 'X' } }";
    for (name, text) in [
        ("map.toml", map),
        ("a.csv", "u,r\na,y\n"),
        ("b.csv", "r,u\nz,b\n"),
        ("c.csv", "u,r\nc,y\n"),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    fs::write(folder.path().join("bad-2.csv"), "of an earlier import").unwrap();
    let arguments = [
        "--map",
        "@map.toml",
        "--rejects",
        "@bad.csv",
        "@a.csv",
        "@b.csv",
        "@c.csv",
    ];
    import("http://127.0.0.1:9", folder.path(), &arguments).unwrap();
    for (name, rows) in [
        ("bad.csv", &["u,r", "a,y", "c,y"][..]),
        ("bad-2.csv", &["r,u", "z,b"]),
    ] {
        let bad = fs::read_to_string(folder.path().join(name)).unwrap();
        let found: Vec<&str> = bad.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(found, rows, "{name}");
    }
    let arguments = ["--map", "@map.toml", "--rejects", "@bad.ndjson", "@a.csv"];
    let fault = import("http://127.0.0.1:9", folder.path(), &arguments).unwrap_err();
    assert!(fault.to_string().contains("are a table"), "{fault}");
}

#[test]
fn an_import_of_several_kinds_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let map = "[users]\nid = 'u'\n[items]\nid = 'i'";
    fs::write(folder.path().join("map.toml"), map).unwrap();
    fs::write(folder.path().join("a.csv"), "u,i\na,x\nb,y\n").unwrap();
    let arguments = ["--map", "@map.toml", "--batch", "1", "@a.csv"];
    let (url, served) = fake(vec![
        answer(1, &[]),
        answer(1, &[]),
        answer(1, &[]),
        (401, "{}".to_owned()),
    ]);
    import(&url, folder.path(), &arguments).unwrap_err();
    served.join().unwrap();
    let (url, served) = fake(vec![answer(1, &[])]);
    import(
        &url,
        folder.path(),
        &[&["--resume"], &arguments[..]].concat(),
    )
    .unwrap();
    let seen = served.join().unwrap();
    assert!(seen[0].0.starts_with("put /users"), "{seen:?}");
    assert_eq!(seen[0].1, ["{\"id\":\"b\"}"]);
}

#[cfg(feature = "parquet")]
#[test]
fn columns_of_parquet_are_checked_and_proposed() {
    use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
    use parquet::file::writer::SerializedFileWriter;

    let folder = tempfile::tempdir().unwrap();
    let schema = "message m { required binary user_id (UTF8); required binary sku (UTF8); required int64 at (TIMESTAMP(MICROS,true)); \
                  required int64 total (DECIMAL(9,2)); }";
    let schema = parquet::schema::parser::parse_message_type(schema).unwrap();
    let bytes = fs::File::create(folder.path().join("a.parquet")).unwrap();
    let mut file = SerializedFileWriter::new(bytes, schema.into(), Default::default()).unwrap();
    let mut group = file.next_row_group().unwrap();
    for text in ["u", "s"] {
        let mut column = group.next_column().unwrap().unwrap();
        let texts = [ByteArray::from(text.as_bytes().to_vec())];
        column
            .typed::<ByteArrayType>()
            .write_batch(&texts, None, None)
            .unwrap();
        column.close().unwrap();
    }
    for number in [1_795_132_800_000_000, 1_250] {
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<Int64Type>()
            .write_batch(&[number], None, None)
            .unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    file.close().unwrap();
    let map = super::guess::guess(&folder.path().join("a.parquet")).unwrap();
    for part in [
        "item_id = \"sku\"",
        "format = \"rfc3339\"",
        "amount = { column = \"total\", type = \"number\" }",
    ] {
        assert!(map.contains(part), "{part} in {map}");
    }
    fs::write(folder.path().join("map.toml"), &map).unwrap();
    let (url, served) = fake(vec![answer(1, &[])]);
    import(&url, folder.path(), &["--map", "@map.toml", "@a.parquet"]).unwrap();
    let sent: Value = serde_json::from_str(&served.join().unwrap()[0].1[0]).unwrap();
    assert_eq!(
        (&sent["amount"], &sent["at"]),
        (&json!(12.5), &json!(1_795_132_800_000_i64))
    );
    fs::write(
        folder.path().join("map.toml"),
        map.replace("\"sku\"", "\"skus\""),
    )
    .unwrap();
    let fault = import(
        "http://127.0.0.1:9",
        folder.path(),
        &["--map", "@map.toml", "@a.parquet"],
    );
    let fault = fault.unwrap_err().to_string();
    assert!(
        fault.contains("no column \"skus\"; did you mean \"sku\"?"),
        "{fault}"
    );
}

#[test]
fn a_busy_service_is_quoted() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.ndjson"), "{}").unwrap();
    let full = "{\"detail\":\"No space left on device\"}".to_owned();
    let (url, served) = fake(vec![(503, full); 20]);
    let rejected = import(&url, folder.path(), &["--into", "users", "@a.ndjson"]).unwrap_err();
    served.join().unwrap();
    assert_eq!(
        printed(rejected),
        "the service was busy (503) on all 20 attempts: No space left on device"
    );
}

/// The error as the program prints it.
fn printed(error: ImportError) -> String {
    format!("{:#}", anyhow::Error::from(error))
}

#[test]
fn an_error_names_the_url_once() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.ndjson"), "{}").unwrap();
    for url in ["http://127.0.0.1:9", "nowhere"] {
        let rejected = import(url, folder.path(), &["--into", "users", "@a.ndjson"]).unwrap_err();
        let printed = printed(rejected);
        assert_eq!(printed.matches(url).count(), 1, "{printed}");
    }
}

#[test]
fn reading_a_file_takes_linear_time() {
    let read = |map: &str, table: &str| {
        let mapping = MapFile::parse(map).unwrap().target("items").unwrap();
        let cursor = Cursor::new(true);
        let rows = table::table(table.as_bytes(), COMMA, &mapping, &cursor);
        rows.map_or(0, Iterator::count)
    };
    let numbered = |count: usize, part: &str| -> String {
        (0..count)
            .map(|number| part.replace('@', &number.to_string()))
            .collect()
    };
    assert_linear(
        "lines",
        20_000,
        |count| "{}\n\n".repeat(count),
        |text| {
            assert_eq!(rows::lines(text.as_bytes()).count(), text.len() / 4);
        },
    );
    let table = |count| "a,b\n".to_owned() + &"1,\"x\"\n2\n".repeat(count);
    assert_linear("rows", 10_000, table, |table| {
        read(
            "[items]\nid = \"a\"\nprice = { column = \"b\", type = \"number\" }",
            table,
        );
    });
    let columns = |count| {
        let map = format!(
            "[items]\nid = {{ columns = [{}] }}",
            numbered(count, "\"c@\",")
        );
        (map, numbered(count, "c@,") + "end\n")
    };
    assert_linear("columns", 4_000, columns, |(map, table)| {
        read(map, table);
    });
}
