//! Rows of one kind of entity: a column of records, the index from ids to rows, and the rows that are free.
//!
//! A row number is stable for the life of its entity and names it in every other structure. A row that was removed stays out of use
//! until [`Rows::release`], because learnt state may still name it; then the next entity gets it.

use std::ops::{Index as Indexed, Range};

use serde::Serialize;

use super::column::Column;
use crate::binary::append;
use crate::id::{Hash, IdHasher, Index, Row};

/// A record with an external id.
pub(super) trait Named: Clone + Default + Serialize {
    /// The type of its row numbers.
    type Row: Row;

    /// Returns the id; empty if the row has no entity.
    fn id(&self) -> &str;
}

/// All rows of one kind.
#[derive(Debug)]
pub(super) struct Rows<T: Named> {
    column: Column<T>,
    index: Index,
    free: Vec<T::Row>,
    /// Number of entities that count, which the owner keeps.
    pub(super) live: usize,
}

impl<T: Named> Default for Rows<T> {
    fn default() -> Self {
        Self {
            column: Column::default(),
            index: Index::default(),
            free: Vec::new(),
            live: 0,
        }
    }
}

impl<T: Named> Rows<T> {
    /// Returns the number of rows, free ones included.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.column.len()
    }

    /// Returns the row of an id.
    #[inline]
    pub(super) fn find(&self, hash: Hash, id: &str) -> Option<T::Row> {
        self.find_by(hash, |row| self.column[row.index()].id() == id)
    }

    /// Returns the row among those of a hash for which `is` holds.
    #[inline]
    pub(super) fn find_by(&self, hash: Hash, is: impl Fn(T::Row) -> bool) -> Option<T::Row> {
        self.index
            .find(hash, |row| is(T::Row::at(row as usize)))
            .map(|row| T::Row::at(row as usize))
    }

    /// Prefetches the index line of a hash: the first step of a batch of lookups.
    #[inline(always)]
    pub(super) fn prefetch_index(&self, hash: Hash) {
        self.index.prefetch(hash);
    }

    /// Returns the row that a hash very likely belongs to, from the prefetched index line.
    #[inline(always)]
    pub(super) fn guess(&self, hash: Hash) -> Option<T::Row> {
        self.index.guess(hash).map(|row| T::Row::at(row as usize))
    }

    /// Returns the record of a row.
    #[inline(always)]
    pub(super) fn get(&self, row: T::Row) -> Option<&T> {
        self.column.get(row.index())
    }

    /// Returns the record of a row for a change.
    pub(super) fn get_mut(&mut self, row: T::Row) -> Option<&mut T> {
        (row.index() < self.column.len()).then(|| &mut self.column[row.index()])
    }

    /// Returns the records of a range of rows.
    pub(super) fn slice(&self, rows: Range<usize>) -> impl Iterator<Item = &T> {
        rows.filter_map(|row| self.column.get(row))
            .filter(|record| !record.id().is_empty())
    }

    /// Gives a record a row and enters its id into the index.
    pub(super) fn create(&mut self, hash: Hash, record: T) -> T::Row {
        let row = self.place(record);
        self.index.insert(hash, row.number());
        row
    }

    /// Returns a row without an entity, out of use until [`Self::release`].
    pub(super) fn reserve(&mut self) -> T::Row {
        self.place(T::default())
    }

    fn place(&mut self, record: T) -> T::Row {
        let row = self
            .free
            .pop()
            .unwrap_or_else(|| T::Row::at(self.column.len()));
        self.column.put(row.index(), record);
        row
    }

    /// Takes an entity out of its row, which stays out of use until [`Self::release`].
    pub(super) fn remove(&mut self, hasher: &IdHasher, row: T::Row) -> Option<T> {
        let gone = std::mem::take(self.get_mut(row)?);
        self.forget_id(hasher.hash(gone.id()), row);
        Some(gone)
    }

    /// Takes an id out of the index and leaves the record in its row.
    pub(super) fn forget_id(&mut self, hash: Hash, row: T::Row) {
        self.index.remove(hash, row.number());
    }

    /// Makes a row available to the next entity.
    pub(super) fn release(&mut self, row: T::Row) {
        self.free.push(row);
    }

    /// Returns the rows available to the next entities.
    pub(super) fn free(&self) -> &[T::Row] {
        &self.free
    }

    /// Restores the available rows; before any record.
    pub(super) fn restore(&mut self, free: Vec<T::Row>) {
        self.free = free;
    }

    /// Freezes the records as they are, until [`Self::thaw`]; returns their number.
    pub(super) fn freeze(&mut self) -> usize {
        self.column.freeze();
        self.column.frozen_rows()
    }

    /// Ends the freezing.
    pub(super) fn thaw(&mut self) {
        self.column.thaw();
    }

    /// Calls `read` for each frozen record of a range; ranges must follow each other.
    pub(super) fn read_frozen(&self, rows: Range<usize>, read: impl FnMut(&T)) {
        self.column.read_frozen(rows, read);
    }

    /// Appends the stored form of a range of frozen records; ranges must follow each other.
    pub(super) fn write(&self, rows: Range<usize>, bytes: &mut Vec<u8>) {
        self.read_frozen(rows, |record| append(record, bytes));
    }

    /// Appends a stored record, in the index if `hash` is given.
    pub(super) fn push(&mut self, record: T, hash: Option<Hash>) {
        let row = T::Row::at(self.column.len());
        if let Some(hash) = hash {
            self.index.insert(hash, row.number());
        }
        self.column.push(record);
    }

    /// Returns the bytes of records and index, without what records hold on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.column.bytes() + self.index.bytes()
    }
}

impl<T: Named> Indexed<T::Row> for Rows<T> {
    type Output = T;

    #[inline(always)]
    fn index(&self, row: T::Row) -> &T {
        &self.column[row.index()]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;
    use crate::feature::User;
    use crate::id::UserRow;

    fn user(rows: &mut Rows<User>, hasher: &IdHasher, id: &str) -> UserRow {
        rows.create(hasher.hash(id), User::named(id))
    }

    proptest! {
        #![proptest_config(crate::tests::cases(256))]

        #[test]
        fn rows_agree_with_a_map(steps in prop::collection::vec((0u8..4, 0u32..40), 0..400)) {
            let (mut rows, hasher) = (Rows::<User>::default(), IdHasher::default());
            let (mut model, mut removed) = (HashMap::<String, UserRow>::new(), Vec::new());
            for (step, number) in steps {
                let id = number.to_string();
                match step {
                    0 | 1 => {
                        let row = rows.find(hasher.hash(&id), &id).unwrap_or_else(|| user(&mut rows, &hasher, &id));
                        prop_assert_eq!(*model.entry(id).or_insert(row), row);
                        prop_assert!(!removed.contains(&row));
                    }
                    2 => if let Some(row) = model.remove(&id) {
                        rows.remove(&hasher, row);
                        removed.push(row);
                    },
                    _ => removed.drain(..).for_each(|row| rows.release(row)),
                }
            }
            for number in 0..40 {
                let id = number.to_string();
                prop_assert_eq!(rows.find(hasher.hash(&id), &id), model.get(&id).copied());
            }
            prop_assert_eq!(rows.slice(0..rows.len()).count(), model.len());
        }
    }
}
