//! The rank request.

use std::borrow::Cow;

use serde::Deserialize;

use super::arms::Arms;
use super::candidates::Candidates;
use super::id::Id;
use super::vocabulary::Vocabulary;
use super::{read, whole};

/// The scene of a request that names none.
pub const DEFAULT_SCENE: &str = "default";

/// The circumstances of a request that the caller knows.
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
    /// Number of places before the page; absent: 0.
    #[serde(default, deserialize_with = "whole::whole_number")]
    pub offset: Option<usize>,
    /// Milliseconds within which scoring must start; absent: the scene's.
    #[serde(default, deserialize_with = "whole::whole_number")]
    pub timeout_ms: Option<u64>,
    /// True asks for an explanation of every score.
    #[serde(default)]
    pub explain: Option<bool>,
    /// True adds every feature that a model may read to each explanation.
    #[serde(default)]
    pub features: Option<bool>,
    /// Echoed in the answer.
    #[serde(borrow, default)]
    pub request_id: Option<Id<'a>>,
    /// Arms of experiments that hold in place of the user's own, to try them.
    #[serde(borrow, default)]
    pub arms: Option<Arms<'a>>,
    /// The circumstances of a request that the caller knows.
    #[serde(borrow, default, deserialize_with = "read::object")]
    pub context: Option<Context<'a>>,
}

impl RankRequest<'_> {
    /// Returns the name of the requested scene.
    #[must_use]
    pub fn scene(&self) -> &str {
        self.scene.as_deref().unwrap_or(DEFAULT_SCENE)
    }

    /// Returns whether explanations list the features.
    #[must_use]
    pub fn wants_features(&self) -> bool {
        self.explain == Some(true) && self.features == Some(true)
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
            && self.arms.as_ref().is_none_or(|arms| arms.hold(vocabulary))
            && self
                .limit
                .is_none_or(|limit| (1..=limits.limit).contains(&limit))
            && self.offset.is_none_or(|offset| offset <= limits.candidates)
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
