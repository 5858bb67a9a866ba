//! Rules `removed` and `merchant_unavailable`: what a merchant sells goes with the merchant.

use crate::feature::{Merchants, Offer};
use crate::rank::resolve::Candidate;

/// Returns whether an item's merchant has that kind of offer.
pub(super) fn hides(
    merchants: &Merchants,
    offer: Offer,
) -> impl Fn(&Candidate<'_>) -> bool + use<'_> {
    move |candidate| merchants.offer(candidate.item.merchant) == offer
}
