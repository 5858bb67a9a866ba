//! Buyers who were deleted while their purchases are still in the window. Their rows stay out of use until then.

use std::collections::{HashSet, VecDeque};

use crate::clock::Day;
use crate::id::UserRow;

/// The rows of deleted buyers, in the order in which they become free.
#[derive(Debug, Default)]
pub(super) struct Leaving {
    queue: VecDeque<(Day, UserRow)>,
    rows: HashSet<UserRow>,
}

impl Leaving {
    /// Adds a row that becomes free on a day.
    pub(super) fn push(&mut self, free: Day, row: UserRow) {
        self.queue.push_back((free, row));
        self.rows.insert(row);
    }

    /// Removes the next row that is free on a day.
    pub(super) fn pop(&mut self, day: Day) -> Option<UserRow> {
        let (_, row) = self.queue.pop_front_if(|(free, _)| *free <= day)?;
        self.rows.remove(&row);
        Some(row)
    }

    /// Returns whether a row belongs to a deleted buyer.
    pub(super) fn has(&self, row: UserRow) -> bool {
        self.rows.contains(&row)
    }

    /// Returns the rows, each with the day on which it becomes free.
    pub(super) fn queue(&self) -> &VecDeque<(Day, UserRow)> {
        &self.queue
    }
}

impl From<VecDeque<(Day, UserRow)>> for Leaving {
    fn from(queue: VecDeque<(Day, UserRow)>) -> Self {
        let rows = queue.iter().map(|(_, row)| *row).collect();
        Self { queue, rows }
    }
}
