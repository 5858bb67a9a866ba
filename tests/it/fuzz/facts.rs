//! Lines of facts: a line is read, or rejected with every fault. A rejected line changes nothing; an accepted one is accepted again
//! from a journal.

use saima::clock::Time;
use saima::config::Config;
use saima::ingest::{EntityKind, Fact, Facts, Fate, Moment, Operation, Record, Rejected, read};
use saima::model::Diagnosis;
use saima::model::schema::{EVENT, ITEM, MERCHANT, Object, USER};

use super::requests::{CONFIG, agree};
use super::{JSON, Seed, seeds, sift, words};

/// The operations with the names of their seeds, in an order in which the seeds fit together.
const OPERATIONS: [(Operation, &str); 7] = [
    (Operation::Upsert(EntityKind::Merchant), "merchants"),
    (Operation::Upsert(EntityKind::Item), "items"),
    (Operation::Upsert(EntityKind::User), "users"),
    (Operation::Events, "events"),
    (Operation::Patch(EntityKind::Merchant), "patch-merchants"),
    (Operation::Patch(EntityKind::Item), "patch-items"),
    (Operation::Patch(EntityKind::User), "patch-users"),
];

/// Returns the operation of a seed, by the prefix of its name.
fn operation(name: &str) -> Operation {
    let known = OPERATIONS.iter().find(|(_, known)| name.starts_with(known));
    known.unwrap().0
}

/// Returns the seeds with their operations, in an order in which they fit together.
pub(super) fn all() -> Vec<(Operation, Vec<u8>)> {
    let seeds = seeds("facts");
    let of = |name: &str| seeds.iter().find(|seed| seed.name == name).unwrap();
    let all = OPERATIONS.iter();
    all.map(|(operation, name)| (*operation, of(name).bytes.clone()))
        .collect()
}

pub(super) fn moment(config: &Config) -> Moment<'_> {
    let wall = Time::parse("2026-01-01T00:00:00Z").unwrap();
    Moment { config, wall }
}

fn read_bytes(operation: Operation, line: &[u8]) -> Result<Fact<'_>, Rejected> {
    let text = std::str::from_utf8(line).map_err(|_| Rejected::not_utf8())?;
    read(operation, text, &CONFIG.vocabulary)
}

/// Reads and applies one line.
fn apply(facts: &mut Facts, operation: Operation, line: &[u8]) -> Fate {
    let fact = read_bytes(operation, line)?;
    facts.apply(fact, &moment(&CONFIG))
}

/// Returns the state after all seeds.
pub(super) fn known() -> Facts {
    let mut facts = Facts::new(&CONFIG);
    for (operation, bytes) in all() {
        for line in lines(&bytes) {
            apply(&mut facts, operation, line).unwrap();
        }
    }
    facts
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = bytes.split(|byte| *byte == b'\n');
    lines.filter(|line| !line.is_empty())
}

/// Returns the content of a checkpoint, part by part.
pub(super) fn parts(facts: &mut Facts) -> Vec<Vec<u8>> {
    let mut image = facts.freeze(CONFIG.terms());
    let mut parts = Vec::new();
    let mut part = Vec::new();
    while image.next(facts, &mut part) {
        parts.push(std::mem::take(&mut part));
    }
    facts.thaw(usize::MAX);
    parts
}

fn object(operation: Operation) -> &'static Object {
    match operation {
        Operation::Events => &EVENT,
        Operation::Upsert(kind) | Operation::Patch(kind) => match kind {
            EntityKind::Item => &ITEM,
            EntityKind::Merchant => &MERCHANT,
            EntityKind::User => &USER,
        },
    }
}

/// Compares the verdict on a line with that of the walk; a patch has no other.
fn judge(operation: Operation, line: &[u8]) {
    let rejected = read_bytes(operation, line).err();
    let rejected = rejected.map(|line| line.errors);
    assert!(rejected.as_ref().is_none_or(|faults| !faults.is_empty()));
    if matches!(operation, Operation::Patch(_)) {
        return;
    }
    let rejected = rejected.map(|faults| match faults.as_slice() {
        [one] if one.message.starts_with("not JSON") => Diagnosis::NotJson(one.clone()),
        _ => Diagnosis::Invalid(faults),
    });
    agree(line, rejected.as_ref(), object(operation));
}

/// Checks that a line has the same effect from a client and from a journal.
fn redone(operation: Operation, line: &[u8]) -> Result<usize, saima::ingest::Unreadable> {
    let text = std::str::from_utf8(line).unwrap();
    let record = Record::Lines {
        operation,
        wall: moment(&CONFIG).wall,
        lines: vec![text],
    };
    let mut bytes = Vec::new();
    record.write(&mut bytes);
    known().redo(Record::read(&bytes)?, &mut CONFIG.clone())
}

#[test]
fn a_line_is_applied_or_changes_nothing() {
    let seeds = seeds("facts");
    let try_one = |name: &str, bytes: &[u8]| {
        let operation = operation(name);
        let mut facts = known();
        lines(bytes).fold(true, |all, line| {
            judge(operation, line);
            let before = parts(&mut facts);
            let fate = apply(&mut facts, operation, line);
            if let Err(rejected) = &fate {
                assert!(!rejected.errors.is_empty());
                assert!(
                    before == parts(&mut facts),
                    "a rejected line changed the state"
                );
            }
            all && fate.is_ok()
        })
    };
    sift(1_500, &seeds, &words(JSON), try_one);
}

#[test]
fn an_accepted_line_is_accepted_again() {
    let seeds: Vec<Seed> = seeds("facts").iter().flat_map(each_line).collect();
    let try_one = |name: &str, line: &[u8]| {
        let operation = operation(name);
        let accepted = apply(&mut known(), operation, line).is_ok();
        if accepted {
            assert_eq!(redone(operation, line).unwrap(), 0, "the line was rejected");
        }
        accepted
    };
    sift(1_500, &seeds, &words(JSON), try_one);
}

fn each_line(seed: &Seed) -> Vec<Seed> {
    let lines = lines(&seed.bytes).map(|line| Seed {
        name: seed.name.clone(),
        bytes: line.to_vec(),
    });
    lines.collect()
}
