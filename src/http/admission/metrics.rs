//! Handles of the metrics of admission.

use prometheus_client::metrics::counter::Counter;

use super::work::{Rejection, Work};
use crate::telemetry::{AdmissionMetrics, Count};

/// Handles of the metrics of admission.
pub(super) struct Metrics {
    admitted: [Count; Work::ALL.len()],
    slots: [Count; Work::ALL.len()],
    rejected: [Counter; Rejection::ALL.len()],
}

impl Metrics {
    /// Looks up every handle, so that every label is shown from the start.
    pub(super) fn new(to: &AdmissionMetrics) -> Self {
        Self {
            admitted: Work::ALL.map(|work| to.admitted.with([work.name()])),
            slots: Work::ALL.map(|work| to.slots.with([work.name()])),
            rejected: Rejection::ALL.map(|rejection| to.rejected.with([rejection.name()])),
        }
    }

    /// Reports the number of admitted requests of a kind, and that of the slots for them.
    pub(super) fn set(&self, work: Work, admitted: usize, slots: usize) {
        self.admitted[work as usize].set(admitted as u64);
        self.slots[work as usize].set(slots as u64);
    }

    /// Counts a rejection.
    pub(super) fn rejected(&self, rejection: Rejection) {
        self.rejected[rejection as usize].inc();
    }
}
