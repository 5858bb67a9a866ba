//! The queue between rankings and the writer, bounded by bytes. Nobody waits for room in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::newest::Logged;

/// The records that wait to be written.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    closing: AtomicBool,
    /// Records that found no room.
    pub(super) dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct Waiting {
    records: Vec<Arc<Logged>>,
    bytes: usize,
    /// True if half of the room is taken.
    is_urgent: bool,
}

impl Queue {
    /// Adds a record if there is room, given its bytes. Once half of the room is taken, the writer does not wait any longer.
    pub(super) fn put(&self, (logged, bytes): (Arc<Logged>, usize), most: usize) {
        let mut waiting = self.waiting.lock();
        if waiting.bytes + bytes > most || self.closing.load(Ordering::Relaxed) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        waiting.bytes += bytes;
        waiting.records.push(logged);
        if waiting.bytes > most / 2 && !std::mem::replace(&mut waiting.is_urgent, true) {
            self.changed.notify_one();
        }
    }

    /// Returns what came within a time, or until the queue is half full or closed, and its bytes.
    pub(super) fn take(&self, within: Duration) -> (Vec<Arc<Logged>>, usize) {
        let mut waiting = self.waiting.lock();
        if !waiting.is_urgent && !self.is_closing() {
            let _timed_out = self.changed.wait_for(&mut waiting, within);
        }
        let taken = std::mem::take(&mut *waiting);
        (taken.records, taken.bytes)
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
        (waiting.records.len(), waiting.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::Record;
    use super::*;

    fn logged() -> (Arc<Logged>, usize) {
        let logged = Arc::new(Logged {
            record: Record::default(),
            generation: None,
        });
        let bytes = logged.record.bytes();
        (logged, bytes)
    }

    #[test]
    fn a_queue_that_is_half_full_is_written_at_once() {
        let queue = Queue::default();
        let (record, bytes) = logged();
        let most = 3 * bytes;
        queue.put((Arc::clone(&record), bytes), most);
        assert_eq!(queue.take(Duration::ZERO).0.len(), 1);
        // Each of these would wait for an hour.
        let hour = Duration::from_secs(3_600);
        queue.put((Arc::clone(&record), bytes), most);
        queue.put((Arc::clone(&record), bytes), most);
        assert_eq!(queue.take(hour).0.len(), 2);
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| queue.take(hour).0.len());
            queue.put((Arc::clone(&record), bytes), most);
            queue.put((Arc::clone(&record), bytes), most);
            assert_eq!(writer.join().unwrap(), 2);
        });
    }

    #[test]
    fn what_finds_no_room_is_dropped() {
        let queue = Queue::default();
        let (logged, bytes) = logged();
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
