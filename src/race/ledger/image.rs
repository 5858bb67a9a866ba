//! The ledger at one instant, to be written down while it goes on changing, and to be read back.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::chunked::Chunked;
use crate::clock::Day;

use super::day::{DaySales, Purchase, Unlinked};
use super::first::FirstDays;
use super::forgotten::Forgotten;
use super::waiting::Waiting;
use super::{Counts, Ledger};

/// A ledger as it was: the purchases of each day, and all else.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct LedgerImage {
    waiting: Waiting,
    items: FirstDays,
    merchants: FirstDays,
    forgotten: Forgotten,
    floor: Day,
    revision: u64,
    changes: BTreeMap<Day, u64>,
    counts: Counts,
    unlinked: Vec<(Day, Arc<Unlinked>)>,
    #[serde(skip)]
    purchases: Vec<(Day, Chunked<Purchase>)>,
}

impl LedgerImage {
    /// The purchases, some thousands of one day at a time.
    pub fn purchases(&self) -> impl Iterator<Item = (Day, &[Purchase])> {
        let days = self.purchases.iter();
        days.flat_map(|(day, purchases)| purchases.slices().map(|slice| (*day, slice)))
    }
}

impl Ledger {
    /// The ledger as it is now.
    #[must_use]
    pub fn image(&self) -> LedgerImage {
        let days = || self.days.iter();
        LedgerImage {
            waiting: self.waiting.clone(),
            items: self.items.clone(),
            merchants: self.merchants.clone(),
            forgotten: self.forgotten.clone(),
            floor: self.floor,
            revision: self.revision,
            changes: self.changes.clone(),
            counts: self.counts,
            unlinked: days().map(|(day, it)| (*day, it.unlinked())).collect(),
            purchases: days().map(|(day, it)| (*day, it.purchases())).collect(),
        }
    }

    /// The ledger of an image, without the purchases.
    #[must_use]
    pub fn restore(image: LedgerImage, waiting_refunds: usize) -> Self {
        let days = image.unlinked.into_iter();
        Self {
            days: days
                .map(|(day, unlinked)| (day, DaySales::with(unlinked)))
                .collect(),
            waiting: image.waiting.bounded(waiting_refunds),
            items: image.items,
            merchants: image.merchants,
            forgotten: image.forgotten,
            floor: image.floor,
            revision: image.revision,
            changes: image.changes,
            counts: image.counts,
        }
    }

    /// Takes back purchases of a day as they were, in their order.
    pub fn restore_purchases(&mut self, day: Day, purchases: Vec<Purchase>) {
        let sales = self.days.entry(day).or_default();
        purchases.into_iter().for_each(|each| sales.push(each));
    }
}
