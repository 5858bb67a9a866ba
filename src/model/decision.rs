//! One ranking's decision: the answer, explain, the metrics and a log of decisions are all written from it.
//!
//! Every distinct id of the request ends in exactly one group: unknown, hidden or scored, or stands on an earlier page. Of those scored,
//! the slate places some; what fits no place of a page that ended early is dropped too.
//! Ids borrow from the request, so a decision copies none.

use compact_str::CompactString;

use crate::clock::Time;
use crate::rule::{By, RULES, Rule};

/// The result of ranking one request.
#[derive(Clone, Debug)]
pub struct Decision<'r> {
    /// Name of the scene.
    pub scene: String,
    /// Name of the scene of the request, if it is retired and another one answers.
    pub scene_asked: Option<String>,
    /// Generation of the configuration.
    pub generation: u64,
    /// Number of the standings.
    pub standings: u64,
    /// Number of the snapshot of the market.
    pub market: u64,
    /// Instant that decay, freshness and windows read.
    pub as_of: Time,
    /// Number of candidates in the request, repeats included.
    pub asked: usize,
    /// Candidates that are not in the catalogue, each once, in request order.
    pub unknown: Vec<&'r str>,
    /// Candidates that a rule hid, then those that a cap left out of a page that ended early.
    pub dropped: Vec<Dropped<'r>>,
    /// Number of times each rule acted, by [`Rule`].
    pub fired: [usize; RULES],
    /// Number of candidates scored.
    pub scored: usize,
    /// Number of scored candidates without data for each objective, in the order of everything that the scene weighs for anyone.
    pub missing: Vec<usize>,
    /// Audiences whose condition reads what is not given, a bit each.
    pub undecided: u64,
    /// The numbers that the request gives for predictions, then the raw scores of models; empty if there are none.
    pub given: Vec<Given>,
    /// Number of places before the first of this answer, which earlier pages hold.
    pub start: usize,
    /// The ranking, best first.
    pub placed: Vec<Placed<'r>>,
    /// What a first page gives up against the order by own; `None` if nothing arranged it.
    pub price: Option<PagePrice>,
    /// The races for reserved places.
    pub slots: Vec<SlotRace<'r>>,
    /// The reserved places that nobody won; empty unless explained.
    pub given_back: Vec<GivenBack>,
    /// The moves of the places, if they are traced.
    pub moves: Vec<Move>,
    /// The places that slots and support places gave away, of all places from 1 on: later pages of the list count them.
    pub won: Vec<Won>,
    /// True if rules of the scene arranged the places.
    pub arranged: bool,
    /// Names of the steps that were left out or done over.
    pub degraded: Vec<&'static str>,
    /// True if the request asked for explanations.
    pub explained: bool,
    /// The arms of experiments under which it was ranked.
    pub arms: Vec<ArmOf>,
    /// True if the request named the arms, so that nothing counts for the experiments.
    pub forced: bool,
}

/// An arm of an experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArmOf {
    /// Name of the experiment.
    pub experiment: CompactString,
    /// Name of the arm.
    pub arm: CompactString,
}

/// What a page gives up.
#[derive(Clone, Debug, PartialEq)]
pub struct PagePrice {
    /// The share of own, in [0, 1].
    pub share: f64,
    /// What each rule, campaign and target adds to it; empty unless the page is one of the few that are looked at.
    pub levers: Vec<LeverPrice>,
}

/// What a page gives up for one rule, campaign or target.
#[derive(Clone, Debug, PartialEq)]
pub struct LeverPrice {
    /// The rule, `campaign` or `tail`.
    pub rule: &'static str,
    /// Name of the rule of the scene or of the campaign; empty for what has none.
    pub name: CompactString,
    /// The price of the page less that of the page without it.
    pub price: f64,
}

/// The numbers of one prediction or model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// Number of candidates with a number.
    pub numbers: u64,
    /// Number of those outside of what the normaliser tells apart.
    pub clipped: u64,
}

/// One ranked item.
#[derive(Clone, Debug)]
pub struct Placed<'r> {
    /// Id of the item.
    pub id: &'r str,
    /// Base × factors, in [0, 1]; more if it is lifted.
    pub score: f32,
    /// Parts of the score, if the request asked for them.
    pub explain: Option<Explanation>,
}

/// A candidate that a rule hid or left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped<'r> {
    /// Id of the item.
    pub id: &'r str,
    /// The rule.
    pub rule: Rule,
    /// The group that has its most places, of a cap.
    pub by: Option<By>,
}

/// The race for one reserved place.
#[derive(Clone, Debug, PartialEq)]
pub struct SlotRace<'r> {
    /// Name of the slot.
    pub name: CompactString,
    /// The place, from 1.
    pub place: usize,
    /// The winner.
    pub winner: Contender<'r>,
    /// The best of another merchant.
    pub runner_up: Option<Contender<'r>>,
}

/// A reserved place that nobody won, so that it went back to the fill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenBack {
    /// `slot.NAME` or `support`.
    pub rule: String,
    /// The place, from 1.
    pub place: usize,
    /// The reason in words.
    pub reason: String,
}

/// A place that a slot or a support place gave away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Won {
    /// The place, from 1.
    pub place: usize,
    /// Name of the slot; `None` for a support place.
    pub slot: Option<CompactString>,
}

/// A contender for a reserved place.
#[derive(Clone, Debug, PartialEq)]
pub struct Contender<'r> {
    /// Id of the item.
    pub id: &'r str,
    /// Score in the slot.
    pub score: f32,
    /// Id of its merchant.
    pub merchant: Option<CompactString>,
}

/// The parts of one score.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// Objectives of weight ≠ 0, in the table's order.
    pub objectives: Vec<Part>,
    /// Sum of the contributions, in [0, 1].
    pub base: f32,
    /// Multipliers of the base.
    pub factors: Vec<FactorPart>,
    /// The rule that moved it, if any did.
    pub moves: Vec<Move>,
    /// Every feature that a model may read and that is not missing, by name, if the request asked for them.
    pub features: Option<Vec<(String, f64)>>,
}

/// A move of an item in the slate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The first rule that explains it: `pin`, `slot.NAME`, `support`, `cap.BY`, `decay`, `mmr`, `lift` or `displaced`.
    pub rule: String,
    /// Its place by own, from 1.
    pub from: usize,
    /// Its place.
    pub to: usize,
    /// The reason in words, of a support place.
    pub reason: Option<String>,
}

/// One objective's part in a score.
#[derive(Clone, Debug)]
pub struct Part {
    /// Name of the objective.
    pub name: String,
    /// The natural figure; `None` if the data is missing.
    pub raw: Option<f64>,
    /// The normalised figure, in [0, 1].
    pub value: f32,
    /// The scene's weight.
    pub weight: f32,
    /// True if the number of a prediction, or the raw score of a model, lies outside of what its normaliser tells apart.
    pub clipped: bool,
    /// weight · value / Σ|weight|; a negative weight counts as |weight| on 1 − value.
    pub contribution: f32,
    /// The reason of the value in words, of an objective that has one.
    pub reason: Option<String>,
}

/// One factor's part in a score.
#[derive(Clone, Debug)]
pub struct FactorPart {
    /// Name of the factor.
    pub name: &'static str,
    /// The multiplier.
    pub factor: f32,
    /// Reason for the multiplier, in words.
    pub reason: String,
}
