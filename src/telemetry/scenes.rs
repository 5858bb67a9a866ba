//! Metrics by scene: requests, candidates, what rules did, events and money. They are those of the scenes of the live configuration.

use std::sync::Arc;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

use super::live::LiveNames;
use super::metric::{Declare, Figure, Labelled, raise};
use crate::model::EventKind;
use crate::objective::{self, OBJECTIVES, Objective};
use crate::rule::{self, RULES, Rule};

/// Metrics by scene.
#[derive(Debug)]
pub struct ByScene {
    requests: Labelled<Counter, 1>,
    candidates: Labelled<Counter, 1>,
    unknown: Labelled<Counter, 1>,
    missing: Labelled<Counter, 2>,
    dropped: Labelled<Counter, 2>,
    moved: Labelled<Counter, 2>,
    events: Labelled<Counter, 2>,
    gmv: Labelled<Figure, 1>,
    known: LiveNames<OfScene>,
}

/// The metrics of one scene.
#[derive(Debug)]
pub struct OfScene {
    /// Requests ranked.
    pub requests: Counter,
    /// Candidates, repeats included.
    pub candidates: Counter,
    /// Candidates that are not in the catalogue.
    pub unknown: Counter,
    missing: [Counter; OBJECTIVES],
    dropped: [Counter; RULES],
    moved: [Counter; RULES],
    events: [Counter; EventKind::ALL.len()],
    gmv: Figure,
}

impl ByScene {
    pub(super) fn declare(to: &mut Registry) -> Self {
        let scene = ["scene"];
        let mut one = |name: &str, help: &str| Labelled::declare(to, name, scene, help);
        let requests = one("scene_requests", "Requests ranked in a scene");
        let candidates = one(
            "scene_candidates",
            "Candidates of a scene, repeats included",
        );
        let unknown = one(
            "scene_unknown",
            "Candidates of a scene that are not in the catalogue",
        );
        let mut two =
            |name: &str, key, help: &str| Labelled::declare(to, name, ["scene", key], help);
        Self {
            requests,
            candidates,
            unknown,
            missing: two(
                "scene_missing",
                "objective",
                "Values of a scene replaced by the neutral one because the data is missing",
            ),
            dropped: two(
                "scene_dropped",
                "rule",
                "Candidates of a scene hidden or left out by a rule",
            ),
            moved: two("scene_moved", "rule", "Places of a scene that a rule gave"),
            events: two("scene_events", "kind", "Events that name a scene"),
            gmv: Labelled::declare(
                to,
                "scene_gmv",
                scene,
                "Money of purchases less refunds that name a scene, since the start",
            ),
            known: LiveNames::default(),
        }
    }

    /// Returns the metrics of a scene. Pass only configured names.
    #[must_use]
    pub fn of(&self, scene: &str) -> Arc<OfScene> {
        self.known.of(scene, || OfScene {
            requests: self.requests.with([scene]),
            candidates: self.candidates.with([scene]),
            unknown: self.unknown.with([scene]),
            missing: objective::names().map(|name| self.missing.with([scene, name])),
            dropped: rule::names().map(|name| self.dropped.with([scene, name])),
            moved: rule::names().map(|name| self.moved.with([scene, name])),
            events: EventKind::ALL.map(|kind| self.events.with([scene, kind.name()])),
            gmv: self.gmv.with([scene]),
        })
    }

    /// Removes the metrics of scenes for which `is_live` does not hold.
    pub fn retain(&self, is_live: impl Fn(&str) -> bool) {
        self.known.retain(is_live, |scene| self.remove(scene));
    }

    fn remove(&self, scene: &str) {
        for family in [&self.requests, &self.candidates, &self.unknown] {
            family.remove([scene]);
        }
        self.gmv.remove([scene]);
        for name in objective::names() {
            self.missing.remove([scene, name]);
        }
        for name in rule::names() {
            self.dropped.remove([scene, name]);
            self.moved.remove([scene, name]);
        }
        for kind in EventKind::ALL {
            self.events.remove([scene, kind.name()]);
        }
    }
}

impl OfScene {
    /// Returns the counter of missing values of an objective.
    #[must_use]
    pub fn missing(&self, objective: Objective) -> &Counter {
        &self.missing[objective as usize]
    }

    /// Returns the counter of candidates that a rule dropped.
    #[must_use]
    pub fn dropped(&self, rule: Rule) -> &Counter {
        &self.dropped[rule as usize]
    }

    /// Returns the counter of places that a rule gave.
    #[must_use]
    pub fn moved(&self, rule: Rule) -> &Counter {
        &self.moved[rule as usize]
    }

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

    #[test]
    fn removed_scenes_leave_the_page() {
        let mut registry = Registry::default();
        let metrics = ByScene::declare(&mut registry);
        for number in 0..50 {
            let name = format!("scene-{number}");
            let scene = metrics.of(&name);
            scene.requests.inc();
            scene.dropped(Rule::Hide).inc_by(2);
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
