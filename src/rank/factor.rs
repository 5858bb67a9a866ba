//! Factors: named, bounded multipliers on the base, all applied here.

use super::view::View;
use crate::feature::Merchants;
use crate::id::MerchantRow;
use crate::model::FactorPart;
use crate::number::narrow;

/// What multiplies bases in one request.
#[derive(Debug)]
pub(super) struct Factors<'a> {
    merchants: &'a Merchants,
    gamma: f64,
    bounds: (f32, f32),
}

impl<'a> Factors<'a> {
    /// The factors of one request.
    pub(super) fn new(view: &View<'a>) -> Self {
        let settings = &view.config.integrity;
        Self {
            merchants: view.merchants,
            gamma: settings.gamma,
            bounds: (narrow(settings.min), narrow(settings.max)),
        }
    }

    /// What the base of a merchant's item is multiplied by: its integrity p as p^γ within the bounds; p is 1 without a merchant.
    #[inline(always)]
    pub(super) fn of(&self, merchant: MerchantRow) -> f32 {
        let p = self.merchants.integrity(merchant);
        let factor = if self.gamma.to_bits() == 1.0_f64.to_bits() {
            p
        } else {
            narrow(f64::from(p).powf(self.gamma))
        };
        factor.clamp(self.bounds.0, self.bounds.1)
    }

    /// The same, with its reason.
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
