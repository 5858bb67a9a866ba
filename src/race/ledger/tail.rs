//! What the purchases of days that left the window still count in the trend of their items.
//!
//! The slow count of [`item.trend`](crate::objective) fades with a half-life of 30 days, so an eighth of a steady item's comes from
//! before the window. As a day leaves, its purchases are added to one decayed sum an item; the fast count needs nothing of them, since
//! after 28 half-lives a billion purchases would count as four.

use serde::{Deserialize, Serialize};

use super::purchase::Purchase;
use crate::chunked::Chunked;
use crate::clock::{DAY, Day, Time};
use crate::decay::Decay;
use crate::id::{ItemRow, UserRow};

/// Half-lives of the fast and the slow count of a trend, in days.
pub(in crate::race) const HALF_LIVES: [i32; 2] = [3, 30];

/// The decay of the sums, on the clock of the race's days.
#[expect(
    clippy::cast_precision_loss,
    reason = "a day has 86,400,000 milliseconds"
)]
fn decay() -> Decay {
    Decay::new(f64::from(HALF_LIVES[1]) * DAY as f64)
}

/// The decayed purchases of days that left the window, by item.
#[derive(Clone, Debug, Default)]
pub struct Tail {
    landmark: f64,
    /// By row of the item.
    sums: Chunked<f64>,
}

/// The sums of some items in a row, as they are stored.
#[derive(Debug, Deserialize, Serialize)]
pub struct TailPart {
    landmark: f64,
    /// Items with a sum, and the sum.
    sums: Vec<(u32, f64)>,
}

impl Tail {
    /// Adds the purchases of a day that leaves.
    pub(super) fn add<'p>(&mut self, day: Day, purchases: impl Iterator<Item = &'p Purchase>) {
        let start = day.start(0);
        for (item, millis) in first_purchases(purchases, |buyer| buyer) {
            let at = start.plus(millis);
            self.move_landmark(at);
            self.sums.fill(item.index() + 1, &0.0);
            if let Some(sum) = self.sums.get_mut(item.index()) {
                *sum += decay().growth(self.landmark, at);
            }
        }
    }

    /// Forgets an item, whose row may pass to another one.
    pub(super) fn forget(&mut self, item: ItemRow) {
        if self.sums.get(item.index()).is_some_and(|sum| *sum > 0.0)
            && let Some(sum) = self.sums.get_mut(item.index())
        {
            *sum = 0.0;
        }
    }

    /// Returns what is left at an instant of each item's sum, in a time zone `utc_offset` milliseconds east of UTC.
    pub(in crate::race) fn left(&self, at: Time, utc_offset: i64) -> impl Iterator<Item = f64> {
        let left = decay().left(self.landmark, at.plus(utc_offset));
        self.sums.iter().map(move |sum| sum * left)
    }

    /// Returns a part of a few thousand items, by its number from 0; `None` after the last.
    pub(super) fn part(&self, number: usize) -> Option<TailPart> {
        let mut slices = self.sums.slices();
        let before: usize = slices.by_ref().take(number).map(<[f64]>::len).sum();
        let rows = (before..).map(|row| u32::try_from(row).unwrap_or(u32::MAX));
        let sums = rows.zip(slices.next()?.iter().copied());
        Some(TailPart {
            landmark: self.landmark,
            sums: sums.filter(|(_, sum)| *sum > 0.0).collect(),
        })
    }

    /// Restores a part.
    pub(super) fn restore(&mut self, part: TailPart) {
        self.landmark = part.landmark;
        for (row, sum) in part.sums {
            let row = ItemRow(row).index();
            self.sums.fill(row + 1, &0.0);
            if let Some(kept) = self.sums.get_mut(row) {
                *kept = sum;
            }
        }
    }

    /// Returns the bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.sums.bytes()
    }

    fn move_landmark(&mut self, at: Time) {
        let Some(landmark) = decay().moved(self.landmark, at) else {
            return;
        };
        let factor = (self.landmark - landmark).exp2();
        self.landmark = landmark;
        for row in 0..self.sums.len() {
            if let Some(sum) = self.sums.get_mut(row) {
                *sum *= factor;
            }
        }
    }
}

/// Returns the purchases of one day that count in a trend: the first of each item and buyer that was not refunded in full, by item and
/// buyer, with the milliseconds from the start of the day. `buyer` names the buyer of users who are one.
pub(in crate::race) fn first_purchases<'p>(
    purchases: impl Iterator<Item = &'p Purchase>,
    buyer: impl Fn(UserRow) -> UserRow,
) -> impl Iterator<Item = (ItemRow, i64)> {
    let purchases = purchases.filter(|it| it.item().some().is_some() && !it.is_refunded());
    let mut first: Vec<(ItemRow, UserRow, i64)> = purchases
        .map(|it| (it.item(), buyer(it.buyer), it.stamp.millis()))
        .collect();
    first.sort_unstable();
    first.dedup_by_key(|(item, buyer, _)| (*item, *buyer));
    first.into_iter().map(|(item, _, millis)| (item, millis))
}
