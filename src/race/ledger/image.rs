//! The ledger at one instant, to be stored while the ledger changes, and to be restored.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::day::DaySales;
use super::notes::Notes;
use super::purchase::Purchase;
use super::sales::Ledger;
use super::stamp::Stamp;
use super::tail::{Tail, TailPart};
use super::unlinked::Unlinked;
use crate::chunked::Chunked;
use crate::clock::Day;

/// A ledger at one instant. The purchases of each day are stored apart from it: see [`Self::purchases`].
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct LedgerImage {
    pub(super) notes: Notes,
    pub(super) unlinked: Vec<(Day, Arc<Unlinked>)>,
    #[serde(skip)]
    tail: Tail,
    #[serde(skip)]
    purchases: Vec<(Day, Chunked<Purchase>)>,
}

impl LedgerImage {
    /// Returns the purchases in slices of a few thousand of one day, each with the position of its first.
    pub fn purchases(&self) -> impl Iterator<Item = (Day, usize, &[Purchase])> {
        let days = self.purchases.iter();
        days.flat_map(|(day, purchases)| {
            purchases.slices().scan(0, |next, slice| {
                let first = *next;
                *next += slice.len();
                Some((*day, first, slice))
            })
        })
    }

    /// Returns a part of what expired purchases still count, by its number from 0; `None` after the last.
    #[must_use]
    pub fn tail(&self, part: usize) -> Option<TailPart> {
        self.tail.part(part)
    }
}

impl Ledger {
    /// Returns an image of the ledger as it is now.
    #[must_use]
    pub fn image(&self) -> LedgerImage {
        let days = || self.days.iter();
        LedgerImage {
            notes: self.notes.clone(),
            tail: self.tail.clone(),
            unlinked: days().map(|(day, it)| (*day, it.unlinked())).collect(),
            purchases: days().map(|(day, it)| (*day, it.purchases())).collect(),
        }
    }

    /// Restores an image, without its purchases; the bounds stay.
    pub fn restore(&mut self, image: LedgerImage) {
        let days = image.unlinked.into_iter();
        let waiting = image.notes.waiting.bounded(self.notes.waiting.bound());
        *self = Self {
            days: days
                .map(|(day, unlinked)| (day, DaySales::with(unlinked)))
                .collect(),
            notes: Notes {
                waiting,
                ..image.notes
            },
            tail: Tail::default(),
            most: self.most,
            evicted: self.evicted,
        };
    }

    /// Restores purchases of a day, in their order.
    pub fn restore_purchases(&mut self, day: Day, purchases: Vec<Purchase>) {
        let sales = self.days.entry(day).or_default();
        purchases.into_iter().for_each(|each| sales.push(each));
    }

    /// Restores a part of what expired purchases still count.
    pub fn restore_tail(&mut self, part: TailPart) {
        self.tail.restore(part);
    }

    /// Restores the stamps of purchases of a day, from a position on.
    pub fn restore_stamps(&mut self, day: Day, first: usize, stamps: Vec<Stamp>) {
        if let Some(sales) = self.days.get_mut(&day) {
            sales.stamp(first, stamps);
        }
    }
}
