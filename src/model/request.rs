//! The rank request and its answer.

use std::borrow::Cow;

use serde::Deserialize;

use super::candidates::Candidates;
use super::id::Id;
use super::vocabulary::Vocabulary;
use super::{read, whole};
use crate::clock::Time;

/// The scene of a request that names none.
pub const DEFAULT_SCENE: &str = "default";

/// The circumstances of a request, as far as the caller knows them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Context<'a> {
    /// The user's region code.
    #[serde(borrow, default)]
    pub region: Option<Id<'a>>,
    /// Latitude in degrees.
    #[serde(default)]
    pub lat: Option<f64>,
    /// Longitude in degrees.
    #[serde(default)]
    pub lon: Option<f64>,
    /// The user's search query.
    #[serde(borrow, default)]
    pub query: Option<Cow<'a, str>>,
    /// The kind of device.
    #[serde(borrow, default)]
    pub device: Option<Id<'a>>,
}

/// Candidates to rank for one user.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RankRequest<'a> {
    /// The user to rank for.
    #[serde(borrow)]
    pub user_id: Id<'a>,
    /// The items to rank.
    #[serde(borrow)]
    pub candidates: Candidates<'a>,
    /// Name of the scene; absent: `default`.
    #[serde(borrow, default)]
    pub scene: Option<Id<'a>>,
    /// Maximum number of items returned; absent: the scene's.
    #[serde(default, deserialize_with = "whole::whole_number")]
    pub limit: Option<usize>,
    /// Milliseconds within which scoring must start; absent: the scene's.
    #[serde(default, deserialize_with = "whole::whole_number")]
    pub timeout_ms: Option<u64>,
    /// Whether the answer explains every score.
    #[serde(default)]
    pub explain: Option<bool>,
    /// Echoed in the answer.
    #[serde(borrow, default)]
    pub request_id: Option<Id<'a>>,
    /// The circumstances of a request, as far as the caller knows them.
    #[serde(borrow, default, deserialize_with = "read::object")]
    pub context: Option<Context<'a>>,
}

impl RankRequest<'_> {
    /// Returns the name of the requested scene.
    #[must_use]
    pub fn scene(&self) -> &str {
        self.scene.as_deref().unwrap_or(DEFAULT_SCENE)
    }

    /// Checks the rules that the types alone do not enforce; [`diagnose`](super::diagnose) reports what breaks them.
    #[must_use]
    pub fn holds(&self, vocabulary: &Vocabulary) -> bool {
        let limits = &vocabulary.limits;
        self.candidates.ids.len() <= limits.candidates
            && self
                .candidates
                .predictions
                .iter()
                .all(|(_, name, _)| vocabulary.prediction(name).is_some())
            && vocabulary.has_scene(self.scene())
            && self
                .limit
                .is_none_or(|limit| (1..=limits.limit).contains(&limit))
            && self
                .timeout_ms
                .is_none_or(|timeout| (1..=limits.timeout_ms).contains(&timeout))
            && self.context.as_ref().is_none_or(|context| {
                context
                    .query
                    .as_ref()
                    .is_none_or(|query| query.len() <= limits.query_bytes)
                    && context.lat.is_none_or(|lat| (-90.0..=90.0).contains(&lat))
                    && context
                        .lon
                        .is_none_or(|lon| (-180.0..=180.0).contains(&lon))
            })
    }
}

/// The answer: the order and what it was decided on. Ids are the request's own.
#[derive(Clone, Debug)]
pub struct Ranking<'r> {
    /// The scene it was made for.
    pub scene: String,
    /// The generation of the configuration.
    pub generation: u64,
    /// The number of the standings.
    pub standings: u64,
    /// The instant that decay, freshness and windows read.
    pub as_of: Time,
    /// Best first.
    pub items: Vec<Placed<'r>>,
    /// Candidates that nobody told us of, each once, in the order given.
    pub unknown: Vec<&'r str>,
    /// Candidates that a rule kept out; `None` unless explained.
    pub dropped: Option<Vec<Dropped<'r>>>,
}

/// One place of a ranking.
#[derive(Clone, Debug)]
pub struct Placed<'r> {
    /// The item's id.
    pub id: &'r str,
    /// Its score: base × factors.
    pub score: f32,
    /// Why; `None` unless asked for.
    pub explain: Option<Explanation>,
}

/// A candidate that a rule kept out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped<'r> {
    /// The item's id.
    pub id: &'r str,
    /// The rule's name.
    pub rule: &'static str,
}

/// How one score came to be.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The objectives of weight ≠ 0, in the table's order.
    pub objectives: Vec<Part>,
    /// The sum of the contributions.
    pub base: f32,
    /// What the base was multiplied by.
    pub factors: Vec<FactorPart>,
}

/// One objective's part in a score.
#[derive(Clone, Debug)]
pub struct Part {
    /// The objective's name.
    pub name: String,
    /// The natural figure; `None` where the data is missing.
    pub raw: Option<f64>,
    /// The value in [0, 1].
    pub value: f32,
    /// The scene's weight.
    pub weight: f32,
    /// weight · value / Σ|weight|; a negative weight counts as |weight| on 1 − value.
    pub contribution: f32,
}

/// One factor's part in a score.
#[derive(Clone, Debug)]
pub struct FactorPart {
    /// The factor's name.
    pub name: &'static str,
    /// What it multiplied by.
    pub factor: f32,
    /// Why.
    pub reason: String,
}
