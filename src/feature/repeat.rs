//! The chance that a user buys an item again within 14 days: see the guide `scoring`.
//!
//! Purchases after the first, N, and the days watched, E, fade alike: with the decayed number of purchases x, the age T of the first one
//! and the half-life h, N = max(0, x − 2^(−T/h)) and E = h/ln 2 · (1 − 2^(−T/h)). λ = (N + h·q·ρ)/(E + h) is the rate of repeats a day,
//! drawn towards q of the usual rate ρ of the item. If a is the age of the last purchase, a habit that is overdue fades:
//! λ′ = λ·exp(−½·max(0, a·λ − ½)). The chance is P = 1 − exp(−14·λ′).

use std::f64::consts::LN_2;

use crate::clock::Time;

/// Days within which the item is bought again.
pub const WITHIN: f64 = 14.0;
/// q: share of the usual rate of repeats that counts for somebody who bought once.
const TRUST: f64 = 0.4;
/// Half-spread of the habit: number of intervals since the last purchase from which a repeat is overdue.
const DUE: f64 = 0.5;
/// How much each interval beyond that lowers the logarithm of the rate.
const FADING: f64 = 0.5;
/// Number of orders that the usual amount of all users counts for.
const OF_ALL: f64 = 3.0;
/// ε: chances much below it are told apart less than in proportion.
const LEAST: f64 = 0.01;

/// What a user bought of one item, as of an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Purchases {
    /// Number of purchases not refunded in full, above 0.
    pub count: f64,
    /// x: the decayed number of purchases, less what was refunded.
    pub left: f64,
    /// T: days since the first purchase, at least 0.
    pub first: f64,
    /// a: days since the last purchase, at least 0.
    pub last: f64,
    /// The money of the purchases, less refunds, in units of the currency.
    pub sum: f64,
}

impl Purchases {
    /// Returns N and E: the number of repeats and the days watched, both faded with a half-life in days.
    #[must_use]
    pub fn repeats(&self, half_life: f64) -> [f64; 2] {
        let faded = (-self.first / half_life).exp2();
        let repeats = (self.left.min(self.count) - faded).max(0.0);
        [repeats, half_life / LN_2 * (1.0 - faded)]
    }

    /// Returns P, in [0, 1], given the usual number of repeats a day of the item, ρ.
    #[must_use]
    pub fn chance(&self, half_life: f64, usual: f64) -> f64 {
        let [repeats, watched] = self.repeats(half_life);
        let rate = (repeats + half_life * TRUST * usual) / (watched + half_life);
        let overdue = (self.last * rate - DUE).max(0.0);
        -(-WITHIN * rate * (-FADING * overdue).exp()).exp_m1()
    }

    /// Returns what one order of the item is usually worth to the user, given what it is to anybody, as if that had been spent thrice
    /// more; the user's own mean if it is not known.
    #[must_use]
    pub fn usual_amount(&self, of_all: Option<f64>) -> f64 {
        match of_all {
            Some(of_all) => (self.sum + OF_ALL * of_all) / (self.count + OF_ALL),
            None => self.sum / self.count,
        }
    }

    /// Returns the usual number of days between two purchases; `None` if there was one, or all were on one day.
    #[must_use]
    pub fn interval(&self) -> Option<f64> {
        let interval = (self.first - self.last) / (self.count - 1.0);
        (self.count > 1.5 && interval >= 0.5).then_some(interval)
    }
}

/// Returns the value of a chance, in [0, 1]: ln(1 + P/ε)/ln(1 + 1/ε).
#[inline]
#[must_use]
pub fn value(chance: f64) -> f64 {
    (chance / LEAST).ln_1p() / (1.0 / LEAST).ln_1p()
}

/// Seconds of a day.
pub(super) const DAY_SECONDS: f64 = 86_400.0;

/// Returns an instant in seconds since 1970.
#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds of the years 0 to 9999 are exact"
)]
pub(super) fn seconds(at: Time) -> f64 {
    at.millis() as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The half-life of the golden values in days.
    const HALF_LIFE: f64 = 120.0;

    /// Returns the purchases of an item so many days ago.
    fn bought(days: &[f64]) -> Purchases {
        Purchases {
            count: f64::from(u32::try_from(days.len()).unwrap()),
            left: days.iter().map(|day| (-day / HALF_LIFE).exp2()).sum(),
            first: days.iter().copied().fold(0.0, f64::max),
            last: days.iter().copied().fold(f64::INFINITY, f64::min),
            sum: 0.0,
        }
    }

    fn near(got: f64, expected: f64) {
        assert!((got - expected).abs() < 1e-6, "{got} is not {expected}");
    }

    fn weeks(from: f64, to: f64) -> Vec<f64> {
        let days = std::iter::successors(Some(from), |day| Some(day - 7.0));
        days.take_while(|day| *day >= to).collect()
    }

    #[test]
    fn chances_have_their_golden_values() {
        for (days, usual, repeats, watched, chance, shown) in [
            (vec![0.0], 0.004, 0.0, 0.0, 0.022_151, 0.253_050),
            (vec![30.0], 0.004, 0.0, 27.544_554, 0.018_053, 0.223_509),
            (vec![30.0], 0.001, 0.0, 27.544_554, 0.004_544, 0.081_170),
            (
                vec![60.0, 30.0],
                0.004,
                0.840_896,
                50.706_671,
                0.081_221,
                0.479_013,
            ),
            (
                vec![100.0, 70.0, 40.0, 10.0],
                0.004,
                2.404_995,
                75.961_179,
                0.169_341,
                0.625_489,
            ),
        ] {
            let pair = bought(&days);
            let [n, e] = pair.repeats(HALF_LIFE);
            near(n, repeats);
            near(e, watched);
            near(pair.chance(HALF_LIFE, usual), chance);
            near(value(pair.chance(HALF_LIFE, usual)), shown);
        }
        let habit = bought(&weeks(56.0, 7.0));
        near(habit.repeats(HALF_LIFE)[0], 5.974_159);
        near(habit.chance(HALF_LIFE, 0.004), 0.402_093);
        near(value(habit.chance(HALF_LIFE, 0.004)), 0.805_757);
        let overdue = bought(&weeks(109.0, 60.0));
        near(overdue.chance(HALF_LIFE, 0.004), 0.186_951);
        near(value(overdue.chance(HALF_LIFE, 0.004)), 0.645_783);
    }

    #[test]
    fn usual_amounts_have_their_golden_values() {
        for (count, sum, amount, shown) in [
            (1.0, 12.0, 6.0, 0.473_357),
            (4.0, 40.0, 52.0 / 7.0, 0.518_534),
            (4.0, 4.0, 16.0 / 7.0, 0.289_375),
        ] {
            let own = Purchases {
                count,
                sum,
                ..bought(&[3.0])
            };
            near(own.usual_amount(Some(4.0)), amount);
            near(
                own.usual_amount(Some(4.0)).ln_1p() / 60.0_f64.ln_1p(),
                shown,
            );
            near(own.usual_amount(None), sum / count);
        }
    }

    #[test]
    fn one_purchase_is_no_repeat() {
        let ahead = Purchases {
            left: 1.000_3,
            ..bought(&[0.0])
        };
        near(ahead.repeats(HALF_LIFE)[0], 0.0);
        assert_eq!(bought(&[30.0]).interval(), None);
        assert_eq!(bought(&[100.0, 70.0, 40.0, 10.0]).interval(), Some(30.0));
        assert_eq!(bought(&[3.0, 3.0]).interval(), None);
    }
}
