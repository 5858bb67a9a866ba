//! The start from a data directory: the newest checkpoint and the records after it.

use std::path::Path;
use std::time::{Duration, Instant};

use super::erase::{self, Deletions, Erased};
use crate::clock::Clock;
use crate::config::Config;
use crate::ingest::{Facts, Record, Restored, Unreadable};
use crate::journal::{Checkpoint, Directory, JournalError, Torn};

/// Time between two log lines about the progress of a start.
const PROGRESS: Duration = Duration::from_secs(2);

/// The content of a data directory.
pub(super) struct Found {
    pub(super) facts: Facts,
    pub(super) checkpoint: Option<Checkpoint>,
    /// Bytes of the journal after the checkpoint.
    pub(super) uncovered: u64,
    /// Sequence of the last record.
    pub(super) last: u64,
    pub(super) torn: Option<Torn>,
    /// Users whom the journal may still mention, to be erased.
    pub(super) erasing: Vec<Erased>,
}

/// Loads the newest checkpoint and applies the records after it.
pub(super) fn load(directory: &Directory, config: &Config) -> Result<Found, JournalError> {
    let started = Instant::now();
    let (restored, checkpoint) = restored(directory, config)?;
    tracing::info!(
        seconds = started.elapsed().as_secs_f64(),
        "checkpoint loaded"
    );
    for book in restored.missing() {
        tracing::warn!(
            "the checkpoint is incomplete: it lacks the book \"{book}\" or a part of it; `saima rebuild` learns the book from the journal"
        );
    }
    for book in restored.newer() {
        tracing::info!(
            "a part of the book \"{book}\" is newer than the checkpoint and begins empty; `saima rebuild` learns it from the journal"
        );
    }
    let after = checkpoint.as_ref().map_or(0, |it| it.sequence);
    let mut terms = of_terms(&restored.terms, config, directory)?;
    let (mut facts, mut rejected) = (restored.facts, 0);
    facts.follow(config);
    let begun = erase::unfinished(directory)?;
    let (half_done, mut erasing) = (Deletions::half_done(directory, &begun)?, begun.clone());
    let uncovered = directory.bytes_after(after);
    let mut progress = Progress::new(uncovered);
    let (last, torn) = directory.replay(after, |sequence, content, path, offset| {
        let finished = half_done.finish(sequence, content);
        let done = Record::read(finished.as_deref().unwrap_or(content)).and_then(|record| {
            erasing.extend(Erased::of(&record, sequence, facts.books.seen.key()));
            facts.redo(record, &mut terms)
        });
        rejected += done.map_err(|what| damaged(path, offset, &what))?;
        progress.add(content.len());
        Ok::<_, JournalError>(())
    })?;
    if rejected > 0 {
        tracing::error!(
            rejected,
            "lines of the journal were valid when they were written, but are rejected now"
        );
    }
    facts.change_terms(&terms, config);
    facts.books.users.link(Clock::machine());
    tracing::info!(
        seconds = started.elapsed().as_secs_f64(),
        checkpoint = after,
        last,
        "data loaded"
    );
    Ok(Found {
        facts,
        checkpoint,
        uncovered,
        last,
        torn,
        erasing,
    })
}

/// Restores the newest checkpoint; returns empty facts if there is none. They have the key of the event ids under which users were erased,
/// if an erasure is unfinished.
pub(super) fn restored(
    directory: &Directory,
    config: &Config,
) -> Result<(Restored, Option<Checkpoint>), JournalError> {
    let checkpoint = directory.checkpoint()?;
    let mut restored = Restored::new(config);
    // A list of erasures that cannot be read is reported by the start.
    let begun = erase::unfinished(directory).unwrap_or_default();
    if let Some(user) = begun.first() {
        restored.facts.books.seen.adopt(user.key);
    }
    if let Some(checkpoint) = &checkpoint {
        checkpoint.read(|part, offset| {
            let restored = restored.part(part);
            restored.map_err(|error| checkpoint.damaged::<JournalError>(offset, &error.to_string()))
        })?;
    }
    Ok((restored, checkpoint))
}

fn of_terms(terms: &str, config: &Config, directory: &Directory) -> Result<Config, JournalError> {
    if terms.is_empty() {
        return Ok(config.clone().recorded());
    }
    Config::of_terms(terms)
        .map_err(|faults| damaged(directory.path(), 0, &Unreadable::Terms(faults)))
}

pub(super) fn damaged(path: &Path, offset: u64, what: &Unreadable) -> JournalError {
    JournalError::Damaged {
        path: path.to_owned(),
        offset,
        what: what.to_string(),
    }
}

/// Logs the progress of a replay from time to time.
pub(super) struct Progress {
    all: u64,
    done: u64,
    logged: Instant,
}

impl Progress {
    pub(super) fn new(all: u64) -> Self {
        Self {
            all,
            done: 0,
            logged: Instant::now(),
        }
    }

    pub(super) fn add(&mut self, bytes: usize) {
        self.done += bytes as u64;
        if self.logged.elapsed() >= PROGRESS {
            self.logged = Instant::now();
            let percent = self.done * 100 / self.all.max(1);
            tracing::info!(percent, "applying the journal");
        }
    }
}
