//! Money as whole millionths of the currency's unit.
//!
//! Integer sums are exact and do not depend on the order of their terms; sums of `f64` would make standings depend on the order in
//! which events arrive. Sums saturate at the range of `i64` (about 9.2·10¹² units), which for terms of one sign does not depend on the
//! order either.

use serde::{Deserialize, Serialize};

/// An amount in millionths of the currency's unit.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize,
)]
#[repr(transparent)]
pub struct Money(pub i64);

impl Money {
    /// Millionths of a unit.
    pub const MICROS: f64 = 1e6;
    /// No money.
    pub const ZERO: Self = Self(0);
    /// The largest amount; as a refund, the whole purchase.
    pub const MAX: Self = Self(i64::MAX);

    /// The amount nearest to `units`; [`Self::ZERO`] for a negative number or NaN, [`Self::MAX`] for a number that is too large.
    #[must_use]
    pub fn from_units(units: f64) -> Self {
        Self::round(units.max(0.0) * Self::MICROS)
    }

    /// This amount in units of the currency.
    #[must_use]
    pub fn units(self) -> f64 {
        self.0 as f64 / Self::MICROS
    }

    /// The saturating sum.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, at least [`Self::ZERO`].
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0).max(0))
    }

    /// This amount times `share`.
    #[must_use]
    pub fn scaled(self, share: f64) -> Self {
        Self::round(self.0 as f64 * share)
    }

    /// This amount × `part` / `whole`, rounded to the nearest millionth; the intermediate product is exact. `whole` is above 0.
    #[must_use]
    pub fn portion(self, part: Self, whole: Self) -> Self {
        let (part, whole) = (i128::from(part.0), i128::from(whole.0.max(1)));
        let portion = (i128::from(self.0) * part + whole / 2).div_euclid(whole);
        Self(i64::try_from(portion).unwrap_or(i64::MAX))
    }

    /// The amount halfway to `higher`, rounded down.
    #[must_use]
    pub const fn halfway(self, higher: Self) -> Self {
        Self(self.0 + (higher.0 - self.0) / 2)
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the value is rounded, and the cast saturates"
    )]
    fn round(micros: f64) -> Self {
        Self(micros.round() as i64)
    }
}

impl std::iter::Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::plus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_round_to_millionths_and_saturate() {
        assert_eq!(Money::from_units(1.000_000_4), Money(1_000_000));
        assert_eq!(Money::from_units(1.000_000_6), Money(1_000_001));
        assert_eq!(Money::from_units(-3.0), Money::ZERO);
        assert_eq!(Money::from_units(f64::NAN), Money::ZERO);
        assert_eq!(Money::from_units(1e300), Money::MAX);
        assert_eq!(Money::from_units(1e12), Money(1_000_000_000_000_000_000));
    }

    #[test]
    fn portions_are_exact() {
        assert_eq!(Money(7).portion(Money(3), Money(10)), Money(2));
        assert_eq!(Money(5).portion(Money(3), Money(10)), Money(2));
        assert_eq!(Money::MAX.portion(Money::MAX, Money::MAX), Money::MAX);
        assert_eq!(Money::MAX.portion(Money(2), Money(1)), Money::MAX);
        assert_eq!(Money(3).portion(Money(1), Money::ZERO), Money(3));
    }

    #[test]
    fn sums_saturate() {
        let much = Money::from_units(1e12);
        assert_eq!(std::iter::repeat_n(much, 50).sum::<Money>(), Money::MAX);
        assert_eq!(Money(1).less(Money::MAX), Money::ZERO);
    }
}
