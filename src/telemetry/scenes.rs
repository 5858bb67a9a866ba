//! Metrics by scene: requests, candidates, what rules did, events and money. They are those of the scenes of the live configuration.

use std::sync::Arc;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

use super::counted::{RankingCounts, RankingFamilies};
use super::live::LiveNames;
use super::metric::{Declare, Figure, Labelled, raise};
use crate::model::EventKind;

/// Metrics by scene.
#[derive(Debug)]
pub struct ByScene {
    rankings: RankingFamilies<1, 2>,
    events: Labelled<Counter, 2>,
    gmv: Labelled<Figure, 1>,
    known: LiveNames<OfScene, 1>,
}

/// The metrics of one scene.
#[derive(Debug)]
pub struct OfScene {
    /// Counts of its rankings.
    pub rankings: RankingCounts,
    events: [Counter; EventKind::ALL.len()],
    gmv: Figure,
}

impl ByScene {
    pub(super) fn declare(to: &mut Registry) -> Self {
        let events = "Events that name a scene";
        let gmv = "Money of purchases less refunds that name a scene, since the start";
        Self {
            rankings: RankingFamilies::declare(to, "scene", ["scene"], "in a scene"),
            events: Labelled::declare(to, "scene_events", ["scene", "kind"], events),
            gmv: Labelled::declare(to, "scene_gmv", ["scene"], gmv),
            known: LiveNames::default(),
        }
    }

    /// Returns the metrics of a scene. Pass only configured names.
    #[must_use]
    pub fn of(&self, scene: &str) -> Arc<OfScene> {
        self.known.of([scene], || OfScene {
            rankings: self.rankings.of([scene]),
            events: EventKind::ALL.map(|kind| self.events.with([scene, kind.name()])),
            gmv: self.gmv.with([scene]),
        })
    }

    /// Removes the metrics of scenes for which `is_live` does not hold.
    pub fn retain(&self, is_live: impl Fn(&str) -> bool) {
        let is_live = |[scene]: [&str; 1]| is_live(scene);
        self.known.retain(is_live, |[scene]| {
            self.rankings.remove([scene]);
            self.gmv.remove([scene]);
            for kind in EventKind::ALL {
                self.events.remove([scene, kind.name()]);
            }
        });
    }
}

impl OfScene {
    /// Sets the totals of events by kind, and of money.
    pub fn set_events(&self, events: &[u64; EventKind::ALL.len()], gmv: f64) {
        for (counter, total) in self.events.iter().zip(events) {
            raise(counter, *total);
        }
        self.gmv.set(gmv);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Rule;

    #[test]
    fn removed_scenes_leave_the_page() {
        let mut registry = Registry::default();
        let metrics = ByScene::declare(&mut registry);
        for number in 0..50 {
            let name = format!("scene-{number}");
            let scene = metrics.of(&name);
            scene.rankings.requests.inc();
            scene.rankings.dropped(Rule::Hide).inc_by(2);
            metrics.retain(|known| known == name);
        }
        let mut page = String::new();
        prometheus_client::encoding::text::encode(&mut page, &registry).unwrap();
        assert!(!page.contains("scene-48"), "{page}");
        assert!(
            page.contains(r#"scene_dropped_total{scene="scene-49",rule="hide"} 2"#),
            "{page}"
        );
    }
}
