//! The window of the race: 84 complete days, identified by their places 0 … 83; place 83 is the last complete day.

use std::ops::Range;

use crate::clock::Day;

/// Days of the window.
pub const WINDOW: usize = 84;
/// Days of the window, to reckon with days.
pub const WINDOW_DAYS: i32 = REACH + 1;
/// Whole weeks of the window: 7-day blocks counted back from its last day.
pub const WEEKS: usize = 12;
/// Days from the first day of the window to its last.
pub(super) const REACH: i32 = 83;
/// Places of the last 28 days, from which an item's level is computed.
pub(super) const RECENT: Range<usize> = WINDOW - 28..WINDOW;

/// The window that ends with one day.
#[derive(Clone, Debug)]
pub(super) struct Window {
    first: Day,
    /// The calendar week of each place, counted from the week of place 0.
    weeks: [u8; WINDOW],
}

impl Window {
    /// Creates the window that ends with the last complete day.
    pub(super) fn ending(last_complete: Day) -> Self {
        let first = last_complete.plus(-REACH);
        let mut weeks = [0; WINDOW];
        for (week, days) in weeks.iter_mut().zip(0..) {
            *week = u8::try_from(first.plus(days).week() - first.week()).unwrap_or(u8::MAX);
        }
        Self { first, weeks }
    }

    /// Returns the place of a day; `None` outside the window.
    pub(super) fn place(&self, day: Day) -> Option<u8> {
        u8::try_from(day.since(self.first))
            .ok()
            .filter(|place| usize::from(*place) < WINDOW)
    }

    /// Returns the place of the first day of a history that starts on that day; 84 if none of it lies in the window.
    pub(super) fn opening(&self, start: Option<Day>) -> u8 {
        let end = WINDOW_DAYS;
        let place = start.map_or(end, |start| start.since(self.first).clamp(0, end));
        u8::try_from(place).unwrap_or(u8::MAX)
    }

    /// Returns the calendar week (from Monday) of a place, counted from the week of place 0.
    #[inline]
    pub(super) fn week(&self, place: u8) -> u8 {
        self.weeks[usize::from(place)]
    }
}

/// Returns the places of the whole weeks of a history that opens at that place.
pub(super) fn whole_weeks(opening: u8) -> Range<usize> {
    let days = WINDOW - usize::from(opening).min(WINDOW);
    WINDOW - days / 7 * 7..WINDOW
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_run_from_first_to_last_day() {
        let window = Window::ending(Day(20_000));
        assert_eq!(window.place(Day(20_000)), Some(83));
        assert_eq!(window.place(Day(19_917)), Some(0));
        assert_eq!(window.place(Day(19_916)), None);
        assert_eq!(window.place(Day(20_001)), None);
        assert_eq!(window.place(Day(i32::MIN)), None);
    }

    #[test]
    fn calendar_weeks_change_on_mondays() {
        for last in 20_000..20_007 {
            let window = Window::ending(Day(last));
            for place in 1..84_u8 {
                let monday = window.first.plus(i32::from(place)).weekday() == 0;
                assert_eq!(
                    window.week(place) - window.week(place - 1),
                    u8::from(monday)
                );
            }
        }
    }

    #[test]
    fn partial_weeks_of_a_history_are_left_out() {
        let window = Window::ending(Day(20_000));
        assert_eq!(window.opening(None), 84);
        assert_eq!(window.opening(Some(Day(0))), 0);
        assert_eq!(window.opening(Some(Day(20_000))), 83);
        assert_eq!(window.opening(Some(Day(20_001))), 84);
        assert_eq!(whole_weeks(0), 0..84);
        assert_eq!(whole_weeks(1), 7..84);
        assert_eq!(whole_weeks(77), 77..84);
        assert_eq!(whole_weeks(78), 84..84);
    }
}
