//! The log of one service: which requests are logged, the queue, the newest records, and the names of users.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;

use parking_lot::Mutex;

use super::files::FOLDER;
use super::newest::Logged;
use super::pseudonym::Pseudonyms;
use super::reader;
use super::record::Record;
use super::shared::Shared;
use super::writer::Writer;
use crate::clock::Clock;
use crate::config::{self, Generation, Live};
use crate::digest::Digest;
use crate::telemetry::{DecisionMetrics, MemoryMetrics, Size, raise};
use crate::threads::Threads;

/// Parts of the digest by which requests are chosen.
const PARTS: u32 = 1_000_000;
/// Maximum number of bytes that are read of a file at the start.
const TAIL: u64 = 32 << 20;
/// Maximum number of bytes of files that are searched for one request, the newest first.
const SEARCHED: u64 = 256 << 20;

/// How much of a request is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// Nothing.
    None,
    /// What was shown.
    Thin,
    /// Everything that the ranking read.
    Whole,
}

/// The decision log of one service.
#[derive(Debug)]
pub struct Decisions {
    shared: Arc<Shared>,
    folder: Option<PathBuf>,
    /// Why no files are written although there is a data directory.
    fault: Option<String>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Decisions {
    /// Creates a log that keeps the newest whole records in memory and writes no files.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::new(Pseudonyms::in_memory(), None)
    }

    /// Opens the log of a data directory. If its names of users cannot be read, nothing is written: every record counts as dropped.
    #[must_use]
    pub fn open(data: &Path) -> Self {
        let folder = data.join(FOLDER);
        match Pseudonyms::open(&folder) {
            Ok(names) => Self::new(names, Some(folder)),
            Err(error) => {
                tracing::error!("decisions are kept in memory only: {error}");
                let mut log = Self::in_memory();
                log.fault = Some(error.to_string());
                log
            }
        }
    }

    fn new(names: Pseudonyms, folder: Option<PathBuf>) -> Self {
        Self {
            shared: Arc::new(Shared::new(names)),
            folder,
            fault: None,
            writer: Mutex::new(None),
        }
    }

    /// Starts the writer, if there are files.
    pub fn start(&self, live: &Arc<Live>, threads: &Threads) {
        let Some(folder) = &self.folder else { return };
        let mut writer = Writer::new(Arc::clone(&self.shared), Arc::clone(live), folder.clone());
        let started = threads.start("decisions", move || writer.round());
        *self.writer.lock() = started.ok();
    }

    /// Reads the newest whole records of the files into memory; `generation` returns the configuration of a number.
    pub fn recall(&self, most: usize, mut generation: impl FnMut(u64) -> Option<Arc<Generation>>) {
        let Some(folder) = &self.folder else { return };
        let recalled = reader::newest(folder, &self.shared.names, TAIL, |record| {
            let generation = generation(record.generation);
            self.shared
                .newest
                .push_older(Logged { record, generation }, most)
        });
        if let Err(error) = recalled {
            tracing::warn!("cannot read the newest decisions: {error}");
        }
    }

    /// Returns how much of a request is logged, given its id; nothing without one.
    #[must_use]
    pub fn share(&self, settings: &config::Decisions, request_id: Option<&str>) -> Share {
        let Some(request_id) = request_id else {
            return Share::None;
        };
        let thin = if self.has_files() { settings.thin } else { 0 };
        if settings.whole == 0 && thin == 0 {
            return Share::None;
        }
        let part = Digest::new(("log/", ""), request_id).part(0, PARTS);
        if part < settings.whole {
            Share::Whole
        } else if part < thin {
            Share::Thin
        } else {
            Share::None
        }
    }

    /// Returns the names of users.
    #[must_use]
    pub fn names(&self) -> &Pseudonyms {
        &self.shared.names
    }

    /// Logs a record.
    pub fn put(&self, record: Record, generation: Arc<Generation>) {
        let settings = generation.config.decisions.clone();
        let logged = Arc::new(Logged {
            generation: Some(generation),
            record,
        });
        let bytes = logged.record.bytes();
        if logged.record.whole.is_some() {
            let most = settings.memory_bytes;
            self.shared.newest.push((&logged, bytes), most);
        }
        if self.folder.is_some() {
            self.shared.queue.put((logged, bytes), settings.queue_bytes);
        } else if self.fault.is_some() {
            self.shared.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns whether records belong in files, even if these cannot be written.
    const fn has_files(&self) -> bool {
        self.folder.is_some() || self.fault.is_some()
    }

    /// Returns why no files are written although there is a data directory.
    #[must_use]
    pub fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// Returns the newest whole records for which `is` holds, the newest first.
    #[must_use]
    pub fn newest(&self, most: usize, is: impl Fn(&Record) -> bool) -> Vec<Arc<Logged>> {
        self.shared.newest.get(most, is)
    }

    /// Finds the newest record of a request: in memory, else in the newest 256 MiB of the files.
    #[must_use]
    pub fn find(&self, request_id: &str) -> Option<Arc<Logged>> {
        let known = self.newest(1, |record| record.request_id == request_id);
        if let Some(known) = known.into_iter().next() {
            return Some(known);
        }
        let folder = self.folder.as_ref()?;
        let found = reader::find(folder, &self.shared.names, request_id, SEARCHED);
        let found = found.map_err(|error| tracing::warn!("cannot read the decision log: {error}"));
        found.ok()?.map(|record| {
            Arc::new(Logged {
                record,
                generation: None,
            })
        })
    }

    /// Forgets what was logged of deleted users, by all their ids, up to a time.
    pub fn forget<'i>(&self, ids: impl Iterator<Item = &'i str>, at: i64) {
        if let Err(error) = self
            .shared
            .names
            .delete(ids, (at, Clock::machine().millis()))
        {
            tracing::warn!("a deletion is noted in the decision log later: {error}");
        }
        let gone = |record: &Record| {
            let user = record.user.as_deref();
            user.is_some_and(|user| self.shared.names.is_deleted(user, record.at))
        };
        self.shared.newest.remove(gone);
    }

    /// Writes what waits, and ends the writer.
    pub fn close(&self) {
        self.shared.queue.close();
        let writer = self.writer.lock().take();
        let _its_panic_is_counted = writer.map(JoinHandle::join);
    }

    /// Updates the metrics.
    pub fn measure(&self, to: &DecisionMetrics, memory: &MemoryMetrics) {
        let shared = &self.shared;
        let (entries, bytes, evicted) = shared.newest.size();
        memory.report(
            "decisions",
            Size {
                entries,
                bytes,
                evicted,
            },
        );
        let (entries, bytes) = shared.queue.size();
        let evicted = shared.queue.dropped.load(Ordering::Relaxed);
        memory.report(
            "decision_queue",
            Size {
                entries,
                bytes,
                evicted,
            },
        );
        raise(&to.written, shared.written.load(Ordering::Relaxed));
        raise(
            &to.written_bytes,
            shared.written_bytes.load(Ordering::Relaxed),
        );
        raise(to.dropped("queue"), evicted);
        raise(to.dropped("disk"), shared.lost.load(Ordering::Relaxed));
        raise(&to.removed, shared.removed.load(Ordering::Relaxed));
        to.files.set(shared.files.load(Ordering::Relaxed) as u64);
        to.disk_bytes.set(shared.disk_bytes.load(Ordering::Relaxed));
    }
}

impl Drop for Decisions {
    fn drop(&mut self) {
        self.close();
    }
}
