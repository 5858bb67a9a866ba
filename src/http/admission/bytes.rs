//! The bytes of one body, counted towards the bound on all bodies together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::work::Rejection;

/// Bytes of one body, which count towards those of all bodies until dropped.
pub(in crate::http) struct BodyBytes {
    pub(super) all: Arc<AtomicUsize>,
    pub(super) most: usize,
    pub(super) own: usize,
    pub(super) rejection: Rejection,
}

impl BodyBytes {
    /// Counts more bytes.
    ///
    /// # Errors
    /// If all bodies together exceed their bound.
    pub(in crate::http) fn add(&mut self, bytes: usize) -> Result<(), Rejection> {
        self.own += bytes;
        let before = self.all.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > self.most {
            return Err(self.rejection);
        }
        Ok(())
    }

    /// Counts fewer bytes.
    pub(in crate::http) fn remove(&mut self, bytes: usize) {
        self.own -= bytes;
        self.all.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Drop for BodyBytes {
    fn drop(&mut self) {
        self.remove(self.own);
    }
}
