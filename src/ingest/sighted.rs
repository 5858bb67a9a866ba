//! What an event says of exposure: the scene, the place, and the user's last clicks before it.

use super::Facts;
use crate::config::Config;
use crate::feature::Learned;
use crate::id::{LastClick, SceneId};
use crate::model::{DEFAULT_SCENE, Event, EventKind};

impl Facts {
    /// Returns an event with what the exposures learn of it; other kinds than impressions, clicks and purchases as they are.
    pub(super) fn sighted<'a>(
        &mut self,
        event: &Event<'_>,
        learned: Learned<'a>,
        config: &Config,
    ) -> Learned<'a> {
        if learned.late {
            return learned;
        }
        let is_shown = event.kind == EventKind::Impression;
        if is_shown || event.kind == EventKind::Click {
            let asked = event.scene.as_deref().unwrap_or(DEFAULT_SCENE);
            let scene = if is_shown {
                self.scene(asked, config)
            } else {
                SceneId::OTHER
            };
            let sighted = Learned {
                scene,
                place: event.position,
                ..learned
            };
            return self.with_last_clicks(sighted, config);
        }
        if event.kind == EventKind::Purchase {
            return self.with_last_clicks(learned, config);
        }
        learned
    }

    /// Returns the number of the scene that answers requests for a scene; [`SceneId::OTHER`] if it is not configured.
    pub(super) fn scene(&mut self, name: &str, config: &Config) -> SceneId {
        match config.answering(name) {
            Some(scene) => self.books.exposure.intern(&scene.name),
            None => SceneId::OTHER,
        }
    }

    fn with_last_clicks<'a>(&self, event: Learned<'a>, config: &Config) -> Learned<'a> {
        if !event.user.is_some() {
            return event;
        }
        let clicked = self.books.users.figures.clicked.get(event.user);
        let last = match clicked {
            Some(clicked) => clicked.last(&event, config.exposure.clicks),
            None => [LastClick::NEVER; 3],
        };
        Learned { last, ..event }
    }
}
