//! The gate between two stages: what the clicks so far say of a newcomer's rate, against the usual rate of newcomers.
//!
//! The rate in units of the usual one has the posterior Gamma(4 + x, 4 + θ₀E). Its quantiles come from the approximation by Wilson and
//! Hilferty, which is off by at most 0.002 in probability and needs no special function.

use std::f64::consts::FRAC_1_SQRT_2;

use serde::{Deserialize, Serialize};

/// Weight of the prior: clicks, and usual clicks, that every runner begins with.
const PRIOR: f64 = 4.0;
/// The normal quantile of three quarters: a runner climbs if its chance to beat the bar is at least one in four.
pub const Z: f64 = 0.674_489_750_196_081_7;
/// Clicks of the prior of the usual rate.
const CLICKS: f64 = 2.0;

/// The evidence of a runner: users who clicked, and weighted exposures until each user's first click.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Evidence {
    /// x: distinct users who clicked.
    pub clickers: f64,
    /// E: weighted exposures.
    pub weight: f64,
}

/// Returns the usual rate of newcomers, in clicks per weighted exposure: from the evidence of their first stage, and from the rate of all
/// goods as long as there is little.
#[must_use]
pub fn usual_rate(first_stage: Evidence, of_all: f64) -> f64 {
    (first_stage.clickers + CLICKS) / (first_stage.weight + CLICKS / of_all)
}

impl Evidence {
    /// Returns the clicks expected at the usual rate: θ₀E.
    #[must_use]
    pub fn expected(&self, usual: f64) -> f64 {
        usual * self.weight
    }

    /// Returns the parameters of the posterior.
    fn posterior(&self, usual: f64) -> (f64, f64) {
        (PRIOR + self.clickers, PRIOR + self.expected(usual))
    }

    /// Returns the quantile of the rate, in units of the usual one, at the normal quantile `z`.
    #[must_use]
    pub fn quantile(&self, usual: f64, z: f64) -> f64 {
        let (a, b) = self.posterior(usual);
        let root = 1.0 - 1.0 / (9.0 * a) + z / (3.0 * a.sqrt());
        a / b * root.max(0.0).powi(3)
    }

    /// Returns the probability that the rate beats a bar, in units of the usual one.
    #[must_use]
    pub fn chance(&self, usual: f64, bar: f64) -> f64 {
        let (a, b) = self.posterior(usual);
        let z = 3.0 * a.sqrt() * (1.0 - 1.0 / (9.0 * a) - (bar * b / a).cbrt());
        0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
    }

    /// Returns whether a runner climbs over a bar: its chance to beat it is at least one in four.
    #[must_use]
    pub fn climbs(&self, usual: f64, bar: f64) -> bool {
        self.quantile(usual, Z) >= bar
    }

    /// Adds other evidence of a given worth.
    pub fn add(&mut self, other: Self, worth: f64) {
        self.clickers += other.clickers * worth;
        self.weight += other.weight * worth;
    }
}
