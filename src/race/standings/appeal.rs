//! Appeal: how much more often than usual in its lane a runner is clicked by those who see it, or bought by those who click.
//!
//! rate/θ has the posterior Gamma(4 + x, 4 + θE), θ = Σx/ΣE the usual rate of the lane over all scenes; r = (4 + x)/(4 + θE) is its mean,
//! 1 without evidence. Not the plain rate x/E: of a runner that three people saw it says nothing. Where nothing of a lane was shown, θ is
//! not known, and neither is r.

use rayon::prelude::*;

use super::super::lane::LaneId;
use super::super::runner::Runner;
use crate::number::narrow;

/// Clicks that every runner is assumed to have had, at the usual rate.
const PRIOR: f64 = 4.0;

/// What is known of one runner: successes, and their opportunities.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Evidence {
    /// E: Σ weight of the exposures.
    pub shown: f64,
    /// Users who clicked.
    pub clicked: f64,
    /// Users who bought.
    pub bought: f64,
}

/// Returns the mean of rate/θ after x successes where θE are usual.
#[must_use]
pub fn posterior(successes: f64, usual: f64) -> f64 {
    (PRIOR + successes) / (PRIOR + usual)
}

/// Successes and opportunities of every runner of a lane.
#[derive(Clone, Copy, Debug, Default)]
struct Lane([f64; 2]);

impl Lane {
    /// Returns θ; NaN without opportunities.
    fn rate(self) -> f64 {
        let [successes, opportunities] = self.0;
        if opportunities > 0.0 {
            successes / opportunities
        } else {
            f64::NAN
        }
    }
}

/// Returns r by row; NaN if θ of the lane is not known. A runner without a lane is compared with all of its kind. `of` returns the
/// successes and the opportunities of a runner. Empty without evidence.
pub(super) fn ratios(
    runners: &[Runner],
    evidence: &[Evidence],
    lanes: usize,
    of: impl Fn(&Evidence) -> [f64; 2] + Sync,
) -> Vec<f32> {
    if evidence.is_empty() {
        return Vec::new();
    }
    let (mut all, mut each) = (Lane::default(), vec![Lane::default(); lanes]);
    for (runner, evidence) in runners.iter().zip(evidence).filter(|(it, _)| it.present) {
        let sums = of(evidence);
        let own = each.get_mut(runner.lane.index());
        for lane in own.into_iter().chain([&mut all]) {
            lane.0 = [lane.0[0] + sums[0], lane.0[1] + sums[1]];
        }
    }
    let rates: Vec<f64> = each.into_iter().map(Lane::rate).collect();
    let rate = |lane: LaneId| rates.get(lane.index()).copied().unwrap_or(all.rate());
    let none = Evidence::default();
    let ratio = |(row, runner): (usize, &Runner)| {
        let [successes, opportunities] = of(evidence.get(row).unwrap_or(&none));
        narrow(posterior(successes, rate(runner.lane) * opportunities))
    };
    runners.par_iter().enumerate().map(ratio).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runner(lane: u32) -> Runner {
        Runner {
            lane: LaneId(lane),
            ..Runner::default()
        }
    }

    fn evidence(clicked: f64, shown: f64) -> Evidence {
        Evidence {
            shown,
            clicked,
            bought: clicked / 2.0,
        }
    }

    #[test]
    fn ratios_follow_the_rate_of_the_lane() {
        let runners = [runner(0), runner(0), runner(1), runner(u32::MAX), runner(2)];
        let known = [
            evidence(6.0, 40.0),
            evidence(2.0, 40.0),
            evidence(9.0, 9.0),
            evidence(3.0, 30.0),
        ];
        let clicks = |it: &Evidence| [it.clicked, it.shown];
        let found = ratios(&runners, &known, 3, clicks);
        // θ of lane 0 is 0.1, of all 20/119.
        let right = [
            10.0 / 8.0,
            6.0 / 8.0,
            1.0,
            7.0 / (4.0 + 30.0 * 20.0 / 119.0),
        ];
        for (found, right) in found.iter().zip(right) {
            assert!((f64::from(*found) - right).abs() < 1e-6, "{found} {right}");
        }
        assert!(found[4].is_nan(), "nothing of the lane was shown");
        assert!(ratios(&runners, &[], 3, clicks).is_empty());
    }

    #[test]
    fn the_absent_do_not_make_the_usual_rate() {
        let mut runners = [runner(0), runner(0)];
        runners[1].present = false;
        let known = [evidence(1.0, 10.0), evidence(10.0, 10.0)];
        let found = ratios(&runners, &known, 1, |it| [it.clicked, it.shown]);
        assert!((found[0] - 1.0).abs() < 1e-6);
    }
}
