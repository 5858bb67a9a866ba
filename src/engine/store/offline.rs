//! Work on a data directory that no service uses: learning again from the journal, and restoring a backup.

use std::path::Path;

use super::erase::{self, Deletions, Erased};
use super::kept::{Stored, WAITING};
use super::load::{Progress, damaged, load, restored};
use crate::clock::Clock;
use crate::config::Config;
use crate::ingest::{EntityKind, Facts, Record, Restored};
use crate::journal::{self, Directory, Journal, JournalError, RESTORING};
use crate::threads::Threads;

/// The result of learning again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Learnt {
    /// Sequence of the first record that was learnt from.
    pub first: u64,
    /// Sequence of the last one.
    pub last: u64,
    /// Lines that are invalid under the settings.
    pub rejected: usize,
    /// Number of users.
    pub users: usize,
    /// Number of purchases held.
    pub purchases: usize,
}

/// Learns everything again, under other settings, from the whole journal that is kept. Declared fields stay.
///
/// # Errors
/// The directory cannot be used; the error names the reason and the file.
pub fn rebuild(path: &Path, config: &Config) -> Result<Learnt, JournalError> {
    let directory = Directory::existing(path)?;
    let first = directory.first()?.unwrap_or(1);
    let mut facts = declared(&directory, first, config)?;
    facts.follow(config);
    let (mut terms, mut rejected) = (config.clone().recorded(), 0);
    let begun = erase::unfinished(&directory)?;
    let (half_done, mut erasing) = (Deletions::half_done(&directory, &begun)?, begun.clone());
    let mut progress = Progress::new(directory.bytes_after(first - 1));
    let (last, torn) = directory.replay(first - 1, |sequence, content, path, offset| {
        let finished = half_done.finish(sequence, content);
        let redone = Record::read(finished.as_deref().unwrap_or(content)).and_then(|record| {
            if matches!(record, Record::Terms(_)) {
                return Ok(0);
            }
            erasing.extend(Erased::of(&record, sequence, facts.books.seen.key()));
            facts.redo(record, &mut terms)
        });
        rejected += redone.map_err(|what| damaged(path, offset, &what))?;
        progress.add(content.len());
        Ok::<_, JournalError>(())
    })?;
    torn.map_or(Ok(()), |torn| directory.cut(&torn))?;
    let clock = Clock::new(config.clock.mode);
    facts.latest.into_iter().for_each(|at| clock.observe(at));
    if clock.has_begun() {
        facts.expire(clock.now().day(config.race.utc_offset).plus(-1));
    }
    let learnt = Learnt {
        first,
        last,
        rejected,
        users: facts.books.users.len(),
        purchases: facts.books.sales.counts().purchases,
    };
    erase::note(&directory, &erasing)?;
    replace(directory, last, facts, config)?;
    Ok(learnt)
}

/// Returns the facts with the fields declared before the first record that is kept, and nothing learnt.
fn declared(directory: &Directory, first: u64, config: &Config) -> Result<Facts, JournalError> {
    let (Restored { mut facts, .. }, _) = restored(directory, config)?;
    facts.unlearn(config);
    if first > 1 {
        return Ok(facts);
    }
    // The journal holds everything from the start, except the list of deleted users.
    Ok(facts.emptied(config))
}

/// Replaces the checkpoint by facts; the journal continues after record `last`.
fn replace(
    directory: Directory,
    last: u64,
    mut facts: Facts,
    config: &Config,
) -> Result<(), JournalError> {
    let mut image = facts.freeze(config.terms());
    let written = directory.write_checkpoint(last, |parts| {
        let mut part = Vec::new();
        while image.next(&facts, &mut part) {
            parts.add(|bytes| bytes.append(&mut part))?;
        }
        Ok(())
    })?;
    facts.thaw_all();
    directory.drop_checkpoints(&written)?;
    let settings = journal::Settings {
        segment_bytes: config.store.segment_bytes,
        waiting_bytes: WAITING,
    };
    Journal::start(
        directory,
        last,
        settings,
        &Threads::default(),
        journal::create_file,
    )
    .map(drop)
}

/// A backup that is about to be restored.
#[derive(Debug)]
pub struct Restoring {
    directory: Directory,
    /// The target directory, locked so that no service starts on it meanwhile.
    _target: Option<Directory>,
    /// Sequence of the last record that it covers.
    pub sequence: u64,
    /// Number of its users.
    pub users: usize,
    /// Users whom it would bring back: deleted since, according to the target directory.
    pub deleted: Vec<String>,
}

impl Restoring {
    /// Reads a whole backup and compares it with the data directory at `target`, if there is one.
    ///
    /// # Errors
    /// The directory cannot be used; the error names the reason and the file.
    pub fn read(backup: &Path, target: &Path, config: &Config) -> Result<Self, JournalError> {
        let directory = Directory::read_only(backup)?;
        let then = load(&directory, config)?;
        let target = match Directory::existing(target) {
            Ok(target) => Some(target),
            Err(JournalError::Absent(_)) => None,
            // An earlier restore to this mount point was interrupted.
            Err(JournalError::Foreign(_)) if target.join(RESTORING).is_dir() => None,
            Err(other) => return Err(other),
        };
        let deleted = match &target {
            Some(now) => load(now, config)?.facts.deleted_since(&then.facts),
            None => Vec::new(),
        };
        Ok(Self {
            directory,
            _target: target,
            sequence: then.last,
            users: then.facts.books.users.len(),
            deleted,
        })
    }

    /// Restores the backup to an empty directory, without the users in `without`.
    ///
    /// # Errors
    /// The directory cannot be used; the error names the reason and the file.
    pub fn restore(
        &self,
        target: &Path,
        without: &[String],
        config: &Config,
    ) -> Result<(), JournalError> {
        self.directory.copy_to(target)?;
        let Stored {
            mut facts, kept, ..
        } = Stored::open(target, config, &Threads::default())?;
        let clock = Clock::new(config.clock.mode);
        let last_complete = clock.now().day(config.race.utc_offset).plus(-1);
        let Some(kept) = kept else { return Ok(()) };
        for id in without {
            let record = Record::Deletion {
                kind: EntityKind::User,
                id,
                last_complete,
            };
            if facts.delete(EntityKind::User, id, last_complete).is_some() {
                kept.journal.append(|bytes| record.write(bytes))?;
            }
        }
        pollster::block_on(kept.journal.durable(kept.journal.last()))?;
        Ok(())
    }
}
