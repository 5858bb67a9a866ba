//! Amounts of exposure as whole numbers of a small unit, so that their sums depend on no order.

use std::iter::Sum;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// Units of one exposure.
const UNITS: u64 = 1 << 20;

/// An amount of exposure: one impression is 1, a placed item its weight. Kept to the millionth part; saturates at 2³⁴.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Amount(u64);

impl Amount {
    /// The exposure that one impression is.
    pub const ONE: Self = Self(UNITS);
    /// Bits of the largest amount.
    pub(super) const BITS: u32 = 54;
    const MOST: u64 = (1 << Self::BITS) - 1;

    /// Returns a weight, in [0, 1], as an amount.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a weight in [0, 1] is at most 2^20 units"
    )]
    #[must_use]
    pub fn of(weight: f64) -> Self {
        Self((weight.clamp(0.0, 1.0) * Self::ONE.units_f64()).round() as u64)
    }

    /// Returns the amount in units.
    #[must_use]
    pub const fn units(self) -> u64 {
        self.0
    }

    /// Returns the amount of a number of units.
    #[must_use]
    pub const fn from_units(units: u64) -> Self {
        Self(if units < Self::MOST {
            units
        } else {
            Self::MOST
        })
    }

    /// Returns the sum of two amounts.
    #[must_use]
    pub const fn plus(self, more: Self) -> Self {
        Self::from_units(self.0.saturating_add(more.0))
    }

    /// Returns the number of exposures.
    #[must_use]
    pub fn exposures(self) -> f64 {
        self.units_f64() / Self::ONE.units_f64()
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "amounts up to 2^53 units, eight thousand million exposures, are exact"
    )]
    fn units_f64(self) -> f64 {
        self.0 as f64
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, more: Self) {
        *self = self.plus(more);
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), Self::plus)
    }
}
