//! Metrics of rankings by scene and arm, of the experiments of the live configuration.

use std::sync::Arc;

use prometheus_client::registry::Registry;

use super::counted::{RankingCounts, RankingFamilies};
use super::live::LiveNames;

/// Metrics of rankings by scene and arm.
#[derive(Debug)]
pub struct ByArm {
    rankings: RankingFamilies<3, 4>,
    known: LiveNames<RankingCounts, 3>,
}

impl ByArm {
    pub(super) fn declare(to: &mut Registry) -> Self {
        let labels = ["scene", "experiment", "arm"];
        let place = "in a scene under an arm of a running experiment";
        Self {
            rankings: RankingFamilies::declare(to, "arm", labels, place),
            known: LiveNames::default(),
        }
    }

    /// Returns the counts of a scene under an arm of an experiment. Pass only configured names.
    #[must_use]
    pub fn of(&self, scene: &str, experiment: &str, arm: &str) -> Arc<RankingCounts> {
        let labels = [scene, experiment, arm];
        self.known.of(labels, || self.rankings.of(labels))
    }

    /// Removes the metrics of scenes, experiments and arms for which `is_live` does not hold.
    pub fn retain(&self, is_live: impl Fn(&str, &str, &str) -> bool) {
        let is_live = |[scene, experiment, arm]: [&str; 3]| is_live(scene, experiment, arm);
        self.known.retain(is_live, |it| self.rankings.remove(it));
    }
}
