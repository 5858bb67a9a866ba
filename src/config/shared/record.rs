//! The record of a generation, as the history keeps it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::author::Author;
use super::difference::Difference;
use crate::clock::Time;

/// What made a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The start of the service.
    Start,
    /// A change of the file.
    File,
    /// `PUT /config`.
    Api,
    /// A planned change, applied or taken back.
    Plan,
    /// `POST /config/rollback`.
    Rollback,
}

impl Source {
    /// Returns the name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::File => "file",
            Self::Api => "api",
            Self::Plan => "plan",
            Self::Rollback => "rollback",
        }
    }
}

/// One generation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its number.
    pub number: u64,
    /// When it went live.
    pub at: Time,
    /// What made it.
    pub source: Source,
    /// Who made it, and why.
    #[serde(flatten)]
    pub by: Author,
    /// What changed since the generation before.
    pub diff: Vec<Difference>,
    /// The effective configuration.
    pub effective: Value,
}
