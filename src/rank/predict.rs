//! Objectives: for each candidate one value in [0, 1] per objective, in blocks that stay in the nearest cache.
//!
//! An objective is a function from a candidate to its value, or `None` where the data is missing; [`Predictor::fill`] is the one place
//! that lists them. A block is a matrix of objective × candidate: filled row by row, then blended.

use std::borrow::Cow;
use std::collections::HashMap;

use ndarray::{Array2, ArrayViewMut1, s};
use rayon::prelude::*;

use super::View;
use super::blend::Weights;
use super::factor;
use super::resolve::Candidate;
use super::taste::Taste;
use crate::config::{Normaliser, Weighed};
use crate::feature::Details;
use crate::model::read::narrow;
use crate::objective::Objective;
use crate::race::{ItemStanding, MerchantStanding};

/// Candidates of one block.
const BLOCK: usize = 256;
/// Milliseconds of a day.
const DAY_MILLIS: f64 = 86_400_000.0;

/// Computes objectives for one request.
#[derive(Debug)]
pub(super) struct Predictor<'a> {
    view: &'a View<'a>,
    taste: &'a Taste,
    /// The caller's numbers by (place of the candidate, number of the prediction).
    predictions: HashMap<(u32, usize), f64>,
}

impl<'a> Predictor<'a> {
    /// A predictor for one request.
    pub(super) fn new(
        view: &'a View<'a>,
        taste: &'a Taste,
        given: &[(u32, Cow<'_, str>, f64)],
    ) -> Self {
        let number = |name: &str| view.config.vocabulary.prediction(name);
        let predictions = given
            .iter()
            .filter_map(|(place, name, x)| Some(((*place, number(name)?), *x)))
            .collect();
        Self {
            view,
            taste,
            predictions,
        }
    }

    /// What the request sees.
    pub(super) fn view(&self) -> &View<'a> {
        self.view
    }

    /// The score of every candidate; a long list is split over the workers, unless one of them is asking: a worker that waits takes up
    /// other work meanwhile, and that may be another request of the same batch. Returns how many lacked the data of each objective.
    pub(super) fn scores(
        &self,
        candidates: &[Candidate<'_>],
        weights: &Weights,
        scores: &mut Vec<f32>,
    ) -> Vec<usize> {
        scores.clear();
        scores.resize(candidates.len(), 0.0);
        let block = |(candidates, scores): (&[Candidate<'_>], &mut [f32])| {
            let missing = self.bases(candidates, weights, scores);
            self.apply_factors(candidates, scores);
            missing
        };
        let alone = rayon::current_thread_index().is_some();
        if alone || candidates.len() < self.view.config.server.parallel_candidates {
            candidates
                .chunks(BLOCK)
                .zip(scores.chunks_mut(BLOCK))
                .map(block)
                .fold(vec![0; weights.parts().len()], add)
        } else {
            let blocks = candidates
                .par_chunks(BLOCK)
                .zip(scores.par_chunks_mut(BLOCK));
            blocks
                .map(block)
                .reduce(|| vec![0; weights.parts().len()], add)
        }
    }

    /// The bases of at most one block; returns how many candidates lacked the data of each objective.
    pub(super) fn bases(
        &self,
        candidates: &[Candidate<'_>],
        weights: &Weights,
        bases: &mut [f32],
    ) -> Vec<usize> {
        let mut values = Array2::<f32>::zeros((weights.parts().len(), candidates.len()));
        bases.fill(weights.start());
        let mut missing = Vec::with_capacity(weights.parts().len());
        for (row, &(weighed, weight)) in weights.parts().iter().enumerate() {
            let mut column = values.slice_mut(s![row, ..]);
            missing.push(
                column
                    .as_slice_mut()
                    .map_or(0, |column| self.fill(weighed, candidates, column)),
            );
            weights.add(weight, column.view(), ArrayViewMut1::from(&mut *bases));
        }
        bases
            .iter_mut()
            .for_each(|base| *base = base.clamp(0.0, 1.0));
        missing
    }

    fn apply_factors(&self, candidates: &[Candidate<'_>], scores: &mut [f32]) {
        let trusts = self.view.features.merchants.integrity();
        for (candidate, score) in candidates.iter().zip(scores) {
            *score *=
                factor::integrity(&self.view.config.integrity, trusts, candidate.item.merchant);
        }
    }

    /// Fills one objective's column; returns how many candidates lacked the data and were given the neutral value.
    pub(super) fn fill(
        &self,
        weighed: Weighed,
        candidates: &[Candidate<'_>],
        out: &mut [f32],
    ) -> usize {
        let own = match weighed {
            Weighed::Own(objective) => objective,
            Weighed::Prediction(number) => {
                return column(candidates, out, 0.5, |candidate| {
                    self.prediction(number, candidate)
                });
            }
        };
        let neutral = own.row().neutral;
        match own {
            Objective::AffinityTags => column(candidates, out, neutral, |c| {
                self.cosine(c).map(|cosine| cosine.max(0.0))
            }),
            Objective::AffinityItem => column(candidates, out, neutral, |c| self.item_history(c)),
            Objective::AffinityMerchant => {
                column(candidates, out, neutral, |c| self.merchant_history(c))
            }
            Objective::RaceLevel => column(candidates, out, neutral, |c| {
                self.merchant(c).map(|standing| standing.level)
            }),
            Objective::RaceGrowth => column(candidates, out, neutral, |c| {
                known(self.merchant(c)?.growth)
            }),
            Objective::ItemLevel => column(candidates, out, neutral, |c| {
                self.item(c).map(|standing| standing.level)
            }),
            Objective::ItemGrowth => {
                column(candidates, out, neutral, |c| known(self.item(c)?.growth))
            }
            Objective::OrderValue => column(candidates, out, neutral, |c| self.order_value(c)),
            Objective::Freshness => column(candidates, out, neutral, |c| self.freshness(c)),
            Objective::Quality => column(candidates, out, neutral, |c| self.details(c).quality),
            Objective::LongTermValue => column(candidates, out, neutral, |c| {
                self.details(c).long_term_value
            }),
        }
    }

    /// The natural figure behind an objective's value; `None` where the data is missing.
    pub(super) fn raw(&self, weighed: Weighed, candidate: &Candidate<'_>) -> Option<f64> {
        let own = match weighed {
            Weighed::Own(objective) => objective,
            Weighed::Prediction(number) => {
                return self.predictions.get(&(candidate.place, number)).copied();
            }
        };
        let standings = self.view.standings;
        match own {
            Objective::AffinityTags => self.cosine(candidate).map(f64::from),
            Objective::AffinityItem => self.taste.item(candidate.row.0),
            Objective::AffinityMerchant => self.taste.merchant(candidate.item.merchant.some()?.0),
            Objective::RaceLevel => Some(
                standings
                    .standing_of_merchant(candidate.item.merchant)?
                    .weekly_gmv,
            ),
            Objective::RaceGrowth => {
                standings
                    .standing_of_merchant(candidate.item.merchant)?
                    .lower
            }
            Objective::ItemLevel => Some(standings.standing_of_item(candidate.row)?.buyers),
            Objective::ItemGrowth => standings.standing_of_item(candidate.row)?.lower,
            Objective::OrderValue => self.worth(candidate),
            Objective::Freshness => self.age(candidate),
            Objective::Quality => self.details(candidate).quality.map(f64::from),
            Objective::LongTermValue => self.details(candidate).long_term_value.map(f64::from),
        }
    }

    fn details(&self, candidate: &Candidate<'_>) -> &'a Details {
        self.view.features.items.details(candidate.row)
    }

    #[inline(always)]
    fn cosine(&self, candidate: &Candidate<'_>) -> Option<f32> {
        self.taste
            .cosine(&self.view.features.items, candidate.row, candidate.item)
    }

    #[inline(always)]
    fn item_history(&self, candidate: &Candidate<'_>) -> Option<f32> {
        Some(
            self.view
                .standings
                .references
                .item_history
                .value(self.taste.item(candidate.row.0)?),
        )
    }

    #[inline(always)]
    fn merchant_history(&self, candidate: &Candidate<'_>) -> Option<f32> {
        let history = self.taste.merchant(candidate.item.merchant.some()?.0)?;
        Some(
            self.view
                .standings
                .references
                .merchant_history
                .value(history),
        )
    }

    #[inline(always)]
    fn merchant(&self, candidate: &Candidate<'_>) -> Option<&'a MerchantStanding> {
        self.view.standings.known_merchant(candidate.item.merchant)
    }

    #[inline(always)]
    fn item(&self, candidate: &Candidate<'_>) -> Option<&'a ItemStanding> {
        self.view.standings.known_item(candidate.row)
    }

    #[inline(always)]
    fn order_value(&self, candidate: &Candidate<'_>) -> Option<f32> {
        let sold = self
            .item(candidate)
            .and_then(|standing| known(standing.order_value));
        sold.or_else(|| {
            Some(
                self.view
                    .standings
                    .references
                    .price
                    .value_of_ln(known(candidate.item.ln_price)?),
            )
        })
    }

    fn worth(&self, candidate: &Candidate<'_>) -> Option<f64> {
        let sold = self
            .view
            .standings
            .standing_of_item(candidate.row)
            .and_then(|standing| standing.order);
        sold.or_else(|| self.details(candidate).price)
    }

    #[inline(always)]
    fn freshness(&self, candidate: &Candidate<'_>) -> Option<f32> {
        let half_lives = self.age(candidate)? * DAY_MILLIS / self.view.config.freshness_half_life;
        Some(narrow(-half_lives).exp2().min(1.0))
    }

    /// Days since the item was listed.
    #[inline(always)]
    fn age(&self, candidate: &Candidate<'_>) -> Option<f64> {
        Some(self.view.as_of.since(candidate.item.listed_at()?) as f64 / DAY_MILLIS)
    }

    fn prediction(&self, number: usize, candidate: &Candidate<'_>) -> Option<f32> {
        let x = *self.predictions.get(&(candidate.place, number))?;
        Some(normalise(
            &self.view.config.predictions.get(number)?.normaliser,
            x,
        ))
    }
}

/// `None` for NaN, which stands for a missing number in a row.
#[inline(always)]
fn known(number: f32) -> Option<f32> {
    (!number.is_nan()).then_some(number)
}

#[inline(always)]
fn column<'a, 'b: 'a>(
    candidates: &'a [Candidate<'b>],
    out: &mut [f32],
    neutral: f32,
    value: impl Fn(&Candidate<'b>) -> Option<f32>,
) -> usize {
    let mut missing = 0;
    for (candidate, out) in candidates.iter().zip(out) {
        let value = value(candidate);
        missing += usize::from(value.is_none());
        *out = value.unwrap_or(neutral);
    }
    missing
}

fn add(mut sums: Vec<usize>, more: Vec<usize>) -> Vec<usize> {
    sums.iter_mut()
        .zip(more)
        .for_each(|(sum, more)| *sum += more);
    sums
}

/// A prediction's value in [0, 1]; never falls as the number rises.
fn normalise(normaliser: &Normaliser, x: f64) -> f32 {
    let value = match normaliser {
        Normaliser::Identity => x,
        Normaliser::Log { reference } => x.max(0.0).ln_1p() / reference.ln_1p(),
        Normaliser::Logistic { centre, scale } => 1.0 / (1.0 + (-(x - centre) / scale).exp()),
        Normaliser::Quantile { points } => quantile(points, x),
    };
    narrow(value.clamp(0.0, 1.0))
}

/// The share of the points below x, straight between two of them.
fn quantile(points: &[f64], x: f64) -> f64 {
    let above = points.partition_point(|&point| point <= x);
    if above == 0 {
        return 0.0;
    }
    let last = points.len().saturating_sub(1).max(1) as f64;
    let Some(&high) = points.get(above) else {
        return 1.0;
    };
    let low = points[above - 1];
    ((above - 1) as f64 + (x - low) / (high - low)) / last
}
