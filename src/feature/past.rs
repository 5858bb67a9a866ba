//! What a user bought lately, as a figure: purchases and their money with a half-life of 28 days, by which experiments tell users apart
//! who differ before they begin.
//!
//! 8 bytes: each sum is kept as the binary logarithm of Σ gain·2^((t − t₀)/h), which is added to by 2^a + 2^b = 2^a·(1 + 2^(b − a)). So no
//! landmark moves, and the order of events does not matter. A refund changes nothing: the user did buy.

use serde::{Deserialize, Serialize};

use super::figure::Figure;
use super::learned::Learned;
use super::moment::{Learn, Moment};
use crate::clock::Time;
use crate::decay::Decay;
use crate::model::EventKind;
use crate::number::{DAY_MILLIS, narrow, span};

/// The half-life in milliseconds.
const HALF_LIFE: f64 = 28.0 * DAY_MILLIS;
/// The instant t₀, in milliseconds since 1970: the begin of 2026. Near it the logarithms are small and have the most digits.
const LANDMARK: i64 = 1_767_225_600_000;

/// What a user bought lately.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub struct Past {
    /// Logarithm of the purchases.
    orders: f32,
    /// Logarithm of their money.
    money: f32,
}

impl Default for Past {
    fn default() -> Self {
        Self {
            orders: f32::NEG_INFINITY,
            money: f32::NEG_INFINITY,
        }
    }
}

impl Past {
    /// Returns the decayed purchases and their money at an instant.
    #[must_use]
    pub fn at(&self, at: Time) -> [f64; 2] {
        [self.orders, self.money].map(|sum| (f64::from(sum) - age(at)).exp2())
    }
}

/// Returns an instant in half-lives since the landmark.
fn age(at: Time) -> f64 {
    span(at.millis() - LANDMARK) / HALF_LIFE
}

/// Returns log₂(2^a + 2^b).
fn plus(a: f32, b: f64) -> f32 {
    let a = f64::from(a);
    let (low, high) = (a.min(b), a.max(b));
    if low == f64::NEG_INFINITY {
        return narrow(high);
    }
    narrow(high + (low - high).exp2().ln_1p() * std::f64::consts::LOG2_E)
}

impl Figure for Past {
    #[inline(always)]
    fn concerns(event: &Learned<'_>) -> bool {
        event.kind == EventKind::Purchase
    }

    fn learn(&mut self, event: &Learned<'_>, _: &Moment<'_>) -> usize {
        let age = age(event.at);
        self.orders = plus(self.orders, age);
        let money = event.worth.map_or(0.0, |money| money.units());
        self.money = plus(self.money, age + money.log2());
        0
    }

    fn absorb(&mut self, other: &mut Self, _: &Learn) -> usize {
        self.orders = plus(self.orders, other.orders.into());
        self.money = plus(self.money, other.money.into());
        0
    }

    fn change_decay(&mut self, _: Decay, _: Decay, _: Time) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::DAY;
    use crate::random::Random;

    fn of(gains: &[(i64, f64)]) -> Past {
        let mut past = Past::default();
        for (day, money) in gains {
            let age = age(Time::default().plus(day * DAY));
            past.orders = plus(past.orders, age);
            past.money = plus(past.money, age + money.log2());
        }
        past
    }

    #[test]
    fn sums_halve_in_28_days() {
        let at = |day: i64| Time::default().plus(day * DAY);
        let past = of(&[(20_500, 8.0), (20_528, 2.0)]);
        let [orders, money] = past.at(at(20_528));
        assert!(
            (orders - 1.5).abs() < 1e-4 && (money - 6.0).abs() < 1e-3,
            "{orders} {money}"
        );
        assert!((past.at(at(20_556))[1] - 3.0).abs() < 1e-3);
        assert_eq!(Past::default().at(at(20_528)).map(f64::to_bits), [0; 2]);
        assert_eq!(
            of(&[(20_500, 0.0)]).at(at(20_500))[1].to_bits(),
            0.0_f64.to_bits()
        );
        assert_eq!(size_of::<Past>(), 8);
    }

    #[test]
    fn the_order_of_purchases_does_not_matter() {
        let mut gains: Vec<(i64, f64)> = (0..50)
            .map(|n| (20_000 + n * 37 % 700, 1.0 + (n % 7) as f64))
            .collect();
        let at = Time::default().plus(20_700 * DAY);
        let right = of(&gains).at(at);
        for seed in 0..20 {
            Random::new(seed).shuffle(&mut gains);
            for (left, right) in of(&gains).at(at).into_iter().zip(right) {
                assert!((left / right - 1.0).abs() < 1e-4, "{left} {right}");
            }
        }
    }
}
