//! A bounded queue of requests. Each holds a slot, and some of them a permit to run.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::paused::Paused;
use super::work::Work;

/// The requests of one kind: at most `at_once` run, the others wait.
pub(super) struct Queue {
    /// Slots in use.
    used: AtomicUsize,
    /// Slots whose request has been read and is running or waiting for a permit.
    ready: AtomicUsize,
    permits: Arc<Semaphore>,
    at_once: usize,
    pub(super) paused: Paused,
}

impl Queue {
    /// Creates an empty queue that runs at most `at_once` requests at a time.
    pub(super) fn of(at_once: usize) -> Arc<Self> {
        let at_once = at_once.min(Semaphore::MAX_PERMITS);
        Arc::new(Self {
            used: AtomicUsize::new(0),
            ready: AtomicUsize::new(0),
            permits: Arc::new(Semaphore::new(at_once)),
            at_once,
            paused: Paused::default(),
        })
    }

    /// Returns the maximum number of requests that run at a time.
    pub(super) fn at_once(&self) -> usize {
        self.at_once
    }

    /// Returns the number of slots in use.
    pub(super) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Returns `true` if requests wait for a permit.
    pub(super) fn has_waiting(&self) -> bool {
        self.ready.load(Ordering::Relaxed) > self.at_once
    }

    /// Returns a slot unless `most` are in use. When it is freed, one paused connection is woken if at most `full` slots were in
    /// use.
    pub(super) fn slot(self: &Arc<Self>, work: Work, most: usize, full: usize) -> Option<Slot> {
        let before = self.used.fetch_add(1, Ordering::Relaxed);
        let slot = Slot {
            work,
            full,
            queue: Arc::clone(self),
        };
        (before < most).then_some(slot)
    }
}

/// A slot in a [`Queue`], free again when dropped.
pub(in crate::http) struct Slot {
    pub(super) work: Work,
    full: usize,
    queue: Arc<Queue>,
}

impl Slot {
    /// Queues the request for a permit. Call it once the request has been read.
    pub(super) fn ready(self) -> Ready {
        let before = self.queue.ready.fetch_add(1, Ordering::Relaxed);
        Ready {
            ahead: before.saturating_sub(self.queue.at_once),
            slot: self,
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if self.queue.used.fetch_sub(1, Ordering::Relaxed) <= self.full {
            self.queue.paused.wake_one();
        }
    }
}

/// A [`Slot`] whose request is ready to run.
pub(super) struct Ready {
    /// Number of requests that must end before this one runs.
    pub(super) ahead: usize,
    slot: Slot,
}

impl Ready {
    /// Waits for a permit, first come, first served. Returns `None` after `patience`.
    pub(super) async fn permit(&self, patience: Duration) -> Option<OwnedSemaphorePermit> {
        let permit = Arc::clone(&self.slot.queue.permits).acquire_owned();
        tokio::time::timeout(patience, permit).await.ok()?.ok()
    }

    /// Returns `true` if requests wait for a permit.
    pub(super) fn has_waiting(&self) -> bool {
        self.slot.queue.has_waiting()
    }

    /// Frees the slot without waking a paused connection, whose request would be just as late.
    pub(super) fn give_up(mut self) {
        self.slot.full = 0;
    }
}

impl Drop for Ready {
    fn drop(&mut self) {
        self.slot.queue.ready.fetch_sub(1, Ordering::Relaxed);
    }
}
