//! The writing thread: it takes the waiting records, writes them, makes them durable and wakes the waiting callers.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::{Condvar, Mutex};
use tokio::sync::watch;

use super::directory::{self, Directory};
use super::segment::{Create, EXTENSION, MAGIC, Medium};
use super::{Broken, JournalError, record};

/// Number of waiting bytes from which records are written even if no caller waits for them.
const PLENTY: usize = 1 << 20;

/// Settings of a journal.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Bytes from which a segment ends and the next one begins.
    pub segment_bytes: u64,
    /// Bytes that may wait to be written; beyond that, callers wait (backpressure).
    pub waiting_bytes: usize,
}

/// A journal that is being written. Dropping it writes the waiting records.
#[derive(Debug)]
pub struct Journal {
    directory: Directory,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    waiting: Mutex<Waiting>,
    work: Condvar,
    written: watch::Sender<Written>,
    settings: Settings,
}

/// Records that wait to be written.
#[derive(Debug)]
struct Waiting {
    bytes: Vec<u8>,
    /// Sequence of the last record appended.
    last: u64,
    /// The last record that a caller waits for.
    wanted: u64,
    /// The requested end of the segment: after this many bytes, with that record.
    segment_end: Option<(usize, u64)>,
    /// True once the journal is dropped.
    ended: bool,
}

/// The progress of the writing.
#[derive(Clone, Debug)]
struct Written {
    /// The last record that is durable.
    durable: u64,
    /// The first record of the segment that is being written.
    segment: u64,
    /// Bytes of records written in total.
    bytes: u64,
    broken: Option<Broken>,
}

impl Journal {
    /// Starts writing after the record `last`, in a new segment. `create` creates the file of a segment.
    ///
    /// # Errors
    /// An I/O error at the first segment.
    pub fn start(
        directory: Directory,
        last: u64,
        settings: Settings,
        create: impl FnMut(&Path) -> io::Result<Box<dyn Medium>> + Send + 'static,
    ) -> Result<Self, JournalError> {
        let shared = Arc::new(Shared {
            waiting: Mutex::new(Waiting {
                bytes: Vec::new(),
                last,
                wanted: last,
                segment_end: None,
                ended: false,
            }),
            work: Condvar::new(),
            written: watch::Sender::new(Written {
                durable: last,
                segment: last + 1,
                bytes: 0,
                broken: None,
            }),
            settings,
        });
        let mut segments = Segments {
            directory: directory.journal(),
            create: Box::new(create),
        };
        let current = segments.next(last + 1);
        let current = current.map_err(JournalError::io(&directory.journal()))?;
        let writer = Writer {
            shared: Arc::clone(&shared),
            segments,
            current,
            length: 0,
        };
        let thread = std::thread::Builder::new().name("journal".to_owned());
        let thread = thread.spawn(move || writer.run());
        Ok(Self {
            thread: Some(thread.map_err(JournalError::io(directory.path()))?),
            directory,
            shared,
        })
    }

    /// Returns the directory.
    #[must_use]
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Appends a record with the content that `write` appends, and returns its sequence. It is durable once [`Self::durable`] returns.
    ///
    /// # Errors
    /// The journal is broken; nothing was appended.
    pub fn append(&self, write: impl FnOnce(&mut Vec<u8>)) -> Result<u64, Broken> {
        self.check()?;
        let mut waiting = self.shared.waiting.lock();
        let sequence = waiting.last + 1;
        record::append(&mut waiting.bytes, sequence, write);
        waiting.last = sequence;
        if waiting.bytes.len() >= PLENTY {
            self.shared.work.notify_one();
        }
        Ok(sequence)
    }

    /// Returns the sequence of the last record appended.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.shared.waiting.lock().last
    }

    /// Returns the sequence of the last durable record.
    #[must_use]
    pub fn durable_sequence(&self) -> u64 {
        self.shared.written.borrow().durable
    }

    /// Returns the bytes of records written since the start.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.shared.written.borrow().bytes
    }

    /// Checks that the journal is not broken.
    ///
    /// # Errors
    /// The journal is broken.
    pub fn check(&self) -> Result<(), Broken> {
        self.shared
            .written
            .borrow()
            .broken
            .clone()
            .map_or(Ok(()), Err)
    }

    /// Waits until there is room for more records.
    ///
    /// # Errors
    /// The journal is broken.
    pub async fn room(&self) -> Result<(), Broken> {
        let full = || {
            let waiting = self.shared.waiting.lock();
            (waiting.bytes.len() >= self.shared.settings.waiting_bytes).then_some(waiting.last)
        };
        match full() {
            Some(last) => self.durable(last).await,
            None => self.check(),
        }
    }

    /// Waits until a record and all before it are durable.
    ///
    /// # Errors
    /// The journal broke before that.
    pub async fn durable(&self, sequence: u64) -> Result<(), Broken> {
        self.want(sequence);
        self.reached(|written| written.durable >= sequence).await
    }

    /// Requests that the segment ends with the last record appended. Returns the sequence of that record without waiting.
    pub fn end_segment(&self) -> u64 {
        let mut waiting = self.shared.waiting.lock();
        waiting.segment_end = Some((waiting.bytes.len(), waiting.last));
        self.shared.work.notify_one();
        waiting.last
    }

    /// Waits until the segment that [`Self::end_segment`] ended with the record `last` is complete and durable.
    ///
    /// # Errors
    /// The journal broke before that.
    pub async fn segment_ended(&self, last: u64) -> Result<(), Broken> {
        self.reached(|written| written.segment > last).await
    }

    async fn reached(&self, holds: impl Fn(&Written) -> bool) -> Result<(), Broken> {
        let mut written = self.shared.written.subscribe();
        let reached = written.wait_for(|written| holds(written) || written.broken.is_some());
        match reached.await {
            Ok(written) if holds(&written) => Ok(()),
            Ok(written) => written.broken.clone().map_or(Ok(()), Err),
            Err(_) => Err(Broken("the journal has ended".into())),
        }
    }

    /// Requests that a record be made durable now.
    fn want(&self, sequence: u64) {
        let mut waiting = self.shared.waiting.lock();
        if sequence > waiting.wanted {
            waiting.wanted = sequence;
            self.shared.work.notify_one();
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.shared.waiting.lock().ended = true;
        self.shared.work.notify_one();
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

/// Creates the files.
struct Segments {
    directory: PathBuf,
    create: Create,
}

impl Segments {
    /// Creates the segment whose first record is `first`, and makes its directory entry durable.
    fn next(&mut self, first: u64) -> io::Result<Box<dyn Medium>> {
        let path = directory::name(&self.directory, first, EXTENSION);
        let mut medium = (self.create)(&path)?;
        medium.write(MAGIC)?;
        medium.sync()?;
        fs::File::open(&self.directory)?.sync_all()?;
        Ok(medium)
    }
}

struct Writer {
    shared: Arc<Shared>,
    segments: Segments,
    current: Box<dyn Medium>,
    /// Number of bytes of records in the current segment.
    length: u64,
}

/// Wakes the waiting callers if the thread panics.
impl Drop for Writer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let broken = Broken("the writing thread has panicked".into());
            let fail = |written: &mut Written| written.broken = Some(broken);
            self.shared.written.send_modify(fail);
        }
    }
}

impl Writer {
    fn run(mut self) {
        let mut bytes = Vec::new();
        while let Some((last, ends)) = self.take(&mut bytes) {
            if let Err(error) = self.write(&bytes, last, ends) {
                let broken = Broken(error.to_string().into());
                tracing::error!("{broken}; facts are rejected until a restart");
                self.shared
                    .written
                    .send_modify(|written| written.broken = Some(broken));
                return;
            }
        }
    }

    /// Waits for records and moves them to `bytes`. Returns the sequence of the last one and whether the segment ends with it, or `None`
    /// once the journal is dropped and nothing waits.
    fn take(&self, bytes: &mut Vec<u8>) -> Option<(u64, bool)> {
        bytes.clear();
        let mut waiting = self.shared.waiting.lock();
        loop {
            let durable = self.shared.written.borrow().durable;
            let due = waiting.wanted > durable || waiting.bytes.len() >= PLENTY;
            if let Some((length, last)) = waiting.segment_end.take() {
                let next = waiting.bytes.split_off(length);
                *bytes = std::mem::replace(&mut waiting.bytes, next);
                return Some((last, true));
            }
            if !waiting.bytes.is_empty() && (due || waiting.ended) {
                std::mem::swap(bytes, &mut waiting.bytes);
                return Some((waiting.last, false));
            }
            if waiting.ended {
                return None;
            }
            self.shared.work.wait(&mut waiting);
        }
    }

    fn write(&mut self, bytes: &[u8], last: u64, ends: bool) -> io::Result<()> {
        if !bytes.is_empty() {
            self.current.write(bytes)?;
            self.current.sync()?;
            self.length += bytes.len() as u64;
            self.shared.written.send_modify(|written| {
                written.durable = last;
                written.bytes += bytes.len() as u64;
            });
        }
        if self.length > 0 && (ends || self.length >= self.shared.settings.segment_bytes) {
            self.current = self.segments.next(last + 1)?;
            self.length = 0;
            let next = |written: &mut Written| written.segment = last + 1;
            self.shared.written.send_modify(next);
        }
        Ok(())
    }
}
