//! The writing thread: it takes the waiting records, writes them, makes them durable and wakes the waiting callers.
//!
//! If a round panics or the disk is full, callers that wait get an error at once, and no new facts are accepted. The records that are not
//! durable yet are kept, because they are applied already: the next round cuts the segment after its last durable record, begins another
//! one, writes them to it, and accepts facts again. After any other error (a failed `fsync`, a directory that is gone) nothing is known
//! about the disk, and the journal is broken until a restart.

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::error::is_full;
use super::segment::Medium;
use super::segments::Segments;
use super::shared::{PLENTY, Shared, Written};

/// Interval between checks that the directory is still there, and the longest time for which a record waits although nobody waits for it.
const LOOK: Duration = Duration::from_millis(300);
/// Interval between looks whether a full disk has space again.
const RETRY: Duration = Duration::from_secs(1);

/// The result of waiting for records.
enum Taken {
    /// There are records.
    Records(Due),
    /// The time is over.
    Nothing,
    /// The journal is closed and nothing waits.
    End,
}

/// Records to be written.
#[derive(Clone, Copy)]
struct Due {
    /// The last of them.
    last: u64,
    /// True if the segment ends with it.
    ends: bool,
}

/// State of the thread.
pub(super) struct Writer {
    shared: Arc<Shared>,
    segments: Segments,
    /// The segment that is being written; `None` before the first, and after a failure.
    current: Option<Box<dyn Medium>>,
    /// Number of bytes of records in the current segment.
    length: u64,
    /// The records that were taken and are not durable yet.
    bytes: Vec<u8>,
    /// The writing that is not done yet.
    due: Option<Due>,
    /// The instant of the last check of the directory.
    looked: Instant,
}

/// Wakes the waiting callers if a round panics.
struct Alarm(Arc<Shared>);

impl Drop for Alarm {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0
                .interrupt("the writing thread failed, and is started again");
        }
    }
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, segments: Segments) -> Self {
        Self {
            shared,
            segments,
            current: None,
            length: 0,
            bytes: Vec::new(),
            due: None,
            looked: Instant::now(),
        }
    }

    /// Opens the first segment. On a full disk the journal is broken until there is space.
    pub(super) fn open(&mut self) -> io::Result<()> {
        match self.reopen() {
            Err(error) if is_full(&error) => {
                self.shared.interrupt(&error.to_string());
                Ok(())
            }
            opened => opened,
        }
    }

    /// Writes once, or waits for something to write.
    pub(super) fn round(&mut self) -> ControlFlow<()> {
        let _alarm = Alarm(Arc::clone(&self.shared));
        match self.work() {
            Ok(next) => next,
            Err(error) if is_full(&error) => {
                self.current = None;
                self.shared.interrupt(&error.to_string());
                if self.shared.pause(RETRY) {
                    return ControlFlow::Break(());
                }
                ControlFlow::Continue(())
            }
            Err(error) => {
                self.shared.fail(&error);
                ControlFlow::Break(())
            }
        }
    }

    /// Writes what waits, and looks from time to time whether the directory is still there.
    fn work(&mut self) -> io::Result<ControlFlow<()>> {
        if self.current.is_none() {
            self.reopen()?;
        }
        let taken = self.take();
        if self.looked.elapsed() >= LOOK {
            self.segments.check()?;
            self.looked = Instant::now();
        }
        match taken {
            Taken::Records(due) => self.write(due)?,
            Taken::Nothing => {}
            Taken::End => {
                self.end()?;
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Begins a segment after the last durable record, and writes the records that a failure left.
    fn reopen(&mut self) -> io::Result<()> {
        let (segment, durable) = {
            let written = self.shared.written.borrow();
            (written.segment, written.durable)
        };
        self.current = Some(self.segments.reopen(segment, durable)?);
        self.length = 0;
        let next = |written: &mut Written| written.segment = durable + 1;
        self.shared.written.send_modify(next);
        if let Some(due) = self.due {
            self.write(due)?;
        }
        self.shared.resume();
        Ok(())
    }

    /// Notes the last record. A crash leaves an older note, which holds as well.
    fn end(&self) -> io::Result<()> {
        let (segment, durable) = {
            let written = self.shared.written.borrow();
            (written.segment, written.durable)
        };
        self.segments.check()?;
        self.segments.note(segment, durable)?;
        self.shared.end();
        Ok(())
    }

    /// Waits for records until the next check of the directory, and takes them. Those for which nobody waits are taken at the check.
    fn take(&mut self) -> Taken {
        let until = self.looked + LOOK;
        let mut waiting = self.shared.waiting.lock();
        let mut is_time = false;
        loop {
            let durable = self.shared.written.borrow().durable;
            let wanted = waiting.wanted > durable || waiting.bytes.len() >= PLENTY || is_time;
            let due = if let Some((length, last)) = waiting.segment_end.take() {
                let next = waiting.bytes.split_off(length);
                self.bytes = std::mem::replace(&mut waiting.bytes, next);
                Some(Due { last, ends: true })
            } else if !waiting.bytes.is_empty() && (wanted || waiting.ended) {
                std::mem::swap(&mut self.bytes, &mut waiting.bytes);
                let last = waiting.last;
                Some(Due { last, ends: false })
            } else {
                None
            };
            if let Some(due) = due {
                self.due = Some(due);
                return Taken::Records(due);
            }
            if waiting.ended {
                return Taken::End;
            }
            if is_time {
                return Taken::Nothing;
            }
            is_time = self.shared.work.wait_until(&mut waiting, until).timed_out();
        }
    }

    /// Writes the records taken. While it fails or panics, there is no current segment.
    fn write(&mut self, Due { last, ends }: Due) -> io::Result<()> {
        let Some(mut current) = self.current.take() else {
            return Ok(());
        };
        if !self.bytes.is_empty() {
            current.write(&self.bytes)?;
            current.sync()?;
            let length = self.bytes.len() as u64;
            self.length += length;
            self.shared.written.send_modify(|written| {
                written.durable = last;
                written.bytes += length;
            });
            self.bytes.clear();
        }
        if self.length > 0 && (ends || self.length >= self.shared.settings.segment_bytes) {
            current = self.segments.next(last + 1)?;
            self.length = 0;
            let next = |written: &mut Written| written.segment = last + 1;
            self.shared.written.send_modify(next);
        }
        self.due = None;
        self.current = Some(current);
        Ok(())
    }
}
