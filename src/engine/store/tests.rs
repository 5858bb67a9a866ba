//! What a data directory keeps, through start, rebuild and restore.

use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Restoring, Stored, rebuild};
use crate::clock::{HOUR, Time};
use crate::config::Config;
use crate::ingest::{EntityKind, Facts, Operation, Record};
use crate::threads::Threads;

fn wall() -> Time {
    Time::parse("2026-03-20T12:00:00Z").unwrap()
}

/// Returns a line that a version without later bounds accepted, and under the configuration of its time.
fn once_accepted(kind: usize, number: usize) -> (Operation, Value) {
    let event = |more: Value| {
        let mut event = json!({"id": format!("e{number}"), "user_id": "u", "item_id": "i", "kind": "purchase", "at": wall().to_string()});
        let fields = event.as_object_mut().unwrap();
        fields.extend(more.as_object().unwrap().clone());
        (Operation::Events, event)
    };
    let item = |more: Value| {
        let mut item = json!({"id": format!("i{number}")});
        let fields = item.as_object_mut().unwrap();
        fields.extend(more.as_object().unwrap().clone());
        (Operation::Upsert(EntityKind::Item), item)
    };
    let tags: Vec<String> = (0..200).map(|tag| format!("t{tag}")).collect();
    match kind {
        0 => event(json!({"quantity": 1e9})),
        1 => event(json!({"quantity": 1e9, "kind": "refund"})),
        2 => event(json!({"at": 1_743_984_000})),
        3 => event(json!({"at": wall().plus(HOUR).to_string()})),
        4 => event(json!({"merchant_id": "sold-it-then"})),
        5 => item(json!({"listed_at": 1_743_984_000})),
        6 => item(json!({"tags": tags})),
        _ => event(json!({"amount": 3})),
    }
}

/// Writes a journal as an earlier version left it: a catalogue, and one record for each line.
fn write(path: &Path, lines: &[(Operation, Value)]) {
    let config = Config::embedded();
    let kept = Stored::open(path, &config, &Threads::default())
        .unwrap()
        .kept
        .unwrap();
    let catalogue = json!({"id": "i", "merchant_id": "m", "price": 2_000_000});
    let catalogue = (Operation::Upsert(EntityKind::Item), catalogue);
    let terms = config.terms();
    kept.journal
        .append(|bytes| Record::Terms(&terms).write(bytes))
        .unwrap();
    for (operation, line) in std::iter::once(&catalogue).chain(lines) {
        let (operation, line, wall) = (*operation, line.to_string(), wall());
        let lines = vec![&*line];
        let record = Record::Lines {
            operation,
            wall,
            lines,
        };
        kept.journal.append(|bytes| record.write(bytes)).unwrap();
    }
    pollster::block_on(kept.journal.durable(kept.journal.last())).unwrap();
}

/// Returns the number of events applied, of items, and of purchases held.
fn counts(facts: &Facts) -> (u64, usize, usize) {
    (
        facts.counts.events.iter().sum(),
        facts.books.items.len(),
        facts.books.sales.counts().purchases,
    )
}

proptest! {
    #![proptest_config(crate::tests::cases(24))]

    #[test]
    fn what_was_accepted_stays_readable(kinds in prop::collection::vec(0usize..8, 1..30)) {
        let lines: Vec<_> = kinds.iter().enumerate().map(|(number, kind)| once_accepted(*kind, number)).collect();
        let home = tempfile::tempdir().unwrap();
        let (path, config) = (home.path().join("data"), Config::embedded());
        write(&path, &lines);
        let events = lines.iter().filter(|(operation, _)| *operation == Operation::Events).count();
        let purchases = lines.iter().filter(|(_, line)| line["kind"] == "purchase").count();
        let right = (events as u64, 1 + lines.len() - events, purchases);
        prop_assert_eq!(counts(&Stored::open(&path, &config, &Threads::default()).unwrap().facts), right);

        let learnt = rebuild(&path, &config).unwrap();
        prop_assert_eq!(learnt.rejected, 0);
        let restored = home.path().join("restored");
        Restoring::read(&path, &restored, &config).unwrap().restore(&restored, &[], &config).unwrap();
        for path in [&path, &restored] {
            let (_, items, _) = counts(&Stored::open(path, &config, &Threads::default()).unwrap().facts);
            prop_assert_eq!(items, right.1);
        }
    }
}
