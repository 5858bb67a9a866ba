//! Answers about experiments.

use super::define::view;
use super::shaped::OrNull;
use crate::clock::Time;

view! {
    /// The experiments: those of the live configuration by name, then those that ended, the last one first.
    pub struct Experiments {
        /// The experiments.
        pub experiments: Vec<Experiment>,
    }

    /// An experiment and its results.
    pub struct Experiment {
        /// Its name.
        pub name: String,
        /// `waiting` until it begins with the first standings, `running`, or `ended`.
        pub state: &'static str,
        /// What it shows as of the last complete day: `running` for nothing yet, `better`, `worse`, `harm` if a guard is worse than in the
        /// control, or `blocked: sample ratio`. With several arms, the most important verdict of them.
        pub verdict: &'static str,
        /// Its layer.
        pub layer: String,
        /// Its part of the layer: the first point and the end.
        pub range: Vec<f64>,
        /// Its scenes; empty: all.
        pub scenes: Vec<String>,
        /// Its audience; null: every user.
        pub audience: OrNull<String>,
        /// The metric that decides.
        pub primary: String,
        /// The smallest lift worth finding.
        pub find: f64,
        /// The metrics that must not get worse.
        pub guards: Vec<String>,
        /// The arm that the others are compared with.
        pub control: String,
        /// Maximum money of one event; null while it waits.
        pub gmv_cap: OrNull<f64>,
        /// Its begin; null while it waits.
        pub begun: OrNull<Time>,
        /// Its end. Absent before.
        pub ended: Option<Time>,
        /// The last complete day that was judged, at its begin. Absent before.
        pub judged: Option<Time>,
        /// Number of its users.
        pub users: u64,
        /// True if no more users are enrolled, because there are `experiments.max_users`.
        pub full: bool,
        /// The chance of users at least as far from the shares of the arms as they are; null without users. Below 0.0005 on any day the
        /// experiment is blocked.
        pub sample_ratio_p: OrNull<f64>,
        /// Number of users still needed to find `find` in 80 of 100 experiments; null while it cannot be told.
        pub progress: OrNull<u64>,
        /// Its arms.
        pub arms: Vec<ExperimentArm>,
    }

    /// An arm of an experiment and its results.
    pub struct ExperimentArm {
        /// Its name.
        pub name: String,
        /// Its share of the users.
        pub share: f64,
        /// Number of its users.
        pub users: u64,
        /// What it shows against the control; `control` for that.
        pub verdict: &'static str,
        /// The guards that are worse than in the control.
        pub harmed: Vec<String>,
        /// Milliseconds to answer, of every second request, since the start of the service. Absent without requests.
        pub latency_p50_ms: Option<f64>,
        /// The same of 99 in 100 requests.
        pub latency_p99_ms: Option<f64>,
        /// The Gini coefficient of its impressions over merchants, from 0 for equal to 1; null without impressions.
        pub gini: OrNull<f64>,
        /// Its metrics.
        pub metrics: Vec<ArmMetric>,
    }

    /// A metric of an arm.
    pub struct ArmMetric {
        /// Its name.
        pub name: String,
        /// The ratio; null if it has no denominator.
        pub value: OrNull<f64>,
        /// The numerator.
        pub numerator: f64,
        /// The denominator.
        pub denominator: f64,
        /// The lift over the control, such as 0.03 for 3 % more. Absent for the control, and while it cannot be told.
        pub lift: Option<f64>,
        /// The lower end of its interval, which holds at every look.
        pub low: Option<f64>,
        /// The upper end.
        pub high: Option<f64>,
        /// The standard error of the logarithm of the ratio of both arms.
        pub se: Option<f64>,
        /// The share of the variance that is taken off by what users did before. Absent if that is not known of the metric.
        pub variance_cut: Option<f64>,
    }

    /// The place of a user in an experiment.
    pub struct Assignment {
        /// Name of the experiment.
        pub experiment: String,
        /// The user's id, which a merge does not change.
        pub user: String,
        /// True if the user is in no experiment.
        pub held: bool,
        /// The part of the layer, from 0 to 9999, that the user falls into.
        pub part: u32,
        /// True if that is in the range of the experiment.
        pub in_range: bool,
        /// True if the user belongs to the audience, as far as it can be told without a request; null without an audience.
        pub in_audience: OrNull<bool>,
        /// The part of the arms, from 0 to 9999, that the user falls into.
        pub arm_part: u32,
        /// The arm, whether or not the user takes part.
        pub arm: String,
        /// The cell, from 0 to 999.
        pub cell: u32,
        /// True if the user has the arm: not held, in the range and in the audience.
        pub takes_part: bool,
        /// True if the user was answered under the arm, so that events count.
        pub enrolled: bool,
    }
}
