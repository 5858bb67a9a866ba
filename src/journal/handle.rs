//! The journal as its callers see it: they append records, and wait until these are durable.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::Mutex;

use super::directory::Directory;
use super::segment::Medium;
use super::segments::Segments;
use super::shared::{PLENTY, Settings, Shared, Written, ended};
use super::writer::Writer;
use super::{Broken, JournalError, record};
use crate::threads::Threads;

/// A journal that is being written. Dropping it writes the waiting records.
#[derive(Debug)]
pub struct Journal {
    directory: Arc<Directory>,
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Journal {
    /// Starts writing after the record `last`, in a new segment, by a thread of `threads`. `create` creates the file of a segment. If the
    /// disk is full, the journal is broken until there is space, so that a service can still rank.
    ///
    /// # Errors
    /// Another I/O error at the first segment.
    pub fn start(
        directory: Directory,
        last: u64,
        settings: Settings,
        threads: &Threads,
        create: impl FnMut(&Path) -> io::Result<Box<dyn Medium>> + Send + 'static,
    ) -> Result<Self, JournalError> {
        let shared = Arc::new(Shared::new(last, settings));
        let directory = Arc::new(directory);
        let segments = Segments::new(Arc::clone(&directory), create);
        let mut writer = Writer::new(Arc::clone(&shared), segments);
        writer
            .open()
            .map_err(JournalError::io(&directory.journal()))?;
        let thread = threads.start("journal", move || writer.round());
        let thread = thread.map_err(JournalError::io(directory.path()))?;
        Ok(Self {
            thread: Mutex::new(Some(thread)),
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
    /// A journal that is broken for the time being still accepts it: the caller has applied the record already, and later records may
    /// build on it. Check with [`Self::check`] before applying anything.
    ///
    /// # Errors
    /// The journal has ended, or is broken until a restart; nothing was appended.
    pub fn append(&self, write: impl FnOnce(&mut Vec<u8>)) -> Result<u64, Broken> {
        let broken = |written: &Written| written.broken.clone().filter(|_| written.for_good);
        if let Some(broken) = broken(&self.shared.written.borrow()) {
            return Err(broken);
        }
        let mut waiting = self.shared.waiting.lock();
        if waiting.ended {
            return Err(ended());
        }
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
            Err(_) => Err(ended()),
        }
    }

    /// Writes the waiting records, notes the last one and ends the journal.
    pub fn close(&self) {
        self.shared.waiting.lock().ended = true;
        self.shared.work.notify_one();
        if let Some(thread) = self.thread.lock().take() {
            let _panicked = thread.join();
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
        self.close();
    }
}
