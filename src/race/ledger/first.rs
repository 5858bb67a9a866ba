//! The first day on which something happened, by row.

use serde::{Deserialize, Serialize};

use crate::clock::Day;

/// A column of days, grown as rows come; what has none stands at the end of time.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(in crate::race) struct FirstDays(Vec<i32>);

const NONE: i32 = i32::MAX;

impl FirstDays {
    /// Takes note of a day; whether it is earlier than all before.
    #[inline]
    pub(super) fn note(&mut self, row: usize, day: Day) -> bool {
        if row >= self.0.len() {
            self.0.resize(row + 1, NONE);
        }
        let earlier = day.0 < self.0[row];
        self.0[row] = self.0[row].min(day.0);
        earlier
    }

    /// The first day of a row.
    pub(in crate::race) fn get(&self, row: usize) -> Option<Day> {
        let day = *self.0.get(row)?;
        (day != NONE).then_some(Day(day))
    }

    /// Forgets a row's.
    pub(super) fn clear(&mut self, row: usize) {
        if let Some(day) = self.0.get_mut(row) {
            *day = NONE;
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<i32>()
    }
}
