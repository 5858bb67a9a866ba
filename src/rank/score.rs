//! Scores: values → base → factors, block by block; a long request is split over threads by blocks.
//!
//! The values of one objective are a column of the block: filled, then blended into the bases, one objective after the other.

use rayon::ThreadPool;
use rayon::prelude::*;

use super::BLOCK;
use super::aversion::Aversion;
use super::blend::Weights;
use super::factor::{Factors, multiply};
use super::predict::{Predictor, fill_tags};
use super::resolve::Candidate;
use super::seen::Seen;
use super::takers::Takers;
use super::tally::Tally;
use crate::config::Weighed;
use crate::id::ItemRow;
use crate::objective::Objective;

/// Computes scores for one request.
#[derive(Debug)]
pub(super) struct Scorer<'a> {
    pub(super) predictor: &'a Predictor<'a>,
    pub(super) weights: &'a Weights,
    pub(super) factors: Factors<'a>,
    /// `None` if the aversion is 1 for every candidate.
    pub(super) aversion: Option<Aversion<'a>>,
    /// `None` if no rule `seen` lowers a candidate.
    pub(super) seen: Option<&'a Seen<'a>>,
    threads: Option<&'a ThreadPool>,
}

/// The scored candidates of one request, in request order.
#[derive(Debug)]
pub(super) struct Scores {
    /// Row and place in the request.
    pub(super) candidates: Vec<(ItemRow, u32)>,
    /// Their scores.
    pub(super) scores: Vec<f32>,
    /// What each weighed objective counted.
    pub(super) tallies: Vec<Tally>,
}

impl Scores {
    /// Creates empty scores with room for `candidates`.
    pub(super) fn new(candidates: usize, objectives: usize) -> Self {
        Self {
            candidates: Vec::with_capacity(candidates),
            scores: Vec::with_capacity(candidates),
            tallies: vec![Tally::default(); objectives],
        }
    }

    /// Returns the number of scored candidates.
    pub(super) fn len(&self) -> usize {
        self.scores.len()
    }

    /// Scores more candidates; others may take their columns.
    pub(super) fn add(
        &mut self,
        candidates: &[Candidate<'_>],
        scorer: &Scorer<'_>,
        takers: Takers<'_, '_, '_>,
    ) {
        let rows = candidates
            .iter()
            .map(|candidate| (candidate.row, candidate.place));
        self.candidates.extend(rows);
        let start = self.scores.len();
        self.scores.resize(start + candidates.len(), 0.0);
        scorer.fill(
            candidates,
            &mut self.scores[start..],
            &mut self.tallies,
            takers,
        );
    }
}

impl<'a> Scorer<'a> {
    /// Creates the scorer of one request, with what lowers candidates for its user. With `threads`, blocks are scored in parallel.
    pub(super) fn new(
        predictor: &'a Predictor<'a>,
        weights: &'a Weights,
        (aversion, seen): (Option<Aversion<'a>>, Option<&'a Seen<'a>>),
        threads: Option<&'a ThreadPool>,
    ) -> Self {
        Self {
            predictor,
            weights,
            factors: Factors::new(predictor.view()),
            aversion,
            seen: seen.filter(|seen| seen.lowers()),
            threads,
        }
    }

    /// Returns the scorer of the same request under other weights, on the calling thread.
    pub(super) fn weighing<'w>(&'w self, weights: &'w Weights) -> Scorer<'w> {
        Scorer {
            predictor: self.predictor,
            weights,
            factors: self.factors,
            aversion: self.aversion,
            seen: self.seen,
            threads: None,
        }
    }

    /// Fills in the scores of any number of candidates.
    pub(super) fn score(&self, candidates: &[Candidate<'_>], scores: &mut [f32]) {
        let mut tallies = vec![Tally::default(); self.weights.parts().len()];
        for (block, scores) in candidates.chunks(BLOCK).zip(scores.chunks_mut(BLOCK)) {
            self.block(block, scores, &mut tallies, Takers::default());
        }
    }

    /// Returns whether the columns of the scene are all that other weights need, block by block.
    pub(super) fn fills_in(&self, weights: &Weights) -> bool {
        self.threads.is_none() && weights.lie_within(self.weights)
    }

    /// Fills in the scores of candidates, and adds what each objective counted.
    fn fill(
        &self,
        candidates: &[Candidate<'_>],
        scores: &mut [f32],
        tallies: &mut [Tally],
        mut takers: Takers<'_, '_, '_>,
    ) {
        if let Some(tracked) = &mut takers.tracked {
            tracked.score(candidates);
        }
        let Some(threads) = self.threads else {
            self.block(candidates, scores, tallies, takers);
            return;
        };
        let none = || vec![Tally::default(); tallies.len()];
        let sums = threads.install(|| {
            let blocks = candidates
                .par_chunks(BLOCK)
                .zip(scores.par_chunks_mut(BLOCK));
            let counts = blocks.map(|(block, scores)| {
                let mut tallies = none();
                self.block(block, scores, &mut tallies, Takers::default());
                tallies
            });
            counts.reduce(none, add)
        });
        tallies.copy_from_slice(&sums);
    }

    /// Scores one block.
    fn block(
        &self,
        block: &[Candidate<'_>],
        scores: &mut [f32],
        tallies: &mut [Tally],
        mut takers: Takers<'_, '_, '_>,
    ) {
        takers.begin(block.len());
        let mut room;
        let cosines = match &self.aversion {
            Some(aversion) => {
                room = [0.0; BLOCK];
                aversion.cosines(block, &mut room)
            }
            None => None,
        };
        self.bases((block, cosines), scores, tallies, &mut takers);
        let mut room = [1.0; BLOCK];
        let factors = &mut room[..block.len()];
        let mut lower = |factors: &[f32]| {
            multiply(scores, factors);
            takers.take_factors(factors);
        };
        self.factors.fill(block, factors);
        lower(factors);
        if let Some(aversion) = &self.aversion {
            aversion.fill(block, cosines, factors);
            lower(factors);
        }
        if let Some(seen) = self.seen {
            seen.fill(block, factors);
            lower(factors);
        }
    }

    /// Fills in the bases of one block, of at most [`BLOCK`] candidates, given the cosines of their tags if they are known; adds what each
    /// objective counted. Others may take the columns.
    pub(super) fn bases(
        &self,
        (block, cosines): (&[Candidate<'_>], Option<&[f32]>),
        bases: &mut [f32],
        tallies: &mut [Tally],
        takers: &mut Takers<'_, '_, '_>,
    ) {
        self.weights.bases(bases, |part, weighed, column| {
            tallies[part] += match cosines {
                Some(cosines) if weighed == Weighed::Own(Objective::AffinityTags) => {
                    fill_tags(cosines, column)
                }
                _ => self.predictor.fill_known(weighed, block, column),
            };
            takers.take_known(part, weighed, column);
            tallies[part] += self.predictor.settle(weighed, column);
            takers.take(weighed, column);
        });
    }
}

fn add(mut sums: Vec<Tally>, more: Vec<Tally>) -> Vec<Tally> {
    sums.iter_mut()
        .zip(more)
        .for_each(|(sum, more)| *sum += more);
    sums
}
