//! The writing thread: it takes the waiting records, writes them, makes them durable and wakes the waiting callers.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use tokio::sync::watch;

use super::directory::{self, Directory, UNFINISHED};
use super::guard::Place;
use super::newest::Newest;
use super::segment::{Create, EXTENSION, MAGIC, Medium};
use super::{Broken, JournalError, record};

/// Number of waiting bytes from which records are written even if no caller waits for them.
const PLENTY: usize = 1 << 20;
/// Interval between checks that the directory is still there.
const LOOK: Duration = Duration::from_millis(300);

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
    directory: Arc<Directory>,
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
    /// Starts writing after the record `last`, in a new segment. `create` creates the file of a segment. If the disk is full, the journal is
    /// broken from the start, so that a service can still rank.
    ///
    /// # Errors
    /// Another I/O error at the first segment.
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
        let directory = Arc::new(directory);
        let mut segments = Segments {
            places: Place::of(directory.path())
                .into_iter()
                .chain(Place::of(&directory.journal()))
                .collect(),
            newest: None,
            directory: Arc::clone(&directory),
            create: Box::new(create),
        };
        let current = match segments.next(last + 1) {
            Err(error) if directory::is_full(&error) => {
                shared.fail(&error);
                let thread = None;
                return Ok(Self {
                    directory,
                    shared,
                    thread,
                });
            }
            current => current.map_err(JournalError::io(&directory.journal()))?,
        };
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

impl Shared {
    /// Marks the journal as broken.
    fn fail(&self, error: &io::Error) {
        let broken = Broken(error.to_string().into());
        tracing::error!("{broken}; facts are rejected until a restart");
        self.written
            .send_modify(|written| written.broken = Some(broken));
    }
}

/// Creates the files.
struct Segments {
    directory: Arc<Directory>,
    create: Create,
    /// The data directory and its journal, as they were at the start.
    places: Vec<Place>,
    /// The newest segment.
    newest: Option<Place>,
}

impl Segments {
    /// Creates the segment whose first record is `first`, and makes its directory entry durable.
    fn next(&mut self, first: u64) -> io::Result<Box<dyn Medium>> {
        let journal = self.directory.journal();
        let path = directory::name(&journal, first, EXTENSION);
        // Renamed once it has a header: a segment without one is damaged, not new.
        let unfinished = path.with_extension(UNFINISHED);
        let mut medium = (self.create)(&unfinished)?;
        medium.write(MAGIC)?;
        medium.sync()?;
        fs::rename(&unfinished, &path)?;
        fs::File::open(&journal)?.sync_all()?;
        self.note(first, first - 1)?;
        self.newest = Place::of(&path);
        Ok(medium)
    }

    /// Notes the newest segment and the last durable record.
    fn note(&self, segment: u64, last: u64) -> io::Result<()> {
        let noted = self.directory.write_newest(Newest { segment, last });
        noted.map_err(|error| {
            if let JournalError::Io { error, .. } = error {
                return error;
            }
            io::Error::other(error)
        })
    }

    /// Checks that the files are still where they were.
    fn check(&self) -> io::Result<()> {
        self.places
            .iter()
            .chain(&self.newest)
            .try_for_each(Place::check)
    }
}

/// The result of waiting for records.
enum Taken {
    /// Records up to `last`, with which the segment ends if `ends`.
    Records { last: u64, ends: bool },
    /// The time is over.
    Nothing,
    /// The journal is dropped and nothing waits.
    End,
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
        if let Err(error) = self.work() {
            self.shared.fail(&error);
        }
    }

    /// Writes until the journal is dropped, and looks from time to time whether the directory is still there.
    fn work(&mut self) -> io::Result<()> {
        let (mut bytes, mut looked) = (Vec::new(), Instant::now());
        loop {
            let taken = self.take(&mut bytes, looked + LOOK);
            if looked.elapsed() >= LOOK {
                self.segments.check()?;
                looked = Instant::now();
            }
            match taken {
                Taken::Records { last, ends } => self.write(&bytes, last, ends)?,
                Taken::Nothing => {}
                Taken::End => return self.end(),
            }
        }
    }

    /// Notes the last record. A crash leaves an older note, which holds as well.
    fn end(&self) -> io::Result<()> {
        let Written {
            durable, segment, ..
        } = *self.shared.written.borrow();
        self.segments.check()?;
        self.segments.note(segment, durable)
    }

    /// Waits for records until `until`, and moves them to `bytes`.
    fn take(&self, bytes: &mut Vec<u8>, until: Instant) -> Taken {
        bytes.clear();
        let mut waiting = self.shared.waiting.lock();
        loop {
            let durable = self.shared.written.borrow().durable;
            let due = waiting.wanted > durable || waiting.bytes.len() >= PLENTY;
            if let Some((length, last)) = waiting.segment_end.take() {
                let next = waiting.bytes.split_off(length);
                *bytes = std::mem::replace(&mut waiting.bytes, next);
                return Taken::Records { last, ends: true };
            }
            if !waiting.bytes.is_empty() && (due || waiting.ended) {
                std::mem::swap(bytes, &mut waiting.bytes);
                let last = waiting.last;
                return Taken::Records { last, ends: false };
            }
            if waiting.ended {
                return Taken::End;
            }
            if self.shared.work.wait_until(&mut waiting, until).timed_out() {
                return Taken::Nothing;
            }
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
