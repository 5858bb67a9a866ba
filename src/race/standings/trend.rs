//! Trends of items: whether an item sells more in these days than it usually does.
//!
//! Two counts of purchases fade with half-lives of 3 and 30 days, s and l; a buyer counts once an item and day, at the earliest purchase
//! that was not refunded in full. A steady item has 10·s = l, so ln((10·s + 4)/(l + 4)) is 0 for it. Other than in the race the day that
//! has not ended counts too: a trend is news. Days that have left the
//! window count too, as one sum an item.

use rayon::prelude::*;

use super::super::ledger::{HALF_LIVES, HistoryDay, Purchase, SalesHistory, first_purchases};
use super::super::runner::Kind;
use crate::clock::Time;
use crate::id::ItemRow;
use crate::number::{DAY_MILLIS, narrow, span};

/// Purchases that both counts begin with, so that a few say little.
const PRIOR: f32 = 4.0;

/// Returns the counts s and l of `items` items at an instant, in a time zone `utc_offset` milliseconds east of UTC.
///
/// Uses the rayon pool in which it is called.
pub(super) fn counts(
    history: &SalesHistory,
    (as_of, utc_offset): (Time, i64),
    items: usize,
) -> Vec<[f32; 2]> {
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
    sums.into_iter().map(|sums| sums.map(narrow)).collect()
}

/// Returns a function from the counts of an item at a rebuild to how many times as much as usual it sells at an instant after it,
/// (10·s + 4)/(l + 4); NaN for NaN.
pub(super) fn trend(as_of: Time, now: Time) -> impl Fn([f32; 2]) -> f32 {
    let age = days_between(as_of, now);
    let left = HALF_LIVES.map(|half_life| narrow((-age / f64::from(half_life)).exp2()));
    move |[s, l]| times(s * left[0], l * left[1])
}

#[inline(always)]
fn times(s: f32, l: f32) -> f32 {
    (10.0 * s + PRIOR) / (l + PRIOR)
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
            let got = (0.5 + 0.25 * times(s, l).ln()).clamp(0.0, 1.0);
            assert!((got - value).abs() < 1e-6, "{s} {l}: {got}");
        }
    }
}
