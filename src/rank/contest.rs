//! The contest for the places of a slot: which candidates are in its pool, and what they score under the slot's own weights.
//!
//! If the scene weighs all that the slot weighs, the slot's scores are blended out of the scene's columns and factors, which costs next to
//! nothing. Else those who are in the pool are scored by themselves.

use super::blend::{Weights, bound};
use super::resolve::Candidate;
use super::score::{Scorer, multiply};
use super::view::View;
use crate::bits::Bits;
use crate::config::{Pool, Slot, Weighed};
use crate::id::ItemRow;

/// The contest for the places of one slot.
#[derive(Debug)]
pub(super) struct Contest<'a> {
    pub(super) slot: &'a Slot,
    pool: Items<'a>,
    /// `None` if the slot goes by own.
    own: Option<Own<'a>>,
}

/// What candidates score under a slot's own weights.
#[derive(Debug)]
pub(super) struct Own<'a> {
    weights: &'a Weights,
    /// True if the scores are blended out of the scene's columns.
    blends: bool,
    /// By candidate so far. Who is not in the pool may have any score.
    scores: Vec<f32>,
    /// Index of the first candidate of the block.
    first: usize,
    /// Number of columns of the block that were blended.
    columns: usize,
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
        let own = weights.map(|weights| Own {
            weights,
            blends: scorer.fills_in(weights),
            scores: Vec::with_capacity(candidates),
            first: 0,
            columns: 0,
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
    pub(super) fn blended(&mut self) -> Option<&mut Own<'a>> {
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

impl Own<'_> {
    /// Begins a block of so many candidates.
    pub(super) fn begin(&mut self, candidates: usize) {
        (self.first, self.columns) = (self.scores.len(), 0);
        let all = self.first + candidates;
        self.scores.resize(all, self.weights.start());
    }

    /// Blends a column of the block, if it is the next that the slot weighs.
    pub(super) fn blend(&mut self, weighed: Weighed, column: &[f32]) {
        let parts = self.weights.parts();
        if parts
            .get(self.columns)
            .is_none_or(|(next, _)| *next != weighed)
        {
            return;
        }
        let bases = &mut self.scores[self.first..];
        self.weights.add(self.columns, column, bases);
        self.columns += 1;
        if self.columns == parts.len() {
            bound(bases);
        }
    }

    /// Multiplies the bases of the block by factors.
    pub(super) fn multiply(&mut self, factors: &[f32]) {
        multiply(&mut self.scores[self.first..], factors);
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
