//! Campaigns: a dated boost, held to a budget of exposures if it has one.

use serde::{Deserialize, Serialize};

use super::credit::dated;
use crate::clock::{HOUR, Time};
use crate::number::{real, span};

/// Maximum length of the band of a budget in milliseconds: six hours of the plan.
const BAND: i64 = 6 * HOUR;

/// The dates of a campaign; without a date it has always begun, or never ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Flight {
    /// The first instant.
    pub from: Option<Time>,
    /// The instant after the last one.
    pub until: Option<Time>,
}

impl Flight {
    /// Returns whether an instant is within the dates.
    #[must_use]
    pub fn has(&self, at: Time) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }

    /// Returns whether both have an instant in common.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        let begins_before_end = |one: &Self, other: &Self| {
            let dates = one.from.zip(other.until);
            dates.is_none_or(|(from, until)| from < until)
        };
        begins_before_end(self, other) && begins_before_end(other, self)
    }
}

/// A budget of exposures over the time from one instant to another, which is later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The first instant.
    pub from: Time,
    /// The instant after the last one.
    pub until: Time,
    /// Number of exposures.
    pub exposures: u64,
}

impl Budget {
    /// Returns how many exposures are due at an instant: the same number each hour.
    #[must_use]
    pub fn plan(&self, at: Time) -> f64 {
        let share = span(at.since(self.from)) / span(self.length());
        real(self.exposures) * share.clamp(0.0, 1.0)
    }

    /// Returns the credit at an instant; 0 outside the dates.
    #[must_use]
    pub fn credit(&self, used: f64, at: Time) -> f64 {
        if at < self.from || at >= self.until {
            return 0.0;
        }
        let full = real(self.exposures);
        let band = full * span(BAND.min(self.length())) / span(self.length());
        dated(self.plan(at), used, full, band)
    }

    fn length(&self) -> i64 {
        self.until.since(self.from).max(1)
    }
}

/// Returns the factor of campaigns by their boosts and credits: exp(min(Σ credit · ln boost, ln cap)).
#[must_use]
pub fn campaign_factor(campaigns: impl IntoIterator<Item = (f64, f64)>, cap: f64) -> f64 {
    let campaigns = campaigns.into_iter();
    let sum: f64 = campaigns.map(|(boost, credit)| credit * boost.ln()).sum();
    sum.min(cap.ln()).exp()
}
