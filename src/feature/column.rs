//! A column that grows without moving: chunks of 2¹⁴ rows.
//!
//! A vector that doubles copies all its rows while the writer holds the lock, and needs the memory twice meanwhile; a column adds a
//! chunk.
//!
//! A column can be **frozen** while it keeps changing (copy-on-write by row): the first change to a row keeps the old row until it
//! has been read. A checkpoint sees one instant, no writer waits for it, and only rows changed meanwhile are held twice.

use std::collections::HashMap;
use std::ops::{Index, IndexMut, Range};
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

const CHUNK_BITS: usize = 14;
const CHUNK: usize = 1 << CHUNK_BITS;

/// Rows of one type by their number.
#[derive(Debug)]
pub(super) struct Column<T> {
    chunks: Vec<Vec<T>>,
    frozen: Option<Box<Frozen<T>>>,
}

/// One instant of a column.
#[derive(Debug)]
struct Frozen<T> {
    /// Number of rows at that instant.
    rows: usize,
    /// Rows before this one were read and may change.
    read: AtomicUsize,
    /// Old values of rows that changed before they were read.
    changed: Mutex<HashMap<usize, T, foldhash::fast::RandomState>>,
}

impl<T: Clone> Frozen<T> {
    /// Keeps the value of a row that is about to change, unless it is kept already or was read.
    #[cold]
    fn keep(&mut self, row: usize, value: &T) {
        if (*self.read.get_mut()..self.rows).contains(&row) {
            let changed = self.changed.get_mut();
            changed.entry(row).or_insert_with(|| value.clone());
        }
    }
}

impl<T> Default for Column<T> {
    fn default() -> Self {
        Self {
            chunks: Vec::new(),
            frozen: None,
        }
    }
}

impl<T: Clone> Column<T> {
    /// Returns a column of some rows.
    pub(super) fn of(rows: impl IntoIterator<Item = T>) -> Self {
        let mut column = Self::default();
        column.extend(rows);
        column
    }

    /// Returns the number of rows.
    pub(super) fn len(&self) -> usize {
        self.chunks
            .last()
            .map_or(0, |last| (self.chunks.len() - 1) * CHUNK + last.len())
    }

    /// Appends a row.
    pub(super) fn push(&mut self, value: T) {
        if self.chunks.last().is_none_or(|last| last.len() == CHUNK) {
            let room = if self.chunks.is_empty() { 0 } else { CHUNK };
            self.chunks.push(Vec::with_capacity(room));
        }
        if let Some(last) = self.chunks.last_mut() {
            last.push(value);
        }
    }

    /// Sets a row; the row after the last one is added.
    pub(super) fn put(&mut self, row: usize, value: T) {
        if row < self.len() {
            self[row] = value;
        } else {
            self.push(value);
        }
    }

    /// Returns a row.
    #[inline(always)]
    pub(super) fn get(&self, row: usize) -> Option<&T> {
        self.chunks.get(row >> CHUNK_BITS)?.get(row & (CHUNK - 1))
    }

    /// Returns a row for a change of what a reader of the frozen rows does not read: no old row is kept for it.
    #[inline(always)]
    pub(super) fn unstored(&mut self, row: usize) -> Option<&mut T> {
        let chunk = self.chunks.get_mut(row >> CHUNK_BITS)?;
        chunk.get_mut(row & (CHUNK - 1))
    }

    /// Freezes the column as it is, until [`Self::thaw`].
    pub(super) fn freeze(&mut self) {
        self.frozen = Some(Box::new(Frozen {
            rows: self.len(),
            read: AtomicUsize::new(0),
            changed: Mutex::default(),
        }));
    }

    /// Returns the number of frozen rows.
    pub(super) fn frozen_rows(&self) -> usize {
        self.frozen.as_ref().map_or(0, |frozen| frozen.rows)
    }

    /// Calls `read` for each frozen row of a range; ranges must follow each other from 0 on. Rows that were read are no longer frozen.
    pub(super) fn read_frozen(&self, rows: Range<usize>, mut read: impl FnMut(&T)) {
        let Some(frozen) = &self.frozen else { return };
        let rows = rows.start..rows.end.min(frozen.rows);
        let mut changed = frozen.changed.lock();
        for row in rows.clone() {
            match changed.remove(&row) {
                Some(old) => read(&old),
                None => read(&self[row]),
            }
        }
        frozen.read.store(rows.end, Ordering::Relaxed);
    }

    /// Ends the freezing.
    pub(super) fn thaw(&mut self) {
        self.frozen = None;
    }

    /// Returns the bytes of the rows, without what they hold on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.chunks
            .iter()
            .map(|chunk| chunk.capacity() * size_of::<T>())
            .sum()
    }
}

impl<T> Index<usize> for Column<T> {
    type Output = T;

    #[inline(always)]
    fn index(&self, row: usize) -> &T {
        &self.chunks[row >> CHUNK_BITS][row & (CHUNK - 1)]
    }
}

impl<T: Clone> IndexMut<usize> for Column<T> {
    #[inline(always)]
    fn index_mut(&mut self, row: usize) -> &mut T {
        let value = &mut self.chunks[row >> CHUNK_BITS][row & (CHUNK - 1)];
        if let Some(frozen) = &mut self.frozen {
            frozen.keep(row, value);
        }
        value
    }
}

impl<T: Clone> Extend<T> for Column<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        values.into_iter().for_each(|value| self.push(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(crate::tests::cases(256))]

        #[test]
        fn frozen_rows_are_read_as_they_were(
            rows in 1usize..200,
            steps in prop::collection::vec((0u8..3, 0usize..300), 0..100),
        ) {
            let mut column = Column::default();
            column.extend(0..rows);
            column.freeze();
            let mut read = Vec::new();
            for (step, number) in steps {
                match step {
                    0 => column.push(1_000),
                    1 => column[number % rows] += 1_000,
                    _ => {
                        let start = read.len();
                        column.read_frozen(start..start + number % 50, |row| read.push(*row));
                    }
                }
            }
            let start = read.len();
            column.read_frozen(start..column.frozen_rows(), |row| read.push(*row));
            prop_assert!(read.into_iter().eq(0..rows));
            column.thaw();
            prop_assert_eq!(column.frozen_rows(), 0);
        }
    }

    #[test]
    fn rows_keep_their_numbers() {
        let mut column = Column::default();
        for row in 0..3 * CHUNK + 7 {
            assert_eq!(column.len(), row);
            column.push(row);
        }
        assert!((0..column.len()).all(|row| column[row] == row && column.get(row) == Some(&row)));
        assert_eq!(column.get(column.len()), None);
    }
}
