//! Checkpoints in the background: when they are due, and how they are made while everything goes on.

use std::io;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant, SystemTime};

use parking_lot::RwLockUpgradableReadGuard as Upgradable;

use super::Kept;
use crate::engine::Engine;
use crate::feature::Rows;
use crate::ingest::Image;
use crate::journal::{Broken, Checkpoint, Directory, JournalError, Parts};

/// How often the thread looks whether a checkpoint is due.
const LOOK: Duration = Duration::from_millis(20);

impl Engine {
    /// Writes a checkpoint of everything that was applied before; `None` where facts are kept in memory only, or cannot be made durable.
    ///
    /// # Errors
    /// What the system refused; the checkpoint before stays.
    pub fn checkpoint(&self) -> Result<Option<Checkpoint>, JournalError> {
        let Some(kept) = &self.kept else {
            return Ok(None);
        };
        let mut newest = kept.newest.lock();
        let started = Instant::now();
        let directory = kept.journal.directory();
        let Ok((sequence, mut image)) = self.freeze(kept) else {
            return Ok(None);
        };
        let erased = kept.note_erased(sequence)?;
        let written =
            directory.write_checkpoint(sequence, |parts| self.write_image(&mut image, parts));
        self.facts.write().thaw(Rows::ALL.len());
        let written = written?;
        directory.drop_checkpoints(&written)?;
        self.drop_segments(directory, sequence)?;
        kept.erase(sequence, &erased)?;
        *newest = Some(written.clone());
        self.observe_checkpoint(sequence, started.elapsed());
        Ok(Some(written))
    }

    /// Takes the facts as they are now, the end of a segment. Not in the middle of a deletion: what is half forgotten would stay half
    /// known. Rankings go on meanwhile, and writers wait for the disk, as they do anyway.
    fn freeze(&self, kept: &Kept) -> Result<(u64, Image), Broken> {
        let _no_deletion = self.deleting.lock();
        let facts = self.facts.upgradable_read();
        pollster::block_on(kept.journal.rotate())?;
        let terms = kept.terms.lock().1.to_string();
        let mut facts = Upgradable::upgrade(facts);
        Ok((kept.journal.last(), facts.freeze(terms)))
    }

    fn write_image(&self, image: &mut Image, parts: &mut Parts) -> io::Result<()> {
        let (mut part, mut thawed) = (Vec::new(), 0);
        loop {
            part.clear();
            if !image.next(&self.facts.read(), &mut part) {
                return Ok(());
            }
            parts.add(|bytes| bytes.extend_from_slice(&part))?;
            if image.kinds_written() > thawed {
                thawed = image.kinds_written();
                self.facts.write().thaw(thawed);
            }
        }
    }

    /// Lets go of journal that is covered and older, or more, than is to be kept.
    fn drop_segments(&self, directory: &Directory, sequence: u64) -> Result<(), JournalError> {
        let store = &self.generation().config.store;
        let now = SystemTime::now();
        directory.drop_segments(sequence, |segment, bytes| {
            let modified = segment.modified().unwrap_or(now);
            let age = now.duration_since(modified).unwrap_or_default();
            bytes > store.history_bytes || age > store.history_age
        })?;
        Ok(())
    }
}

/// Starts the thread that writes checkpoints when they are due; it ends when the engine is gone.
pub(in crate::engine) fn run(engine: &Arc<Engine>) {
    if let Some(kept) = &engine.kept {
        let newest = kept.newest.lock().as_ref().map_or(0, |it| it.sequence);
        engine.telemetry.journal.checkpoint.set(newest);
        let engine = Arc::downgrade(engine);
        std::thread::spawn(move || watch(&engine));
    }
}

fn watch(engine: &Weak<Engine>) {
    let (mut bytes, mut last, mut since) = (0, None, Instant::now());
    while let Some(engine) = engine.upgrade()
        && let Some(kept) = &engine.kept
    {
        let store = &engine.generation().config.store;
        let (now_bytes, now_last) = (kept.uncovered + kept.journal.bytes(), kept.journal.last());
        let grown = now_bytes - bytes >= store.checkpoint_bytes;
        let old = since.elapsed() >= store.checkpoint_every && last != Some(now_last);
        if kept.journal.check().is_ok() && (grown || old) {
            if let Err(error) = engine.checkpoint() {
                engine.telemetry.journal.checkpoint_failures.inc();
                tracing::error!("no checkpoint could be written: {error}");
            }
            (bytes, last, since) = (now_bytes, Some(now_last), Instant::now());
        }
        drop(engine);
        std::thread::sleep(LOOK);
    }
}
