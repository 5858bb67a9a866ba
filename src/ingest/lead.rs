//! The fault of an event that is ahead of the clock.

use crate::clock::{HOUR, SECOND};

const MINUTE: i64 = 60 * SECOND;

/// Latest time zone: UTC+14.
const ZONES: i64 = 14;
/// How far a lead may be from whole hours and still look like a missing offset: events arrive some time after they happened.
const ABOUT: i64 = 5 * MINUTE;

/// Describes a lead over the clock, of which `bound` milliseconds are accepted.
pub(super) fn ahead(lead: i64, bound: i64) -> String {
    let hint = if is_offset(lead) {
        "; a missing offset?"
    } else {
        ""
    };
    let bound = bound / SECOND;
    format!(
        "is {} ahead of the clock, more than {bound} s{hint}",
        time(lead)
    )
}

fn is_offset(lead: i64) -> bool {
    let hours = (lead + ABOUT) / HOUR;
    (1..=ZONES).contains(&hours) && (lead + ABOUT) % HOUR <= 2 * ABOUT
}

/// Writes a time by its two largest units.
fn time(millis: i64) -> String {
    let seconds = millis / SECOND;
    let (minutes, hours) = (seconds / 60, seconds / 3_600);
    match (hours / 24, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, ..) => format!("{hours} h {} min", minutes % 60),
        (days, ..) => format!("{days} d {} h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_hours_look_like_a_missing_offset() {
        for (lead, expected) in [
            (
                400 * SECOND,
                "is 6 min 40 s ahead of the clock, more than 300 s",
            ),
            (
                HOUR - MINUTE,
                "is 59 min 0 s ahead of the clock, more than 300 s; a missing offset?",
            ),
            (
                8 * HOUR,
                "is 8 h 0 min ahead of the clock, more than 300 s; a missing offset?",
            ),
            (
                8 * HOUR - 3 * MINUTE,
                "is 7 h 57 min ahead of the clock, more than 300 s; a missing offset?",
            ),
            (
                8 * HOUR + 20 * MINUTE,
                "is 8 h 20 min ahead of the clock, more than 300 s",
            ),
            (
                14 * HOUR,
                "is 14 h 0 min ahead of the clock, more than 300 s; a missing offset?",
            ),
            (
                15 * HOUR,
                "is 15 h 0 min ahead of the clock, more than 300 s",
            ),
            (
                i64::MAX - ABOUT,
                "is 106751991167 d 7 h ahead of the clock, more than 300 s",
            ),
        ] {
            assert_eq!(ahead(lead, 300 * SECOND), expected);
        }
    }
}
