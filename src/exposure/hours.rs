//! The exposures of the last 24 hours, by scene: whether a caller reports them at all.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::amount::Amount;
use crate::clock::{HOUR, Time};
use crate::id::SceneId;

/// Number of hours that are kept, the present one included.
const HOURS: i64 = 24;

/// Exposures by hour since 1970 and scene.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Hours(BTreeMap<i64, Vec<Amount>>);

impl Hours {
    /// Adds an exposure; one more than 24 hours before the latest is not kept.
    pub(super) fn add(&mut self, at: Time, scene: SceneId, amount: Amount) {
        let hour = at.millis().div_euclid(HOUR);
        let latest = self
            .0
            .last_key_value()
            .map_or(hour, |(last, _)| hour.max(*last));
        if hour <= latest - HOURS {
            return;
        }
        let scenes = self.0.entry(hour).or_default();
        if scenes.len() <= scene.index() {
            scenes.resize(scene.index() + 1, Amount::default());
        }
        scenes[scene.index()] += amount;
        while let Some(first) = self.0.first_entry()
            && *first.key() <= latest - HOURS
        {
            first.remove();
        }
    }

    /// Returns the exposures of a scene in the 24 hours of the clock that end with the present one.
    pub(super) fn day(&self, scene: SceneId, now: Time) -> Amount {
        let hour = now.millis().div_euclid(HOUR);
        let hours = self.0.range(hour - HOURS + 1..=hour);
        let scenes = hours.filter_map(|(_, scenes)| scenes.get(scene.index()));
        scenes.copied().sum()
    }
}
