//! Refunds that arrived before their purchase. Their number is bounded; the oldest is dropped first.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::runner::Kind;
use super::refund::Refund;
use crate::id::{RunnerRow, UserRow};

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

    /// Returns the refunds that wait for a purchase.
    pub(super) fn of(&self, purchase: u64) -> impl Iterator<Item = &Refund> {
        let range = (purchase, 0)..=(purchase, u64::MAX);
        self.refunds.range(range).map(|(_, refund)| refund)
    }

    /// Returns purchase and arrival of the refunds that name a runner of a kind, with its row.
    pub(super) fn naming(&self, kind: Kind) -> Vec<((u64, u64), RunnerRow)> {
        let refunds = self.refunds.iter();
        let named = refunds.filter_map(|(key, it)| Some((*key, it.runners[kind].some()?)));
        named.collect()
    }

    /// Names a runner of a kind in a refund, by its purchase and arrival.
    pub(super) fn name(&mut self, refund: (u64, u64), kind: Kind, row: RunnerRow) {
        if let Some(refund) = self.refunds.get_mut(&refund) {
            refund.runners[kind] = row;
        }
    }

    /// Clears a forgotten runner from the refunds that name it, and the coarser ones, by which they cannot be told from those of another
    /// purchase: its row may pass to another entity.
    pub(super) fn forget(&mut self, kind: Kind, row: RunnerRow) {
        for refund in self.refunds.values_mut() {
            if refund.runners[kind] == row {
                let coarser = refund.runners.iter_mut();
                let coarser = coarser.filter(|(other, _)| *other as usize >= kind as usize);
                coarser.for_each(|(_, row)| *row = RunnerRow::NONE);
            }
        }
    }

    /// Gives the refunds that wait for a purchase to its buyer, if they are by a user who `is_gone`.
    pub(super) fn hand_over(
        &mut self,
        purchase: u64,
        buyer: UserRow,
        is_gone: impl Fn(UserRow) -> bool,
    ) {
        let range = (purchase, 0)..=(purchase, u64::MAX);
        let refunds = self.refunds.range_mut(range).map(|(_, refund)| refund);
        refunds
            .filter(|refund| refund.buyer == UserRow::NONE || is_gone(refund.buyer))
            .for_each(|refund| refund.buyer = buyer);
    }

    /// Forgets who sent the refunds of deleted users, whose rows may pass to others.
    pub(super) fn abandon(&mut self, is_released: impl Fn(UserRow) -> bool) {
        let refunds = self.refunds.values_mut();
        refunds
            .filter(|refund| is_released(refund.buyer))
            .for_each(|refund| refund.buyer = UserRow::NONE);
    }

    /// Returns the bytes held, approximately.
    pub(super) fn bytes(&self) -> usize {
        self.refunds.len() * BYTES_EACH
    }
}
