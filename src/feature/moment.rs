//! The settings and the clock under which facts are applied.

use crate::clock::{Day, Time};
use crate::config::Config;
use crate::decay::Decay;

/// The moment at which a slice of facts is applied.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// The live configuration.
    pub config: &'a Config,
    /// The machine's clock.
    pub wall: Time,
}

/// Parameters of learning: the decay and the bounds.
#[derive(Clone, Copy, Debug)]
pub struct Learn {
    /// The decay of sums.
    pub decay: Decay,
    /// Maximum number of items of a history.
    pub max_items: usize,
    /// Maximum number of tags of a history.
    pub max_tags: usize,
    /// Maximum number of merchants of a history.
    pub max_merchants: usize,
    /// Maximum number of follow states of a user.
    pub max_follows: usize,
    /// Maximum number of runners whose last click is remembered.
    pub max_clicks: usize,
    /// The most impressions of one item that are remembered.
    pub sights: usize,
}

impl Moment<'_> {
    /// Returns the decay and the bounds of profiles.
    #[must_use]
    pub fn learn(&self) -> Learn {
        let settings = &self.config.profile;
        Learn {
            decay: Decay::new(settings.half_life),
            max_items: settings.max_items,
            max_tags: settings.max_tags,
            max_merchants: settings.max_merchants,
            max_follows: settings.max_follows,
            max_clicks: self.config.exposure.clicks,
            sights: self.config.sights.max(1),
        }
    }

    /// Returns the day of an instant, by the configured offset from UTC.
    #[must_use]
    pub fn day(&self, at: Time) -> Day {
        at.day(self.config.race.utc_offset)
    }
}
