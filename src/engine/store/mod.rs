//! What makes facts last: the journal that they are written to, the checkpoints, and the start from both.

mod checkpoint;
mod erase;
mod load;
mod offline;

use std::io;
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;

use super::Engine;
use crate::config::{Config, Generation};
use crate::ingest::{Facts, Record};
use crate::journal::{self, Broken, Checkpoint, Directory, Journal, JournalError};

pub(super) use checkpoint::run;
use erase::Erased;
pub use offline::{Learnt, Restoring, rebuild};

/// Bytes of records that may wait for the disk.
const WAITING: usize = 64 << 20;

/// Facts and where they are kept.
#[derive(Debug)]
pub struct Stored {
    pub(super) facts: Facts,
    pub(super) kept: Option<Kept>,
}

/// Where facts are kept.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) journal: Journal,
    /// The settings that the journal knows of, and the generation that they are of.
    terms: Mutex<(u64, Arc<str>)>,
    /// Bytes of the journal that the newest checkpoint did not cover at the start.
    uncovered: u64,
    /// Users who were deleted, and of whom the journal may still know.
    erasing: Mutex<Vec<Erased>>,
    /// One checkpoint at a time; the last one.
    newest: Mutex<Option<Checkpoint>>,
}

impl Stored {
    /// Nothing, in memory only.
    #[must_use]
    pub fn in_memory(config: &Config) -> Self {
        Self {
            facts: Facts::new(config),
            kept: None,
        }
    }

    /// What a data directory holds, and the journal that goes on from there.
    ///
    /// # Errors
    /// A directory that cannot be used, with the reason and the place.
    pub fn open(path: &Path, config: &Config) -> Result<Self, JournalError> {
        let directory = Directory::open(path)?;
        let found = load::load(&directory, config)?;
        if let Some(torn) = &found.torn {
            tracing::warn!(
                "{}: the last {} bytes, from byte {} on, are no whole record, as when the process or the power ended while it was written; they are cut off",
                torn.path.display(),
                torn.bytes,
                torn.offset
            );
            directory.cut(torn)?;
        }
        let settings = journal::Settings {
            segment_bytes: config.store.segment_bytes,
            waiting_bytes: WAITING,
        };
        let journal = Journal::start(directory, found.last, settings, journal::create_file)?;
        Ok(Self {
            facts: found.facts,
            kept: Some(Kept {
                journal,
                terms: Mutex::new((0, "".into())),
                uncovered: found.uncovered,
                erasing: Mutex::new(found.erasing),
                newest: Mutex::new(found.checkpoint),
            }),
        })
    }
}

impl Kept {
    /// Adds a record, after the settings under which it is learnt where those are new. Call it under the lock of the facts.
    pub(super) fn append(
        &self,
        generation: &Generation,
        record: &Record<'_>,
    ) -> Result<u64, Broken> {
        self.tell_terms(generation)?;
        let sequence = self.journal.append(|bytes| record.write(bytes))?;
        self.erasing.lock().extend(Erased::of(record, sequence));
        Ok(sequence)
    }

    fn tell_terms(&self, generation: &Generation) -> Result<(), Broken> {
        let mut told = self.terms.lock();
        if told.0 == generation.number {
            return Ok(());
        }
        let terms: Arc<str> = generation.config.terms().into();
        if terms != told.1 {
            self.journal
                .append(|bytes| Record::Terms(&terms).write(bytes))?;
        }
        *told = (generation.number, terms);
        Ok(())
    }
}

impl Engine {
    /// A checkpoint of now, and its bytes, some at a time; `None` where facts are kept in memory only.
    ///
    /// # Errors
    /// What the system refused.
    pub async fn backup(
        self: &Arc<Self>,
    ) -> Result<Option<impl Iterator<Item = io::Result<Vec<u8>>> + use<>>, JournalError> {
        let engine = Arc::clone(self);
        let written = tokio::task::spawn_blocking(move || {
            let checkpoint = engine.checkpoint()?;
            checkpoint.map(|it| it.bytes()).transpose()
        });
        written.await.unwrap_or(Ok(None))
    }

    /// Whether facts can be made durable, where they are to be.
    ///
    /// # Errors
    /// Where they cannot, the reason.
    pub fn check_journal(&self) -> Result<(), Broken> {
        self.kept.as_ref().map_or(Ok(()), |it| it.journal.check())
    }

    /// Waits until there is room for more facts on their way to the disk.
    ///
    /// # Errors
    /// Where facts cannot be made durable.
    pub async fn room(&self) -> Result<(), Broken> {
        match &self.kept {
            Some(kept) => kept.journal.room().await,
            None => Ok(()),
        }
    }

    /// Waits until everything that was applied so far is durable, where it is to be.
    ///
    /// # Errors
    /// Where it cannot be made durable.
    pub async fn durable(&self) -> Result<(), Broken> {
        match &self.kept {
            Some(kept) => kept.journal.durable(kept.journal.last()).await,
            None => Ok(()),
        }
    }
}
