//! Trends of items: whether an item sells more in these days than it usually does.
//!
//! Two counts of purchases fade with half-lives of 3 and 30 days, s and l; a buyer counts once an item and day, at the earliest purchase
//! that was not refunded in full. A steady item has 10·s = l, so ln((10·s + 4)/(l + 4)) is 0 for it. Other than in the race the day that
//! has not ended counts too: a trend is news. Days that have left the
//! window count too, as one sum an item.

use rayon::prelude::*;

use super::super::ledger::{HALF_LIVES, HistoryDay, Purchase, SalesHistory, first_purchases};
use super::super::runner::Kind;
use super::sparse::Sparse;
use crate::clock::Time;
use crate::id::ItemRow;
use crate::number::{DAY_MILLIS, narrow, span};

/// Purchases that both counts begin with, so that a few say little.
const PRIOR: f32 = 4.0;

/// The counts s and l of each item at the instant of a rebuild.
#[derive(Debug)]
pub(super) struct Trends {
    as_of: Time,
    counts: Sparse<[f32; 2]>,
}

impl Trends {
    /// Counts the purchases of `items` items at an instant, in a time zone `utc_offset` milliseconds east of UTC.
    ///
    /// Uses the rayon pool in which it is called.
    pub(super) fn new(
        history: &SalesHistory,
        (as_of, utc_offset): (Time, i64),
        items: usize,
    ) -> Self {
        let days: Vec<Vec<(ItemRow, Time)>> = history
            .days
            .par_iter()
            .map(|day| counted(day, history, utc_offset))
            .collect();
        let mut sums = vec![[0.0; 2]; items];
        for (sums, tail) in sums.iter_mut().zip(history.tail.left(as_of, utc_offset)) {
            sums[1] = tail;
        }
        for (item, at) in days.into_iter().flatten() {
            let age = days_between(at, as_of);
            if let Some(sums) = sums.get_mut(item.index()) {
                for (sum, half_life) in sums.iter_mut().zip(HALF_LIVES) {
                    *sum += (-age / f64::from(half_life)).exp2();
                }
            }
        }
        let counts = sums.iter().enumerate().filter(|(_, [_, l])| *l > 0.0);
        let counts = counts.map(|(row, sums)| (row, sums.map(narrow)));
        Self {
            as_of,
            counts: Sparse::new(items, [0.0; 2], counts),
        }
    }

    /// Returns a function from an item to its raw trend at an instant, ln((10·s + 4)/(l + 4)); `None` if it was added after the rebuild.
    pub(super) fn at(&self, now: Time) -> impl Fn(ItemRow) -> Option<f32> + '_ {
        let age = days_between(self.as_of, now);
        let left = HALF_LIVES.map(|half_life| narrow((-age / f64::from(half_life)).exp2()));
        move |item| {
            let [s, l] = *self.counts.get(item.index())?;
            // Nine in ten items never sell.
            Some(if l > 0.0 {
                trend(s * left[0], l * left[1])
            } else {
                0.0
            })
        }
    }

    /// Returns the bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.counts.bytes()
    }
}

fn trend(s: f32, l: f32) -> f32 {
    ((10.0 * s + PRIOR) / (l + PRIOR)).ln()
}

/// Returns the value of a raw trend, in [0, 1]; NaN for NaN.
#[inline(always)]
#[must_use]
pub fn trend_value(raw: f32) -> f32 {
    (0.5 + 0.25 * raw).clamp(0.0, 1.0)
}

/// Returns the purchases of a day that count, with their times.
fn counted(day: &HistoryDay, history: &SalesHistory, utc_offset: i64) -> Vec<(ItemRow, Time)> {
    let start = day.day.start(utc_offset);
    let is_gone = |it: &&Purchase| history.forgotten.has(Kind::Item, it.runners[Kind::Item]);
    let purchases = day.purchases.iter().filter(|it| !is_gone(it));
    let first = first_purchases(purchases, |buyer| history.buyers.of(buyer));
    first
        .map(|(item, millis)| (item, start.plus(millis)))
        .collect()
}

/// Returns the days from one instant to a later one; 0 if it is not later.
fn days_between(from: Time, to: Time) -> f64 {
    span(to.since(from)).max(0.0) / DAY_MILLIS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trends_have_their_golden_values() {
        for (s, l, value) in [
            (3.0, 30.0, 0.5),
            (6.0, 30.0, 0.658_131),
            (1.5, 3.0, 0.749_632),
            (0.0, 30.0, 0.0),
        ] {
            let got = trend_value(trend(s, l));
            assert!((got - value).abs() < 1e-6, "{s} {l}: {got}");
        }
        assert!(trend_value(f32::NAN).is_nan());
    }
}
