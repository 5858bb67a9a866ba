//! The page that is asked for, and what it gives up, whatever the candidates come from.

use super::price::price;
use super::slate::{Arranged, Arranger, Set};

/// Arranges the page after `start` places, of at most `limit` places. If earlier pages are forgotten, they are arranged `anew`.
pub(super) fn page<S: Set>(
    arranger: &mut Arranger<'_, S>,
    (start, anew): (usize, bool),
    limit: usize,
) -> Arranged {
    let mut reached = if anew { 0 } else { start };
    while reached < start {
        let page = arranger.next(limit.min(start - reached));
        if page.held.is_empty() {
            return page;
        }
        reached += page.held.len();
    }
    arranger.next(limit)
}

/// Returns the price of the first page, given the own of every candidate.
pub(super) fn page_price<S: Set>(
    arranger: &mut Arranger<'_, S>,
    page: &Arranged,
    own: &[f32],
) -> f64 {
    let placed = page.held.iter().map(|held| own[held.candidate]);
    let best = arranger.best(page.held.len()).map(|it| own[it]);
    price(best.zip(placed))
}
