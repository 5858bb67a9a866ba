//! What is done to a data directory that no service uses: learning anew, and restoring a back-up.

use std::path::Path;

use super::erase::{self, Deletions, Erased};
use super::load::{Progress, damaged, load, restored};
use super::{Stored, WAITING};
use crate::clock::Clock;
use crate::config::Config;
use crate::ingest::{EntityKind, Facts, Record, Restored};
use crate::journal::{self, Directory, Journal, JournalError};

/// What learning anew came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Learnt {
    /// The first record that was learnt from.
    pub first: u64,
    /// The last one.
    pub last: u64,
    /// Lines that do not hold under the settings.
    pub refused: usize,
    /// Users that there are.
    pub users: usize,
    /// Purchases in the books.
    pub purchases: usize,
}

/// Learns the profiles and the race of a data directory anew, under other settings, from all of the journal that is kept. What was
/// declared stays as it is.
///
/// # Errors
/// A directory that cannot be used, with the reason and the place.
pub fn rebuild(path: &Path, config: &Config) -> Result<Learnt, JournalError> {
    let directory = Directory::existing(path)?;
    let first = directory.first()?.unwrap_or(1);
    let mut facts = declared(&directory, first, config)?;
    let (mut terms, mut refused) = (config.clone(), 0);
    let begun = erase::unfinished(&directory)?;
    let (half_done, mut erasing) = (Deletions::half_done(&directory, &begun)?, begun.clone());
    let mut progress = Progress::new(directory.bytes_after(first - 1));
    let (last, torn) = directory.replay(first - 1, |sequence, content, path, offset| {
        let ended = half_done.end(sequence, content);
        let redone = Record::read(ended.as_deref().unwrap_or(content)).and_then(|record| {
            if matches!(record, Record::Terms(_)) {
                return Ok(0);
            }
            erasing.extend(Erased::of(&record, sequence));
            facts.redo(record, &mut terms)
        });
        refused += redone.map_err(|what| damaged(path, offset, &what))?;
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
        refused,
        users: facts.books.users.len(),
        purchases: facts.books.sales.counts().purchases,
    };
    erase::note(&directory, &erasing)?;
    replace(directory, last, facts, config)?;
    Ok(learnt)
}

/// What was declared before the first record that is kept.
fn declared(directory: &Directory, first: u64, config: &Config) -> Result<Facts, JournalError> {
    let (Restored { mut facts, .. }, _) = restored(directory, config)?;
    facts.unlearn(config);
    if first > 1 {
        return Ok(facts);
    }
    // All of it comes again, but for who was deleted.
    Ok(facts.emptied(config))
}

/// Puts facts in place of the checkpoint, with the journal to go on after record `last`.
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
    Journal::start(directory, last, settings, journal::create_file).map(drop)
}

/// A back-up that is about to be restored.
#[derive(Debug)]
pub struct Restoring {
    directory: Directory,
    /// The directory to restore to, held so that no service starts on it meanwhile.
    _target: Option<Directory>,
    /// The last record that it covers.
    pub sequence: u64,
    /// How many users it knows.
    pub users: usize,
    /// Users whom it would bring back: deleted since, as the directory to restore to knows.
    pub deleted: Vec<String>,
}

impl Restoring {
    /// Reads a back-up whole, and compares it with the data directory at `target`, if there is one.
    ///
    /// # Errors
    /// A directory that cannot be used, with the reason and the place.
    pub fn read(backup: &Path, target: &Path, config: &Config) -> Result<Self, JournalError> {
        let directory = Directory::to_read(backup)?;
        let then = load(&directory, config)?;
        let target = match Directory::existing(target) {
            Ok(target) => Some(target),
            Err(JournalError::Absent(_)) => None,
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

    /// Restores it to a directory that holds nothing, without the users `without`.
    ///
    /// # Errors
    /// A directory that cannot be used, with the reason and the place.
    pub fn restore(
        &self,
        target: &Path,
        without: &[String],
        config: &Config,
    ) -> Result<(), JournalError> {
        self.directory.copy_to(target)?;
        let Stored { mut facts, kept } = Stored::open(target, config)?;
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
