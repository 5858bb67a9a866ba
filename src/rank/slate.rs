//! Rules that keep a candidate out.

use super::resolve::Candidate;
use crate::feature::Items;
use crate::model::Dropped;

/// An item that cannot be had is not shown.
const UNAVAILABLE: &str = "unavailable";

/// Parts the candidates that may be shown from those that a rule keeps out.
pub(super) fn keep<'a>(
    mut candidates: Vec<Candidate<'a>>,
    items: &Items,
) -> (Vec<Candidate<'a>>, Vec<Dropped>) {
    let mut dropped = Vec::new();
    candidates.retain(|candidate| {
        if !candidate.item.available() {
            dropped.push(Dropped {
                id: items.id(candidate.row).into(),
                rule: UNAVAILABLE,
            });
        }
        candidate.item.available()
    });
    (candidates, dropped)
}
