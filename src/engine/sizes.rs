//! Sizes that only a walk over all rows can count; a rebuild measures them.

use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

/// Bytes that only a walk over all rows can count, as of the last rebuild.
#[derive(Debug, Default)]
pub(super) struct Sizes {
    /// Declared texts of items.
    pub(super) items: AtomicUsize,
    /// Profiles and declared texts of users.
    pub(super) users: AtomicUsize,
    /// Number of items that users bought, of all users together.
    pub(super) bought: AtomicUsize,
    /// Held while counters are raised to their totals.
    pub(super) measuring: Mutex<()>,
}

impl Sizes {
    /// Returns the bytes of a structure that only a walk can count, by its name in the metrics; 0 for other structures.
    pub(super) fn walked(&self, name: &str) -> usize {
        match name {
            "items" => self.items.load(Ordering::Relaxed),
            "profiles" => self.users.load(Ordering::Relaxed),
            _ => 0,
        }
    }

    /// Returns the entries of a structure that only a walk can count, in the same way.
    pub(super) fn walked_entries(&self, name: &str) -> usize {
        match name {
            "bought_items" => self.bought.load(Ordering::Relaxed),
            _ => 0,
        }
    }
}
