//! Buyers who were deleted or evicted while the race may hold their purchases. Their rows stay out of use until the purchases have left
//! the window, or until a sweep finds that none is held: those of a full race leave early.

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

    /// Removes and returns the rows for which `is_free` holds.
    pub(super) fn take(&mut self, is_free: impl Fn(UserRow) -> bool) -> HashSet<UserRow> {
        let free: HashSet<UserRow> = self.rows.extract_if(|row| is_free(*row)).collect();
        if !free.is_empty() {
            self.queue.retain(|(_, row)| !free.contains(row));
        }
        free
    }

    /// Returns the number of rows.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns the bytes held, approximately.
    pub(super) fn bytes(&self) -> usize {
        self.queue.capacity() * size_of::<(Day, UserRow)>()
            + self.rows.capacity() * size_of::<(UserRow, u8)>()
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
