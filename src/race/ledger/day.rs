//! The sales of one day.

use std::sync::Arc;

use hashbrown::HashTable;

use super::super::runner::{Kind, RunnerRows};
use super::forgotten::Forgotten;
use super::purchase::Purchase;
use super::refund::{Outcome, Refund};
use super::stamp::Stamp;
use super::unlinked::Unlinked;
use crate::chunked::Chunked;
use crate::id::RunnerRow;
use crate::money::Money;

/// The purchases and unlinked refunds of one day.
#[derive(Debug, Default)]
pub(super) struct DaySales {
    purchases: Chunked<Purchase>,
    unlinked: Arc<Unlinked>,
    /// Positions of the purchases that have an id, by id.
    by_id: HashTable<u32>,
}

impl DaySales {
    /// Creates a day without purchases, with these unlinked refunds.
    pub(super) fn with(unlinked: Arc<Unlinked>) -> Self {
        Self {
            unlinked,
            ..Self::default()
        }
    }

    /// Returns the number of purchases.
    pub(super) fn len(&self) -> usize {
        self.purchases.len()
    }

    /// Appends a purchase.
    pub(super) fn push(&mut self, purchase: Purchase) {
        let purchases = &mut self.purchases;
        if let (Ok(place), true) = (u32::try_from(purchases.len()), purchase.id != 0) {
            self.by_id.insert_unique(purchase.id, place, |other| {
                purchases
                    .get(*other as usize)
                    .map_or(0, |purchase| purchase.id)
            });
        }
        purchases.push(purchase);
    }

    /// Replaces the stamps of purchases from a position on.
    pub(super) fn stamp(&mut self, first: usize, stamps: Vec<Stamp>) {
        for (place, stamp) in (first..self.len()).zip(stamps) {
            let purchase = self.purchases.get_mut(place);
            purchase.into_iter().for_each(|it| it.stamp = stamp);
        }
    }

    /// Names runners of a kind in the purchases from a position on.
    pub(super) fn name(&mut self, first: usize, kind: Kind, rows: Vec<RunnerRow>) {
        for (place, row) in (first..self.len()).zip(rows) {
            let purchase = self.purchases.get_mut(place);
            purchase.into_iter().for_each(|it| it.runners[kind] = row);
        }
    }

    /// Returns the position of the purchase with an id other than 0.
    pub(super) fn locate(&self, id: u64) -> Option<usize> {
        let is_it = |place: &u32| {
            self.get(*place as usize)
                .is_some_and(|purchase| purchase.id == id)
        };
        self.by_id.find(id, is_it).map(|place| *place as usize)
    }

    /// Returns the purchase at a position.
    pub(super) fn get(&self, place: usize) -> Option<&Purchase> {
        self.purchases.get(place)
    }

    /// Counts a refund against a purchase, whose forgotten runners are cleared first.
    pub(super) fn refund(
        &mut self,
        place: usize,
        refund: &Refund,
        forgotten: &Forgotten,
    ) -> Outcome {
        let Some(purchase) = self.purchases.get_mut(place) else {
            return Outcome::Mismatched;
        };
        purchase.forget(forgotten);
        purchase.refund(refund)
    }

    /// Adds a refund that names no purchase.
    pub(super) fn refund_unlinked(&mut self, runners: &RunnerRows, amount: Money) {
        Arc::make_mut(&mut self.unlinked).add(runners, amount);
    }

    /// Replaces the unlinked refunds of a kind of runner.
    pub(super) fn replace_unlinked(&mut self, kind: Kind, sums: Vec<(RunnerRow, Money)>) {
        Arc::make_mut(&mut self.unlinked).replace(kind, sums.into_iter());
    }

    /// Drops the unlinked refunds of a runner.
    pub(super) fn forget_unlinked(&mut self, kind: Kind, row: RunnerRow) {
        if self.unlinked.has(kind, row) {
            Arc::make_mut(&mut self.unlinked).forget(kind, row);
        }
    }

    /// Clears the forgotten runners of the purchases; copies only the chunks that name one.
    pub(super) fn forget(&mut self, forgotten: &Forgotten) {
        let is_concerned = |purchase: &Purchase| forgotten.has_any(&purchase.runners);
        for place in 0..self.purchases.len() {
            if !self.purchases.get(place).is_some_and(is_concerned) {
                continue;
            }
            if let Some(purchase) = self.purchases.get_mut(place) {
                purchase.forget(forgotten);
            }
        }
    }

    /// Returns a snapshot of the purchases, which shares their chunks.
    pub(super) fn purchases(&self) -> Chunked<Purchase> {
        self.purchases.clone()
    }

    /// Returns a shared snapshot of the unlinked refunds.
    pub(super) fn unlinked(&self) -> Arc<Unlinked> {
        Arc::clone(&self.unlinked)
    }

    /// Frees spare capacity, unless a rebuild is reading the purchases: a complete day hardly grows any more.
    pub(super) fn shrink(&mut self) {
        self.purchases.shrink_to_fit();
    }

    /// Returns the bytes held, approximately.
    pub(super) fn bytes(&self) -> usize {
        self.purchases.bytes() + self.unlinked.bytes() + self.by_id.allocation_size()
    }
}
