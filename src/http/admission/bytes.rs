//! Bytes of bodies, counted against the bound of all bodies together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::work::Refusal;

/// Counts the bytes of one body against those of all until dropped.
pub(in crate::http) struct BodyBytes {
    pub(super) all: Arc<AtomicUsize>,
    pub(super) most: usize,
    pub(super) own: usize,
    pub(super) refusal: Refusal,
}

impl BodyBytes {
    /// Counts more bytes.
    ///
    /// # Errors
    /// The refusal if all bodies together exceed their bound.
    pub(in crate::http) fn add(&mut self, bytes: usize) -> Result<(), Refusal> {
        self.own += bytes;
        let before = self.all.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > self.most {
            return Err(self.refusal);
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
