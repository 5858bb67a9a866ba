//! A block of candidates as a matrix: a row for each objective, a column for each candidate.
//!
//! A candidate fills its column while the next ones are on their way from memory; a full block is blended row by row, all its
//! candidates at once.

use ndarray::{ArrayView1, ArrayViewMut1, Zip};

use super::blend::Weights;
use super::predict::Predictor;
use super::resolve::Candidate;
use crate::objective::OBJECTIVES;

/// Candidates of a block: few enough to stay in the nearest cache.
pub(super) const BLOCK: usize = 64;

/// The values of up to [`BLOCK`] candidates, and what their bases are multiplied by.
#[derive(Debug)]
pub(super) struct Block {
    /// Objective × candidate, each in [0, 1]; NaN where the data is missing or nobody asks.
    own: Box<[[f32; BLOCK]; OBJECTIVES]>,
    /// Weighed prediction × candidate; the same.
    predictions: Vec<[f32; BLOCK]>,
    factors: [f32; BLOCK],
    filled: usize,
}

impl Block {
    /// An empty block for what those weights weigh.
    pub(super) fn new(weights: &Weights) -> Self {
        Self {
            own: Box::new([[0.0; BLOCK]; OBJECTIVES]),
            predictions: vec![[0.0; BLOCK]; weights.predictions().count()],
            factors: [0.0; BLOCK],
            filled: 0,
        }
    }

    /// How many candidates it holds.
    pub(super) fn len(&self) -> usize {
        self.filled
    }

    /// Adds a candidate; there must be room.
    #[inline(always)]
    pub(super) fn put(&mut self, candidate: &Candidate<'_>, predictor: &Predictor<'_>) {
        let place = self.filled;
        self.factors[place] = predictor.factor(candidate);
        for (row, value) in self.own.iter_mut().zip(predictor.own(candidate)) {
            row[place] = value;
        }
        for (row, value) in self.predictions.iter_mut().zip(predictor.given(candidate)) {
            row[place] = value;
        }
        self.filled += 1;
    }

    /// The value of a candidate by the row of an objective; NaN where the data is missing.
    pub(super) fn value(&self, row: usize, place: usize) -> f32 {
        self.row(row)[place]
    }

    /// Computes the base of each candidate; adds to `missing` how many lacked the data of each objective.
    pub(super) fn bases(&self, weights: &Weights, bases: &mut [f32], missing: &mut [usize]) {
        bases.fill(weights.start());
        let mut bases = ArrayViewMut1::from(bases);
        for (part, missing) in weights.parts().iter().zip(missing) {
            let row = ArrayView1::from(&self.row(part.row)[..self.filled]);
            *missing += row.iter().filter(|value| value.is_nan()).count();
            Zip::from(&mut bases).and(&row).for_each(|base, &value| {
                *base += part.share * if value.is_nan() { part.neutral } else { value };
            });
        }
        bases.mapv_inplace(|base| base.clamp(0.0, 1.0));
    }

    /// Computes the score of each candidate, base × factors, and empties the block.
    pub(super) fn scores(&mut self, weights: &Weights, scores: &mut [f32], missing: &mut [usize]) {
        self.bases(weights, scores, missing);
        let factors = scores.iter_mut().zip(&self.factors);
        factors.for_each(|(score, factor)| *score *= factor);
        self.filled = 0;
    }

    fn row(&self, row: usize) -> &[f32; BLOCK] {
        match row.checked_sub(OBJECTIVES) {
            None => &self.own[row],
            Some(prediction) => &self.predictions[prediction],
        }
    }
}
