//! What a user bought, as a figure: for each item the decayed number of purchases, less what was returned, and beside it how often, when
//! first and last, and for how much.
//!
//! It says how likely the user buys again, and how much of a purchase a refund can still take back from the histories. The number is one
//! sum of signed parts, so it does not depend on the order of purchases and refunds; below 0 more was returned than was bought so far.

use serde::{Deserialize, Serialize};

use super::decayed::Decayed;
use super::figure::Figure;
use super::history::History;
use super::lanes::SixBytes;
use super::learned::{Learned, Trade};
use super::marks::Mark;
use super::moment::{Learn, Moment};
use super::named::Named;
use super::pairs::Pairs;
use super::repeat::{DAY_SECONDS, Purchases, seconds};
use crate::clock::Time;
use crate::decay::Decay;
use crate::id::{Gone, ItemRow};
use crate::model::EventKind;
use crate::money::Money;
use crate::prefetch::prefetch;

/// Part of a purchase by which a count may be off. A number is kept in six bytes, so that what is left beside purchases of 17 half-lives
/// later is known no better.
const NEAR: f64 = 1e-6;

/// What one user bought; small for a user who never did.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Bought(Option<Box<Decayed<Pairs>>>);

/// The record in its first shape, which held the numbers alone.
#[derive(Debug, Deserialize)]
pub struct Numbers(Option<Box<Decayed<History>>>);

impl From<Numbers> for Bought {
    fn from(Numbers(held): Numbers) -> Self {
        Self(held.map(|held| Box::new(held.map(Pairs::from))))
    }
}

impl Bought {
    /// Returns the number of items.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |held| held.sums.len())
    }

    /// Returns whether there are no items.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Prefetches the record, before [`Self::prefetch_items`].
    #[inline(always)]
    pub fn prefetch(&self) {
        self.0.iter().for_each(|held| prefetch(&**held));
    }

    /// Prefetches the items.
    pub fn prefetch_items(&self) {
        if let Some(held) = &self.0 {
            held.sums.numbers().prefetch();
            held.sums.marks().prefetch();
        }
    }

    /// Returns the items that the user bought and did not return in full, each with its place for [`Self::purchases`].
    pub fn kept(&self) -> impl Iterator<Item = (ItemRow, usize)> {
        let sums = self.0.iter().map(|held| &held.sums);
        let items = sums.flat_map(|sums| sums.numbers().entries().zip(sums.marks().counts()));
        let kept = items.enumerate().filter(|(_, (_, count))| *count > 0);
        kept.map(|(place, (number, _))| (ItemRow(number.key), place))
    }

    /// Returns what the user bought of the item at a place, as of an instant; `None` if it was returned in full. Kept out of line: nearly
    /// every item that is ranked was never bought.
    #[inline(never)]
    #[must_use]
    pub fn purchases(&self, place: usize, decay: Decay, now: Time) -> Option<Purchases> {
        let held = self.0.as_ref()?;
        let mark = held.sums.marks().get(place)?;
        let number = held.sums.numbers().at(place)?;
        let days = |second: u32| ((seconds(now) - f64::from(second)) / DAY_SECONDS).max(0.0);
        (mark.count > 0).then(|| Purchases {
            count: f64::from(mark.count),
            left: number.weight * held.left(decay, now),
            first: days(mark.first),
            last: days(mark.last),
            sum: Money(mark.sum().max(0)).units(),
        })
    }

    /// Returns the factor that turns a number into its value at an instant, and the numbers with their marks.
    pub(super) fn read(&self, decay: Decay, now: Time) -> Option<(f64, &Pairs)> {
        let held = self.0.as_ref()?;
        Some((held.left(decay, now), &held.sums))
    }

    /// Returns the number of purchases of an item at an instant, as if all had faded to that instant; `None` if it is not known, because
    /// there was none, or it was evicted.
    #[must_use]
    pub fn count(&self, decay: Decay, item: ItemRow, at: Time) -> Option<f64> {
        let held = self.0.as_ref()?;
        let count = held.sums.numbers().get(item.0)? * held.left(decay, at);
        Some(if count.abs() <= NEAR { 0.0 } else { count })
    }

    /// Returns the items with a number.
    pub fn items(&self) -> impl Iterator<Item = ItemRow> {
        let entries = self.numbers().into_iter().flat_map(History::entries);
        entries.map(|entry| ItemRow(entry.key))
    }

    /// Returns the numbers, if there are any.
    pub(super) fn numbers(&self) -> Option<&History<SixBytes>> {
        self.0.as_ref().map(|held| held.sums.numbers())
    }

    /// Returns the part of a purchase of an item at an instant that is taken back: what its refunds take, and what other refunds of the
    /// item, which came before it, could not take yet.
    #[must_use]
    pub fn withheld(&self, decay: Decay, item: ItemRow, at: Time, refunded: f64) -> f64 {
        match self.count(decay, item, at) {
            Some(count) if count < 0.0 => 1.0 - (count + 1.0 - refunded).max(0.0),
            _ => refunded,
        }
    }

    /// Returns how much a refund takes back of a purchase of an item at an instant: its share, but not more than is left; `None` if that is
    /// not known.
    #[must_use]
    pub fn takes(&self, decay: Decay, item: ItemRow, at: Time, share: f64) -> Option<f64> {
        let count = self.count(decay, item, at)?;
        Some(if count >= share - NEAR {
            share
        } else {
            count.max(0.0)
        })
    }
}

impl Figure for Bought {
    fn concerns(event: &Learned<'_>) -> bool {
        // A purchase that was refunded before it came is remembered too: it was made.
        let counts = |change: f64| change.abs() > 0.0 || event.kind == EventKind::Purchase;
        let trade = event.trade.filter(|trade| trade.item.is_some());
        trade.is_some_and(|trade| counts(trade.change))
    }

    fn learn(&mut self, event: &Learned<'_>, moment: &Moment<'_>) -> usize {
        let Some(Trade {
            at,
            item,
            change,
            count,
            money,
            ..
        }) = event.trade
        else {
            return 0;
        };
        let learn = moment.learn();
        let held = self.0.get_or_insert_default();
        let growth = held.open(learn.decay, at);
        let mark = if event.kind == EventKind::Purchase {
            Mark::bought(at, count, money)
        } else {
            Mark::changed(count, money)
        };
        held.sums
            .add(item.0, change * growth, mark, learn.max_items)
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
        matches!(gone, Gone::Item(item) if held.is_some_and(|it| it.sums.numbers().has(item.0)))
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
