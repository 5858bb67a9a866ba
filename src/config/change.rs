//! Changes of the live configuration that people make, and their outcomes.

use std::io;
use std::sync::Arc;

use thiserror::Error;

use super::fault::ConfigFault;
use super::generation::{Generation, Shown};
use super::shared::{Author, Difference, Edit, RecordError};
use crate::clock::Time;

/// A change that somebody asks for.
#[derive(Clone, Debug)]
pub struct Change {
    /// What changes.
    pub edit: Edit,
    /// Who asks, and why.
    pub by: Author,
    /// When it is applied; `None` for at once.
    pub from: Option<Time>,
    /// When it is taken back; `None` for never.
    pub until: Option<Time>,
}

/// The time of a change.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The time of the service, by which plans are applied and taken back.
    pub now: Time,
    /// The time of the wall clock, for the history.
    pub wall: Time,
}

/// The outcome of a change.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The live generation afterwards.
    pub generation: Arc<Generation>,
    /// What changed, or will change when the plan is applied.
    pub diff: Vec<Difference>,
    /// What is valid, but probably not meant.
    pub warnings: Vec<ConfigFault>,
    /// Number of the planned change, if it is one.
    pub plan: Option<u64>,
    /// For a rollback: keys that stay, because they need a restart, follow from files, or belong to a running experiment.
    pub left: Vec<String>,
}

impl Changed {
    /// Returns the live overrides afterwards.
    #[must_use]
    pub fn overrides(&self) -> &[Shown] {
        &self.generation.overrides
    }
}

/// The reason why a change is rejected. Nothing has changed.
#[derive(Debug, Error)]
pub enum ChangeError {
    /// `[config] edits` is false.
    #[error("[config] edits is false: only the file changes the configuration")]
    Off,
    /// The change was made for another generation than the live one.
    #[error("the live generation is {live}: look at what changed, and send the change for it")]
    Stale {
        /// The live generation.
        live: u64,
    },
    /// Every fault of the change.
    #[error("{} faults", .0.len())]
    Invalid(Vec<ConfigFault>),
    /// There is no such generation.
    #[error("there is no generation {number}: {first} to {live} are kept")]
    NoGeneration {
        /// The generation that is asked for.
        number: u64,
        /// The oldest that is kept.
        first: u64,
        /// The live one.
        live: u64,
    },
    /// There is no such planned change.
    #[error("there is no planned change {0}")]
    NoPlan(u64),
    /// A generation that is kept cannot be read.
    #[error(transparent)]
    Unreadable(#[from] RecordError),
    /// The change could not be recorded.
    #[error("the history of the configuration: {0}")]
    Storage(#[from] io::Error),
}

impl ChangeError {
    /// Creates the error of one fault.
    pub(super) fn fault(path: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![ConfigFault {
            line: 0,
            path: path.to_owned(),
            message: message.into(),
        }])
    }

    /// Returns the error in words, with every fault.
    #[must_use]
    pub fn shown(&self) -> String {
        let Self::Invalid(faults) = self else {
            return self.to_string();
        };
        let faults: Vec<String> = faults.iter().map(|fault| fault.shown("config")).collect();
        faults.join("; ")
    }
}

impl From<Vec<ConfigFault>> for ChangeError {
    fn from(faults: Vec<ConfigFault>) -> Self {
        Self::Invalid(faults)
    }
}

/// The outcome of what was due for a planned change.
#[derive(Debug)]
pub struct PlanOutcome {
    /// Number of the plan.
    pub id: u64,
    /// What was due, in words: "applied", "taken back" or "missed".
    pub what: &'static str,
    /// The live generation afterwards.
    pub result: Result<u64, ChangeError>,
}
