//! One runner on the ladder, and the steps that change it.

use serde::{Deserialize, Serialize};

use super::gate::Evidence;
use crate::clock::Time;
use crate::number::{DAY_MILLIS, span};

/// Half-life of the evidence of first stages, in milliseconds.
const HALF_LIFE: f64 = 28.0 * DAY_MILLIS;

/// The reason for which a runner left the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum End {
    /// It served the last quota.
    Graduated,
    /// Its clicks did not pass a gate.
    Evidence,
    /// Its days were over.
    Time,
    /// Its integrity fell below the minimum.
    Integrity,
}

impl End {
    /// Returns its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Graduated => "graduated",
            Self::Evidence => "evidence",
            Self::Time => "time",
            Self::Integrity => "integrity",
        }
    }
}

/// A runner that is or was on the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub struct Rung {
    /// The instant at which it entered.
    pub entered: Time,
    /// Its stage, from 0.
    pub stage: u16,
    /// The instant at which the stage began.
    pub staged: Time,
    /// Exposures from entering to the begin of the stage.
    pub at_start: f64,
    /// Evidence of the first stage, once it is over.
    pub first: Option<Evidence>,
    /// How it left, if it did.
    pub end: Option<Left>,
}

/// How a runner left the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub struct Left {
    /// The reason.
    pub why: End,
    /// The instant.
    pub at: Time,
    /// Exposures from entering to leaving.
    pub served: f64,
    /// The evidence then.
    pub evidence: Evidence,
    /// The usual rate of newcomers then; `None` if it left before this was kept. Stored apart.
    #[serde(skip)]
    pub usual: Option<f64>,
}

impl Rung {
    /// Returns a runner that enters at an instant.
    #[must_use]
    pub const fn entering(at: Time) -> Self {
        Self {
            entered: at,
            stage: 0,
            staged: at,
            at_start: 0.0,
            first: None,
            end: None,
        }
    }

    /// Returns the evidence of its first stage, `so_far` if it is in it, as worth at an instant: it halves every 28 days after the entry.
    #[must_use]
    pub fn first_stage(&self, so_far: Evidence, now: Time) -> Evidence {
        let age = span(now.since(self.entered)).max(0.0);
        let mut worth = Evidence::default();
        worth.add(self.first.unwrap_or(so_far), (-age / HALF_LIFE).exp2());
        worth
    }

    /// Returns whether it climbs still.
    #[must_use]
    pub const fn climbs(&self) -> bool {
        self.end.is_none()
    }
}

/// A step of a runner: its new state. The journal holds the steps, which were judged by counts of one moment, so that a replay does not
/// judge anew.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Step<'a> {
    /// Id of the runner.
    #[serde(borrow)]
    pub id: &'a str,
    /// Its owner.
    pub owner: &'a str,
    /// Its new state.
    pub rung: Rung,
}
