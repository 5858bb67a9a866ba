//! The facts and what keeps them: the journal and the checkpoints.

use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;

use super::erase::Erased;
use super::load;
use crate::config::{Config, Generation};
use crate::decision::Decisions;
use crate::id::EventKey;
use crate::ingest::{Facts, Record};
use crate::journal::{self, Broken, Checkpoint, Directory, Journal, JournalError};
use crate::threads::Threads;

/// Maximum number of bytes of records that wait for the disk.
pub(super) const WAITING: usize = 64 << 20;

/// Facts, and the journal that keeps them.
#[derive(Debug)]
pub struct Stored {
    pub(in crate::engine) facts: Facts,
    pub(in crate::engine) kept: Option<Kept>,
    /// The decision log.
    pub(in crate::engine) decisions: Decisions,
    /// The long-lived threads, among them that of the journal.
    pub(in crate::engine) threads: Threads,
}

/// The journal and the checkpoints that keep facts.
#[derive(Debug)]
pub(in crate::engine) struct Kept {
    pub(in crate::engine) journal: Journal,
    /// The generation whose settings the journal holds, and those settings.
    pub(super) terms: Mutex<(u64, Arc<str>)>,
    /// Bytes of the journal that the newest checkpoint did not cover at the start.
    pub(super) uncovered: u64,
    /// The key of the event ids.
    key: EventKey,
    /// Deleted users whom the journal may still mention.
    pub(super) erasing: Mutex<Vec<Erased>>,
    /// The newest checkpoint. Held while one is written: one at a time.
    pub(super) newest: Mutex<Option<Checkpoint>>,
}

impl Stored {
    /// Returns empty facts, kept in memory only.
    #[must_use]
    pub fn in_memory(config: &Config, threads: &Threads) -> Self {
        Self {
            facts: Facts::new(config),
            kept: None,
            decisions: Decisions::in_memory(),
            threads: threads.clone(),
        }
    }

    /// Opens a data directory: its facts, and the journal that continues after them, written by one of `threads`.
    ///
    /// # Errors
    /// The directory cannot be used; the error names the reason and the file.
    pub fn open(path: &Path, config: &Config, threads: &Threads) -> Result<Self, JournalError> {
        let directory = Directory::claim(path)?;
        match directory.furnish() {
            // The journal does it as soon as there is space.
            Err(error) if error.is_full() => tracing::error!("{error}: facts are rejected"),
            furnished => furnished?,
        }
        let found = load::load(&directory, config)?;
        if let Some(torn) = &found.torn {
            tracing::warn!(
                "{} ends with an incomplete record at byte {}, because the process or the power failed during a write; {} bytes are cut off",
                torn.path.display(),
                torn.offset,
                torn.bytes
            );
            directory.cut(torn)?;
        }
        let settings = journal::Settings {
            segment_bytes: config.store.segment_bytes,
            waiting_bytes: WAITING,
        };
        let journal = Journal::start(
            directory,
            found.last,
            settings,
            threads,
            journal::create_file,
        )?;
        let key = found.facts.books.seen.key();
        Ok(Self {
            threads: threads.clone(),
            facts: found.facts,
            decisions: Decisions::open(path),
            kept: Some(Kept {
                journal,
                key,
                terms: Mutex::new((0, "".into())),
                uncovered: found.uncovered,
                erasing: Mutex::new(found.erasing),
                newest: Mutex::new(found.checkpoint),
            }),
        })
    }
}

impl Kept {
    /// Appends a record, preceded by the settings that it is learnt under if they are new. Call it while holding the lock of the facts.
    pub(in crate::engine) fn append(
        &self,
        generation: &Generation,
        record: &Record<'_>,
    ) -> Result<u64, Broken> {
        self.append_terms(generation)?;
        let sequence = self.journal.append(|bytes| record.write(bytes))?;
        self.erasing
            .lock()
            .extend(Erased::of(record, sequence, self.key));
        Ok(sequence)
    }

    /// Appends the settings if they are new. Call it while holding the lock of the facts.
    pub(in crate::engine) fn append_terms(&self, generation: &Generation) -> Result<(), Broken> {
        let mut known = self.terms.lock();
        if known.0 == generation.number {
            return Ok(());
        }
        let terms: Arc<str> = generation.config.terms().into();
        if terms != known.1 {
            self.journal
                .append(|bytes| Record::Terms(&terms).write(bytes))?;
        }
        *known = (generation.number, terms);
        Ok(())
    }
}
