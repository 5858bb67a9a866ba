//! What makes facts last: the journal that they are written to, the checkpoints, and the start from both.

use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant, SystemTime};

use parking_lot::Mutex;
use parking_lot::RwLockUpgradableReadGuard as Upgradable;

use super::Engine;
use crate::config::{Config, Generation};
use crate::feature::Rows;
use crate::ingest::{Facts, Record, Restored, Unreadable};
use crate::journal::{self, Broken, Checkpoint, Directory, Journal, JournalError, Parts};

/// Bytes of records that may wait for the disk.
const WAITING: usize = 64 << 20;
/// How often the thread for checkpoints looks whether one is due.
const LOOK: Duration = Duration::from_millis(20);
/// How often a start says how far it is.
const PROGRESS: Duration = Duration::from_secs(2);

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
        let found = load(&directory, config)?;
        if let Some(torn) = &found.torn {
            tracing::warn!(
                "{}: the last {} bytes, from byte {} on, were never acknowledged and are cut off",
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
                newest: Mutex::new(found.checkpoint),
            }),
        })
    }
}

/// What a directory holds.
struct Found {
    facts: Facts,
    checkpoint: Option<Checkpoint>,
    /// Bytes of the journal after it.
    uncovered: u64,
    /// The last record.
    last: u64,
    torn: Option<journal::Torn>,
}

/// Loads the newest checkpoint and applies the records after it.
fn load(directory: &Directory, config: &Config) -> Result<Found, JournalError> {
    let started = Instant::now();
    let checkpoint = directory.checkpoint()?;
    let mut restored = Restored::new(config);
    if let Some(checkpoint) = &checkpoint {
        checkpoint.read(|part, offset| {
            let taken = restored.part(part, config);
            taken.or_else(|error| Err(checkpoint.damaged(offset, &error.to_string())))
        })?;
        tracing::info!(
            seconds = started.elapsed().as_secs_f64(),
            "checkpoint loaded"
        );
    }
    let after = checkpoint.as_ref().map_or(0, |it| it.sequence);
    let mut terms = of_terms(&restored.terms, config, directory)?;
    let (mut facts, mut refused) = (restored.facts, 0);
    let uncovered = directory.bytes_after(after);
    let mut progress = Progress::new(uncovered);
    let (last, torn) = directory.replay(after, |_, content, path, offset| {
        let done = Record::read(content).and_then(|record| facts.redo(record, &mut terms));
        refused += done.map_err(|what| damaged(path, offset, &what))?;
        progress.add(content.len());
        Ok::<_, JournalError>(())
    })?;
    if refused > 0 {
        tracing::error!(refused, "lines of the journal that held once hold no more");
    }
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
    })
}

fn of_terms(terms: &str, config: &Config, directory: &Directory) -> Result<Config, JournalError> {
    if terms.is_empty() {
        return Ok(config.clone());
    }
    Config::of_terms(terms)
        .map_err(|faults| damaged(directory.path(), 0, &Unreadable::Terms(faults)))
}

fn damaged(path: &Path, offset: u64, what: &Unreadable) -> JournalError {
    JournalError::Damaged {
        path: path.to_owned(),
        offset,
        what: what.to_string(),
    }
}

/// Says from time to time how far a replay is.
struct Progress {
    all: u64,
    done: u64,
    said: Instant,
}

impl Progress {
    fn new(all: u64) -> Self {
        Self {
            all,
            done: 0,
            said: Instant::now(),
        }
    }

    fn add(&mut self, bytes: usize) {
        self.done += bytes as u64;
        if self.said.elapsed() >= PROGRESS {
            self.said = Instant::now();
            let percent = self.done * 100 / self.all.max(1);
            tracing::info!(percent, "applying the journal");
        }
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
        self.journal.append(|bytes| record.write(bytes))
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

    /// Writes a checkpoint of everything that was applied before; `None` where facts are kept in memory only.
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
        let (sequence, mut image) = self.freeze(kept);
        let written = directory.write_checkpoint(sequence, |parts| {
            self.write_image(&mut image, parts)?;
            pollster::block_on(kept.journal.durable(sequence)).map_err(std::io::Error::other)
        });
        self.facts.write().thaw(Rows::ALL.len());
        let written = written?;
        directory.drop_checkpoints(&written)?;
        self.drop_segments(directory, sequence)?;
        *newest = Some(written.clone());
        self.observe_checkpoint(sequence, started.elapsed());
        Ok(Some(written))
    }

    /// Takes the facts as they are now. Not in the middle of a deletion: what is half forgotten would stay half known.
    fn freeze(&self, kept: &Kept) -> (u64, crate::ingest::Image) {
        let _no_deletion = self.deleting.lock();
        let generation = self.generation();
        let facts = self.facts.upgradable_read();
        let terms = generation.config.terms();
        let mut facts = Upgradable::upgrade(facts);
        (kept.journal.last(), facts.freeze(terms))
    }

    fn write_image(
        &self,
        image: &mut crate::ingest::Image,
        parts: &mut Parts,
    ) -> std::io::Result<()> {
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
pub(super) fn run(engine: &Arc<Engine>) {
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
