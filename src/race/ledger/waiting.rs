//! Refunds that arrived before their purchase. Their number is bounded; the oldest is dropped first.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::runner::Kind;
use super::refund::Refund;
use crate::id::RunnerRow;

/// Bytes of one waiting refund in both trees, approximately.
const BYTES_EACH: usize = 2 * (size_of::<Refund>() + 4 * size_of::<u64>());

/// The waiting refunds.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Waiting {
    /// By purchase, then by arrival.
    refunds: BTreeMap<(u64, u64), Refund>,
    /// The purchases that are missing, by arrival of the refund.
    arrivals: BTreeMap<u64, u64>,
    arrived: u64,
    bound: usize,
}

impl Waiting {
    /// Creates an empty collection that holds at most `bound` refunds.
    pub(super) const fn new(bound: usize) -> Self {
        Self {
            refunds: BTreeMap::new(),
            arrivals: BTreeMap::new(),
            arrived: 0,
            bound,
        }
    }

    /// Returns the number of waiting refunds.
    pub(super) fn len(&self) -> usize {
        self.refunds.len()
    }

    pub(super) fn bound(&self) -> usize {
        self.bound
    }

    /// Returns the same refunds with another bound, which applies from the next refund on.
    pub(super) fn bounded(self, bound: usize) -> Self {
        Self { bound, ..self }
    }

    /// Adds a refund; returns the number of refunds dropped to keep the bound.
    pub(super) fn push(&mut self, refund: Refund) -> u64 {
        self.arrived += 1;
        self.refunds.insert((refund.purchase, self.arrived), refund);
        self.arrivals.insert(self.arrived, refund.purchase);
        let mut evicted = 0;
        while self.refunds.len() > self.bound
            && let Some((arrival, purchase)) = self.arrivals.pop_first()
        {
            self.refunds.remove(&(purchase, arrival));
            evicted += 1;
        }
        evicted
    }

    /// Removes and returns the refunds that wait for a purchase; none for a purchase without an id.
    pub(super) fn take(&mut self, purchase: u64) -> Vec<Refund> {
        if purchase == 0 || self.refunds.is_empty() {
            return Vec::new();
        }
        let range = (purchase, 0)..=(purchase, u64::MAX);
        let removed = self.refunds.extract_if(range, |_, _| true);
        removed
            .map(|((_, arrival), refund)| {
                self.arrivals.remove(&arrival);
                refund
            })
            .collect()
    }

    /// Clears a forgotten runner from the refunds that name it: another entity may get its row.
    pub(super) fn forget(&mut self, kind: Kind, row: RunnerRow) {
        for refund in self.refunds.values_mut() {
            if refund.runners[kind] == row {
                refund.runners[kind] = RunnerRow::NONE;
            }
        }
    }

    /// Returns the bytes held, approximately.
    pub(super) fn bytes(&self) -> usize {
        self.refunds.len() * BYTES_EACH
    }
}
