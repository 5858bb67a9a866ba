//! Objectives: from a candidate to one value in [0, 1] each, NaN where the data is missing; [`Predictor::own`] is the one place that
//! lists them, and [`Predictor::raw`] gives the natural figure behind each.

use std::borrow::Cow;
use std::collections::HashMap;

use super::View;
use super::blend::Weights;
use super::factor::Factors;
use super::resolve::Candidate;
use super::taste::Taste;
use crate::config::{Normaliser, Weighed};
use crate::feature::Details;
use crate::model::FactorPart;
use crate::model::read::narrow;
use crate::objective::{OBJECTIVES, Objective};

/// Milliseconds of a day.
const DAY_MILLIS: f64 = 86_400_000.0;

/// Computes objectives for one request.
#[derive(Debug)]
pub(super) struct Predictor<'a> {
    view: &'a View<'a>,
    taste: &'a Taste,
    /// The caller's numbers by (place of the candidate, number of the prediction).
    predictions: HashMap<(u32, usize), f64>,
    /// A bit for each objective of the table: whether the scene weighs it.
    weighed: u32,
    /// The numbers of the predictions that the scene weighs.
    weighed_predictions: Vec<usize>,
    factors: Factors<'a>,
    /// 1 / the half-life of freshness, per millisecond.
    half_lives_a_milli: f64,
}

impl<'a> Predictor<'a> {
    /// A predictor for one request.
    pub(super) fn new(
        view: &'a View<'a>,
        taste: &'a Taste,
        weights: &Weights,
        given: &[(u32, Cow<'_, str>, f64)],
    ) -> Self {
        let number = |name: &str| view.config.vocabulary.prediction(name);
        let predictions = given
            .iter()
            .filter_map(|(place, name, x)| Some(((*place, number(name)?), *x)))
            .collect();
        let own = weights.parts().iter().filter(|part| part.row < OBJECTIVES);
        Self {
            view,
            taste,
            predictions,
            weighed: own.fold(0, |weighed, part| weighed | 1 << part.row),
            weighed_predictions: weights.predictions().collect(),
            factors: Factors::new(view),
            half_lives_a_milli: 1.0 / view.config.freshness_half_life,
        }
    }

    /// What the request sees.
    pub(super) fn view(&self) -> &View<'a> {
        self.view
    }

    /// The value of each prediction that is weighed; NaN where the caller sent none.
    pub(super) fn given(&self, candidate: &Candidate<'_>) -> impl Iterator<Item = f32> {
        let value = |number: &usize| self.prediction(*number, candidate).unwrap_or(f32::NAN);
        self.weighed_predictions.iter().map(value)
    }

    /// What a candidate's base is multiplied by.
    #[inline(always)]
    pub(super) fn factor(&self, candidate: &Candidate<'_>) -> f32 {
        self.factors.of(candidate.item.merchant)
    }

    /// The same, with its reason.
    pub(super) fn explain_factor(&self, candidate: &Candidate<'_>) -> FactorPart {
        self.factors.explain(candidate.item.merchant)
    }

    /// The value of each objective of the table, in its order; NaN where the data is missing or nobody asks.
    #[inline(always)]
    pub(super) fn own(&self, c: &Candidate<'_>) -> [f32; OBJECTIVES] {
        [
            self.asked(Objective::AffinityTags, || Some(self.cosine(c)?.max(0.0))),
            self.asked(Objective::AffinityItem, || self.item_history(c)),
            self.asked(Objective::AffinityMerchant, || self.merchant_history(c)),
            c.merchant.map_or(f32::NAN, |merchant| merchant.level),
            c.merchant.map_or(f32::NAN, |merchant| merchant.growth),
            c.standing.map_or(f32::NAN, |item| item.level),
            c.standing.map_or(f32::NAN, |item| item.growth),
            self.asked(Objective::OrderValue, || self.order_value(c)),
            self.asked(Objective::Freshness, || self.freshness(c)),
            self.asked(Objective::Quality, || self.details(c).quality),
            self.asked(Objective::LongTermValue, || self.details(c).long_term_value),
        ]
    }

    /// An objective's value, if it is weighed; NaN where it is not, or the data is missing.
    #[inline(always)]
    fn asked(&self, objective: Objective, value: impl FnOnce() -> Option<f32>) -> f32 {
        if self.weighed & 1 << objective as u32 == 0 {
            return f32::NAN;
        }
        value().unwrap_or(f32::NAN)
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
        let items = &self.view.features.items;
        self.taste.cosine(items, candidate.row, candidate.item)
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
    fn order_value(&self, candidate: &Candidate<'_>) -> Option<f32> {
        let sold = candidate
            .standing
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
        let age = self.view.as_of.since(candidate.item.listed_at()?) as f64;
        Some(narrow(-age * self.half_lives_a_milli).exp2().min(1.0))
    }

    /// Days since the item was listed.
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
