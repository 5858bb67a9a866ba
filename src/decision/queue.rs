//! The queue between rankings and the writer, bounded by bytes. Nobody waits for room in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::newest::Logged;

/// The records that wait to be written.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<(Vec<Arc<Logged>>, usize)>,
    changed: Condvar,
    closing: AtomicBool,
    /// Records that found no room.
    pub(super) dropped: AtomicU64,
}

impl Queue {
    /// Adds a record if there is room, given its bytes.
    pub(super) fn put(&self, (logged, bytes): (Arc<Logged>, usize), most: usize) {
        let mut waiting = self.waiting.lock();
        if waiting.1 + bytes > most || self.closing.load(Ordering::Relaxed) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        waiting.1 += bytes;
        waiting.0.push(logged);
    }

    /// Returns what came within a time, or until the queue is closed, and its bytes.
    pub(super) fn take(&self, within: Duration) -> (Vec<Arc<Logged>>, usize) {
        let mut waiting = self.waiting.lock();
        if !self.is_closing() {
            let _timed_out = self.changed.wait_for(&mut waiting, within);
        }
        std::mem::take(&mut *waiting)
    }

    /// Lets the writer write the rest and end.
    pub(super) fn close(&self) {
        let _not_between_look_and_wait = self.waiting.lock();
        self.closing.store(true, Ordering::Relaxed);
        self.changed.notify_all();
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    /// Returns the number of records and their bytes.
    pub(super) fn size(&self) -> (usize, usize) {
        let waiting = self.waiting.lock();
        (waiting.0.len(), waiting.1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::Record;
    use super::*;

    #[test]
    fn what_finds_no_room_is_dropped() {
        let queue = Queue::default();
        let logged = Arc::new(Logged {
            record: Record::default(),
            generation: None,
        });
        let bytes = logged.record.bytes();
        for _ in 0..5 {
            queue.put((Arc::clone(&logged), bytes), 3 * bytes);
        }
        assert_eq!(queue.size(), (3, 3 * bytes));
        assert_eq!(queue.dropped.load(Ordering::Relaxed), 2);
        assert_eq!(queue.take(Duration::ZERO).0.len(), 3);
        assert_eq!(queue.size(), (0, 0));
        queue.close();
        queue.put((logged, bytes), 3 * bytes);
        assert_eq!(queue.dropped.load(Ordering::Relaxed), 3);
    }
}
