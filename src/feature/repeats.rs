//! The repeats of all users by item, from which a rebuild learns the usual rates: ΣN and ΣE of `repeat.rs`.
//!
//! A marketplace has tens of millions of pairs of users and items. They are read once, in the order in which they lie, and four at a time;
//! the sums that they change lie anywhere, so they are prefetched.

use std::f64::consts::LN_2;

use wide::f64x4;

use super::bought::Bought;
use super::history::History;
use super::lanes::LANES;
use super::repeat::{DAY_SECONDS, seconds};
use crate::clock::Time;
use crate::decay::Decay;
use crate::number::DAY_MILLIS;
use crate::prefetch::prefetch;

/// What is read of the marks of four items.
#[derive(Default)]
struct Four {
    /// The seconds of the first purchases.
    firsts: [f64; LANES],
    /// The numbers of purchases, 0 for no item.
    counts: [f64; LANES],
    /// The same, 0 for a purchase that is the only one.
    most: [f64; LANES],
}

/// Adds up the repeats of all users by item, for a rebuild.
#[derive(Debug)]
pub struct RepeatSums {
    decay: Decay,
    now: Time,
    /// The second of that instant.
    second: f64,
    /// Half-lives a second, below 0.
    fading: f64,
    /// E of all time, in days.
    all: f64,
    /// ΣN by item row. Nothing is added for a purchase that is the only one, so this is read less often.
    repeats: Vec<f64>,
    /// ΣE by item row.
    watched: Vec<f64>,
}

impl RepeatSums {
    /// Creates empty sums of `items` items as of an instant, for a half-life in milliseconds.
    #[must_use]
    pub fn new(half_life: f64, now: Time, items: usize) -> Self {
        let days = half_life / DAY_MILLIS;
        Self {
            decay: Decay::new(half_life),
            now,
            second: seconds(now),
            fading: -1.0 / (days * DAY_SECONDS),
            all: days / LN_2,
            repeats: vec![0.0; items],
            watched: vec![0.0; items],
        }
    }

    /// Prefetches the sums of what one user bought, before [`Self::add`].
    pub fn prefetch(&self, bought: &Bought) {
        let lanes = bought.numbers().into_iter().flat_map(History::lanes);
        for (items, _) in lanes {
            for item in items {
                let watched = self.watched.get(*item as usize);
                watched.into_iter().for_each(prefetch);
            }
        }
    }

    /// Adds what one user bought. Four items at a time, since a marketplace has millions of them.
    pub fn add(&mut self, bought: &Bought) {
        let Some((left, pairs)) = bought.read(self.decay, self.now) else {
            return;
        };
        let (numbers, marks) = (pairs.numbers(), pairs.marks());
        for ((items, numbers), shorts) in numbers.lanes().zip(marks.shorts().chunks(LANES)) {
            let mut four = Four::default();
            for (lane, short) in shorts.iter().enumerate() {
                four.firsts[lane] = f64::from(short.first);
                let count = marks.count_of_many(*short);
                four.counts[lane] = f64::from(count.unwrap_or(1));
                four.most[lane] = f64::from(count.unwrap_or(0));
            }
            self.add_four(items, f64x4::new(numbers) * left, &four);
        }
    }

    /// Adds four items, given what is left of their purchases.
    #[inline(always)]
    fn add_four(&mut self, items: &[u32; LANES], left: f64x4, four: &Four) {
        let ages = (f64x4::splat(self.second) - f64x4::new(four.firsts)).fast_max(f64x4::ZERO);
        let faded = (ages * self.fading).exp2();
        let repeats = (left.fast_min(f64x4::new(four.most)) - faded).fast_max(f64x4::ZERO);
        let watched = (f64x4::ONE - faded) * self.all;
        let (repeats, watched) = (repeats.to_array(), watched.to_array());
        for lane in (0..LANES).filter(|lane| four.counts[*lane] > 0.0) {
            let item = items[lane] as usize;
            let sum = self.watched.get_mut(item);
            sum.into_iter().for_each(|sum| *sum += watched[lane]);
            if repeats[lane] > 0.0 {
                let sum = self.repeats.get_mut(item);
                sum.into_iter().for_each(|sum| *sum += repeats[lane]);
            }
        }
    }

    /// Returns ΣN and ΣE, each by item row.
    #[must_use]
    pub fn into_sums(self) -> [Vec<f64>; 2] {
        [self.repeats, self.watched]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::DAY;
    use proptest::prelude::*;
    use serde_json::json;

    const ITEMS: usize = 12;

    /// Returns a user who bought the items 0, 1, … so often, first so many days after 1970.
    fn user(items: &[(i32, u32)]) -> Bought {
        let pairs = items.iter().enumerate().map(|(item, &(count, first))| {
            let first = first * 86_400;
            let mark =
                json!({"first": first, "last": first + u32::from(count > 1), "count": count, "sum": [0, 0]});
            json!({"number": {"key": item, "weight": f64::from(count) * 0.9}, "mark": mark})
        });
        let sums: Vec<_> = pairs.collect();
        serde_json::from_value(json!({"landmark": 0.0, "sums": sums})).unwrap()
    }

    proptest! {
        #![proptest_config(crate::tests::cases(256))]

        #[test]
        fn sums_are_those_of_each_item_of_each_user(
            users in prop::collection::vec(prop::collection::vec((-1i32..4, 0u32..200), 0..ITEMS), 0..6),
        ) {
            let (now, half_life) = (Time::default().plus(150 * DAY), 120.0);
            let mut sums = RepeatSums::new(half_life * DAY_MILLIS, now, ITEMS);
            let mut right = [[0.0; 2]; ITEMS];
            for bought in users.iter().map(|items| user(items)) {
                sums.prefetch(&bought);
                sums.add(&bought);
                for (item, place) in bought.kept() {
                    let purchases = bought.purchases(place, Decay::new(half_life * DAY_MILLIS), now).unwrap();
                    for (sum, more) in right[item.0 as usize].iter_mut().zip(purchases.repeats(half_life)) {
                        *sum += more;
                    }
                }
            }
            let right = [0, 1].map(|sum| right.map(|of| of[sum]));
            for (got, right) in sums.into_sums().iter().flatten().zip(right.iter().flatten()) {
                prop_assert!((got - right).abs() < 1e-9, "{} {}", got, right);
            }
        }
    }
}
