//! What users were shown of a runner, by scene and day.

use std::collections::BTreeMap;

use super::catalogue::Shelf;
use super::revenue::trend;
use crate::engine::Engine;
use crate::exposure::{Amount, VISIT_DAYS as DAYS};
use crate::model::view::{OrNull, ReportExposure, ReportScene};
use crate::race::Standings;

impl Engine {
    /// Returns the exposures of a runner in the two windows that end with the last day of the standings.
    pub(super) fn exposure_of(&self, shelf: Shelf, standings: &Standings) -> ReportExposure {
        let scenes = self.scenes_of(shelf, standings);
        // A sum of nothing would be -0.
        let sum = |of: fn(&ReportScene) -> f64| scenes.iter().map(of).fold(0.0, |a, b| a + b);
        let (exposures, before) = (sum(|it| it.exposures), sum(|it| it.before));
        ReportExposure {
            exposures,
            before,
            trend: OrNull(trend(exposures, before)),
            scenes,
        }
    }

    fn scenes_of(&self, shelf: Shelf, standings: &Standings) -> Vec<ReportScene> {
        let facts = self.facts.read();
        let book = &facts.books.exposure;
        let mut scenes = BTreeMap::<&str, (Vec<Amount>, Amount)>::new();
        let history = shelf.key().into_iter().flat_map(|key| book.history(key));
        for (day, scene, amount) in history {
            let back = standings.last_complete.since(day);
            if !(0..2 * DAYS).contains(&back) {
                continue;
            }
            let (days, before) = scenes.entry(book.scene_name(scene)).or_default();
            days.resize(DAYS.unsigned_abs() as usize, Amount::default());
            match usize::try_from(DAYS - 1 - back) {
                Ok(place) => days[place] += amount,
                Err(_) => *before += amount,
            }
        }
        let mut scenes: Vec<ReportScene> = scenes.into_iter().map(scene).collect();
        scenes.sort_by(|a, b| b.exposures.total_cmp(&a.exposures));
        scenes
    }
}

fn scene((scene, (days, before)): (&str, (Vec<Amount>, Amount))) -> ReportScene {
    ReportScene {
        scene: scene.to_owned(),
        exposures: days.iter().copied().sum::<Amount>().exposures(),
        before: before.exposures(),
        days: days.into_iter().map(Amount::exposures).collect(),
    }
}
