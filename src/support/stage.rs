//! Stages: cumulative quotas of exposures, each to be served within its days, evenly.

use super::credit::dated;
use crate::number::real;

/// The stages of the ladder: cumulative quotas, rising, and the days of each stage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stages<'a> {
    /// Cumulative quotas of exposures by stage.
    pub quotas: &'a [u64],
    /// Days of each stage.
    pub days: &'a [f64],
}

/// What a stage asks for at an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// Exposures due by now, those before the stage included.
    pub due: f64,
    /// How far the runner is behind, in days of the stage's rate, in [0, 1].
    pub credit: f64,
}

impl Stages<'_> {
    /// Returns the quota of a stage, counted from 0; `None` beyond the last.
    #[must_use]
    pub fn quota(&self, stage: usize) -> Option<u64> {
        self.quotas.get(stage).copied()
    }

    /// Returns the exposures a day of a stage: its own part of the quota over its days. 0 beyond the last stage.
    #[must_use]
    pub fn rate(&self, stage: usize) -> f64 {
        let (Some(quota), Some(days)) = (self.quota(stage), self.days.get(stage)) else {
            return 0.0;
        };
        let before = stage.checked_sub(1).and_then(|below| self.quota(below));
        real(quota.saturating_sub(before.unwrap_or(0))) / days
    }

    /// Returns the plan of a runner in a stage, counted from 0: what it was served in all, what it was served when the stage began, and
    /// the days since. Days below 0 count as 0.
    #[must_use]
    pub fn plan(&self, stage: usize, served: f64, at_start: f64, days: f64) -> Plan {
        let rate = self.rate(stage);
        let due = at_start + rate * (days.max(0.0) + 0.5);
        let full = real(self.quota(stage).unwrap_or(0));
        Plan {
            due,
            credit: dated(due, served, full, rate),
        }
    }
}
