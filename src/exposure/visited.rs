//! The visitors, as the book counts and answers them.

use super::book::Exposure;
use super::shown::Shown;
use super::visits::{VisitsOfDays, VisitsPart};
use crate::clock::Day;

impl Exposure {
    /// Counts a click among the visitors of its merchant and its creator, where days begin `utc_offset` milliseconds east of UTC; keeps at
    /// most `most` counts.
    pub fn visit(&mut self, click: &Shown, utc_offset: i64, most: usize) {
        self.visits.visit(click, utc_offset, most);
    }

    /// Returns the clicks of the two windows that end with a day, shared, to be counted without holding the book.
    #[must_use]
    pub fn visits(&self, last: Day) -> VisitsOfDays {
        self.visits.until(last)
    }

    /// Returns the number of counts of visits, their bytes, and how many were dropped at the bound.
    #[must_use]
    pub fn visits_size(&self) -> (usize, usize, u64) {
        let days = &self.visits.0;
        (days.len(), days.bytes(), days.evicted)
    }

    /// Restores some counts of visits.
    pub fn restore_visits(&mut self, part: VisitsPart) {
        self.visits.restore(part);
    }
}
