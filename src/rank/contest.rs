//! The contest for the places of a slot: which candidates are in its pool, and what they score under the slot's own weights.
//!
//! If the scene weighs all that the slot weighs, the slot's scores are blended out of the scene's columns and factors, which costs next to
//! nothing. Else those who are in the pool are scored by themselves.

use super::blend::Weights;
use super::resolve::Candidate;
use super::score::Scorer;
use super::slot_scores::SlotScores;
use super::view::View;
use crate::bits::Bits;
use crate::config::{Pool, Slot};
use crate::id::ItemRow;

/// The contest for the places of one slot.
#[derive(Debug)]
pub(super) struct Contest<'a> {
    pub(super) slot: &'a Slot,
    pool: Items<'a>,
    /// `None` if the slot goes by own.
    own: Option<SlotScores<'a>>,
}

/// The items of a pool.
#[derive(Debug)]
enum Items<'a> {
    /// The members of a selection.
    Selected(&'a Bits),
    /// The rows of a list, sorted.
    Listed(Vec<ItemRow>),
}

impl<'a> Contest<'a> {
    /// Returns the contest for a slot before the first of so many candidates, given the slot's own weights.
    pub(super) fn new(
        view: &'a View<'a>,
        (slot, weights): (&'a Slot, Option<&'a Weights>),
        (scorer, candidates): (&Scorer<'_>, usize),
    ) -> Self {
        let own = weights.map(|weights| {
            let blends = scorer.fills_in(weights);
            SlotScores::new(weights, blends, candidates)
        });
        Self {
            slot,
            pool: Items::of(view, &slot.pool),
            own,
        }
    }

    /// Returns whether an item is in the pool.
    #[inline]
    pub(super) fn has(&self, row: ItemRow) -> bool {
        self.pool.has(row)
    }

    /// Returns what each candidate scores under the slot's own weights. Who is not in the pool may have any score.
    pub(super) fn scores(&self) -> &[f32] {
        self.own.as_ref().map_or(&[], |own| &own.scores)
    }

    /// Returns the scores that are blended out of the scene's columns, if they are.
    pub(super) fn blended(&mut self) -> Option<&mut SlotScores<'a>> {
        self.own.as_mut().filter(|own| own.blends)
    }

    /// Scores those of a block of candidates who are in the pool, unless their scores were blended.
    pub(super) fn score(&mut self, block: &[Candidate<'_>], scorer: &Scorer<'_>) {
        let Some(own) = self.own.as_mut().filter(|own| !own.blends) else {
            return;
        };
        let first = own.scores.len();
        own.scores.resize(first + block.len(), 0.0);
        let all = block.iter().zip(&mut own.scores[first..]);
        let members = all.filter(|(candidate, _)| self.pool.has(candidate.row));
        let (members, scores): (Vec<Candidate<'_>>, Vec<&mut f32>) = members
            .map(|(candidate, score)| (*candidate, score))
            .unzip();
        let mut scored = vec![0.0; members.len()];
        scorer.weighing(own.weights).score(&members, &mut scored);
        scores
            .into_iter()
            .zip(scored)
            .for_each(|(to, score)| *to = score);
    }
}

impl<'a> Items<'a> {
    fn of(view: &View<'a>, pool: &Pool) -> Self {
        let find = |id: &String| view.items.find(view.hasher.hash(id), id);
        match pool {
            Pool::Selection(selection) => Self::Selected(view.selections.bits(*selection)),
            Pool::Items(items) => {
                let mut rows: Vec<ItemRow> = items.iter().filter_map(find).collect();
                rows.sort_unstable();
                Self::Listed(rows)
            }
        }
    }

    #[inline]
    fn has(&self, row: ItemRow) -> bool {
        match self {
            Self::Selected(members) => members.has(row.index()),
            Self::Listed(rows) => rows.binary_search(&row).is_ok(),
        }
    }
}
