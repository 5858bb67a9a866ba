//! Sums that decay together: one landmark for all of them.
//!
//! The sums are kept relative to the landmark, as [`Decay`] explains. A sum is read as its kept number × [`Decayed::left`].

use serde::{Deserialize, Serialize};

use crate::clock::Time;
use crate::decay::Decay;

/// Numbers that decay together.
pub trait Sums {
    /// Multiplies every sum by a factor.
    fn scale(&mut self, factor: f64);

    /// Returns whether nothing was added yet.
    fn is_blank(&self) -> bool;
}

impl<const N: usize> Sums for [f64; N] {
    fn scale(&mut self, factor: f64) {
        self.iter_mut().for_each(|sum| *sum *= factor);
    }

    fn is_blank(&self) -> bool {
        self.iter().all(|sum| sum.abs() <= 0.0)
    }
}

/// Sums and their landmark.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Decayed<S> {
    landmark: f64,
    /// The sums, relative to the landmark.
    pub sums: S,
}

impl<S> Decayed<S> {
    /// Returns other sums under the same landmark.
    pub fn map<T>(self, of: impl FnOnce(S) -> T) -> Decayed<T> {
        Decayed {
            landmark: self.landmark,
            sums: of(self.sums),
        }
    }
}

impl<S: Sums> Decayed<S> {
    /// Prepares for gains at an instant; returns what a gain of 1 adds to a sum.
    pub fn open(&mut self, decay: Decay, at: Time) -> f64 {
        if self.sums.is_blank() {
            self.landmark = decay.landmark(at);
        } else if let Some(landmark) = decay.moved(self.landmark, at) {
            self.sums.scale((self.landmark - landmark).exp2());
            self.landmark = landmark;
        }
        decay.growth(self.landmark, at)
    }

    /// Returns the factor that turns a kept sum into its value at an instant.
    #[must_use]
    pub fn left(&self, decay: Decay, at: Time) -> f64 {
        decay.left(self.landmark, at)
    }

    /// Returns other sums relative to the same landmark as these, which move to the later landmark of the two.
    pub fn meet(&mut self, mut other: Self) -> S {
        if self.sums.is_blank() {
            self.landmark = other.landmark;
        } else if other.landmark > self.landmark {
            self.sums.scale((self.landmark - other.landmark).exp2());
            self.landmark = other.landmark;
        } else {
            other.sums.scale((other.landmark - self.landmark).exp2());
        }
        other.sums
    }

    /// Changes the decay from an instant on. The value of every sum at that instant is unchanged.
    pub fn change_decay(&mut self, from: Decay, to: Decay, at: Time) {
        let (factor, landmark) = from.changed_to(to, self.landmark, at);
        self.sums.scale(factor);
        self.landmark = landmark;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clock::DAY;

    proptest! {
        #![proptest_config(crate::tests::cases(256))]

        #[test]
        fn sums_keep_their_ratio_under_any_decay(days in prop::collection::vec((0i64..4_000, 0.1..9.0f64), 1..40), to in 1.0..90.0f64) {
            let day = |day: i64| Time::default().plus(day * DAY);
            let decay = |days: f64| Decay::new(days * crate::number::DAY_MILLIS);
            let (from, to) = (decay(30.0), decay(to));
            let mut decayed = Decayed::<[f64; 2]>::default();
            for &(at, gain) in &days {
                let growth = decayed.open(from, day(at));
                decayed.sums[0] += growth * gain;
                decayed.sums[1] += growth * gain * 3.0;
            }
            let before = decayed.sums[0] * decayed.left(from, day(4_000));
            decayed.change_decay(from, to, day(4_000));
            let after = decayed.sums[0] * decayed.left(to, day(4_000));
            prop_assert!((before - after).abs() <= 1e-9 * before, "{before} {after}");
            prop_assert!((decayed.sums[1] / decayed.sums[0] - 3.0).abs() < 1e-9);
        }
    }
}
