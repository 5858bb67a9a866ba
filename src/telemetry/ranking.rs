//! Metrics of rankings.

use std::sync::Arc;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

use super::latency::Latency;
use super::live::LiveNames;
use super::metric::{Declare, Each, Figure, Labelled, metrics};
use super::slots::SlotMetrics;
use crate::objective::{self, OBJECTIVES, Objective};
use crate::rule::{self, RULES, Rule};

metrics! {
    /// Metrics of rankings.
    RankingMetrics {
        pub candidates: Counter = "candidates", "Candidates ranked, repeats included";
        pub unknown_candidates: Counter = "unknown_candidates", "Candidates that are not in the catalogue";
        pub late: Counter = "late", "Rank requests whose time ran out before scoring";
        pub retired_scene: Counter = "retired_scene_requests", "Rank requests for a retired scene, which the scene default answered";
        missing: Each<Counter, OBJECTIVES> = "missing" by ("objective", objective::names()),
            "Values replaced by the neutral value because the data is missing";
        clipped: Each<Counter, 0> = "clipped" by ("prediction", []),
            "Numbers of a prediction or model outside of what its normaliser tells apart";
        clipped_share: Each<Figure, 0> = "clipped_share" by ("prediction", []),
            "Share of the numbers of a prediction or model that were clipped in the last full hour of requests; before one is over, so far";
        dropped: Each<Counter, RULES> = "dropped" by ("rule", rule::names()), "Candidates hidden or left out by a rule";
        fired: Each<Counter, RULES> = "rule_acts" by ("rule", rule::names()),
            "Acts of a rule: candidates hidden, places given, or a cap that kept a candidate from a place";
        pub slots: SlotMetrics = "slot_races" by ["slot", "merchant", "result"], "Races for reserved places, won or second, by merchant";
        scenes: Scenes = "rank_seconds" by ["scene", "step"], "Duration of a rank request by scene and step";
    }
}

impl RankingMetrics {
    /// Returns the counter of missing values of an objective.
    #[must_use]
    pub fn missing(&self, objective: Objective) -> &Counter {
        &self.missing[objective as usize]
    }

    /// Returns the counter of missing values of a declared prediction.
    #[must_use]
    pub fn missing_prediction(&self, name: &str) -> Counter {
        self.missing.other(name)
    }

    /// Returns the counter of clipped numbers of a declared prediction.
    #[must_use]
    pub fn clipped(&self, name: &str) -> Counter {
        self.clipped.other(name)
    }

    /// Returns the share of the last hour's numbers of a declared prediction that were clipped.
    #[must_use]
    pub fn clipped_share(&self, name: &str) -> Figure {
        self.clipped_share.other(name)
    }

    /// Returns the counter of candidates hidden or left out by a rule.
    #[must_use]
    pub fn dropped(&self, rule: Rule) -> &Counter {
        &self.dropped[rule as usize]
    }

    /// Returns the counter of acts of a rule.
    #[must_use]
    pub fn fired(&self, rule: Rule) -> &Counter {
        &self.fired[rule as usize]
    }

    /// Removes the metrics of scenes and predictions that are not in the live configuration.
    pub fn retain(&self, is_scene: impl Fn(&str) -> bool, is_prediction: impl Fn(&str) -> bool) {
        self.scenes.retain(is_scene);
        self.missing.retain(&is_prediction);
        self.clipped.retain(&is_prediction);
        self.clipped_share.retain(&is_prediction);
    }

    /// Returns the metrics of a scene. Pass only configured names.
    #[must_use]
    pub fn scene(&self, name: &str) -> Arc<SceneMetrics> {
        self.scenes.of(name)
    }
}

/// Label values of the steps, in the order of the fields of [`SceneMetrics`].
const STEPS: [&str; 3] = ["read", "rank", "write"];

/// Duration of the steps of rank requests of one scene.
#[derive(Debug)]
pub struct SceneMetrics {
    /// Reading and checking the request.
    pub read: Latency,
    /// Ranking.
    pub rank: Latency,
    /// Writing the answer.
    pub write: Latency,
}

/// The durations of every scene.
#[derive(Debug)]
struct Scenes {
    seconds: Labelled<Latency, 2>,
    known: LiveNames<SceneMetrics, 1>,
}

impl Declare for Scenes {
    type Labels = [&'static str; 2];

    fn declare(to: &mut Registry, name: &str, labels: Self::Labels, help: &str) -> Self {
        Self {
            seconds: Labelled::declare(to, name, labels, help),
            known: LiveNames::default(),
        }
    }
}

impl Scenes {
    fn of(&self, name: &str) -> Arc<SceneMetrics> {
        self.known.of([name], || {
            let [read, rank, write] = STEPS.map(|step| self.seconds.with([name, step]));
            SceneMetrics { read, rank, write }
        })
    }

    /// Removes the metrics of scenes for which `is_live` does not hold.
    fn retain(&self, is_live: impl Fn(&str) -> bool) {
        let is_live = |[scene]: [&str; 1]| is_live(scene);
        self.known.retain(is_live, |[name]| {
            STEPS
                .iter()
                .for_each(|step| self.seconds.remove([name, step]));
        });
    }
}
