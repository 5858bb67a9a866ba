//! Growth: a lower bound, at 90 % confidence, of the growth of a runner's weekly buyers beyond that of its lane.
//!
//! On weekly sums y of effective buyers: z = ln(y + 5), weights w = 1/(1/(y + 5) + 0.02), weighted least squares slope b with
//! Var = 1/Σw(t − t̄)²; the lane's market slope μ is subtracted; the rest is shrunk towards 0 by a normal prior of width τ = 0.25;
//! lower = mean − 1.28·sd and G = 1 − exp(−max(0, lower)/0.15). The + 5 damps growth from tiny counts such as 1 → 2 → 3, the prior damps
//! three lucky weeks, and the lower bound, rather than the mean, ranks an uncertain growth behind a certain one.

use super::lane::ENOUGH;
use super::median::weighted_median;
use super::window::WEEKS;

/// Minimum number of weeks for a trend.
const LEAST_WEEKS: usize = 3;
/// Minimum number of weeks with a buyer for a growth above 0.
const LEAST_SOLD: usize = 2;
/// Buyers added before the logarithm.
const OFFSET: f64 = 5.0;
/// Variance of a week beyond the Poisson variance of its count.
const EXTRA: f64 = 0.02;
/// τ², the variance of true slopes around the market's.
const PRIOR: f64 = 0.25 * 0.25;
/// Number of standard deviations from the mean to the lower bound.
const SURE: f64 = 1.28;
/// The weekly growth at which G is 1 − 1/e.
const UNIT: f64 = 0.15;

/// The slope of a runner's weekly buyers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Trend {
    /// b: the weekly growth as a logarithm.
    pub(super) slope: f64,
    /// The variance of b.
    variance: f64,
    /// True if at least two weeks have buyers; otherwise G is 0.
    pub(super) proven: bool,
}

/// The growth of a runner beyond the market slope.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Growth {
    /// Mean of the slope beyond the market slope, shrunk towards 0.
    pub(super) mean: f64,
    /// Lower bound of the slope beyond the market slope, at 90 % confidence.
    pub(super) lower: f64,
    /// G in [0, 1).
    pub(super) growth: f64,
}

impl Trend {
    /// Returns the trend of weekly effective buyers, oldest first; `None` under three weeks.
    pub(super) fn of(weeks: &[f64]) -> Option<Self> {
        if weeks.len() < LEAST_WEEKS {
            return None;
        }
        let points = || {
            weeks.iter().zip(0..).map(|(buyers, week)| {
                let shifted = buyers + OFFSET;
                let weight = 1.0 / (1.0 / shifted + EXTRA);
                (f64::from(week), weight, shifted.ln())
            })
        };
        let weight: f64 = points().map(|(_, w, _)| w).sum();
        let middle = points().map(|(t, w, _)| w * t).sum::<f64>() / weight;
        let spread: f64 = points().map(|(t, w, _)| w * (t - middle).powi(2)).sum();
        let slope = points().map(|(t, w, z)| w * (t - middle) * z).sum::<f64>() / spread;
        Some(Self {
            slope,
            variance: 1.0 / spread,
            proven: weeks.iter().filter(|buyers| **buyers > 0.0).count() >= LEAST_SOLD,
        })
    }

    /// Returns the trend of weeks without a buyer; `None` under three weeks.
    pub(super) fn flat(weeks: usize) -> Option<Self> {
        Self::of([0.0; WEEKS].get(..weeks)?)
    }

    /// Returns the growth of this trend beyond the market slope `market`.
    pub(super) fn beside(self, market: f64) -> Growth {
        let share = PRIOR / (PRIOR + self.variance);
        let mean = share * (self.slope - market);
        let lower = mean - SURE * (share * self.variance).sqrt();
        let growth = if self.proven {
            -(-lower.max(0.0) / UNIT).exp_m1()
        } else {
            0.0
        };
        Growth {
            mean,
            lower,
            growth,
        }
    }
}

/// Returns the market slope of the proven trends among `trends`; `None` if there are fewer than 30.
pub(super) fn market(trends: impl Iterator<Item = Trend>) -> Option<f64> {
    let mut slopes: Vec<(f64, f64)> = trends
        .filter(|trend| trend.proven)
        .map(|trend| (trend.slope, 1.0 / (trend.variance + PRIOR)))
        .collect();
    if slopes.len() < ENOUGH {
        return None;
    }
    weighted_median(&mut slopes)
}
