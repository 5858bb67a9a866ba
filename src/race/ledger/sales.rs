//! The sales of the window, recorded as they arrive.
//!
//! The ledger has no clock: the caller gives the days, and calls [`Ledger::expire`] when a day ends.

use std::collections::BTreeMap;

use super::super::runner::{Kind, Races, RunnerRows};
use super::super::window::REACH;
use super::day::DaySales;
use super::history::{HistoryDay, SalesHistory};
use super::notes::{Counts, Notes};
use super::purchase::Purchase;
use super::refund::{Outcome, Refund};
use super::tail::Tail;
use crate::chunked::Chunked;
use crate::clock::Day;
use crate::id::{Buyers, ItemRow, UserRow};
use crate::money::Money;

/// The sales of the window.
#[derive(Debug)]
pub struct Ledger {
    pub(super) days: BTreeMap<Day, DaySales>,
    pub(super) notes: Notes,
    pub(super) tail: Tail,
    /// Maximum number of purchases held.
    pub(super) most: usize,
    /// Purchases dropped to keep the bound since the start.
    pub(super) evicted: u64,
}

impl Ledger {
    /// Creates an empty ledger in which at most `waiting_refunds` refunds wait for their purchase.
    #[must_use]
    pub fn new(waiting_refunds: usize) -> Self {
        Self {
            days: BTreeMap::new(),
            notes: Notes::new(waiting_refunds),
            tail: Tail::default(),
            most: usize::MAX,
            evicted: 0,
        }
    }

    /// Returns the same ledger with a bound on the purchases held. Beyond it the oldest days leave: a shorter window is right for every
    /// runner alike, and a day without some of its sales for none. If one day alone reaches the bound, its further purchases are dropped.
    #[must_use]
    pub fn holding(self, most: usize) -> Self {
        Self { most, ..self }
    }

    /// Adds a purchase and applies the refunds that waited for it; ignores a purchase whose day has left the window.
    pub fn purchase(&mut self, day: Day, mut purchase: Purchase) {
        self.seen(purchase.runners, day);
        // A row that sells again must not get back the sales that were forgotten.
        if self.notes.forgotten.has_any(&purchase.runners) {
            self.sweep();
        }
        for refund in self.notes.waiting.take(purchase.id) {
            self.count(purchase.refund(&refund));
        }
        self.make_room(day);
        if day < self.notes.floor {
            self.notes.counts.late += 1;
            return;
        }
        if self.is_full() {
            self.evicted += 1;
            return;
        }
        self.days.entry(day).or_default().push(purchase);
        self.notes.counts.purchases += 1;
        self.notes.touch(day);
    }

    fn is_full(&self) -> bool {
        self.notes.counts.purchases >= self.most
    }

    /// Drops the oldest days for a purchase of `day` beyond the bound, but not the only day.
    fn make_room(&mut self, day: Day) {
        while self.is_full()
            && let Some((&oldest, _)) = self.days.first_key_value()
            && (oldest < day || self.days.len() > 1)
        {
            let floor = if day < oldest { oldest } else { oldest.plus(1) };
            if day >= oldest
                && let Some(sales) = self.days.remove(&oldest)
            {
                self.tail.add(oldest, sales.purchases().iter());
                self.notes.counts.purchases -= sales.len();
                self.evicted += u64::try_from(sales.len()).unwrap_or(u64::MAX);
            }
            self.notes.expire(floor);
            self.notes.touch(floor);
            if day < floor {
                return;
            }
        }
    }

    /// Counts a sale whose day had left the window when it came; refunds that wait for it are dropped.
    pub fn late(&mut self, id: u64) {
        self.notes.waiting.take(id);
        self.notes.counts.late += 1;
    }

    /// Applies a refund that names its purchase, or keeps it until its purchase comes.
    pub fn refund(&mut self, refund: Refund) -> Outcome {
        let Some((day, place)) = self.locate(refund.purchase) else {
            self.notes.counts.evicted += self.notes.waiting.push(refund);
            return Outcome::Waiting;
        };
        let sales = self.days.get_mut(&day);
        let outcome = sales.map_or(Outcome::Mismatched, |sales| {
            sales.refund(place, &refund, &self.notes.forgotten)
        });
        self.count(outcome);
        if outcome == Outcome::Applied {
            self.notes.touch(day);
        }
        outcome
    }

    /// Returns the day of the purchase that a refund names, and the purchase before and after it; `None` if the purchase is not held or the
    /// two do not agree.
    #[must_use]
    pub fn preview(&self, refund: &Refund) -> Option<(Day, [Purchase; 2])> {
        let (day, place) = self.locate(refund.purchase)?;
        let mut before = *self.days.get(&day)?.get(place)?;
        before.forget(&self.notes.forgotten);
        let mut after = before;
        let is_applied = after.refund(refund) == Outcome::Applied;
        is_applied.then_some((day, [before, after]))
    }

    /// Returns a new purchase after the refunds that wait for it.
    #[must_use]
    pub fn settled(&self, mut purchase: Purchase) -> Purchase {
        let waiting = &self.notes.waiting;
        if purchase.id != 0 && waiting.len() > 0 {
            waiting.of(purchase.id).for_each(|refund| {
                purchase.refund(refund);
            });
        }
        purchase
    }

    /// Adds a refund that names no purchase: it reduces the money of its own day, for each runner named.
    pub fn refund_unlinked(&mut self, day: Day, runners: RunnerRows, amount: Money) {
        self.seen(runners, day);
        if day < self.notes.floor {
            self.notes.counts.late += 1;
            return;
        }
        let sales = self.days.entry(day).or_default();
        sales.refund_unlinked(&runners, amount);
        self.notes.touch(day);
    }

    /// Returns the day of the purchase with that hash of its event id (not 0), if it is held.
    #[must_use]
    pub fn day_of(&self, id: u64) -> Option<Day> {
        self.locate(id).map(|(day, _)| day)
    }

    /// Returns the buyer of the purchase with that hash of its event id (not 0), if its day is held.
    #[must_use]
    pub fn buyer(&self, id: u64) -> Option<UserRow> {
        let (day, place) = self.locate(id)?;
        Some(self.days.get(&day)?.get(place)?.buyer)
    }

    /// Gives the refunds that wait for a purchase to its buyer, if they are by a user who `is_gone`.
    pub fn hand_over(&mut self, purchase: u64, to: UserRow, is_gone: impl Fn(UserRow) -> bool) {
        let waiting = &mut self.notes.waiting;
        if waiting.len() > 0 {
            waiting.hand_over(purchase, to, is_gone);
        }
    }

    /// Forgets who sent the waiting refunds of deleted users, whose rows may pass to others.
    pub fn abandon(&mut self, is_released: impl Fn(UserRow) -> bool) {
        self.notes.waiting.abandon(is_released);
    }

    /// Returns the purchase with that hash of its event id (not 0), if its day is held.
    #[cfg(test)]
    pub(in crate::race) fn find(&self, id: u64) -> Option<&Purchase> {
        let (day, place) = self.locate(id)?;
        self.days.get(&day)?.get(place)
    }

    /// Records an event of any kind with some runners: unless declared, a runner's history begins on the day of its first event.
    pub fn seen(&mut self, runners: RunnerRows, day: Day) {
        for (kind, row) in runners.named() {
            if self.notes.first_days[kind].note(row.index(), day) {
                self.notes.touch(day);
            }
        }
    }

    /// Returns the day of the first event with a runner.
    #[must_use]
    pub fn first_day<R: Races>(&self, row: R) -> Option<Day> {
        self.notes.first_days[R::KIND].get(row.runner().index())
    }

    /// Forgets a runner's sales and its first day; runners of other kinds keep the sales they shared with it.
    pub fn forget<R: Races>(&mut self, row: R) {
        let (kind, row) = (R::KIND, row.runner());
        self.notes.first_days[kind].clear(row.index());
        self.notes.waiting.forget(kind, row);
        for sales in self.days.values_mut() {
            sales.forget_unlinked(kind, row);
        }
        self.notes.forgotten.add(kind, row);
        if kind == Kind::Item {
            self.tail.forget(ItemRow(row.0));
        }
        self.notes.touch(self.notes.floor);
    }

    /// Drops the days before the 84 that end with the last complete day. Call it when a day ends; the window never moves back.
    pub fn expire(&mut self, last_complete: Day) {
        self.sweep();
        self.notes.expire(last_complete.plus(-REACH));
        let kept = self.days.split_off(&self.notes.floor);
        let gone = std::mem::replace(&mut self.days, kept);
        for (day, sales) in &gone {
            self.tail.add(*day, sales.purchases().iter());
        }
        let purchases: usize = gone.values().map(DaySales::len).sum();
        self.notes.counts.purchases -= purchases;
        self.notes.counts.expired += u64::try_from(purchases).unwrap_or(u64::MAX);
        for (_, sales) in self.days.range_mut(..=last_complete) {
            sales.shrink();
        }
    }

    /// Returns true if the sales of a day are held.
    #[must_use]
    pub fn holds(&self, day: Day) -> bool {
        day >= self.notes.floor
    }

    /// Returns the sales of the 84 days that end with `last_complete`, for a rebuild.
    #[must_use]
    pub fn snapshot(&self, last_complete: Day) -> SalesHistory {
        self.snapshot_until(last_complete, last_complete)
    }

    /// Returns the same sales and those of the day after, which has not ended.
    #[must_use]
    pub fn snapshot_with_today(&self, last_complete: Day) -> SalesHistory {
        self.snapshot_until(last_complete, last_complete.plus(1))
    }

    fn snapshot_until(&self, last_complete: Day, last: Day) -> SalesHistory {
        let window = last_complete.plus(-REACH)..=last;
        let days = self.days.range(window);
        SalesHistory {
            days: days
                .map(|(day, sales)| HistoryDay::of(*day, sales))
                .collect(),
            first_days: self.notes.first_days.clone(),
            forgotten: self.notes.forgotten.clone(),
            buyers: Buyers::default(),
            floor: Some(self.notes.floor),
            tail: self.tail.clone(),
        }
    }

    /// Returns the number of purchases dropped to keep the bound since the start.
    #[must_use]
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Returns the purchases of every day that is held.
    #[must_use]
    pub fn purchases(&self) -> Vec<Chunked<Purchase>> {
        self.days.values().map(DaySales::purchases).collect()
    }

    /// Returns the number of the latest change on which standings up to `last_complete` depend. Once it rises, they are out of date.
    #[must_use]
    pub fn last_change(&self, last_complete: Day) -> u64 {
        let changes = self.notes.changes.range(..=last_complete);
        changes.map(|(_, change)| *change).max().unwrap_or(0)
    }

    /// Returns the counters for the metrics.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            waiting: self.notes.waiting.len(),
            ..self.notes.counts
        }
    }

    /// Returns the bytes held, approximately.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let days: usize = self.days.values().map(DaySales::bytes).sum();
        days + self.notes.bytes() + self.tail.bytes()
    }

    fn count(&mut self, outcome: Outcome) {
        self.notes.counts.mismatched += u64::from(outcome == Outcome::Mismatched);
    }

    /// Returns the day and the position of a purchase; searches the newest day first, since most refunds are of recent purchases.
    fn locate(&self, id: u64) -> Option<(Day, usize)> {
        let mut days = self.days.iter().rev();
        days.find_map(|(day, sales)| Some((*day, sales.locate(id)?)))
    }

    /// Clears the forgotten runners from the purchases.
    fn sweep(&mut self) {
        let forgotten = std::mem::take(&mut self.notes.forgotten);
        if forgotten.is_empty() {
            return;
        }
        for sales in self.days.values_mut() {
            sales.forget(&forgotten);
        }
    }
}
