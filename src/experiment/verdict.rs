//! The verdict: what the results of a complete day show. It is judged once a day, and stays.

use super::judgement::{Finding, Judgement};
use super::outcome::{ArmOutcome, Outcome};
use super::plan::Plan;
use crate::config::Metric;

/// Days before which an arm is neither better nor worse: a week has its own rhythm.
const DAYS: i32 = 7;
/// Users of an arm before which nothing is judged.
const USERS: f64 = 1_000.0;
/// Units of the numerator before which nothing is judged.
const UNITS: f64 = 100.0;
/// Users expected in an arm before which its sample ratio is not judged: of fewer, χ² is wrong far more often than its chance says.
const EXPECTED: f64 = 20.0;
/// Chance of the sample ratio below which an experiment is blocked.
const RATIO: f64 = 0.000_5;

impl Judgement {
    /// Returns what is found after another complete day, the `days`-th, with the results as it ends. What was found before stays.
    #[must_use]
    pub fn after(&self, plan: &Plan, outcome: &Outcome, days: i32) -> Self {
        let is_ratio_wrong =
            outcome.ratio_p.is_some_and(|p| p < RATIO) && has_enough(plan, outcome);
        let control = outcome.arms.get(plan.control);
        let arms = outcome.arms.iter().enumerate().map(|(number, arm)| {
            let mut found = self.arms.get(number).cloned().unwrap_or_default();
            if let Some(control) = control.filter(|_| number != plan.control) {
                judge(&mut found, plan, [control, arm], days);
            }
            found
        });
        Self {
            blocked: self.blocked || is_ratio_wrong,
            arms: arms.collect(),
        }
    }
}

/// Returns whether enough users are expected in each arm for the χ² of the sample ratio to hold.
fn has_enough(plan: &Plan, outcome: &Outcome) -> bool {
    let users: f64 = outcome.arms.iter().map(|arm| arm.users).sum();
    plan.shares().iter().all(|share| users * share >= EXPECTED)
}

fn judge(found: &mut Finding, plan: &Plan, arms: [&ArmOutcome; 2], days: i32) {
    let side = |metric: Metric| {
        let enough = |arm: &&ArmOutcome| {
            let units = arm.figure(metric).map_or(0.0, |figure| figure.n);
            arm.users >= USERS && units >= UNITS
        };
        let lift = arms[1]
            .figure(metric)
            .and_then(|figure| figure.lift.as_ref())?;
        let is_sure = arms.iter().all(enough) && (lift.low > 0.0 || lift.high < 0.0);
        is_sure.then_some((lift.low > 0.0) != metric.is_bad())
    };
    if days >= DAYS && found.better.is_none() {
        found.better = side(plan.primary());
    }
    for guard in plan.guards() {
        if side(guard) == Some(false) && found.harmed.iter().all(|known| known != guard.name()) {
            found.harmed.push(guard.name().to_owned());
        }
    }
}
