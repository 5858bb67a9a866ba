//! The journal on real files: torn ends, flipped bits and failed writes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::threads::Threads;

const SETTINGS: Settings = Settings {
    segment_bytes: 200,
    waiting_bytes: 1 << 20,
};

fn start(path: &Path, last: u64) -> Journal {
    let directory = Directory::open(path).unwrap();
    Journal::start(directory, last, SETTINGS, &Threads::default(), create_file).unwrap()
}

/// Writes a journal of `records`, of which `together` at a time share a sync.
fn written(records: &[Vec<u8>], together: usize) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let journal = start(home.path(), 0);
    for group in records.chunks(together) {
        let sequences = group.iter().map(|record| {
            journal
                .append(|bytes| bytes.extend_from_slice(record))
                .unwrap()
        });
        let last = sequences.max().unwrap();
        pollster::block_on(journal.durable(last)).unwrap();
    }
    home
}

/// Removes the note of the newest segment, which older versions did not write.
fn forget_newest(path: &Path) {
    fs::remove_file(path.join("newest")).unwrap();
}

type Read = Result<(Vec<Vec<u8>>, u64, Option<Torn>), JournalError>;

fn read(path: &Path, after: u64) -> Read {
    let directory = Directory::existing(path)?;
    let mut records = Vec::new();
    let (last, torn) = directory.replay(after, |sequence, content, _, _| {
        assert_eq!(sequence, after + records.len() as u64 + 1);
        records.push(content.to_vec());
        Ok::<_, JournalError>(())
    })?;
    Ok((records, last, torn))
}

fn segments(path: &Path) -> Vec<PathBuf> {
    let directory = Directory::existing(path).unwrap();
    let segments = segment::list(&directory).unwrap();
    segments.into_iter().map(|(_, path)| path).collect()
}

fn records() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..40)
}

proptest! {
    #![proptest_config(crate::tests::cases(32))]

    #[test]
    fn records_are_read_from_any_sequence(records in records(), together in 1usize..9, after in 0usize..50) {
        let home = written(&records, together);
        let after = after.min(records.len());
        let (found, last, torn) = read(home.path(), after as u64).unwrap();
        prop_assert_eq!(&found[..], &records[after..]);
        prop_assert_eq!((last, torn), (records.len() as u64, None));
    }

    #[test]
    fn a_cut_loses_only_the_records_after_it(records in records(), place in any::<prop::sample::Index>()) {
        let home = written(&records, 1);
        forget_newest(home.path());
        let last = segments(home.path()).pop().unwrap();
        let bytes = fs::read(&last).unwrap();
        let cut = place.index(bytes.len());
        fs::write(&last, &bytes[..cut]).unwrap();
        let (found, sequence, torn) = read(home.path(), 0).unwrap();
        prop_assert_eq!(&found[..], &records[..found.len()]);
        prop_assert_eq!(sequence, found.len() as u64);
        if let Some(torn) = &torn {
            Directory::existing(home.path()).unwrap().cut(torn).unwrap();
            prop_assert_eq!(torn.offset + torn.bytes, cut as u64);
        }
        // New records after the cut are read together with the old ones.
        let journal = start(home.path(), sequence);
        let next = journal.append(|bytes| bytes.push(7)).unwrap();
        pollster::block_on(journal.durable(next)).unwrap();
        drop(journal);
        let (again, _, torn) = read(home.path(), 0).unwrap();
        prop_assert_eq!(torn, None);
        prop_assert_eq!(again.len(), found.len() + 1);
    }

    #[test]
    fn a_flipped_bit_is_always_found(records in records(), place in any::<prop::sample::Index>(), bit in 0u8..8) {
        let home = written(&records, 1);
        forget_newest(home.path());
        let files = segments(home.path());
        let sizes: Vec<usize> = files.iter().map(|file| fs::read(file).unwrap().len()).collect();
        let mut at = place.index(sizes.iter().sum());
        let file = sizes.iter().position(|size| { let here = at < *size; if !here { at -= size; } here }).unwrap();
        let mut bytes = fs::read(&files[file]).unwrap();
        bytes[at] ^= 1 << bit;
        fs::write(&files[file], &bytes).unwrap();
        match read(home.path(), 0) {
            // At the very end it is indistinguishable from a torn write, and reported as one.
            Ok((found, _, torn)) => {
                let torn = torn.expect("a flipped bit was not found");
                prop_assert_eq!(&torn.path, files.last().unwrap());
                prop_assert_eq!(&found[..], &records[..found.len()]);
                prop_assert!(records.len() - found.len() <= 1, "a whole record was reported as torn");
            }
            Err(JournalError::Damaged { path, offset, .. }) => {
                prop_assert_eq!(&path, &files[file]);
                prop_assert!(offset <= at as u64);
            }
            Err(other) => prop_assert!(false, "{other}"),
        }
    }
}

#[test]
fn a_missing_segment_is_named() {
    let records = vec![vec![1; 50]; 20];
    let home = written(&records, 1);
    let files = segments(home.path());
    fs::remove_file(&files[1]).unwrap();
    let Err(JournalError::Missing { from, to, .. }) = read(home.path(), 0) else {
        panic!("a gap was not found");
    };
    assert!(from > 1 && to >= from && to < 20, "{from} {to}");
    assert!(
        read(home.path(), to).is_ok(),
        "covered records are not missing"
    );
}

#[test]
fn two_processes_do_not_share_a_directory() {
    let home = tempfile::tempdir().unwrap();
    let _first = Directory::open(home.path()).unwrap();
    let second = Directory::open(home.path()).unwrap_err();
    assert!(
        second
            .to_string()
            .contains(&format!("process {}", std::process::id())),
        "{second}"
    );
}

#[test]
fn foreign_directories_and_versions_are_rejected() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("PG_VERSION"), "17").unwrap();
    assert!(matches!(
        Directory::open(home.path()),
        Err(JournalError::Foreign(_))
    ));
    assert_eq!(
        fs::read_dir(home.path()).unwrap().count(),
        1,
        "nothing was created"
    );
    fs::write(home.path().join("saima-data"), "2\n").unwrap();
    let rejected = Directory::open(home.path()).unwrap_err().to_string();
    assert!(rejected.contains("format \"2\""), "{rejected}");
    let nowhere = home.path().join("nowhere");
    assert!(matches!(
        Directory::existing(&nowhere),
        Err(JournalError::Absent(_))
    ));
}

/// A disk that fails after some calls: with half of the bytes written, or at the sync.
struct Failing {
    file: fs::File,
    left: Arc<AtomicUsize>,
    in_sync: bool,
}

impl Failing {
    fn fails(&self) -> bool {
        let left = self.left.load(Ordering::Relaxed);
        self.left.store(left.saturating_sub(1), Ordering::Relaxed);
        left == 0
    }
}

impl Medium for Failing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if !self.in_sync && self.fails() {
            io::Write::write_all(&mut self.file, &bytes[..bytes.len() / 2])?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        io::Write::write_all(&mut self.file, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.in_sync && self.fails() {
            return Err(io::Error::other("the disk is gone"));
        }
        self.file.sync_data()
    }
}

#[test]
fn nothing_is_acknowledged_after_a_failure() {
    for in_sync in [false, true] {
        for good in 1..12 {
            let home = tempfile::tempdir().unwrap();
            let left = Arc::new(AtomicUsize::new(good));
            let create = move |path: &Path| -> io::Result<Box<dyn Medium>> {
                let (file, left) = (fs::File::create(path)?, Arc::clone(&left));
                Ok(Box::new(Failing {
                    file,
                    left,
                    in_sync,
                }))
            };
            let directory = Directory::open(home.path()).unwrap();
            let journal =
                Journal::start(directory, 0, SETTINGS, &Threads::default(), create).unwrap();
            let mut acknowledged = 0;
            for _ in 0..20 {
                let Ok(sequence) = journal.append(|bytes| bytes.extend_from_slice(&[3; 60])) else {
                    break;
                };
                if pollster::block_on(journal.durable(sequence)).is_ok() {
                    assert_eq!(acknowledged + 1, sequence, "acknowledged after a failure");
                    acknowledged = sequence;
                }
            }
            assert!(acknowledged < 20 && journal.check().is_err());
            // A record that was applied already is accepted while the disk is full, but not acknowledged.
            let later = journal.append(|_| {});
            assert_eq!(later.is_err(), in_sync);
            assert!(
                later
                    .and_then(|it| pollster::block_on(journal.durable(it)))
                    .is_err()
            );
            assert!(pollster::block_on(journal.room()).is_err());
            drop(journal);
            let (found, _, _) = read(home.path(), 0).unwrap();
            assert!(found.len() as u64 >= acknowledged, "{in_sync} {good}");
        }
    }
}

#[test]
fn records_for_which_nobody_waits_are_written_too() {
    let home = tempfile::tempdir().unwrap();
    let journal = start(home.path(), 0);
    journal.append(|bytes| bytes.push(1)).unwrap();
    let begun = Instant::now();
    while journal.durable_sequence() == 0 {
        assert!(begun.elapsed() < Duration::from_secs(60), "never written");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn waiting_callers_share_one_sync() {
    struct Counting(fs::File, Arc<AtomicUsize>);
    impl Medium for Counting {
        fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
            io::Write::write_all(&mut self.0, bytes)
        }
        fn sync(&mut self) -> io::Result<()> {
            self.1.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(5));
            self.0.sync_data()
        }
    }
    let home = tempfile::tempdir().unwrap();
    let syncs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&syncs);
    let create = move |path: &Path| -> io::Result<Box<dyn Medium>> {
        Ok(Box::new(Counting(
            fs::File::create(path)?,
            Arc::clone(&counted),
        )))
    };
    let directory = Directory::open(home.path()).unwrap();
    let settings = Settings {
        segment_bytes: 1 << 20,
        ..SETTINGS
    };
    let journal = Journal::start(directory, 0, settings, &Threads::default(), create).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..25 {
                    let sequence = journal.append(|bytes| bytes.push(1)).unwrap();
                    pollster::block_on(journal.durable(sequence)).unwrap();
                }
            });
        }
    });
    assert_eq!(journal.durable_sequence(), 200);
    assert!(
        syncs.load(Ordering::Relaxed) < 150,
        "{syncs:?} syncs for 200 records"
    );
}

#[test]
fn a_checkpoint_is_whole_or_absent() {
    let home = tempfile::tempdir().unwrap();
    let directory = Directory::open(home.path()).unwrap();
    let parts = [vec![1; 10], vec![2; 100_000], vec![3]];
    let fill = |parts: &[Vec<u8>]| {
        let parts = parts.to_vec();
        move |to: &mut Parts| {
            parts
                .iter()
                .try_for_each(|part| to.add(|bytes| bytes.extend_from_slice(part)))
        }
    };
    let first = directory.write_checkpoint(4, fill(&parts)).unwrap();
    let failed = directory.write_checkpoint(9, |_| Err(io::ErrorKind::StorageFull.into()));
    assert!(failed.is_err());
    assert_eq!(directory.checkpoint().unwrap(), Some(first.clone()));
    let read = |checkpoint: &Checkpoint| {
        let mut found = Vec::new();
        let whole = checkpoint.read(|part, _| {
            found.push(part.to_vec());
            Ok::<_, JournalError>(())
        });
        whole.map(|()| found)
    };
    assert_eq!(read(&first).unwrap(), parts);
    let second = directory.write_checkpoint(12, fill(&parts[..1])).unwrap();
    directory.drop_checkpoints(&second).unwrap();
    assert_eq!(directory.checkpoint().unwrap(), Some(second.clone()));
    assert!(!first.path.exists());
    let bytes = fs::read(&second.path).unwrap();
    for cut in 0..bytes.len() {
        fs::write(&second.path, &bytes[..cut]).unwrap();
        assert!(
            matches!(read(&second), Err(JournalError::Damaged { .. })),
            "{cut}"
        );
    }
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 16;
        fs::write(&second.path, &flipped).unwrap();
        assert!(
            matches!(read(&second), Err(JournalError::Damaged { .. })),
            "{at}"
        );
    }
}

#[test]
fn a_false_length_allocates_nothing() {
    for length in [1_u32, 1 << 20, (1 << 30) - 1, 1 << 30, u32::MAX] {
        let head = [&length.to_le_bytes()[..], &[0; 12]].concat();
        let mut part = Vec::new();
        assert!(checkpoint::next(&mut &head[..], head.len() as u64, &mut part).is_err());
        assert!(part.capacity() < 100, "{} bytes", part.capacity());
    }
}

#[test]
fn a_copy_under_another_name_is_ignored() {
    let records = vec![vec![1; 50]; 20];
    let home = written(&records, 1);
    let file = &segments(home.path())[1];
    let number: u64 = file.file_stem().unwrap().to_str().unwrap().parse().unwrap();
    for name in [
        format!("{number}.log"),
        format!("+{number}.log"),
        format!("{number:021}.log"),
    ] {
        fs::copy(file, file.with_file_name(name)).unwrap();
    }
    assert_eq!(read(home.path(), 0).unwrap().0, records);
}

/// The next fault of a disk. It happens once, when records are written.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    /// Half of the bytes are written, then the thread panics.
    PanicInWrite,
    /// All bytes are durable, but the thread panics before it knows.
    PanicAfterSync,
    /// Half of the bytes find room.
    Full,
}

struct Faulty {
    file: fs::File,
    next: Arc<Mutex<Fault>>,
    has_header: bool,
}

impl Medium for Faulty {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut next = self.next.lock();
        if !std::mem::replace(&mut self.has_header, true) || *next == Fault::PanicAfterSync {
            return io::Write::write_all(&mut self.file, bytes);
        }
        let fault = std::mem::replace(&mut *next, Fault::None);
        let written = if fault == Fault::None {
            bytes.len()
        } else {
            bytes.len() / 2
        };
        io::Write::write_all(&mut self.file, &bytes[..written])?;
        assert_ne!(fault, Fault::PanicInWrite, "on purpose");
        if fault == Fault::Full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        let mut next = self.next.lock();
        if *next == Fault::PanicAfterSync {
            *next = Fault::None;
            panic!("on purpose");
        }
        Ok(())
    }
}

/// Waits until the journal accepts records again.
fn recovered(journal: &Journal) {
    let begun = std::time::Instant::now();
    while journal.check().is_err() {
        assert!(begun.elapsed().as_secs() < 20, "not in time");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

#[test]
fn a_panic_or_full_disk_loses_nothing() {
    for fault in [Fault::PanicInWrite, Fault::PanicAfterSync, Fault::Full] {
        let (home, threads) = (tempfile::tempdir().unwrap(), Threads::default());
        let next = Arc::new(Mutex::new(Fault::None));
        let of_medium = Arc::clone(&next);
        let create = move |path: &Path| -> io::Result<Box<dyn Medium>> {
            Ok(Box::new(Faulty {
                file: fs::File::create(path)?,
                next: Arc::clone(&of_medium),
                has_header: false,
            }))
        };
        let directory = Directory::open(home.path()).unwrap();
        let journal = Journal::start(directory, 0, SETTINGS, &threads, create).unwrap();
        let mut acknowledged = 0;
        for round in 1..40_u64 {
            if round % 7 == 0 {
                *next.lock() = fault;
            }
            let record = round.to_le_bytes();
            let sequence = journal
                .append(|bytes| bytes.extend_from_slice(&record))
                .unwrap();
            assert_eq!(sequence, round);
            let durable = pollster::block_on(journal.durable(sequence));
            assert_eq!(durable.is_err(), round % 7 == 0, "{fault:?} {round}");
            if let Err(broken) = durable {
                let broken = broken.to_string();
                assert!(
                    broken.starts_with("facts cannot be made durable: "),
                    "{broken}"
                );
                recovered(&journal);
            } else {
                acknowledged += 1;
            }
        }
        assert_eq!(acknowledged, 34);
        drop(journal);
        assert!(threads.failing().is_empty());
        let mut failures = 0;
        threads.failures(|name, count| failures += if name == "journal" { count } else { 0 });
        assert_eq!(failures, if fault == Fault::Full { 0 } else { 5 });
        let (found, last, torn) = read(home.path(), 0).unwrap();
        let right: Vec<Vec<u8>> = (1..40_u64).map(|it| it.to_le_bytes().to_vec()).collect();
        assert_eq!((found, last, torn), (right, 39, None), "{fault:?}");
    }
}

#[test]
fn an_interrupted_first_start_can_be_repeated() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("saima-data.part"), "").unwrap();
    drop(Directory::open(home.path()).unwrap());
    drop(Directory::existing(home.path()).unwrap());
    // Unfinished files of other programs do not make a data directory.
    let other = tempfile::tempdir().unwrap();
    fs::write(other.path().join("film.part"), "").unwrap();
    assert!(matches!(
        Directory::open(other.path()),
        Err(JournalError::Foreign(_))
    ));
    assert!(other.path().join("film.part").exists());
}

#[test]
fn a_gap_to_foreign_segments_prevents_start() {
    let home = written(&[vec![1], vec![2]], 1);
    let far = home
        .path()
        .join(format!("journal/{:020}.log", u64::MAX - 1));
    fs::write(far, segment::MAGIC).unwrap();
    let directory = Directory::existing(home.path()).unwrap();
    assert!(!directory.diagnose().unwrap().can_start());
}

#[test]
fn only_an_empty_newest_segment_is_undamaged() {
    let records = vec![vec![1; 50]; 20];
    let home = written(&records, 1);
    let files = segments(home.path());
    let [.., before, newest] = &files[..] else {
        panic!("{files:?}");
    };
    assert_eq!(fs::read(newest).unwrap(), segment::MAGIC);
    // An older version was killed between the creation of the file and its first write.
    forget_newest(home.path());
    fs::write(newest, "").unwrap();
    let (found, _, torn) = read(home.path(), 0).unwrap();
    assert_eq!((found, torn.unwrap().bytes), (records, 0));
    let diagnose = || Directory::existing(home.path()).unwrap().diagnose();
    assert_eq!(diagnose().unwrap().faults, []);

    fs::write(before, "").unwrap();
    let faults = diagnose().unwrap().faults;
    let [Damage::Bytes { path, .. }, Damage::Records { records }] = &faults[..] else {
        panic!("{faults:?}");
    };
    assert_eq!((path, records.end), (before, 21));
}

#[test]
fn a_damaged_segment_is_not_rewritten() {
    let home = written(&vec![vec![1; 50]; 20], 1);
    let path = segments(home.path())[0].clone();
    let mut bytes = fs::read(&path).unwrap();
    bytes[100] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let directory = Directory::existing(home.path()).unwrap();
    let rewritten = directory.rewrite(15, |_| true, |_, _| Some(vec![2]), &|_, _| {});
    assert!(matches!(rewritten, Err(JournalError::Damaged { .. })));
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn unfinished_files_are_removed_at_the_next_start() {
    let home = written(&[vec![1]], 1);
    let unfinished = ["journal/7.part", "checkpoint/7.part", "erasing.part"];
    for name in unfinished {
        fs::write(home.path().join(name), "half of it").unwrap();
    }
    drop(Directory::open(home.path()).unwrap());
    for name in unfinished {
        assert!(!home.path().join(name).exists(), "{name}");
    }
}

#[test]
fn spare_covered_segments_are_removed() {
    let home = written(&vec![vec![1; 50]; 20], 1);
    let directory = Directory::existing(home.path()).unwrap();
    let before = segment::list(&directory).unwrap();
    assert_eq!(directory.drop_segments(10, |_, _| false).unwrap(), 0);
    let dropped = directory.drop_segments(10, |_, _| true).unwrap();
    let after = segment::list(&directory).unwrap();
    assert_eq!(after[..], before[dropped..]);
    assert!(
        dropped > 0 && after[0].0 <= 11,
        "segments after the checkpoint stay"
    );
    drop(directory);
    assert_eq!(read(home.path(), 10).unwrap().0.len(), 10);
}

#[test]
fn a_shorter_journal_than_noted_is_rejected() {
    let records = vec![vec![1; 50]; 20];
    let home = written(&records, 1);
    let whole = |home: &Path| {
        let files = segments(home);
        let bytes = files.iter().map(|file| fs::read(file).unwrap());
        files.iter().cloned().zip(bytes).collect::<Vec<_>>()
    };
    let files = whole(home.path());
    let count = files.len();
    let cut = |home: &Path, left: usize, emptied: bool| {
        for (path, bytes) in &files {
            fs::write(path, bytes).unwrap();
        }
        for (path, _) in &files[left..] {
            fs::remove_file(path).unwrap();
        }
        if emptied {
            fs::write(&files[left - 1].0, "").unwrap();
        }
        let Err(JournalError::Short { noted, .. }) = read(home, 0) else {
            panic!("{left} of {count} segments were accepted");
        };
        assert_eq!(noted, 20);
        let directory = Directory::existing(home).unwrap();
        let diagnosis = directory.diagnose().unwrap();
        assert!(!diagnosis.is_whole() && diagnosis.can_start());
        directory.repair(&diagnosis, &[9]).unwrap();
        assert!(directory.diagnose().unwrap().is_whole());
        drop(directory);
        let (found, last, torn) = read(home, 0).unwrap();
        assert_eq!((last, torn), (20, None));
        let kept = found
            .iter()
            .take_while(|record| **record == records[0])
            .count();
        assert!(found[kept..].iter().all(|record| *record == [9]));
    };
    for left in 0..count {
        cut(home.path(), left, false);
    }
    cut(home.path(), count, true);
    cut(home.path(), count - 1, true);
}

#[test]
fn a_damaged_note_is_repaired() {
    let home = written(&vec![vec![1; 50]; 20], 1);
    for bytes in [
        &b""[..],
        b"7",
        b"1 2 3\n",
        b"-1 4\n",
        b"\xff\xff\n",
        b"1 18446744073709551615\n",
    ] {
        fs::write(home.path().join("newest"), bytes).unwrap();
        assert!(matches!(
            read(home.path(), 0),
            Err(JournalError::Damaged { .. })
        ));
        let directory = Directory::existing(home.path()).unwrap();
        let diagnosis = directory.diagnose().unwrap();
        assert!(matches!(diagnosis.faults[..], [Damage::Note { .. }]));
        directory.repair(&diagnosis, &[9]).unwrap();
        drop(directory);
        assert_eq!(read(home.path(), 0).unwrap().1, 20);
    }
}

#[test]
fn the_lock_survives_a_cleaner() {
    let home = tempfile::tempdir().unwrap();
    let first = Directory::open(home.path()).unwrap();
    fs::remove_file(home.path().join("lock")).unwrap();
    let second = Directory::open(home.path());
    assert!(matches!(second, Err(JournalError::InUse { .. })));
    drop(first);
    drop(Directory::open(home.path()).unwrap());
}

#[test]
fn a_removed_directory_breaks_the_journal() {
    let remove: [fn(&Path); 3] = [
        |path| fs::remove_dir_all(path).unwrap(),
        |path| fs::rename(path, path.with_extension("moved")).unwrap(),
        |path| fs::remove_dir_all(path.join("journal")).unwrap(),
    ];
    for remove in remove {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("data");
        let journal = start(&path, 0);
        let sequence = journal.append(|bytes| bytes.push(1)).unwrap();
        pollster::block_on(journal.durable(sequence)).unwrap();
        remove(&path);
        std::thread::sleep(std::time::Duration::from_millis(1_000));
        let broken = journal.check().unwrap_err().to_string();
        assert!(broken.contains("under the running service"), "{broken}");
    }
}

#[test]
fn a_wider_directory_is_narrowed() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let mode = || fs::metadata(home.path()).unwrap().permissions().mode() & 0o7777;
    for wider in [0o755, 0o770, 0o701, 0o2750] {
        fs::set_permissions(home.path(), fs::Permissions::from_mode(wider)).unwrap();
        drop(Directory::open(home.path()).unwrap());
        assert_eq!(mode(), 0o700);
    }
}

#[test]
fn a_full_disk_at_the_start_is_waited_for() {
    let home = tempfile::tempdir().unwrap();
    let directory = Directory::open(home.path()).unwrap();
    let is_full = Arc::new(AtomicUsize::new(1));
    let full = Arc::clone(&is_full);
    let create = move |path: &Path| -> io::Result<Box<dyn Medium>> {
        if full.load(Ordering::Acquire) > 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        create_file(path)
    };
    let journal = Journal::start(directory, 0, SETTINGS, &Threads::default(), create).unwrap();
    assert!(journal.check().is_err());
    assert!(pollster::block_on(journal.room()).is_err());
    is_full.store(0, Ordering::Release);
    recovered(&journal);
    let sequence = journal.append(|bytes| bytes.push(1)).unwrap();
    pollster::block_on(journal.durable(sequence)).unwrap();
}

#[test]
fn a_record_that_panics_leaves_no_bytes() {
    let home = tempfile::tempdir().unwrap();
    let journal = start(home.path(), 0);
    let panicking = |bytes: &mut Vec<u8>| {
        bytes.push(1);
        assert!(bytes.is_empty(), "on purpose");
    };
    let append = std::panic::AssertUnwindSafe(|| journal.append(panicking));
    assert!(std::panic::catch_unwind(append).is_err());
    assert_eq!(journal.append(|bytes| bytes.push(2)).unwrap(), 1);
    drop(journal);
    assert_eq!(read(home.path(), 0).unwrap().0, [[2]]);
}

#[test]
fn a_closed_journal_notes_its_last_record() {
    let home = tempfile::tempdir().unwrap();
    let journal = start(home.path(), 0);
    (0..3).for_each(|_| {
        journal.append(|bytes| bytes.push(1)).unwrap();
    });
    journal.close();
    assert!(journal.append(|bytes| bytes.push(1)).is_err());
    assert!(pollster::block_on(journal.durable(4)).is_err());
    let noted = fs::read_to_string(home.path().join("newest")).unwrap();
    assert_eq!(noted, "1 3\n");
}

#[test]
fn an_erasure_reads_only_segments_that_mention() {
    let users = ["ann", "bob", "cleo"];
    let records: Vec<Vec<u8>> = (0..60)
        .map(|at| users[at / 20].repeat(12).into_bytes())
        .collect();
    let home = written(&records, 1);
    let directory = Directory::existing(home.path()).unwrap();
    let indexed = std::cell::Cell::new(0);
    let mentions: Mentions<'_> = &|content, add| {
        indexed.set(indexed.get() + 1);
        let text = std::str::from_utf8(content).unwrap();
        users
            .iter()
            .filter(|user| text.contains(*user))
            .for_each(|user| add(user));
    };
    let erase = |user: &'static str| {
        let (mut read, before) = (0, indexed.get());
        let edit = |_: u64, content: &[u8]| {
            read += 1;
            content
                .starts_with(user.as_bytes())
                .then(|| b"gone".to_vec())
        };
        directory
            .rewrite(60, |index| index.may_have(user), edit, mentions)
            .unwrap();
        (read, indexed.get() - before)
    };
    directory.index(60, mentions).unwrap();
    assert!(indexed.get() >= 57);
    let (read, again) = erase("bob");
    assert!((20..=30).contains(&read) && again == read, "{read} {again}");
    assert_eq!(erase("bob"), (0, 0));
    assert_eq!(erase("dora"), (0, 0));
    // An index that does not fit is not believed.
    for (_, path) in segment::list(&directory).unwrap() {
        let index = path.with_extension("ids");
        if index.exists() {
            fs::write(index, "nonsense").unwrap();
        }
    }
    let (read, _) = erase("cleo");
    assert!(read >= 57, "{read}");
}
