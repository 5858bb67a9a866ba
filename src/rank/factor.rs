//! Factors: named, bounded multipliers on the base, all applied here.

use crate::config::Integrity;
use crate::id::MerchantRow;
use crate::model::FactorPart;
use crate::model::read::narrow;

/// The factor of a merchant's integrity p: p^γ within its bounds; 1 for an item without a merchant.
#[inline(always)]
pub(super) fn integrity(settings: &Integrity, integrity: &[f32], merchant: MerchantRow) -> f32 {
    let p = trust(integrity, merchant);
    let factor = if settings.gamma.to_bits() == 1.0_f64.to_bits() {
        p
    } else {
        narrow(f64::from(p).powf(settings.gamma))
    };
    factor.clamp(narrow(settings.min), narrow(settings.max))
}

fn trust(integrity: &[f32], merchant: MerchantRow) -> f32 {
    integrity.get(merchant.index()).copied().unwrap_or(1.0)
}

/// The same, with its reason.
pub(super) fn explain(settings: &Integrity, trusts: &[f32], merchant: MerchantRow) -> FactorPart {
    let factor = integrity(settings, trusts, merchant);
    let reason = match merchant.some() {
        Some(_) => format!("the merchant's integrity is {}", trust(trusts, merchant)),
        None => "no merchant".to_owned(),
    };
    FactorPart {
        name: "integrity",
        factor,
        reason,
    }
}
