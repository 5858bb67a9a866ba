//! Rankings: the objects that `http` writes by hand from a [`Decision`](crate::model::Decision).

use super::define::describe;
use super::problem::Problem;
use super::shape::Shape;
use super::shaped::{OrNull, Shaped, View, Weights};
use crate::clock::Time;

describe! {
    /// The candidates of one request, ranked.
    pub struct Ranking {
        /// The id that the request gave, or a generated one.
        request_id: String,
        /// Name of the scene.
        scene: String,
        /// The scene of the request. Present if it is retired, and `default` answered.
        scene_asked: Option<String>,
        /// Generation of the configuration.
        generation: u64,
        /// Number of the standings.
        standings: u64,
        /// Number of the snapshot of the market: credits, stages and budgets.
        market: u64,
        /// The instant that decay, freshness and windows read.
        as_of: Time,
        /// The arms of the experiments under which it was ranked, by their names. Absent if there are none.
        arms: Option<Names>,
        /// Present, and true, if the request named the arms, so that nothing counts for the experiments.
        forced: Option<bool>,
        /// The ranked items, best first.
        items: Vec<RankedItem>,
        /// Candidates that are not in the catalogue, in request order.
        unknown: Vec<String>,
        /// Candidates that a rule dropped. Present if the request set `explain`.
        dropped: Option<Vec<Dropped>>,
        /// The races for reserved places. Present if the request set `explain` and rules of the scene arrange the places.
        slots: Option<Vec<SlotRace>>,
        /// The reserved places that nobody won. Present if the request set `explain` and there are any.
        given_back: Option<Vec<GivenBack>>,
        /// Parts that were not answered as asked: `pages`, if the earlier pages were forgotten, so that repeats are possible.
        degraded: Option<Vec<String>>,
    }

    /// One item of a ranking. Numbers have six digits after the point.
    pub struct RankedItem {
        /// The item's id.
        id: String,
        /// base × factors, in [0, 1]; more if a rule or a campaign lifts it.
        score: f64,
        /// The parts of the score. Present if the request set `explain`.
        explain: Option<Explanation>,
    }

    /// The parts of one score.
    pub struct Explanation {
        /// The objectives with a weight other than 0.
        objectives: Vec<ObjectivePart>,
        /// The sum of the contributions, in [0, 1].
        base: f64,
        /// The multipliers of the base.
        factors: Vec<FactorPart>,
        /// base × factors.
        score: f64,
        /// Every feature that a model may read, with all digits, by name; missing ones are left out. Present if the request set `features`.
        features: Option<Weights>,
        /// The rule that moved the item, if any did. Present if rules of the scene arrange the places.
        moves: Option<Vec<Move>>,
    }

    /// A move of an item in the slate.
    pub struct Move {
        /// The first rule that explains it: `pin`, `slot.NAME`, `support`, `cap.BY`, `decay`, `mmr`, `lift` or `displaced`.
        rule: String,
        /// Its place by own: by its score without lifts.
        from: u64,
        /// Its place.
        to: u64,
        /// The reason in words. Present if a support place was given.
        reason: Option<String>,
    }

    /// The race for one reserved place.
    pub struct SlotRace {
        /// Name of the slot.
        name: String,
        /// The place, from 1.
        place: u64,
        /// The item that won.
        winner: String,
        /// Its score in the slot.
        winner_score: f64,
        /// The best item of another merchant; null if there was none.
        runner_up: OrNull<String>,
        /// Its score in the slot.
        runner_up_score: OrNull<f64>,
    }

    /// A reserved place that nobody won, so that it went back to the order.
    pub struct GivenBack {
        /// `slot.NAME` or `support`.
        rule: String,
        /// The place, from 1.
        place: u64,
        /// The reason in words.
        reason: String,
    }

    /// The part of one objective in a score.
    pub struct ObjectivePart {
        /// Name of the objective, prediction or model.
        name: String,
        /// The natural figure, such as the weekly GMV for `race.level`; null if the data is missing. The guide to scoring lists the
        /// figure of each objective.
        raw: OrNull<f64>,
        /// The normalised figure, in [0, 1].
        value: f64,
        /// The scene's weight.
        weight: f64,
        /// weight · value / Σ|weight|; a negative weight counts as |weight| on 1 − value.
        contribution: f64,
        /// Present, and true, if the data is missing and `value` is the neutral one.
        missing: Option<bool>,
        /// Present, and true, if the number of a prediction or the raw score of a model lies outside of what its normaliser tells apart, so
        /// that `value` is 0 or 1.
        clipped: Option<bool>,
        /// The reason in words. Present for a model: where its score starts, and what its largest features add. Present for `goal`, if the
        /// merchant has one.
        reason: Option<String>,
    }

    /// The part of one factor in a score.
    pub struct FactorPart {
        /// Name of the factor.
        name: String,
        /// The multiplier.
        factor: f64,
        /// Reason for the multiplier, in words.
        reason: String,
    }

    /// A candidate that a rule dropped.
    pub struct Dropped {
        /// The item's id.
        id: String,
        /// Name of the rule; `cap.BY` for what a cap left out of a page that ended early.
        rule: String,
    }

    /// The answers to a batch of rank requests.
    pub struct RankBatchReply {
        /// One ranking or problem per request, in request order.
        results: Vec<RankResult>,
    }
}

/// Names of arms by the names of their experiments.
#[derive(Debug)]
pub(super) enum Names {}

impl Shaped for Names {
    const SHAPE: &'static Shape = &Shape::Names;
}

/// The answer to one request of a batch.
#[derive(Debug)]
pub(super) enum RankResult {}

impl Shaped for RankResult {
    const SHAPE: &'static Shape = &Shape::OneOf(&[Ranking::VIEW, Problem::VIEW]);
}
