//! Blind scenes: those of which so few impressions come that what they show is not known.
//!
//! A traffic target that counts impressions would help without end where a caller reports none. So in a blind scene no target acts: the
//! caller gets the plain order.

use super::Engine;
use crate::clock::Time;
use crate::config::{Config, Scene};
use crate::state::Books;

/// Minimum number of impressions in 24 hours.
const LEAST: f64 = 100.0;
/// Minimum share of the places answered in 24 hours.
const LEAST_SHARE: f64 = 0.02;

/// Returns whether so few impressions are no basis for a target, given the places answered in the same time.
#[expect(
    clippy::cast_precision_loss,
    reason = "the places of a day are far below 2^53"
)]
fn is_blind(impressions: f64, places: u64) -> bool {
    impressions < LEAST.max(LEAST_SHARE * places as f64)
}

/// Returns whether a scene is blind at an instant: in the last 24 hours fewer than 100 impressions came, or fewer than 2 % of the places
/// answered.
pub(super) fn blind(books: &Books, scene: &Scene, now: Time) -> bool {
    let number = books.exposure.scene(&scene.name);
    let impressions = number.map(|it| books.exposure.last_day(it, now).exposures());
    is_blind(impressions.unwrap_or(0.0), scene.answered.last_day(now))
}

impl Engine {
    /// Sets the gauge of each scene.
    pub(super) fn measure_blind(&self, config: &Config) {
        let (now, to) = (self.clock.now(), &self.telemetry.exposure);
        let live = |name: &str| config.scenes.get(name).is_some_and(|scene| !scene.retired);
        to.retain(live);
        let facts = self.facts.read();
        for scene in config.scenes.values().filter(|scene| !scene.retired) {
            to.set_blind(&scene.name, blind(&facts.books, scene, now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_impressions_are_blind() {
        assert!(is_blind(0.0, 0) && is_blind(99.0, 0));
        assert!(!is_blind(100.0, 0) && !is_blind(100.0, 5_000));
        assert!(is_blind(100.0, 5_001), "under 2 % of the places");
        assert!(!is_blind(2_000.0, 100_000));
    }
}
