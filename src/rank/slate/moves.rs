//! The moves of an explanation: from the place by own to the final place, and the first rule that explains the difference.

use super::page::{Arranged, Held};
use super::plan::Plan;
use super::set::Set;
use super::why::Why;
use crate::model::Move;
use crate::rank::topk;

/// Returns the moves of each place of a page, none where own alone would have given that place.
///
/// `earlier` are the candidates of earlier pages, which are not counted.
pub(super) fn of<S: Set>(
    set: &S,
    plan: &Plan<'_>,
    page: &Arranged,
    earlier: &[Held],
) -> Vec<Vec<Move>> {
    let ranks = ranks(set, earlier);
    let places = page.held.iter().zip(page.start + 1..);
    let moved = places.map(|(held, to)| {
        let from = page.start + ranks[held.candidate];
        let rule = || name(set, plan, held, (from, to));
        let moved = (from != to).then(|| Move {
            rule: rule(),
            from,
            to,
            reason: None,
        });
        moved.into_iter().collect()
    });
    moved.collect()
}

/// Returns the place by own, from 1, of each candidate, `earlier` ones left out.
fn ranks<S: Set>(set: &S, earlier: &[Held]) -> Vec<usize> {
    let own = set.own();
    let mut is_here = vec![true; own.len()];
    earlier
        .iter()
        .for_each(|gone| is_here[gone.candidate] = false);
    let mut keys = Vec::new();
    topk::best(own, own.len(), |candidate| set.lot(candidate), &mut keys);
    let sorted = keys.iter().map(|key| topk::place(*key));
    let here = sorted.filter(|candidate| is_here[*candidate]);
    let mut ranks = vec![0; own.len()];
    for (rank, candidate) in here.enumerate() {
        ranks[candidate] = rank + 1;
    }
    ranks
}

/// Returns the first rule that explains a move.
fn name<S: Set>(set: &S, plan: &Plan<'_>, held: &Held, (from, to): (usize, usize)) -> String {
    let down = to > from;
    match held.why {
        Why::Pin => return "pin".to_owned(),
        Why::Slot(slot) => return format!("slot.{}", plan.slots[slot].0),
        Why::Support => return "support".to_owned(),
        Why::Fill {
            passed: Some(by), ..
        } if down => return format!("cap.{}", by.name()),
        Why::Fill { decayed: true, .. } if down => return "decay".to_owned(),
        Why::Mmr => return "mmr".to_owned(),
        Why::First => return "displaced".to_owned(),
        Why::Fill { .. } => {}
    }
    let own = set.own()[held.candidate];
    let lifts = |scores: &[f32]| {
        let score = scores[held.candidate];
        if down { score < own } else { score > own }
    };
    let lifted = set.lifted().is_some_and(lifts);
    if lifted { "lift" } else { "displaced" }.to_owned()
}
