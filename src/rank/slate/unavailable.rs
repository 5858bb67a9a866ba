//! Rule `unavailable`: an item that is declared unavailable cannot be bought, so it is not shown.

use crate::rank::resolve::Candidate;

/// Returns whether the item is declared unavailable.
#[inline(always)]
pub(super) fn hides(candidate: &Candidate<'_>) -> bool {
    !candidate.item.available()
}
