//! The connections that are paused until a slot is free.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Paused connections, woken in the order in which they were paused.
#[derive(Default)]
pub(super) struct Paused {
    pub(super) wakeups: Notify,
    count: AtomicUsize,
}

impl Paused {
    /// Wakes one connection, because one slot is free.
    pub(super) fn wake_one(&self) {
        if self.count() > 0 {
            self.wakeups.notify_one();
        }
    }

    /// Returns the number of paused connections.
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Counts a paused connection until the result is dropped.
    pub(super) fn enter(&self) -> Counted<'_> {
        self.count.fetch_add(1, Ordering::Relaxed);
        Counted(self)
    }
}

/// Counts one paused connection until dropped.
pub(super) struct Counted<'p>(&'p Paused);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::Relaxed);
    }
}
