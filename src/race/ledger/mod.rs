//! The ledger: every sale of the window as it was, by day, so that each rebuild starts from raw facts.
//!
//! A day's purchases stand in shared chunks. A snapshot for the rebuild in the background clones some hundred pointers; the writer copies
//! a chunk only when it changes one that somebody is reading. Refunds that name their purchase are summed up on it, uncapped, and capped
//! when read; those that came first wait for it. The ledger knows no clock: days are given, and [`Ledger::expire`] says which are over.

mod day;
mod first;
mod forgotten;
mod history;
mod image;
mod waiting;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::Day;
use crate::id::{ItemRow, MerchantRow, UserRow};

pub use day::Purchase;
pub use history::SalesHistory;
pub use image::LedgerImage;

use super::money::Money;
use super::window::REACH;
use day::DaySales;
use first::FirstDays;
use forgotten::Forgotten;
use history::HistoryDay;
use waiting::Waiting;

/// A refund that names its purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Refund {
    /// The hash of the purchase's event id.
    pub purchase: u64,
    /// Who gives back.
    pub buyer: UserRow,
    /// What is given back; [`ItemRow::NONE`] where the refund names none.
    pub item: ItemRow,
    /// To whom; [`MerchantRow::NONE`] where that is not known.
    pub merchant: MerchantRow,
    /// How much of it; `None`: all.
    pub amount: Option<Money>,
}

/// What became of a refund that names its purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It counts against its purchase.
    Applied,
    /// Its purchase is not here; it waits for it.
    Waiting,
    /// Its purchase is another buyer's or of something else; it counts for nothing.
    Mismatched,
}

/// Figures of a ledger, for the metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Counts {
    /// Purchases held.
    pub purchases: usize,
    /// Refunds that wait for their purchase.
    pub waiting: usize,
    /// Purchases that left with their day, in all.
    pub expired: u64,
    /// Purchases and unlinked refunds that came after their day had left, in all.
    pub late: u64,
    /// Waiting refunds dropped to keep the bound, in all.
    pub evicted: u64,
    /// Refunds that did not agree with their purchase, in all.
    pub mismatched: u64,
}

/// The sales of the window, as they come in.
#[derive(Debug)]
pub struct Ledger {
    days: BTreeMap<Day, DaySales>,
    waiting: Waiting,
    items: FirstDays,
    merchants: FirstDays,
    forgotten: Forgotten,
    /// No earlier day is held.
    floor: Day,
    /// How many changes there have been.
    revision: u64,
    /// The last change that a day's standings depend on, by day.
    changes: BTreeMap<Day, u64>,
    counts: Counts,
}

impl Ledger {
    /// An empty ledger in which at most so many refunds wait for their purchase.
    #[must_use]
    pub fn new(waiting_refunds: usize) -> Self {
        Self {
            days: BTreeMap::new(),
            waiting: Waiting::new(waiting_refunds),
            items: FirstDays::default(),
            merchants: FirstDays::default(),
            forgotten: Forgotten::default(),
            floor: Day(i32::MIN),
            revision: 0,
            changes: BTreeMap::new(),
            counts: Counts::default(),
        }
    }

    /// Takes a purchase in, with what waited for it; ignored where its day has left the window.
    pub fn purchase(&mut self, day: Day, mut purchase: Purchase) {
        self.seen_item(purchase.item, day);
        self.seen_merchant(purchase.merchant, day);
        self.settle(purchase.item, purchase.merchant);
        for refund in self.waiting.take(purchase.id) {
            self.count(purchase.refund(&refund));
        }
        if day < self.floor {
            self.counts.late += 1;
            return;
        }
        self.days.entry(day).or_default().push(purchase);
        self.counts.purchases += 1;
        self.touch(day);
    }

    /// Takes in a refund that names its purchase; where that is not here, it waits for it.
    pub fn refund(&mut self, refund: Refund) -> Outcome {
        let Some((day, place)) = self.locate(refund.purchase) else {
            self.counts.evicted += self.waiting.push(refund);
            return Outcome::Waiting;
        };
        let sales = self.days.get_mut(&day);
        let outcome = sales.map_or(Outcome::Mismatched, |sales| {
            sales.refund(place, &refund, &self.forgotten)
        });
        self.count(outcome);
        if outcome == Outcome::Applied {
            self.touch(day);
        }
        outcome
    }

    /// Takes in a refund that names no purchase: it is netted on its own day for the item and for the merchant, each where there is one.
    pub fn refund_unlinked(
        &mut self,
        day: Day,
        item: ItemRow,
        merchant: MerchantRow,
        amount: Money,
    ) {
        self.seen_item(item, day);
        self.seen_merchant(merchant, day);
        if day < self.floor {
            self.counts.late += 1;
            return;
        }
        let sales = self.days.entry(day).or_default();
        sales.refund_unlinked(item, merchant, amount);
        self.touch(day);
    }

    /// The purchase with that hash of its event id (not 0), if its day is still held.
    #[cfg(test)]
    pub(in crate::race) fn find(&self, id: u64) -> Option<&Purchase> {
        let (day, place) = self.locate(id)?;
        self.days.get(&day)?.get(place)
    }

    /// Tells of an event of any kind with an item: its history begins on the earliest such day unless it is declared.
    pub fn seen_item(&mut self, item: ItemRow, day: Day) {
        if item.is_some() && self.items.note(item.index(), day) {
            self.touch(day);
        }
    }

    /// Tells of an event of any kind with a merchant.
    pub fn seen_merchant(&mut self, merchant: MerchantRow, day: Day) {
        if merchant.is_some() && self.merchants.note(merchant.index(), day) {
            self.touch(day);
        }
    }

    /// The day of the first event with an item.
    #[must_use]
    pub fn first_day_of_item(&self, item: ItemRow) -> Option<Day> {
        self.items.get(item.index())
    }

    /// The day of the first event with a merchant.
    #[must_use]
    pub fn first_day_of_merchant(&self, merchant: MerchantRow) -> Option<Day> {
        self.merchants.get(merchant.index())
    }

    /// Forgets an item's sales and its first day; what its merchant sold through it stays the merchant's.
    pub fn forget_item(&mut self, item: ItemRow) {
        self.items.clear(item.index());
        self.waiting.forget(item, MerchantRow::NONE);
        for sales in self.days.values_mut() {
            sales.drop_item_refunds(item);
        }
        self.forgotten.items.insert(item);
        self.touch(self.floor);
    }

    /// Forgets a merchant's sales and its first day; its items' own sales stay theirs.
    pub fn forget_merchant(&mut self, merchant: MerchantRow) {
        self.merchants.clear(merchant.index());
        self.waiting.forget(ItemRow::NONE, merchant);
        for sales in self.days.values_mut() {
            sales.drop_merchant_refunds(merchant);
        }
        self.forgotten.merchants.insert(merchant);
        self.touch(self.floor);
    }

    /// Drops the days that are over once `last_complete` is the last complete day: all before the 84 that end with it. Call it when a
    /// day ends; it never moves back.
    pub fn expire(&mut self, last_complete: Day) {
        self.sweep();
        self.floor = self.floor.max(last_complete.plus(-REACH));
        let kept = self.days.split_off(&self.floor);
        let gone = std::mem::replace(&mut self.days, kept);
        let purchases: usize = gone.values().map(DaySales::len).sum();
        self.counts.purchases -= purchases;
        self.counts.expired += u64::try_from(purchases).unwrap_or(u64::MAX);
        let kept = self.changes.split_off(&self.floor);
        let gone = std::mem::replace(&mut self.changes, kept);
        if let Some(latest) = gone.into_values().max() {
            let change = self.changes.entry(self.floor).or_default();
            *change = latest.max(*change);
        }
        for (_, sales) in self.days.range_mut(..=last_complete) {
            sales.shrink();
        }
    }

    /// Whether the sales of a day are held.
    #[must_use]
    pub fn holds(&self, day: Day) -> bool {
        day >= self.floor
    }

    /// The sales of the 84 days that end with `last_complete`, for a rebuild.
    #[must_use]
    pub fn snapshot(&self, last_complete: Day) -> SalesHistory {
        let window = last_complete.plus(-REACH)..=last_complete;
        let days = self.days.range(window);
        SalesHistory {
            days: days
                .map(|(day, sales)| HistoryDay::of(*day, sales))
                .collect(),
            items: self.items.clone(),
            merchants: self.merchants.clone(),
            forgotten: self.forgotten.clone(),
        }
    }

    /// The number of the latest change that standings up to `last_complete` depend on: where it has risen, they are out of date.
    #[must_use]
    pub fn last_change(&self, last_complete: Day) -> u64 {
        let changes = self.changes.range(..=last_complete);
        changes.map(|(_, change)| *change).max().unwrap_or(0)
    }

    /// Figures for the metrics.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            waiting: self.waiting.len(),
            ..self.counts
        }
    }

    /// Bytes held, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let days: usize = self.days.values().map(DaySales::bytes).sum();
        days + self.waiting.bytes()
            + self.items.bytes()
            + self.merchants.bytes()
            + self.forgotten.bytes()
    }

    fn touch(&mut self, day: Day) {
        self.revision += 1;
        self.changes.insert(day.max(self.floor), self.revision);
    }

    fn count(&mut self, outcome: Outcome) {
        self.counts.mismatched += u64::from(outcome == Outcome::Mismatched);
    }

    /// Where a purchase is; the newest day first, since most refunds are of what was bought lately.
    fn locate(&self, id: u64) -> Option<(Day, usize)> {
        let mut days = self.days.iter().rev();
        days.find_map(|(day, sales)| Some((*day, sales.locate(id)?)))
    }

    /// Sees to it that a row that sells again does not get back what was forgotten of it.
    fn settle(&mut self, item: ItemRow, merchant: MerchantRow) {
        if self.forgotten.has(item, merchant) {
            self.sweep();
        }
    }

    /// Takes what is forgotten out of the purchases.
    fn sweep(&mut self) {
        let forgotten = std::mem::take(&mut self.forgotten);
        if forgotten.is_empty() {
            return;
        }
        for sales in self.days.values_mut() {
            sales.forget(&forgotten);
        }
    }
}
