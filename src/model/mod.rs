//! The words of the service as types: facts that come in, requests, rankings, faults.
//!
//! Reading is done twice. The fast way, [`read`], is strict and stops at the first fault without saying which; only then
//! [`diagnose`] walks the same text slowly along the [`schema`] and names every fault with its path. Both hold the same rules.

pub mod diagnose;
pub mod read;
pub mod schema;

mod fact;
mod id;
mod request;
mod whole;

pub use diagnose::Diagnosis;
pub use fact::{
    Entity, Event, EventKind, Item, ItemKind, MAX_CAMPAIGNS, MAX_MONEY, MAX_TAG_WEIGHT, MAX_TEXT,
    Merchant, Tags, User,
};
pub use id::{Id, MAX_ID, id_text, is_id};
pub use request::{
    Candidates, Context, DEFAULT_SCENE, Dropped, Explanation, FactorPart, Part, Placed,
    RankRequest, Ranking,
};

use serde::Serialize;

/// Something wrong with an input: where, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The place: `candidates[3].predictions.pctr`; empty for the whole.
    pub path: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Fault {
    /// A fault at a place.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            message: message.into(),
        }
    }
}

/// How much one request may ask for; `[limits]` of the config.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// Candidates of one rank request.
    pub candidates: usize,
    /// The highest `limit` of a rank request.
    pub limit: usize,
    /// Requests of one batch.
    pub batch_requests: usize,
    /// Candidates of one batch in all.
    pub batch_candidates: usize,
    /// Bytes of a body as sent.
    pub body_bytes: usize,
    /// Bytes of a body once unpacked.
    pub unpacked_bytes: usize,
    /// Lines, or array elements, of a bulk body.
    pub lines: usize,
    /// Declared tags of one item or user.
    pub tags: usize,
    /// Levels of arrays and objects in a body.
    pub nesting: usize,
    /// Bytes of `context.query`.
    pub query_bytes: usize,
    /// The highest `timeout_ms`.
    pub timeout_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            candidates: 10_000,
            limit: 10_000,
            batch_requests: 1_000,
            batch_candidates: 100_000,
            body_bytes: 8 << 20,
            unpacked_bytes: 64 << 20,
            lines: 100_000,
            tags: 64,
            nesting: 32,
            query_bytes: 1_024,
            timeout_ms: 60_000,
        }
    }
}

/// What the live configuration lets a request say: its limits and the names it may use.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    /// The limits.
    pub limits: Limits,
    /// Names of the scenes, sorted.
    pub scenes: Vec<String>,
    /// Names of the declared predictions, sorted.
    pub predictions: Vec<String>,
}

impl Vocabulary {
    /// Whether there is a scene of that name.
    #[must_use]
    pub fn has_scene(&self, name: &str) -> bool {
        self.scenes
            .binary_search_by(|scene| scene.as_str().cmp(name))
            .is_ok()
    }

    /// The number of the declared prediction of that name.
    #[must_use]
    pub fn prediction(&self, name: &str) -> Option<usize> {
        self.predictions
            .binary_search_by(|prediction| prediction.as_str().cmp(name))
            .ok()
    }
}
