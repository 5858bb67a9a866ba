//! What the callers of a journal and its writing thread share: the waiting records, and the progress.

use std::io;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tokio::sync::watch;

use super::Broken;

/// Number of waiting bytes from which records are written even if no caller waits for them.
pub(super) const PLENTY: usize = 1 << 20;

/// Settings of a journal.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Bytes from which a segment ends and the next one begins.
    pub segment_bytes: u64,
    /// Bytes that may wait to be written; beyond that, callers wait (backpressure).
    pub waiting_bytes: usize,
}

/// State shared by the callers and the writing thread.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) waiting: Mutex<Waiting>,
    pub(super) work: Condvar,
    pub(super) written: watch::Sender<Written>,
    pub(super) settings: Settings,
}

/// Records that wait to be written.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) bytes: Vec<u8>,
    /// Sequence of the last record appended.
    pub(super) last: u64,
    /// The last record that a caller waits for.
    pub(super) wanted: u64,
    /// The requested end of the segment: after this many bytes, with that record.
    pub(super) segment_end: Option<(usize, u64)>,
    /// True once the journal is closed.
    pub(super) ended: bool,
}

/// The progress of the writing.
#[derive(Clone, Debug)]
pub(super) struct Written {
    /// The last record that is durable.
    pub(super) durable: u64,
    /// The first record of the segment that is being written.
    pub(super) segment: u64,
    /// Bytes of records written in total.
    pub(super) bytes: u64,
    /// The reason why records cannot be made durable now.
    pub(super) broken: Option<Broken>,
    /// True if that lasts until a restart.
    pub(super) for_good: bool,
}

/// Returns the error of a journal that has ended.
pub(super) fn ended() -> Broken {
    Broken("the journal has ended".into())
}

impl Shared {
    /// Returns the state of a journal whose last record is `last`.
    pub(super) fn new(last: u64, settings: Settings) -> Self {
        Self {
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
                for_good: false,
            }),
            settings,
        }
    }

    /// Breaks the journal until it is restarted, and wakes the waiting callers.
    pub(super) fn fail(&self, error: &io::Error) {
        let broken = Broken(error.to_string().into());
        tracing::error!("{broken}; facts are rejected until a restart");
        self.stop(broken, true);
    }

    /// Breaks the journal until [`Self::resume`], and wakes the waiting callers.
    pub(super) fn interrupt(&self, reason: &str) {
        let broken = Broken(reason.into());
        if self.written.borrow().broken.is_none() {
            tracing::error!("{broken}; facts are rejected for the time being");
        }
        self.stop(broken, false);
    }

    /// Ends the journal.
    pub(super) fn end(&self) {
        self.stop(ended(), true);
    }

    fn stop(&self, broken: Broken, for_good: bool) {
        self.written.send_modify(|written| {
            written.broken = Some(broken);
            written.for_good = for_good;
        });
    }

    /// Ends an interruption.
    pub(super) fn resume(&self) {
        if self.written.borrow().broken.is_some() {
            tracing::warn!("facts can be made durable again");
            self.written.send_modify(|written| written.broken = None);
        }
    }

    /// Waits that long, or until the journal is closed. Returns whether it is.
    pub(super) fn pause(&self, time: Duration) -> bool {
        let mut waiting = self.waiting.lock();
        let open = |waiting: &mut Waiting| !waiting.ended;
        self.work.wait_while_for(&mut waiting, open, time);
        waiting.ended
    }
}
