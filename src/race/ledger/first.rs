//! The day of the first event, by row.

use serde::{Deserialize, Serialize};

use crate::clock::Day;

/// A column of days that grows with its rows; [`NONE`] for a row without an event.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(in crate::race) struct FirstDays(Vec<i32>);

const NONE: i32 = i32::MAX;

impl FirstDays {
    /// Records a day of a row. Returns whether it is the earliest of the row so far.
    #[inline]
    pub(super) fn note(&mut self, row: usize, day: Day) -> bool {
        if row >= self.0.len() {
            self.0.resize(row + 1, NONE);
        }
        let earlier = day.0 < self.0[row];
        self.0[row] = self.0[row].min(day.0);
        earlier
    }

    /// Returns the first day of a row.
    pub(in crate::race) fn get(&self, row: usize) -> Option<Day> {
        let day = *self.0.get(row)?;
        (day != NONE).then_some(Day(day))
    }

    /// Forgets the first day of a row.
    pub(super) fn clear(&mut self, row: usize) {
        if let Some(day) = self.0.get_mut(row) {
            *day = NONE;
        }
    }

    /// Returns the bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<i32>()
    }
}
