//! Events and money by the scene that events name, for the metrics. Only scenes of the live configuration are counted.

use std::collections::HashMap;

use compact_str::CompactString;

use crate::config::Config;
use crate::model::{Event, EventKind};
use crate::money::Money;

/// What was counted of one scene since the start.
#[derive(Clone, Copy, Debug, Default)]
pub struct SceneCounts {
    /// Events, by kind.
    pub events: [u64; EventKind::ALL.len()],
    /// Money of purchases less refunds.
    pub gmv: f64,
}

/// The counts by scene.
#[derive(Clone, Debug, Default)]
pub struct ByScene(HashMap<CompactString, SceneCounts, foldhash::fast::RandomState>);

impl ByScene {
    /// Counts an event that names a scene.
    pub(super) fn add(&mut self, event: &Event<'_>, worth: Option<Money>, config: &Config) {
        let Some(scene) = event.scene.as_deref() else {
            return;
        };
        if !config.scenes.contains_key(scene) {
            return;
        }
        if !self.0.contains_key(scene) {
            self.0.insert(scene.into(), SceneCounts::default());
        }
        let Some(counts) = self.0.get_mut(scene) else {
            return;
        };
        counts.events[event.kind as usize] += 1;
        let money = worth.map_or(0.0, Money::units);
        match event.kind {
            EventKind::Purchase => counts.gmv += money,
            EventKind::Refund => counts.gmv -= money,
            EventKind::Impression
            | EventKind::View
            | EventKind::Click
            | EventKind::Favourite
            | EventKind::Cart
            | EventKind::RemoveFromCart
            | EventKind::Share
            | EventKind::Follow
            | EventKind::Unfollow
            | EventKind::Dislike => {}
        }
    }

    /// Passes the counts of each scene.
    pub fn each(&self, mut pass: impl FnMut(&str, &SceneCounts)) {
        for (scene, counts) in &self.0 {
            pass(scene, counts);
        }
    }
}
