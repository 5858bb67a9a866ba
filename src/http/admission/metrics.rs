//! Handles of the metrics of admission, looked up once.

use prometheus_client::metrics::counter::Counter;

use super::work::{Refusal, Work};
use crate::telemetry::{AdmissionMetrics, Count};

/// Handles of the metrics of admission.
pub(super) struct Metrics {
    admitted: [Count; Work::ALL.len()],
    slots: [Count; Work::ALL.len()],
    refused: [Counter; Refusal::ALL.len()],
}

impl Metrics {
    /// Looks the handles up, so that every label is shown from the start.
    pub(super) fn new(to: &AdmissionMetrics) -> Self {
        Self {
            admitted: Work::ALL.map(|work| to.admitted.with([work.name()])),
            slots: Work::ALL.map(|work| to.slots.with([work.name()])),
            refused: Refusal::ALL.map(|refusal| to.rejected.with([refusal.name()])),
        }
    }

    /// Reports how many requests of a kind are admitted, and how many slots there are for them.
    pub(super) fn set(&self, work: Work, admitted: usize, slots: usize) {
        self.admitted[work as usize].set(admitted as u64);
        self.slots[work as usize].set(slots as u64);
    }

    /// Counts a rejection.
    pub(super) fn refused(&self, refusal: Refusal) {
        self.refused[refusal as usize].inc();
    }
}
