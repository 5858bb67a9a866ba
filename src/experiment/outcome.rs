//! The results of an experiment at one moment.

use serde::{Deserialize, Serialize};

use super::estimate::{estimate, needed};
use super::figures::{ratio_p, series};
use super::gini::gini;
use super::running::Running;
use super::sums::{Sum, Sums, total};
use crate::config::Metric;

/// The results of an experiment.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Outcome {
    /// The results by arm, in the order of the plan.
    pub arms: Vec<ArmOutcome>,
    /// The chance of numbers of users at least as far from the shares of the arms.
    pub ratio_p: Option<f64>,
    /// Number of users that are still needed to find the smallest lift worth finding in 80 of 100 experiments; `None` if it cannot be told.
    pub needed: Option<f64>,
}

/// The results of an arm.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct ArmOutcome {
    /// Its users.
    pub users: f64,
    /// The Gini coefficient of its impressions over merchants.
    pub gini: Option<f64>,
    /// Its figures, in the order of the table of metrics.
    pub figures: Vec<Figure>,
}

/// A metric of an arm.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Figure {
    /// Name of the metric.
    pub metric: String,
    /// The numerator.
    pub n: f64,
    /// The denominator.
    pub d: f64,
    /// Its lift over the control; `None` for the control, and while it cannot be told.
    pub lift: Option<Lift>,
}

/// A lift over the control: 0.03 is 3 % more.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Lift {
    /// The estimate.
    pub lift: f64,
    /// The lower end of the interval that holds at every look.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// The standard error of its logarithm.
    pub error: f64,
    /// The share of the variance that is taken off by what users did before; `None` if that is not known of the metric.
    pub cut: Option<f64>,
}

impl ArmOutcome {
    /// Returns the figure of a metric.
    #[must_use]
    pub fn figure(&self, metric: Metric) -> Option<&Figure> {
        self.figures
            .iter()
            .find(|figure| figure.metric == metric.name())
    }
}

impl Outcome {
    /// Computes the results.
    #[must_use]
    pub fn of(running: &Running) -> Self {
        let cells: Vec<&[Sums]> = running.cells().collect();
        let users: Vec<f64> = cells.iter().map(|cells| total(cells, Sum::Users)).collect();
        let gini = gini(running.seen());
        let (plan, mut most) = (&running.plan, None);
        let arms = cells.iter().enumerate().map(|(number, arm)| {
            let figures = Metric::all().map(|metric| {
                let own = series(arm, metric);
                let of_control = cells.get(plan.control).filter(|_| number != plan.control);
                let found = of_control.and_then(|control| estimate(&series(control, metric), &own));
                if metric == plan.primary()
                    && let Some(found) = found
                {
                    let factor = needed(found.error, plan.find.ln_1p());
                    most = Some(factor.max(most.unwrap_or(0.0)));
                }
                Figure {
                    metric: metric.name().to_owned(),
                    n: own.n.iter().sum(),
                    d: own.d.iter().sum(),
                    lift: found.map(|found| {
                        let interval = found.interval(plan.find);
                        let cut = 1.0 - (found.error / found.plain_error).powi(2);
                        Lift {
                            lift: found.lift(),
                            low: interval.low,
                            high: interval.high,
                            error: found.error,
                            cut: found.theta.map(|_| cut),
                        }
                    }),
                }
            });
            ArmOutcome {
                users: users[number],
                gini: gini[number],
                figures: figures.collect(),
            }
        });
        let arms: Vec<ArmOutcome> = arms.collect();
        let all: f64 = users.iter().sum();
        Self {
            arms,
            ratio_p: ratio_p(&users, &plan.shares()),
            needed: most.map(|factor: f64| (all * (factor - 1.0)).max(0.0).ceil()),
        }
    }
}
