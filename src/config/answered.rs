//! The places that the answers for a scene filled, hour by hour, to compare them with the impressions that come back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::{HOUR, Time};

/// Number of hours that are summed, the present one included.
const DAY_HOURS: i64 = 24;
/// Number of slots: a power of two above the hours of a day.
const SLOTS: usize = 32;
/// Bits of the places in a slot. The number of the hour is in the bits above.
const PLACE_BITS: u32 = 40;
const PLACES: u64 = (1 << PLACE_BITS) - 1;

/// The places answered for a scene; shared by all generations that have the scene. A slot is an hour and its places in one word.
#[derive(Clone, Debug, Default)]
pub struct Answered(Arc<[AtomicU64; SLOTS]>);

impl Answered {
    /// Counts the places of an answer.
    pub fn note(&self, at: Time, places: usize) {
        let hour = hour_of(at);
        let more = u64::try_from(places).unwrap_or(PLACES).min(PLACES);
        let added = |slot: u64| {
            let held = if slot >> PLACE_BITS == hour {
                slot & PLACES
            } else {
                0
            };
            Some(hour << PLACE_BITS | held.saturating_add(more).min(PLACES))
        };
        let slot = &self.0[slot_of(hour)];
        // The function always returns a value, so this succeeds.
        let _before = slot.fetch_update(Ordering::Relaxed, Ordering::Relaxed, added);
    }

    /// Returns the places answered in the 24 hours of the clock that end with the present one, since the start of the service.
    #[must_use]
    pub fn last_day(&self, now: Time) -> u64 {
        let hours = (0..DAY_HOURS).map(|back| hour_of(now.plus(-back * HOUR)));
        let places = hours.map(|hour| {
            let slot = self.0[slot_of(hour)].load(Ordering::Relaxed);
            if slot >> PLACE_BITS == hour {
                slot & PLACES
            } else {
                0
            }
        });
        places.sum()
    }
}

/// Returns the number of an hour since 1970, modulo 2²⁴; at least 1, so that an empty slot is of no hour.
fn hour_of(at: Time) -> u64 {
    let hour = at.millis().div_euclid(HOUR).max(1);
    u64::try_from(hour).unwrap_or(1) & ((1 << (u64::BITS - PLACE_BITS)) - 1)
}

fn slot_of(hour: u64) -> usize {
    usize::try_from(hour).unwrap_or(0) % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_summed_over_a_day() {
        let (answered, start) = (Answered::default(), Time::default().plus(1_000 * HOUR));
        let at = |hour: i64| start.plus(hour * HOUR + 5);
        for hour in 0..50 {
            answered.note(at(hour), 10);
            answered.clone().note(at(hour), 1);
            let hours = u64::try_from((hour + 1).min(24)).unwrap();
            assert_eq!(answered.last_day(at(hour)), 11 * hours);
        }
        assert_eq!(answered.last_day(at(60)), 11 * 13);
        assert_eq!(answered.last_day(at(100)), 0);
        answered.note(at(100), usize::MAX);
        answered.note(at(100), usize::MAX);
        assert_eq!(answered.last_day(at(100)), PLACES);
    }
}
