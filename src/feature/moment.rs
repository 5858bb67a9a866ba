//! The settings and the clock under which facts are applied.

use super::{Decay, Learn};
use crate::clock::{Day, Time};
use crate::config::Config;

/// The moment at which a slice of facts is applied.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// The live configuration.
    pub config: &'a Config,
    /// The machine's clock.
    pub wall: Time,
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
        }
    }

    /// Returns the day of an instant, by the configured offset from UTC.
    #[must_use]
    pub fn day(&self, at: Time) -> Day {
        at.day(self.config.race.utc_offset)
    }
}
