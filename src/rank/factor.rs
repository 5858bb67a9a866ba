//! Factors: named, bounded multipliers of the base. Score = base × factors.

use super::resolve::Candidate;
use super::view::View;
use crate::config::Integrity;
use crate::feature::Merchants;
use crate::id::MerchantRow;
use crate::model::FactorPart;
use crate::number::narrow;

/// The factors of one request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Factors<'a> {
    merchants: &'a Merchants,
    power: Power,
}

/// The power of integrity, within its bounds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Power {
    gamma: f64,
    bounds: (f32, f32),
}

impl Power {
    /// Creates the power of a configuration.
    pub(super) fn new(settings: &Integrity) -> Self {
        Self {
            gamma: settings.gamma,
            bounds: (narrow(settings.min), narrow(settings.max)),
        }
    }

    /// Returns clamp(p^γ, min, max).
    #[inline(always)]
    pub(super) fn of(&self, p: f32) -> f32 {
        let factor = if self.gamma.to_bits() == 1.0_f64.to_bits() {
            p
        } else {
            narrow(f64::from(p).powf(self.gamma))
        };
        factor.clamp(self.bounds.0, self.bounds.1)
    }
}

impl<'a> Factors<'a> {
    /// Creates the factors of one request.
    pub(super) fn new(view: &View<'a>) -> Self {
        Self {
            merchants: view.merchants,
            power: Power::new(&view.config.integrity),
        }
    }

    /// Fills in the factors of one block of candidates.
    #[inline(always)]
    pub(super) fn fill(&self, block: &[Candidate<'_>], factors: &mut [f32]) {
        for (candidate, factor) in block.iter().zip(factors) {
            *factor = self.of(candidate.item.merchant);
        }
    }

    /// Returns the factor of a merchant's items: clamp(p^γ, min, max) of its integrity p. Without a merchant p is 1.
    #[inline(always)]
    pub(super) fn of(&self, merchant: MerchantRow) -> f32 {
        self.power.of(self.merchants.integrity(merchant))
    }

    /// Returns the same factor with its reason.
    pub(super) fn explain(&self, merchant: MerchantRow) -> FactorPart {
        let reason = match merchant.some() {
            Some(_) => format!(
                "the merchant's integrity is {}",
                self.merchants.integrity(merchant)
            ),
            None => "no merchant".to_owned(),
        };
        FactorPart {
            name: "integrity",
            factor: self.of(merchant),
            reason,
        }
    }
}

/// Multiplies numbers by factors.
#[inline(always)]
pub(super) fn multiply(numbers: &mut [f32], factors: &[f32]) {
    for (number, factor) in numbers.iter_mut().zip(factors) {
        *number *= factor;
    }
}
