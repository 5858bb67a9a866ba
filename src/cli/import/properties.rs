//! Files in parts: cut anywhere and sent again, split in two, or in another order, they leave the same store. Random marketplaces, in every
//! format, are read as an import reads them, and applied by the engine in batches.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use indicatif::ProgressBar;
use serde_json::{Map, Value, json};

use super::cursor::Cursor;
use super::map::MapFile;
use super::read::facts;
use super::rows::ReadError;
use super::source::shape;
use crate::clock::{Clock, HOUR, Time};
use crate::config::{Config, Live};
use crate::engine::{Engine, EntityKind, Operation, RacePart, RaceQuery, Stored};
use crate::random::Random;
use crate::telemetry::Telemetry;
use crate::threads::Threads;

/// Random marketplaces for each property.
const CASES: u64 = 120;
const USERS: u32 = 4;
const ITEMS: u32 = 5;
const SHOPS: u32 = 3;

const MAP: &str = "\
[items]
id = 'id'
merchant_id = 'merchant_id'
title = 'title'
price = { column = 'price', type = 'number' }
[events]
id = 'id'
user_id = 'user_id'
item_id = 'item_id'
kind = 'kind'
at = { column = 'at', type = 'time', format = 'epoch_ms' }
amount = { column = 'amount', type = 'number' }
purchase_id = 'purchase_id'
";
const TARGETS: [(&str, Operation, &[&str]); 2] = [
    (
        "items",
        Operation::Upsert(EntityKind::Item),
        &["id", "merchant_id", "title", "price"],
    ),
    (
        "events",
        Operation::Events,
        &[
            "id",
            "user_id",
            "item_id",
            "kind",
            "at",
            "amount",
            "purchase_id",
        ],
    ),
];
/// Formats, by the names of their files.
const FORMATS: [&str; 6] = [
    "a.csv",
    "crlf.csv",
    "a.ndjson",
    "a.json",
    "a.csv.gz",
    "a.ndjson.zst",
];

fn noon() -> Time {
    Time::parse("2026-03-20T12:00:00Z").unwrap()
}

/// The items and the events of a random marketplace.
fn market(random: &mut Random) -> [Vec<Value>; 2] {
    let titles = ["plain", "two\nlines", "\"quoted\", 玻尿酸", "a,b"];
    let item = |n: u32, random: &mut Random| {
        json!({"id": format!("i{n}"), "merchant_id": format!("m{}", n % SHOPS), "title": titles[random.index(titles.len())],
            "price": 1 + random.below(20)})
    };
    let items = (0..ITEMS).map(|n| item(n, random)).collect();
    let mut events: Vec<Value> = Vec::new();
    for n in 0..10 + random.below(30) {
        events.push(event(n, &events, random));
    }
    [items, events]
}

/// Returns a random event; a refund may name one of the purchases before it.
fn event(n: u32, before: &[Value], random: &mut Random) -> Value {
    let kinds = ["view", "cart", "purchase", "purchase", "refund", "dislike"];
    let kind = kinds[random.index(kinds.len())];
    let at = noon().plus(-i64::from(random.below(60 * 24)) * HOUR - i64::from(n));
    let mut event = json!({"id": format!("e{n}"), "user_id": format!("u{}", random.below(USERS)), "item_id": format!("i{}", random.below(ITEMS)),
        "kind": kind, "at": at.millis()});
    if ["purchase", "refund"].contains(&kind) && random.below(4) > 0 {
        event["amount"] = json!(1 + random.below(30));
    }
    let purchases = before.iter().filter(|it| it["kind"] == "purchase");
    let purchases: Vec<&Value> = purchases.collect();
    if kind == "refund" && !purchases.is_empty() {
        let purchase = purchases[random.index(purchases.len())];
        event["purchase_id"] = purchase["id"].clone();
        event["user_id"] = purchase["user_id"].clone();
        event["item_id"] = purchase["item_id"].clone();
    }
    event
}

/// Returns the bytes of a file of facts in a format.
fn file(facts: &[Value], columns: &[&str], format: &str) -> Vec<u8> {
    let lines: String = facts.iter().map(|fact| format!("{fact}\n")).collect();
    match format {
        "a.csv" => table(facts, columns, "\n"),
        "crlf.csv" => table(facts, columns, "\r\n"),
        "a.ndjson" => lines.into_bytes(),
        "a.json" => Value::from(facts.to_vec()).to_string().into_bytes(),
        "a.csv.gz" => {
            let level = flate2::Compression::fast();
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), level);
            gzip.write_all(&table(facts, columns, "\n")).unwrap();
            gzip.finish().unwrap()
        }
        _ => zstd::encode_all(lines.as_bytes(), 1).unwrap(),
    }
}

fn table(facts: &[Value], columns: &[&str], end: &str) -> Vec<u8> {
    let mut text = columns.join(",") + end;
    for fact in facts {
        let cell = |column: &&str| match &fact[*column] {
            Value::Null => String::new(),
            Value::String(text) => format!("\"{}\"", text.replace('"', "\"\"")),
            other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                other.to_string()
            }
        };
        let cells: Vec<String> = columns.iter().map(cell).collect();
        write!(text, "{}{end}", cells.join(",")).unwrap();
    }
    text.into_bytes()
}

/// An empty service, and a folder for the files that are imported into it.
struct Service {
    engine: Arc<Engine>,
    folder: tempfile::TempDir,
}

impl Service {
    fn new() -> Self {
        let mut config = Config::embedded();
        config.store.event_ids = 10_000;
        let live = Arc::new(Live::new(config));
        let stored = Stored::in_memory(&live.load().config, &Threads::default());
        let engine = Engine::start(live, Clock::manual(noon()), Telemetry::default(), stored);
        let folder = tempfile::tempdir().unwrap();
        Self { engine, folder }
    }

    /// Imports a file in batches of `batch` facts, up to what is unreadable.
    fn import(&self, target: usize, format: &str, bytes: &[u8], batch: usize) {
        let (name, operation, _) = TARGETS[target];
        let path = self.folder.path().join(format);
        fs::write(&path, bytes).unwrap();
        let mut pending = Vec::new();
        let read = each(&path, name, |fact| {
            pending.push(fact);
            if pending.len() == batch {
                self.apply(operation, &std::mem::take(&mut pending));
            }
        });
        if read.is_some() {
            self.apply(operation, &pending);
        }
    }

    fn apply(&self, operation: Operation, facts: &[Vec<u8>]) {
        let lines: Vec<&[u8]> = facts.iter().map(Vec::as_slice).collect();
        self.engine.ingest(operation, &lines).unwrap();
    }

    /// Returns everything that the service shows.
    fn store(&self) -> Vec<String> {
        pollster::block_on(self.engine.rebuild());
        let engine = &self.engine;
        let users = (0..USERS).map(|n| text(&engine.user(&format!("u{n}"))));
        let items = (0..ITEMS).map(|n| text(&engine.item(&format!("i{n}"))));
        let shops = (0..SHOPS).map(|n| text(&engine.merchant(&format!("m{n}"))));
        let boards = ["merchant", "item"].map(|kind| self.board(kind));
        users.chain(items).chain(shops).chain(boards).collect()
    }

    fn board(&self, kind: &str) -> String {
        let query = RaceQuery {
            kind,
            lane: None,
            part: RacePart::First,
            limit: 10,
        };
        let mut board = self.engine.race(&query).unwrap();
        board.standings = 0;
        text(&board)
    }
}

/// Passes the readable facts of a file; returns `None` if it is unreadable from some place on, so that its last batch is not sent.
fn each(path: &Path, target: &str, mut take: impl FnMut(Vec<u8>)) -> Option<()> {
    let cursor = Cursor::default();
    let mapping = MapFile::parse(MAP).unwrap().target(target).unwrap();
    let separator = shape(path).unwrap().separator();
    let mapping = separator.map(|_| &mapping);
    for line in facts(path, None, mapping, &cursor, ProgressBar::hidden()).ok()? {
        match line {
            Ok(line) => take(line.json),
            Err(ReadError::Row { .. } | ReadError::Note(_)) => {}
            Err(ReadError::File(_)) => return None,
        }
    }
    Some(())
}

/// Returns a view as text, with its fields in order and without the last bits of its numbers, which depend on the order of the events.
fn text(view: &impl serde::Serialize) -> String {
    fn rounded(value: Value) -> Value {
        match value {
            Value::Number(number) => json!(number.as_f64().map(|number| (number * 1e6).round())),
            Value::Array(values) => values.into_iter().map(rounded).collect(),
            Value::Object(fields) => {
                let mut fields: Vec<(String, Value)> = fields.into_iter().collect();
                fields.sort_by(|a, b| a.0.cmp(&b.0));
                let fields = fields
                    .into_iter()
                    .map(|(name, value)| (name, rounded(value)));
                fields.collect::<Map<String, Value>>().into()
            }
            other @ (Value::Null | Value::Bool(_) | Value::String(_)) => other,
        }
    }
    rounded(serde_json::to_value(view).unwrap()).to_string()
}

/// Returns the store after both files are imported whole.
fn expected(market: &[Vec<Value>; 2]) -> Vec<String> {
    let service = Service::new();
    for (target, facts) in market.iter().enumerate() {
        let bytes = file(facts, TARGETS[target].2, "a.ndjson");
        service.import(target, "a.ndjson", &bytes, 100);
    }
    service.store()
}

/// Checks that a way to import gives the same store as the whole files.
fn same(way: impl Fn(&Service, &mut Random, usize, &[Value])) {
    for seed in 0..CASES {
        let mut random = Random::new(seed);
        let market = market(&mut random);
        let service = Service::new();
        for (target, facts) in market.iter().enumerate() {
            way(&service, &mut random, target, facts);
        }
        assert_eq!(service.store(), expected(&market), "case {seed}");
    }
}

fn format(random: &mut Random) -> &'static str {
    FORMATS[random.index(FORMATS.len())]
}

fn batch(random: &mut Random) -> usize {
    1 + random.index(12)
}

#[test]
fn a_cut_file_sent_again_counts_once() {
    same(|service, random, target, facts| {
        let format = format(random);
        let bytes = file(facts, TARGETS[target].2, format);
        let cut = random.index(bytes.len() + 1);
        service.import(target, format, &bytes[..cut], batch(random));
        service.import(target, format, &bytes, batch(random));
    });
}

#[test]
fn two_halves_give_the_same_store() {
    same(|service, random, target, facts| {
        let (first, second) = facts.split_at(random.index(facts.len() + 1));
        for half in [first, second] {
            let format = format(random);
            let bytes = file(half, TARGETS[target].2, format);
            service.import(target, format, &bytes, batch(random));
        }
    });
}

#[test]
fn rows_in_any_order_give_the_same_store() {
    same(|service, random, target, facts| {
        let (format, mut facts) = (format(random), facts.to_vec());
        random.shuffle(&mut facts);
        let bytes = file(&facts, TARGETS[target].2, format);
        service.import(target, format, &bytes, batch(random));
    });
}
