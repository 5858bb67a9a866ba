//! The learnt record of one user, and the column of the records of all users.

use std::ops::Range;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::column::Column;
use super::learned::Learned;
use super::moment::{Learn, Moment};
use super::named::Named;
use crate::binary::append;
use crate::clock::Time;
use crate::decay::Decay;
use crate::id::{Gone, UserRow};

/// The learnt record of one user. The default is a user of whom nothing was learnt. What it holds must not depend on the order of
/// events.
pub trait Figure: Clone + Default + Serialize + DeserializeOwned {
    /// True for a figure that is kept only if the configuration asks for it: its column begins with the first record that learns.
    const ON_DEMAND: bool = false;

    /// Returns whether the record learns from an event. The records of other users are not touched.
    #[inline(always)]
    fn concerns(_event: &Learned<'_>) -> bool {
        true
    }

    /// Learns from an event of the user. Returns the number of entries evicted at a bound.
    fn learn(&mut self, event: &Learned<'_>, moment: &Moment<'_>) -> usize;

    /// Takes over what was learnt of another user, who is merged into this one. Returns the number of entries evicted at a bound.
    fn absorb(&mut self, other: &mut Self, learn: &Learn) -> usize;

    /// Continues under another decay from an instant on; the value of every decayed sum at that instant is unchanged. Does nothing for a
    /// record without decayed sums.
    fn change_decay(&mut self, from: Decay, to: Decay, at: Time);

    /// Returns whether the record names a deleted item or merchant.
    fn knows(&self, _gone: Gone) -> bool {
        false
    }

    /// Removes a deleted item or merchant.
    fn forget(&mut self, _gone: Gone) {}

    /// Marks the tags, items and merchants that the record names. A figure that names any must mark them: what nothing names is forgotten.
    fn mark(&self, _named: &mut Named) {}

    /// Returns whether nothing is held, of a figure that is kept [on demand](Self::ON_DEMAND).
    fn is_blank(&self) -> bool {
        false
    }

    /// Returns the bytes held on the heap.
    fn heap_bytes(&self) -> usize {
        0
    }
}

/// The records of one figure, by user row.
#[derive(Debug)]
pub struct Records<F> {
    pub(super) column: Column<F>,
    /// Number of entries evicted at a bound since the start.
    pub evicted: u64,
}

impl<F> Default for Records<F> {
    fn default() -> Self {
        Self {
            column: Column::default(),
            evicted: 0,
        }
    }
}

impl<F: Figure> Records<F> {
    /// Returns the record of a user; `None` or a blank one if nothing was learnt.
    #[inline]
    #[must_use]
    pub fn get(&self, row: UserRow) -> Option<&F> {
        self.column.get(row.index())
    }

    /// Returns the record of a user for a change.
    pub fn get_mut(&mut self, row: UserRow) -> &mut F {
        self.grow(row);
        &mut self.column[row.index()]
    }

    /// Returns the record of a user for a change of fields that no checkpoint holds, if there is one.
    #[inline]
    pub(super) fn unstored(&mut self, row: UserRow) -> Option<&mut F> {
        self.column.unstored(row.index())
    }

    fn grow(&mut self, row: UserRow) {
        while self.column.len() <= row.index() {
            self.column.push(F::default());
        }
    }

    /// Returns whether a record holds anything.
    #[must_use]
    pub fn is_any(&self) -> bool {
        let mut all = self.slice(0..self.column.len());
        all.any(|record| !record.is_blank())
    }

    /// Forgets everything.
    pub fn forget_all(&mut self) {
        let all = 0..self.column.len();
        self.change(
            all,
            |record| !record.is_blank(),
            |record| *record = F::default(),
        );
        // The rows of a checkpoint that is being written stay.
        if self.column.frozen_rows() == 0 {
            self.column = Column::default();
        }
    }

    /// Returns the records of a range of rows.
    pub fn slice(&self, rows: Range<usize>) -> impl Iterator<Item = &F> {
        rows.map_while(|row| self.column.get(row))
    }

    /// Changes the records of a range of rows for which `is` holds. While a checkpoint is being written, a changed record is copied.
    pub(super) fn change(
        &mut self,
        rows: Range<usize>,
        is: impl Fn(&F) -> bool,
        change: impl Fn(&mut F),
    ) {
        for row in rows.start..rows.end.min(self.column.len()) {
            if is(&self.column[row]) {
                change(&mut self.column[row]);
            }
        }
    }

    /// Lets one record take over another.
    pub(super) fn absorb(&mut self, (from, into): (UserRow, UserRow), learn: &Learn) -> usize {
        if self.get(from).is_none() {
            return 0;
        }
        let mut other = self.get_mut(from).clone();
        let evicted = self.get_mut(into).absorb(&mut other, learn);
        *self.get_mut(from) = other;
        evicted
    }

    pub(super) fn clear(&mut self, row: UserRow) {
        if row.index() < self.column.len() {
            self.column[row.index()] = F::default();
        }
    }

    pub(super) fn write(&self, rows: Range<usize>, bytes: &mut Vec<u8>) {
        self.column
            .read_frozen(rows, |record| append(record, bytes));
    }

    /// Appends a stored record.
    pub(super) fn push(&mut self, record: F) {
        self.column.push(record);
    }

    pub(super) fn read(&mut self, mut bytes: &[u8]) -> Result<(), postcard::Error> {
        while !bytes.is_empty() {
            let (record, rest) = postcard::take_from_bytes(bytes)?;
            self.push(record);
            bytes = rest;
        }
        Ok(())
    }
}
