//! Objectives: one value in [0, 1] per candidate and objective, computed as columns over a block.
//!
//! An objective is a function from a candidate to its value, or NaN if the data is missing. [`Predictor::fill`] lists the values and
//! [`Predictor::raw`] the figures behind them. Data of the whole request is looked up once per column, not once per candidate.

use std::collections::HashMap;

use super::format::Formats;
use super::goal::Aims;
use super::lanes::{LEAST_EXPONENT, exp2, ln};
use super::normalise::{clips, normalise};
use super::proximity::Here;
use super::repeat;
use super::resolve::Candidate;
use super::tally::Tally;
use super::taste::Taste;
use super::text::Query;
use super::view::View;
use crate::config::Weighed;
use crate::feature::Details;
use crate::id::{CreatorRow, UserRow};
use crate::model::{Given, RankRequest};
use crate::number::{DAY_MILLIS, narrow};
use crate::objective::{Needs, Objective};
use crate::race::Kind;

/// Computes the objectives of one request.
#[derive(Debug)]
pub(super) struct Predictor<'a> {
    view: &'a View<'a>,
    taste: &'a Taste,
    /// The search query, if there is one and an objective reads it.
    query: Option<Query<'a>>,
    /// The place of the request, in the same way.
    here: Option<Here<'a>>,
    /// The user's taste for kinds, if an objective reads it.
    formats: Option<Formats<'a>>,
    /// The caller's numbers, by place of the candidate and index of the prediction.
    predictions: HashMap<(u32, usize), f64>,
    /// Number of candidates of the request, repeats included.
    pub(super) asked: usize,
    /// Number of the caller's numbers, in the order of [`Config::numbered`](crate::config::Config::numbered); empty if the request gives
    /// none.
    pub(super) given: Vec<Given>,
}

impl<'a> Predictor<'a> {
    /// Creates the predictor of one request, with what the objectives need.
    pub(super) fn new(
        view: &'a View<'a>,
        taste: &'a Taste,
        request: &'a RankRequest<'_>,
        needs: Needs,
    ) -> Self {
        let given = &request.candidates.predictions;
        let number = |name: &str| view.config.vocabulary.prediction(name);
        let predictions: HashMap<_, _> = given
            .iter()
            .filter_map(|(place, name, x)| Some(((*place, number(name)?), *x)))
            .collect();
        let mut counts = Vec::new();
        if !predictions.is_empty() {
            counts.resize(view.config.numbered().count(), Given::default());
        }
        for (&(_, number), &x) in &predictions {
            if let Some(counts) = counts.get_mut(number) {
                counts.numbers += 1;
                counts.clipped += u64::from(is_clipped(view, number, x));
            }
        }
        Self {
            view,
            taste,
            query: Query::of(request, view, needs),
            here: Here::of(request, view, needs),
            formats: needs
                .includes(Needs::KINDS)
                .then(|| Formats::of(view, taste.user)),
            predictions,
            asked: request.candidates.ids.len(),
            given: counts,
        }
    }

    /// Returns the view of the request.
    pub(super) fn view(&self) -> &View<'a> {
        self.view
    }

    /// Returns the row of the user; `None` if unknown.
    pub(super) fn user(&self) -> Option<UserRow> {
        self.taste.user
    }

    /// Fills the column of one objective. Candidates without data get the neutral value.
    pub(super) fn fill(
        &self,
        weighed: Weighed,
        candidates: &[Candidate<'_>],
        out: &mut [f32],
    ) -> Tally {
        let mut tally = self.fill_known(weighed, candidates, out);
        tally += self.settle(weighed, out);
        tally
    }

    /// Fills the column of one objective; NaN if the data is missing. Returns what it counts but for that.
    pub(super) fn fill_known(
        &self,
        weighed: Weighed,
        candidates: &[Candidate<'_>],
        out: &mut [f32],
    ) -> Tally {
        match weighed {
            Weighed::Own(own) => self.fill_own(own, candidates, out),
            Weighed::Prediction(number) => {
                column(candidates, out, |c| self.prediction(number, c));
            }
            Weighed::Model(number) => return self.fill_model(number, candidates, out),
        }
        Tally::default()
    }

    /// Replaces NaN in the column of one objective by its neutral value, and counts it as missing. A model always has a score.
    pub(super) fn settle(&self, weighed: Weighed, out: &mut [f32]) -> Tally {
        match weighed {
            Weighed::Own(own) => settle(out, own.row().neutral),
            Weighed::Prediction(number) => {
                let prediction = self.view.config.predictions.get(number);
                settle(out, prediction.map_or(0.0, |it| narrow(it.neutral)))
            }
            Weighed::Model(_) => Tally::default(),
        }
    }

    /// Fills the column of an objective that Saima computes; NaN if the data is missing.
    pub(super) fn fill_own(&self, own: Objective, candidates: &[Candidate<'_>], out: &mut [f32]) {
        let standings = self.view.standings;
        match own {
            Objective::AffinityTags => {
                let cosine = self.cosine();
                column(candidates, out, |c| cosine(c).clamp(0.0, 1.0));
            }
            Objective::AffinityItem => column(candidates, out, self.item_history()),
            Objective::AffinityRepeat => column(candidates, out, self.repeats()),
            Objective::AffinityMerchant => column(candidates, out, self.merchant_history()),
            Objective::AffinityCreator => column(candidates, out, self.creator_history()),
            Objective::RaceLevel => column(candidates, out, |c| c.merchant.level),
            Objective::RaceGrowth => column(candidates, out, |c| c.merchant.growth),
            Objective::ItemLevel => column(candidates, out, |c| c.standing.level),
            Objective::ItemGrowth => column(candidates, out, |c| c.standing.growth),
            Objective::ItemTrend => self.trends(candidates, out),
            Objective::CreatorLevel => column(candidates, out, self.creator_level()),
            Objective::OrderValue => column(candidates, out, self.order_value()),
            Objective::Freshness => {
                column(candidates, out, self.halvings());
                exp2(out);
            }
            Objective::Quality => column(candidates, out, |c| {
                self.details(c).quality.unwrap_or(f32::NAN)
            }),
            Objective::LongTermValue => column(candidates, out, |c| {
                self.details(c).long_term_value.unwrap_or(f32::NAN)
            }),
            Objective::ItemAppeal => {
                column(candidates, out, |c| share(standings.appeal(c.row)));
            }
            Objective::MerchantAppeal => {
                column(candidates, out, |c| {
                    share(standings.appeal(c.item.merchant))
                });
            }
            Objective::ItemConversion => {
                column(candidates, out, |c| share(standings.conversion(c.row)));
            }
            Objective::Goal => column(candidates, out, self.goal()),
            Objective::Text => self.text(candidates, out),
            Objective::Proximity => self.proximity(candidates, out),
            Objective::Format => self.format(candidates, out),
        }
    }

    /// Returns the natural figure behind an objective's value; `None` if the data is missing.
    pub(super) fn raw(&self, weighed: Weighed, candidate: &Candidate<'_>) -> Option<f64> {
        let own = match weighed {
            Weighed::Own(objective) => objective,
            Weighed::Prediction(number) => {
                return self.predictions.get(&(candidate.place, number)).copied();
            }
            Weighed::Model(number) => return self.model_raw(number, candidate),
        };
        let standings = self.view.standings;
        match own {
            Objective::AffinityTags => known(self.cosine()(candidate)),
            Objective::AffinityItem => self.taste.items()(candidate.row),
            Objective::AffinityRepeat => Some(repeat::chance(self.taste, self.view, candidate)),
            Objective::AffinityMerchant => self.taste.merchants()(candidate.item.merchant.some()?),
            Objective::AffinityCreator => {
                let creator = self.creator()(candidate);
                self.taste.creators()(creator.some()?)
            }
            Objective::RaceLevel => Some(standings.standing(candidate.item.merchant)?.weekly_gmv),
            Objective::RaceGrowth => standings.standing(candidate.item.merchant)?.lower,
            Objective::ItemLevel => Some(standings.standing(candidate.row)?.buyers),
            Objective::ItemGrowth => standings.standing(candidate.row)?.lower,
            Objective::ItemTrend => Some(self.trend(candidate)?.ln()),
            Objective::CreatorLevel => {
                let creator = self.creator()(candidate);
                Some(standings.standing(creator)?.weekly_gmv)
            }
            Objective::OrderValue => self.own_worth(candidate),
            Objective::Freshness => self.age(candidate),
            Objective::Quality => self.details(candidate).quality.map(f64::from),
            Objective::LongTermValue => self.details(candidate).long_term_value.map(f64::from),
            Objective::ItemAppeal => known(standings.appeal(candidate.row)),
            Objective::MerchantAppeal => known(standings.appeal(candidate.item.merchant)),
            Objective::ItemConversion => known(standings.conversion(candidate.row)),
            Objective::Goal => Some(self.aims().of(candidate.item.merchant)?.raw()),
            Objective::Text => match &self.query {
                Some(query) => query.raw(candidate),
                None => Some(0.0),
            },
            Objective::Proximity => self.here.as_ref()?.raw(candidate),
            Objective::Format => self.formats.as_ref()?.raw(candidate),
        }
    }

    /// Returns the reason of an objective's value in words, if it has one.
    pub(super) fn reason(&self, weighed: Weighed, candidate: &Candidate<'_>) -> Option<String> {
        match weighed {
            Weighed::Own(Objective::AffinityRepeat) => {
                Some(repeat::reason(self.taste, self.view, candidate))
            }
            Weighed::Own(Objective::ItemTrend) => self.trend_reason(candidate),
            Weighed::Own(Objective::Goal) => self.aims().reason(candidate.item.merchant),
            Weighed::Own(Objective::Text) => self.query.as_ref()?.reason(candidate),
            Weighed::Own(Objective::Proximity) => self.here.as_ref()?.reason(candidate),
            Weighed::Own(Objective::Format) => self.formats.as_ref()?.reason(candidate),
            Weighed::Model(number) => self.model_reason(number, candidate),
            Weighed::Own(_) | Weighed::Prediction(_) => None,
        }
    }

    fn aims(&self) -> Aims<'_> {
        Aims::new(self.view, self.taste.user)
    }

    fn goal(&self) -> impl Fn(&Candidate<'_>) -> f32 {
        let aims = self.aims();
        move |candidate| {
            let aim = aims.of(candidate.item.merchant);
            aim.map_or(f32::NAN, |aim| narrow(aim.value()))
        }
    }

    fn text(&self, candidates: &[Candidate<'_>], out: &mut [f32]) {
        match &self.query {
            Some(query) => query.fill(candidates, out),
            // Nothing is missing.
            None => out.fill(Objective::Text.row().neutral),
        }
    }

    fn proximity(&self, candidates: &[Candidate<'_>], out: &mut [f32]) {
        match &self.here {
            Some(here) => {
                here.fill(candidates, out);
                exp2(out);
            }
            None => out.fill(f32::NAN),
        }
    }

    fn format(&self, candidates: &[Candidate<'_>], out: &mut [f32]) {
        match &self.formats {
            Some(formats) => column(candidates, out, formats.value()),
            None => out.fill(f32::NAN),
        }
    }

    /// Returns whether the number of a prediction, or the raw of a model, is clipped.
    pub(super) fn is_clipped(&self, weighed: Weighed, candidate: &Candidate<'_>) -> bool {
        let number = match weighed {
            Weighed::Own(_) => return false,
            Weighed::Prediction(number) => number,
            Weighed::Model(number) => return self.model_clips(number, candidate),
        };
        let x = self.predictions.get(&(candidate.place, number));
        x.is_some_and(|x| is_clipped(self.view, number, *x))
    }

    fn details(&self, candidate: &Candidate<'_>) -> &'a Details {
        self.view.items.details(candidate.row)
    }

    fn cosine(&self) -> impl Fn(&Candidate<'_>) -> f32 {
        let cosine = self.taste.cosine(self.view.items);
        move |candidate| cosine(candidate.row, candidate.item)
    }

    fn item_history(&self) -> impl Fn(&Candidate<'_>) -> f32 {
        let scale = self.view.standings.references.history[Kind::Item];
        let history = self.taste.items();
        move |candidate| history(candidate.row).map_or(f32::NAN, |history| scale.value(history))
    }

    fn repeats(&self) -> impl Fn(&Candidate<'_>) -> f32 {
        repeat::values(self.taste, self.view)
    }

    fn trends(&self, candidates: &[Candidate<'_>], out: &mut [f32]) {
        let trend = self.view.standings.trend(self.view.as_of);
        column(candidates, out, |c| trend(c.standing));
        ln(out);
        for value in out {
            *value = (0.5 + 0.25 * *value).clamp(0.0, 1.0);
        }
    }

    /// Returns how many times as much as usual the item sells in these days.
    fn trend(&self, candidate: &Candidate<'_>) -> Option<f64> {
        known(self.view.standings.trend(self.view.as_of)(
            candidate.standing,
        ))
    }

    /// Returns the same in words.
    fn trend_reason(&self, candidate: &Candidate<'_>) -> Option<String> {
        let times = self.trend(candidate)?;
        Some(format!(
            "sells {times:.1} times as much in these days as usual"
        ))
    }

    fn merchant_history(&self) -> impl Fn(&Candidate<'_>) -> f32 {
        let scale = self.view.standings.references.history[Kind::Merchant];
        let history = self.taste.merchants();
        move |candidate| {
            let history = candidate.item.merchant.some().and_then(&history);
            history.map_or(f32::NAN, |history| scale.value(history))
        }
    }

    /// Returns a function from a candidate to the creator of its item.
    fn creator(&self) -> impl Fn(&Candidate<'_>) -> CreatorRow + use<'a> {
        let View { items, tags, .. } = *self.view;
        move |candidate| items.creator(candidate.row, candidate.item, tags)
    }

    fn creator_history(&self) -> impl Fn(&Candidate<'_>) -> f32 {
        let scale = self.view.standings.references.history[Kind::Creator];
        let (creator, history) = (self.creator(), self.taste.creators());
        move |candidate| {
            let history = creator(candidate).some().and_then(&history);
            history.map_or(f32::NAN, |history| scale.value(history))
        }
    }

    fn creator_level(&self) -> impl Fn(&Candidate<'_>) -> f32 {
        let (creator, standings) = (self.creator(), self.view.standings);
        move |candidate| {
            let level = standings.creator_level(creator(candidate));
            level.unwrap_or(f32::NAN)
        }
    }

    fn order_value(&self) -> impl Fn(&Candidate<'_>) -> f32 {
        let scale = self.view.standings.references.price;
        let purchases = self.taste.purchases(self.view);
        move |candidate| {
            if let Some(own) = purchases(candidate.row) {
                return scale.value(own.usual_amount(self.worth(candidate)));
            }
            let sold = candidate.standing.order_value;
            let listed = scale.value_of_ln(candidate.item.ln_price);
            if sold.is_nan() { listed } else { sold }
        }
    }

    /// Returns the usual amount of one order of this user.
    fn own_worth(&self, candidate: &Candidate<'_>) -> Option<f64> {
        let usual = self.worth(candidate);
        match self.taste.purchases(self.view)(candidate.row) {
            Some(own) => Some(own.usual_amount(usual)),
            None => usual,
        }
    }

    /// Returns the usual amount of one order of anybody.
    fn worth(&self, candidate: &Candidate<'_>) -> Option<f64> {
        let sold = self
            .view
            .standings
            .standing(candidate.row)
            .and_then(|standing| standing.order);
        sold.or_else(|| self.details(candidate).price)
    }

    /// Returns log2 of the freshness, −age / half-life, clamped to the exponents of an `f32`.
    fn halvings(&self) -> impl Fn(&Candidate<'_>) -> f32 {
        let (now, unit) = (self.view.as_of, 1.0 / self.view.config.freshness_half_life);
        move |candidate| {
            candidate.item.listed_at().map_or(f32::NAN, |listed_at| {
                let half_lives = now.since(listed_at) as f64 * unit;
                narrow(-half_lives).clamp(LEAST_EXPONENT, 0.0)
            })
        }
    }

    /// Returns the days since the item was listed.
    fn age(&self, candidate: &Candidate<'_>) -> Option<f64> {
        Some(self.view.as_of.since(candidate.item.listed_at()?) as f64 / DAY_MILLIS)
    }

    fn prediction(&self, number: usize, candidate: &Candidate<'_>) -> f32 {
        let x = self.predictions.get(&(candidate.place, number));
        let prediction = self.view.config.predictions.get(number);
        x.zip(prediction).map_or(f32::NAN, |(x, prediction)| {
            normalise(&prediction.normaliser, *x)
        })
    }
}

/// Fills the column of `affinity.tags` as [`Predictor::fill_known`] does, given the cosines of the candidates' tags.
pub(super) fn fill_tags(cosines: &[f32], out: &mut [f32]) -> Tally {
    for (cosine, out) in cosines.iter().zip(out) {
        *out = cosine.clamp(0.0, 1.0);
    }
    Tally::default()
}

fn is_clipped(view: &View<'_>, number: usize, x: f64) -> bool {
    let prediction = view.config.predictions.get(number);
    prediction.is_some_and(|prediction| clips(&prediction.normaliser, x))
}

/// Returns r/(1 + r); NaN for NaN.
#[inline(always)]
fn share(ratio: f32) -> f32 {
    ratio / (1.0 + ratio)
}

/// Returns `None` for NaN, which marks missing data.
fn known(number: f32) -> Option<f64> {
    (!number.is_nan()).then_some(f64::from(number))
}

/// Fills a column with the values of candidates, NaN for missing data.
#[inline(always)]
fn column<'b>(
    candidates: &[Candidate<'b>],
    out: &mut [f32],
    value: impl Fn(&Candidate<'b>) -> f32,
) {
    for (candidate, out) in candidates.iter().zip(out) {
        *out = value(candidate);
    }
}

/// Replaces NaN by the neutral value, and counts it as missing.
fn settle(column: &mut [f32], neutral: f32) -> Tally {
    let missing = column.iter().filter(|value| value.is_nan()).count();
    for value in column {
        *value = if value.is_nan() { neutral } else { *value };
    }
    Tally::missing(missing)
}
