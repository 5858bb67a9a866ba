//! What an event says of exposure: the scene, the place, and the user's last clicks before it.

use super::Facts;
use crate::config::Config;
use crate::feature::Learned;
use crate::id::{LastClick, SceneId};
use crate::model::{DEFAULT_SCENE, Event, EventKind, Goal};

impl Facts {
    /// Adds what the exposures learn of an event; kinds other than impressions, clicks and purchases stay as they are.
    pub(super) fn sight(&mut self, event: &Event<'_>, learned: &mut Learned<'_>, config: &Config) {
        if learned.late {
            return;
        }
        let is_shown = event.kind == EventKind::Impression;
        if is_shown {
            let asked = event.scene.as_deref().unwrap_or(DEFAULT_SCENE);
            learned.scene = self.scene(asked, config);
            learned.goal = self.goal_of(learned);
        }
        if is_shown || event.kind == EventKind::Click {
            learned.place = event.position;
        } else if event.kind != EventKind::Purchase {
            return;
        }
        learned.last = self.last_clicks(learned, config);
    }

    /// Returns the number of the scene that answers requests for a scene; [`SceneId::OTHER`] if it is not configured.
    pub(super) fn scene(&mut self, name: &str, config: &Config) -> SceneId {
        match config.answering(name) {
            Some(scene) => self.books.exposure.intern(&scene.name),
            None => SceneId::OTHER,
        }
    }

    /// Returns the goal of the merchant of an impression, and whether it holds for the user; `None` if nothing reads it.
    fn goal_of(&self, event: &Learned<'_>) -> Option<(Goal, bool)> {
        if !event.goals {
            return None;
        }
        let user = event.user.some()?;
        let goal = self.books.merchants.goal(event.merchant);
        // Exposure is for everybody.
        let goal = goal.filter(|goal| *goal != Goal::Exposure)?;
        let relation = self.books.users.relation(Some(user), event.merchant);
        Some((goal, relation.meets(goal, event.day)))
    }

    /// Returns the user's last clicks before an event.
    fn last_clicks(&self, event: &Learned<'_>, config: &Config) -> [LastClick; 3] {
        if !event.user.is_some() {
            return [LastClick::UNKNOWN; 3];
        }
        let clicked = self.books.users.figures.clicked.get(event.user);
        clicked.map_or([LastClick::NEVER; 3], |clicked| {
            clicked.last(event, config.exposure.clicks)
        })
    }
}
