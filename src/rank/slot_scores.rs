//! What candidates score under a slot's own weights, blended out of the scene's columns if these have all that the slot weighs.

use super::blend::{Weights, bound};
use super::factor::multiply;
use crate::config::Weighed;

/// What candidates score under a slot's own weights.
#[derive(Debug)]
pub(super) struct SlotScores<'a> {
    pub(super) weights: &'a Weights,
    /// True if the scores are blended out of the scene's columns.
    pub(super) blends: bool,
    /// By candidate so far. Who is not in the pool may have any score.
    pub(super) scores: Vec<f32>,
    /// Index of the first candidate of the block.
    first: usize,
    /// Number of columns of the block that were blended.
    columns: usize,
}

impl<'a> SlotScores<'a> {
    /// Returns the scores before the first of so many candidates.
    pub(super) fn new(weights: &'a Weights, blends: bool, candidates: usize) -> Self {
        Self {
            weights,
            blends,
            scores: Vec::with_capacity(candidates),
            first: 0,
            columns: 0,
        }
    }

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
