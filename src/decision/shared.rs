//! What rankings and the writer share: the queue, the newest records, the names of users, and counts.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::newest::Newest;
use super::pseudonym::Pseudonyms;
use super::queue::Queue;

/// What rankings and the writer share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) queue: Queue,
    pub(super) names: Pseudonyms,
    pub(super) newest: Newest,
    pub(super) written: AtomicU64,
    pub(super) written_bytes: AtomicU64,
    pub(super) lost: AtomicU64,
    pub(super) removed: AtomicU64,
    pub(super) files: AtomicUsize,
    pub(super) disk_bytes: AtomicU64,
}

impl Shared {
    pub(super) fn new(names: Pseudonyms) -> Self {
        Self {
            queue: Queue::default(),
            names,
            newest: Newest::default(),
            written: AtomicU64::new(0),
            written_bytes: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            removed: AtomicU64::new(0),
            files: AtomicUsize::new(0),
            disk_bytes: AtomicU64::new(0),
        }
    }

    /// Counts records that were written.
    pub(super) fn wrote(&self, records: usize, bytes: usize) {
        self.written.fetch_add(records as u64, Ordering::Relaxed);
        self.written_bytes
            .fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Counts records that could not be written.
    pub(super) fn lose(&self, records: usize) {
        self.lost.fetch_add(records as u64, Ordering::Relaxed);
    }

    /// Counts a file that retention removed.
    pub(super) fn removed(&self) {
        self.removed.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes the files that there are.
    pub(super) fn hold(&self, files: usize, bytes: u64) {
        self.files.store(files, Ordering::Relaxed);
        self.disk_bytes.store(bytes, Ordering::Relaxed);
    }
}
