//! The repeats of all users by item, from which a rebuild learns the usual rates: ΣN and ΣE of `repeat.rs`.
//!
//! A marketplace has tens of millions of pairs of users and items. They are read once, in the order in which they lie, and four at a time;
//! the sums that they change lie anywhere, so they are prefetched.

use std::f64::consts::LN_2;

use wide::f64x4;

use super::bought::Bought;
use super::repeat::{DAY_SECONDS, seconds};
use crate::clock::Time;
use crate::decay::Decay;
use crate::number::DAY_MILLIS;
use crate::prefetch::prefetch;

/// Adds up the repeats of all users by item, for a rebuild.
#[derive(Debug)]
pub struct RepeatSums {
    decay: Decay,
    now: Time,
    /// Days of a half-life.
    half_life: f64,
    /// ΣN and ΣE by item row.
    sums: Vec<[f64; 2]>,
}

impl RepeatSums {
    /// Creates empty sums of `items` items as of an instant, for a half-life in milliseconds.
    #[must_use]
    pub fn new(half_life: f64, now: Time, items: usize) -> Self {
        Self {
            decay: Decay::new(half_life),
            now,
            half_life: half_life / DAY_MILLIS,
            sums: vec![[0.0; 2]; items],
        }
    }

    /// Prefetches the sums of what one user bought, before [`Self::add`].
    pub fn prefetch(&self, bought: &Bought) {
        let sums = bought
            .items()
            .filter_map(|item| self.sums.get(item.index()));
        sums.for_each(prefetch);
    }

    /// Adds what one user bought. Four items at a time, since a marketplace has millions of them.
    pub fn add(&mut self, bought: &Bought) {
        let Some((left, pairs)) = bought.read(self.decay, self.now) else {
            return;
        };
        let now = seconds(self.now);
        let per_second = f64x4::splat(-1.0 / (self.half_life * DAY_SECONDS));
        let days = self.half_life / LN_2;
        let groups = pairs.numbers().lanes().zip(pairs.marks().chunks(4));
        for ((items, numbers), marks) in groups {
            let mut ages = [0.0; 4];
            for (age, mark) in ages.iter_mut().zip(marks) {
                *age = (now - f64::from(mark.first)).max(0.0);
            }
            let faded = (f64x4::new(ages) * per_second).exp2().to_array();
            for (lane, mark) in marks.iter().enumerate().filter(|(_, mark)| mark.count > 0) {
                let number = (numbers[lane] * left).min(f64::from(mark.count));
                if let Some([repeats, watched]) = self.sums.get_mut(items[lane] as usize) {
                    *repeats += (number - faded[lane]).max(0.0);
                    *watched += days * (1.0 - faded[lane]);
                }
            }
        }
    }

    /// Returns ΣN and ΣE by item row.
    #[must_use]
    pub fn into_sums(self) -> Vec<[f64; 2]> {
        self.sums
    }
}
