//! Checkpoints in the background. A checkpoint is written while facts are applied and requests answered.

use std::io;
use std::ops::ControlFlow;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant, SystemTime};

use super::Kept;
use super::erase::Erased;
use crate::clock::Time;
use crate::engine::Engine;
use crate::engine::sweep::Bare;
use crate::ingest::Image;
use crate::journal::{Broken, Checkpoint, Directory, JournalError, Parts};

/// Interval between checks whether a checkpoint is due.
const LOOK: Duration = Duration::from_millis(20);
/// Pause after a checkpoint that could not be written.
const RETRY: Duration = Duration::from_secs(2);

impl Engine {
    /// Writes a checkpoint of everything applied so far; returns `None` if facts are kept in memory only.
    ///
    /// # Errors
    /// An I/O error; the previous checkpoint stays.
    pub fn checkpoint(&self) -> Result<Option<Checkpoint>, JournalError> {
        self.checkpoint_then(|_, written| Ok(written.clone()))
    }

    /// Writes a checkpoint, and calls `then` before another one can be written.
    pub(super) fn checkpoint_then<T>(
        &self,
        then: impl FnOnce(&Kept, &Checkpoint) -> Result<T, JournalError>,
    ) -> Result<Option<T>, JournalError> {
        let Some(kept) = &self.kept else {
            return Ok(None);
        };
        let mut newest = kept.newest.lock();
        let started = Instant::now();
        if !kept.erasing.lock().is_empty() {
            // What only the deleted users named goes with them.
            self.sweep(Bare::of_erasure());
        }
        let (sequence, image) = self.freeze(kept)?;
        let (written, erased) = {
            let _frozen = Frozen(self);
            self.write_frozen(kept, sequence, image)?
        };
        *newest = Some(written.clone());
        self.observe_checkpoint(sequence, started.elapsed());
        let directory = kept.journal.directory();
        // After the erasure the journal no longer fits an older checkpoint.
        directory.drop_checkpoints(&written)?;
        let utc_offset = self.generation().config.race.utc_offset;
        kept.erase(sequence, &erased, |trace| {
            self.facts.read().needed(trace, utc_offset)
        })?;
        self.drop_segments(directory, sequence)?;
        then(kept, &written).map(Some)
    }

    /// Freezes the facts and ends the segment at the same record. Waits for a running deletion: a checkpoint of a half-deleted entity would
    /// keep the other half.
    fn freeze(&self, kept: &Kept) -> Result<(u64, Image), Broken> {
        let _no_deletion = self.deleting.lock();
        kept.journal.check()?;
        let mut facts = self.facts.write();
        let terms = kept.terms.lock().1.to_string();
        Ok((kept.journal.end_segment(), facts.freeze(terms)))
    }

    /// Writes the frozen facts once the journal that they cover is durable. Also returns the users to erase from that journal.
    fn write_frozen(
        &self,
        kept: &Kept,
        sequence: u64,
        mut image: Image,
    ) -> Result<(Checkpoint, Vec<Erased>), JournalError> {
        pollster::block_on(kept.journal.segment_ended(sequence))?;
        let erased = kept.note_erased(sequence)?;
        let directory = kept.journal.directory();
        let written =
            directory.write_checkpoint(sequence, |parts| self.write_image(&mut image, parts))?;
        Ok((written, erased))
    }

    fn write_image(&self, image: &mut Image, parts: &mut Parts) -> io::Result<()> {
        let (mut part, mut thawed) = (Vec::new(), 0);
        loop {
            part.clear();
            if !image.next(&self.facts.read(), &mut part) {
                return Ok(());
            }
            parts.add(|bytes| bytes.extend_from_slice(&part))?;
            if image.books_written() > thawed {
                thawed = image.books_written();
                self.facts.write().thaw(thawed);
            }
        }
    }

    /// Drops segments that are covered and exceed the configured age or size of the history.
    fn drop_segments(&self, directory: &Directory, sequence: u64) -> Result<(), JournalError> {
        let store = &self.generation().config.store;
        // Not the machine's clock itself, which may have jumped ahead.
        let now = SystemTime::UNIX_EPOCH + since_1970(self.clock.wall());
        directory.drop_segments(sequence, |segment, bytes| {
            let modified = segment.modified().unwrap_or(now);
            let age = now.duration_since(modified).unwrap_or_default();
            bytes > store.history_bytes || age > store.history_age
        })?;
        Ok(())
    }
}

/// Frozen facts. Dropping it thaws them, also if the checkpoint failed or panicked.
struct Frozen<'e>(&'e Engine);

impl Drop for Frozen<'_> {
    fn drop(&mut self) {
        self.0.facts.write().thaw_all();
    }
}

fn since_1970(at: Time) -> Duration {
    Duration::from_millis(u64::try_from(at.millis()).unwrap_or(0))
}

/// Starts the thread that writes checkpoints when they are due. It ends with the engine.
pub(in crate::engine) fn run(engine: &Arc<Engine>) {
    if let Some(kept) = &engine.kept {
        let newest = kept.newest.lock().as_ref().map_or(0, |it| it.sequence);
        engine.telemetry.journal.checkpoint.set(newest);
        let mut watch = Watch {
            engine: Arc::downgrade(engine),
            bytes: 0,
            last: None,
            since: Instant::now(),
            overdue: !kept.erasing.lock().is_empty(),
        };
        let _listed_as_failing = engine.threads.start("checkpoint", move || watch.round());
    }
}

/// State of the thread.
struct Watch {
    engine: Weak<Engine>,
    /// Bytes of the journal, its last record and the instant, at the last checkpoint.
    bytes: u64,
    last: Option<u64>,
    since: Instant,
    /// `true` if an earlier process left an erasure unfinished: the first checkpoint is due at once.
    overdue: bool,
}

impl Watch {
    /// Writes a checkpoint if one is due.
    fn round(&mut self) -> ControlFlow<()> {
        let Some(engine) = self.engine.upgrade() else {
            return ControlFlow::Break(());
        };
        let Some(kept) = &engine.kept else {
            return ControlFlow::Break(());
        };
        let store = &engine.generation().config.store;
        let (now_bytes, now_last) = (kept.uncovered + kept.journal.bytes(), kept.journal.last());
        let grown = now_bytes - self.bytes >= store.checkpoint_bytes;
        let old = self.since.elapsed() >= store.checkpoint_every && self.last != Some(now_last);
        let mut pause = LOOK;
        if kept.journal.check().is_ok() && (grown || old || self.overdue) {
            match engine.checkpoint() {
                Ok(_) => {
                    (self.bytes, self.last) = (now_bytes, Some(now_last));
                    (self.since, self.overdue) = (Instant::now(), false);
                }
                Err(error) => {
                    engine.telemetry.journal.checkpoint_failures.inc();
                    tracing::error!("the checkpoint could not be written: {error}");
                    pause = RETRY;
                }
            }
        }
        drop(engine);
        std::thread::sleep(pause);
        ControlFlow::Continue(())
    }
}
