//! Metrics of running experiments, by arm.

use std::collections::BTreeSet;

use parking_lot::Mutex;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

use super::metric::{Count, Declare, Figure, Labelled, raise};

/// The kinds of events that are counted by arm.
const KINDS: [&str; 3] = ["impression", "click", "purchase"];

/// Metrics of running experiments.
#[derive(Debug)]
pub struct ExperimentMetrics {
    users: Labelled<Count, 2>,
    answers: Labelled<Counter, 2>,
    events: Labelled<Counter, 3>,
    gmv: Labelled<Figure, 2>,
    /// The experiments and arms that are exported.
    known: Mutex<BTreeSet<[String; 2]>>,
}

/// What is counted of an arm.
#[derive(Clone, Copy, Debug)]
pub struct ArmCounts<'a> {
    /// Name of the experiment.
    pub experiment: &'a str,
    /// Name of the arm.
    pub arm: &'a str,
    /// Its users.
    pub users: u64,
    /// Answers to its users.
    pub answers: u64,
    /// Impressions, clicks and purchases.
    pub events: [u64; 3],
    /// Money of purchases less refunds.
    pub gmv: f64,
}

impl ExperimentMetrics {
    pub(super) fn declare(to: &mut Registry) -> Self {
        let arm = ["experiment", "arm"];
        let users = "Users enrolled in an arm of a running experiment";
        let answers = "Answers to enrolled users under an arm of a running experiment";
        let events = "Events that count for an arm of a running experiment";
        let gmv = "Money of purchases less refunds that counts for an arm of a running experiment";
        Self {
            users: Labelled::declare(to, "experiment_users", arm, users),
            answers: Labelled::declare(to, "experiment_answers", arm, answers),
            events: Labelled::declare(
                to,
                "experiment_events",
                ["experiment", "arm", "kind"],
                events,
            ),
            gmv: Labelled::declare(to, "experiment_gmv", arm, gmv),
            known: Mutex::default(),
        }
    }

    /// Sets the metrics of the arms of running experiments, and removes those of others. Calls must not overlap.
    pub fn report<'a>(&self, arms: impl Iterator<Item = ArmCounts<'a>>) {
        let mut live = BTreeSet::new();
        for counts in arms {
            let labels = [counts.experiment, counts.arm];
            self.users.with(labels).set(counts.users);
            raise(&self.answers.with(labels), counts.answers);
            for (kind, events) in KINDS.into_iter().zip(counts.events) {
                let of_kind = self.events.with([counts.experiment, counts.arm, kind]);
                raise(&of_kind, events);
            }
            self.gmv.with(labels).set(counts.gmv);
            live.insert(labels.map(str::to_owned));
        }
        let mut known = self.known.lock();
        for [experiment, arm] in known.difference(&live) {
            self.users.remove([experiment, arm]);
            self.answers.remove([experiment, arm]);
            for kind in KINDS {
                self.events.remove([experiment, arm, kind]);
            }
            self.gmv.remove([experiment, arm]);
        }
        *known = live;
    }
}
