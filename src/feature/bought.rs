//! What a user bought, as a figure: for each item the decayed number of purchases, less what was returned.
//!
//! It says how much of a purchase a refund can still take back from the histories. The number is one sum of signed parts, so it does not
//! depend on the order of purchases and refunds; below 0 more was returned than was bought so far.

use serde::{Deserialize, Serialize};

use super::decayed::{Decayed, Sums};
use super::figure::Figure;
use super::history::{History, ROUNDING};
use super::learned::{Learned, Trade};
use super::moment::{Learn, Moment};
use super::named::Named;
use crate::clock::Time;
use crate::decay::Decay;
use crate::id::{Gone, ItemRow};

/// What one user bought; small for a user who never did.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Bought(Option<Box<Decayed<History>>>);

impl Sums for History {
    fn scale(&mut self, factor: f64) {
        Self::scale(self, factor);
    }

    fn is_blank(&self) -> bool {
        self.is_empty()
    }
}

impl Bought {
    /// Returns the number of purchases of an item at an instant, as if all had faded to that instant; `None` if it is not known, because
    /// there was none, or it was evicted.
    #[must_use]
    pub fn count(&self, decay: Decay, item: ItemRow, at: Time) -> Option<f64> {
        let held = self.0.as_ref()?;
        Some(held.sums.get(item.0)? * held.left(decay, at))
    }

    /// Returns the items with a number.
    pub fn items(&self) -> impl Iterator<Item = ItemRow> {
        let entries = self.0.iter().flat_map(|held| held.sums.entries());
        entries.map(|entry| ItemRow(entry.key))
    }

    /// Returns the part of a purchase of an item at an instant that is taken back: what its refunds take, and what other refunds of the
    /// item, which came before it, could not take yet.
    #[must_use]
    pub fn withheld(&self, decay: Decay, item: ItemRow, at: Time, refunded: f64) -> f64 {
        match self.count(decay, item, at) {
            Some(count) if count < -ROUNDING => 1.0 - (count + 1.0 - refunded).max(0.0),
            _ => refunded,
        }
    }

    /// Returns how much a refund takes back of a purchase of an item at an instant: its share, but not more than is left; `None` if that is
    /// not known.
    #[must_use]
    pub fn takes(&self, decay: Decay, item: ItemRow, at: Time, share: f64) -> Option<f64> {
        let count = self.count(decay, item, at)?;
        Some(if count >= share - ROUNDING {
            share
        } else {
            count.max(0.0)
        })
    }
}

impl Figure for Bought {
    fn concerns(event: &Learned<'_>) -> bool {
        event
            .trade
            .is_some_and(|trade| trade.item.is_some() && trade.change.abs() > 0.0)
    }

    fn learn(&mut self, event: &Learned<'_>, moment: &Moment<'_>) -> usize {
        let Some(Trade {
            at, item, change, ..
        }) = event.trade
        else {
            return 0;
        };
        let learn = moment.learn();
        let held = self.0.get_or_insert_default();
        let growth = held.open(learn.decay, at);
        held.sums.add(item.0, change * growth, learn.max_items)
    }

    fn absorb(&mut self, other: &mut Self, learn: &Learn) -> usize {
        let Some(other) = other.0.take() else {
            return 0;
        };
        let held = self.0.get_or_insert_default();
        let theirs = held.meet(*other);
        held.sums.absorb(&theirs, learn.max_items)
    }

    fn change_decay(&mut self, from: Decay, to: Decay, at: Time) {
        if let Some(held) = &mut self.0 {
            held.change_decay(from, to, at);
        }
    }

    fn knows(&self, gone: Gone) -> bool {
        let held = self.0.as_ref();
        matches!(gone, Gone::Item(item) if held.is_some_and(|it| it.sums.has(item.0)))
    }

    fn forget(&mut self, gone: Gone) {
        if let (Gone::Item(item), Some(held)) = (gone, &mut self.0) {
            held.sums.forget(item.0);
        }
    }

    fn mark(&self, named: &mut Named) {
        self.items().for_each(|item| named.item(item));
    }

    fn heap_bytes(&self) -> usize {
        let held = self.0.as_ref();
        held.map_or(0, |held| size_of_val(&**held) + held.sums.bytes())
    }
}
