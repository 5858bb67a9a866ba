//! Refunds that name no purchase.

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::super::runner::{Kind, PerKind, RunnerRows};
use crate::id::RunnerRow;
use crate::money::Money;

/// The sums refunded on one day without a purchase, by runner.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(in crate::race) struct Unlinked(
    PerKind<HashMap<RunnerRow, Money, foldhash::fast::RandomState>>,
);

impl Unlinked {
    /// Returns the sums of one kind of runner, in no particular order.
    pub(in crate::race) fn sums(&self, kind: Kind) -> impl Iterator<Item = (RunnerRow, Money)> {
        self.0[kind].iter().map(|(row, sum)| (*row, *sum))
    }

    /// Replaces the sums of one kind of runner.
    pub(super) fn replace(&mut self, kind: Kind, sums: impl Iterator<Item = (RunnerRow, Money)>) {
        self.0[kind] = sums.collect();
    }

    /// Adds an amount to the sum of each runner named.
    pub(super) fn add(&mut self, runners: &RunnerRows, amount: Money) {
        for (kind, row) in runners.named() {
            let sum = self.0[kind].entry(row).or_default();
            *sum = sum.plus(amount);
        }
    }

    /// Returns true if there is a sum for a runner.
    pub(super) fn has(&self, kind: Kind, row: RunnerRow) -> bool {
        self.0[kind].contains_key(&row)
    }

    /// Drops the sum of a runner.
    pub(super) fn forget(&mut self, kind: Kind, row: RunnerRow) {
        self.0[kind].remove(&row);
    }

    /// Returns the bytes held, approximately.
    pub(super) fn bytes(&self) -> usize {
        self.0.iter().map(|(_, sums)| sums.allocation_size()).sum()
    }
}
