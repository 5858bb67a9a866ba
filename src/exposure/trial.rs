//! Trials: what a runner got, and what came of it, since a traffic target began to watch it.
//!
//! Evidence as in [`super::evidence`], but without decay, and a user counts once. At [`ENOUGH`] clickers it is frozen: more would change
//! no verdict, and the served exposures go on.

use serde::{Deserialize, Serialize};

use super::amount::Amount;
use crate::clock::Time;
use crate::id::LastClick;

/// Number of clickers at which the evidence of a trial is frozen.
pub const ENOUGH: u32 = 4_000;

/// One runner's exposures and evidence since a start.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub struct Trial {
    /// The start; events before it do not count.
    pub since: Time,
    /// All exposures, in every scene, earned ones included.
    pub served: Amount,
    /// x: distinct users who clicked.
    pub clickers: u32,
    /// E: Σ weight(r) over exposures to users up to and with their first click.
    pub weight: f64,
}

impl Trial {
    /// Begins a trial.
    pub(super) fn new(since: Time) -> Self {
        Self {
            since,
            served: Amount::default(),
            clickers: 0,
            weight: 0.0,
        }
    }

    /// Returns whether the evidence still grows.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.clickers < ENOUGH
    }

    /// Returns whether a user whose last click is known did not click since the start.
    fn is_first(&self, last: LastClick) -> bool {
        last == LastClick::NEVER
            || last
                .before(LastClick::at(self.since))
                .is_some_and(|s| s > 0)
    }

    /// Counts an exposure to a user.
    pub(super) fn show(&mut self, at: Time, amount: Amount, weight: f64, last: LastClick) {
        if at < self.since {
            return;
        }
        self.served += amount;
        let is_before_click = LastClick::at(at).before(last).is_some_and(|s| s > 0);
        if self.is_open() && (self.is_first(last) || is_before_click) {
            self.weight += weight;
        }
    }

    /// Counts places in answers, and the evidence in them.
    pub(super) fn place(&mut self, at: Time, amount: Amount, evidence: f64) {
        if at < self.since {
            return;
        }
        self.served += amount;
        if self.is_open() {
            self.weight += evidence;
        }
    }

    /// Counts a click of a user.
    pub(super) fn click(&mut self, at: Time, last: LastClick) {
        if at >= self.since && self.is_first(last) {
            self.clickers = (self.clickers + 1).min(ENOUGH);
        }
    }
}
