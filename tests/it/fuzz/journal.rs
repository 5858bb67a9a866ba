//! The files of a data directory: with any content, a start reads the records before the damage or reports the damage.
//!
//! Bytes with a wrong checksum are never read as a record. Bytes with a correct checksum count as written by the service itself: only
//! their form is checked, and none makes loading panic or reserve memory that it does not fill.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use saima::clock::Day;
use saima::engine::{JournalError, Stored};
use saima::ingest::{Alias, EntityKind, Facts, Operation, Record, Restored};
use saima::journal::{Directory, Journal, Parts, Settings, Torn, create_file};
use saima::threads::Threads;

use super::facts::{all, known, moment, parts};
use super::requests::CONFIG;
use super::{Seed, fuzz, sift};

/// Lengths and numbers that are special in records and their content.
const LENGTHS: &[&[u8]] = &[
    &[0; 4],
    &[0; 16],
    &[0xff; 4],
    &[0xff; 8],
    &[0, 0, 0, 0x40],
    &[0xff, 0xff, 0xff, 0x3f],
    &[0xff, 0xff, 0xff, 0xff, 0x0f],
    &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    &[0x80, 0x80, 0x80, 0x80, 0x80, 0x40],
    &[1],
    &[0x7f],
    &[0x80],
    b"saimalog",
    b"saimackp",
];

/// The last record that the checkpoint covers.
const COVERED: usize = 4;

/// A data directory as the service writes it.
struct Written {
    /// The records written.
    records: Vec<Vec<u8>>,
    /// The parts of the checkpoint.
    parts: Vec<Vec<u8>>,
    segments: Vec<Seed>,
    checkpoint: Seed,
}

static WRITTEN: LazyLock<Written> = LazyLock::new(|| {
    let home = tempfile::tempdir().unwrap();
    let records = records();
    write(home.path(), &records);
    let parts = parts(&mut redone(&records[..COVERED]));
    let directory = Directory::existing(home.path()).unwrap();
    let fill = |to: &mut Parts| {
        let mut parts = parts.iter();
        parts.try_for_each(|part| to.add(|bytes| bytes.extend_from_slice(part)))
    };
    directory.write_checkpoint(COVERED as u64, fill).unwrap();
    let (mut checkpoints, segments) = (
        files(home.path(), "checkpoint"),
        files(home.path(), "journal"),
    );
    assert!(segments.len() > 2 && checkpoints.len() == 1);
    Written {
        records,
        parts,
        segments,
        checkpoint: checkpoints.remove(0),
    }
});

/// Returns one record of each kind, and all facts of the seeds.
fn records() -> Vec<Vec<u8>> {
    let (terms, facts) = (CONFIG.terms(), all());
    let lines = facts.iter().map(|(operation, bytes)| Record::Lines {
        operation: *operation,
        wall: moment(&CONFIG).wall,
        lines: str::from_utf8(bytes).unwrap().lines().collect(),
    });
    let deletion = Record::Deletion {
        kind: EntityKind::Merchant,
        id: "m-1",
        last_complete: Day(20_000),
    };
    let records = [Record::Terms(&terms)].into_iter().chain(lines);
    let bytes = |record: Record<'_>| {
        let mut bytes = Vec::new();
        record.write(&mut bytes);
        bytes
    };
    let mut records: Vec<Vec<u8>> = records.chain([deletion]).map(bytes).collect();
    records.extend(anonymised());
    records
}

/// Returns the events of the seeds with each second line replaced by a trace, and the deletion of their user.
fn anonymised() -> [Vec<u8>; 2] {
    let (_, events) = all().swap_remove(3);
    let lines = str::from_utf8(&events).unwrap().lines().collect();
    let events = Record::Lines {
        operation: Operation::Events,
        wall: moment(&CONFIG).wall,
        lines,
    };
    let deletion = Record::Deletion {
        kind: EntityKind::User,
        id: "u-1",
        last_complete: Day(20_000),
    };
    let turns = std::cell::Cell::new(0);
    let alias = |_: &str| {
        turns.set(turns.get() + 1);
        (turns.get() % 2 == 1).then(|| Alias {
            number: 7,
            key: serde_json::from_str("[1, 2]").unwrap(),
        })
    };
    [events, deletion].map(|record| {
        turns.set(0);
        record.without(alias, Some).unwrap()
    })
}

/// Returns the state after the records.
fn redone(records: &[Vec<u8>]) -> Facts {
    let (mut facts, mut terms) = (Facts::new(&CONFIG), CONFIG.clone());
    for record in records {
        let record = Record::read(record).unwrap();
        assert_eq!(facts.redo(record, &mut terms).unwrap(), 0);
    }
    facts
}

/// Writes a journal of several segments.
fn write(home: &Path, records: &[Vec<u8>]) {
    let settings = Settings {
        segment_bytes: 1_000,
        waiting_bytes: 1 << 20,
    };
    let directory = Directory::open(home).unwrap();
    let journal = Journal::start(directory, 0, settings, &Threads::default(), create_file).unwrap();
    for record in records {
        let sequence = journal.append(|bytes| bytes.extend_from_slice(record));
        pollster::block_on(journal.durable(sequence.unwrap())).unwrap();
    }
}

/// Returns the files of one kind, sorted, named by their paths.
fn files(home: &Path, kind: &str) -> Vec<Seed> {
    let mut files: Vec<Seed> = fs::read_dir(home.join(kind))
        .unwrap()
        .map(|file| {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            Seed {
                name: format!("{kind}/{name}"),
                bytes: fs::read(&path).unwrap(),
            }
        })
        .collect();
    files.sort_by(|one, next| one.name.cmp(&next.name));
    files
}

/// Creates a directory with these files.
fn directory<'s>(files: impl IntoIterator<Item = &'s Seed>) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    drop(Directory::open(home.path()).unwrap());
    for file in files {
        fs::write(home.path().join(&file.name), &file.bytes).unwrap();
    }
    home
}

/// The end of a replay: the last record, and the torn rest.
type End = Result<(u64, Option<Torn>), JournalError>;

/// Reads the journal after a record; returns the records visited and the end.
fn replay(directory: &Directory, after: u64) -> (Vec<Vec<u8>>, End) {
    let mut visited = Vec::new();
    let end = directory.replay(after, |sequence, content, _, _| {
        assert_eq!(sequence, after + visited.len() as u64 + 1);
        visited.push(content.to_vec());
        Ok(())
    });
    (visited, end)
}

/// Replays a journal with one changed file: visits only records that were written, in order, and none from the change on.
fn holds(directory: &Directory, changed: &str) {
    let (visited, end) = replay(directory, 0);
    let records = &WRITTEN.records;
    assert!(
        records.starts_with(&visited),
        "a record that was not written was read"
    );
    match end {
        Ok((last, torn)) => {
            assert_eq!(last, visited.len() as u64);
            let is_last = WRITTEN.segments.last().unwrap().name == changed;
            assert!(
                is_last || visited.len() == records.len(),
                "damage was skipped"
            );
            if let Some(torn) = torn {
                assert!(is_last && torn.path == directory.path().join(changed));
                directory.cut(&torn).unwrap();
                let (again, end) = replay(directory, 0);
                assert!(again == visited && end.unwrap() == (last, None));
            }
        }
        Err(JournalError::Damaged { path, .. } | JournalError::Missing { path, .. }) => {
            assert!(path.starts_with(directory.path()));
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_segment_yields_only_written_records() {
    let written = &*WRITTEN;
    let home = directory(&written.segments);
    let opened = Directory::existing(home.path()).unwrap();
    let try_one = |name: &str, bytes: &[u8]| {
        let as_it_was = written.segments.iter().find(|file| file.name == name);
        fs::write(home.path().join(name), bytes).unwrap();
        holds(&opened, name);
        fs::write(home.path().join(name), &as_it_was.unwrap().bytes).unwrap();
    };
    fuzz(600, &written.segments, LENGTHS, try_one);
}

#[test]
fn a_checkpoint_yields_only_written_parts() {
    let written = &*WRITTEN;
    let home = directory([&written.checkpoint]);
    let opened = Directory::existing(home.path()).unwrap();
    let checkpoint = opened.checkpoint().unwrap().unwrap();
    let try_one = |_: &str, bytes: &[u8]| {
        fs::write(&checkpoint.path, bytes).unwrap();
        let mut visited = Vec::new();
        let end = checkpoint.read(|part, _| {
            visited.push(part.to_vec());
            Ok(())
        });
        assert!(
            written.parts.starts_with(&visited),
            "a record that was not written was read"
        );
        match end {
            Ok(()) => assert_eq!(visited.len(), written.parts.len()),
            Err(error) => assert!(matches!(error, JournalError::Damaged { .. }), "{error}"),
        }
    };
    fuzz(
        1_500,
        std::slice::from_ref(&written.checkpoint),
        LENGTHS,
        try_one,
    );
}

#[test]
fn a_record_is_redone_or_rejected() {
    let seeds: Vec<Seed> = numbered(&WRITTEN.records);
    let try_one = |_: &str, bytes: &[u8]| {
        let Ok(record) = Record::read(bytes) else {
            return false;
        };
        let (mut facts, mut terms) = (known(), CONFIG.clone());
        let redone = facts.redo(record, &mut terms);
        parts(&mut facts);
        redone.is_ok()
    };
    sift(2_000, &seeds, LENGTHS, try_one);
}

/// Loads a checkpoint with one changed part; returns whether all parts were accepted.
fn load(parts: &[Seed], changed: &str, bytes: &[u8]) -> bool {
    let mut restored = Restored::new(&CONFIG);
    let (before, after) = parts.split_at(changed.parse().unwrap());
    let before = before.iter().map(|part| part.bytes.as_slice());
    let after = after.iter().skip(1).map(|part| part.bytes.as_slice());
    let mut parts = before.chain([bytes]).chain(after);
    parts.all(|part| restored.part(part).is_ok())
}

#[test]
fn a_checkpoint_part_is_accepted_or_rejected() {
    let seeds = numbered(&parts(&mut known()));
    let try_one = |name: &str, bytes: &[u8]| load(&seeds, name, bytes);
    sift(3_000, &seeds, LENGTHS, try_one);
}

/// 2³² − 1 and 2⁶⁴ − 1 as encoded in a part: seven bits a byte, lowest first.
const HIGHEST: [&[u8]; 2] = [
    &[0xff, 0xff, 0xff, 0xff, 0x0f],
    &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
];

/// Random edits hardly hit the first byte of a number, so that every byte is tried.
#[test]
fn every_number_of_a_checkpoint_may_be_maximal() {
    let seeds = numbered(&parts(&mut known()));
    for seed in &seeds {
        for at in 0..seed.bytes.len() {
            for number in HIGHEST {
                let mut bytes = seed.bytes.clone();
                bytes.splice(at..=at, number.iter().copied());
                load(&seeds, &seed.name, &bytes);
            }
        }
    }
}

fn numbered(pieces: &[Vec<u8>]) -> Vec<Seed> {
    let seed = |(place, bytes): (usize, &Vec<u8>)| Seed {
        name: place.to_string(),
        bytes: bytes.clone(),
    };
    pieces.iter().enumerate().map(seed).collect()
}

#[test]
fn a_start_succeeds_or_reports_damage() {
    let written = &*WRITTEN;
    let files: Vec<Seed> = written
        .segments
        .iter()
        .chain([&written.checkpoint])
        .cloned()
        .collect();
    let try_one = |name: &str, bytes: &[u8]| {
        let home = directory(&files);
        fs::write(home.path().join(name), bytes).unwrap();
        if let Err(error) = Stored::open(home.path(), &CONFIG, &Threads::default()) {
            assert!(
                error.to_string().contains(home.path().to_str().unwrap()),
                "{error}"
            );
        }
    };
    fuzz(60, &files, LENGTHS, try_one);
}

/// File numbers that the service itself would not choose.
const NUMBERS: [u64; 7] = [0, 1, 2, 4, 9, u64::MAX - 1, u64::MAX];

#[test]
fn files_with_any_number_are_read_or_rejected() {
    let written = &*WRITTEN;
    for number in NUMBERS {
        for segment in written.segments.iter().chain([&empty()]) {
            let other = |file: &&Seed| file.name != segment.name;
            let renamed = Seed {
                name: format!("journal/{number:020}.log"),
                bytes: segment.bytes.clone(),
            };
            let others = written.segments.iter().filter(other);
            for home in [directory(others.chain([&renamed])), directory([&renamed])] {
                let (visited, _) = replay(&Directory::existing(home.path()).unwrap(), 0);
                assert!(written.records.starts_with(&visited), "{number}");
            }
        }
        let renamed = Seed {
            name: format!("checkpoint/{number:020}.ckpt"),
            bytes: written.checkpoint.bytes.clone(),
        };
        let home = directory(written.segments.iter().chain([&renamed]));
        let opened = Stored::open(home.path(), &CONFIG, &Threads::default());
        assert!(
            number < u64::MAX || opened.is_err(),
            "there is no record after it"
        );
    }
}

/// Returns a segment without records.
fn empty() -> Seed {
    Seed {
        name: String::new(),
        bytes: b"saimalog".to_vec(),
    }
}

/// Returns the file with another length in the head of its first record, whose content is given, and the offset of that head.
fn lengthened(file: &Seed, content: &[u8], length: u32) -> (Seed, u64) {
    let mut windows = file.bytes.windows(content.len());
    let head = windows.position(|found| found == content).unwrap() - 16;
    let mut file = file.clone();
    file.bytes[head..head + 4].copy_from_slice(&length.to_le_bytes());
    (file, head as u64)
}

fn damaged_at(error: &JournalError) -> u64 {
    let JournalError::Damaged { offset, .. } = error else {
        panic!("{error}");
    };
    *offset
}

#[test]
fn a_wrong_length_is_detected() {
    let written = &*WRITTEN;
    for length in [1, 1 << 20, (1 << 30) - 1, 1 << 30, (1 << 30) + 1, u32::MAX] {
        let (segment, begins) = lengthened(&written.segments[0], &written.records[0], length);
        let (checkpoint, first) = lengthened(&written.checkpoint, &written.parts[0], length);
        let home = directory(written.segments[1..].iter().chain([&segment, &checkpoint]));
        let opened = Directory::existing(home.path()).unwrap();
        let (visited, end) = replay(&opened, 0);
        assert!(visited.is_empty());
        assert_eq!(damaged_at(&end.unwrap_err()), begins);
        let read = opened.checkpoint().unwrap().unwrap().read(|_, _| Ok(()));
        assert_eq!(damaged_at(&read.unwrap_err()), first);
    }
}
