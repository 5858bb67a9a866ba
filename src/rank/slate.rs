//! Rules that keep a candidate out.

use super::resolve::Candidate;
use crate::model::Dropped;

/// An item that cannot be had is not shown.
const UNAVAILABLE: &str = "unavailable";

/// Parts the candidates that may be shown from those that a rule keeps out.
pub(super) fn keep(mut candidates: Vec<Candidate<'_>>) -> (Vec<Candidate<'_>>, Vec<Dropped>) {
    let mut dropped = Vec::new();
    candidates.retain(|candidate| {
        if !candidate.item.available {
            dropped.push(Dropped {
                id: candidate.item.id().into(),
                rule: UNAVAILABLE,
            });
        }
        candidate.item.available
    });
    (candidates, dropped)
}
