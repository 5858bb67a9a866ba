//! A column that grows without moving: chunks of 2¹⁴ rows.
//!
//! A vector that doubles copies everything while the writer holds the lock, and for that moment needs the memory twice; a column
//! adds a chunk.

use std::ops::{Index, IndexMut};

const CHUNK_BITS: usize = 14;
const CHUNK: usize = 1 << CHUNK_BITS;

/// Rows of one type, addressed by their number.
#[derive(Debug)]
pub(super) struct Column<T> {
    chunks: Vec<Vec<T>>,
}

impl<T> Default for Column<T> {
    fn default() -> Self {
        Self { chunks: Vec::new() }
    }
}

impl<T> Column<T> {
    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.chunks
            .last()
            .map_or(0, |last| (self.chunks.len() - 1) * CHUNK + last.len())
    }

    /// Adds a row at the end.
    pub(super) fn push(&mut self, value: T) {
        if self.chunks.last().is_none_or(|last| last.len() == CHUNK) {
            let room = if self.chunks.is_empty() { 0 } else { CHUNK };
            self.chunks.push(Vec::with_capacity(room));
        }
        if let Some(last) = self.chunks.last_mut() {
            last.push(value);
        }
    }

    /// The row of that number.
    #[inline(always)]
    pub(super) fn get(&self, row: usize) -> Option<&T> {
        self.chunks.get(row >> CHUNK_BITS)?.get(row & (CHUNK - 1))
    }

    /// Every row in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flatten()
    }

    /// Bytes of the rows themselves.
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

impl<T> IndexMut<usize> for Column<T> {
    #[inline(always)]
    fn index_mut(&mut self, row: usize) -> &mut T {
        &mut self.chunks[row >> CHUNK_BITS][row & (CHUNK - 1)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stay_where_they_were_put() {
        let mut column = Column::default();
        for row in 0..3 * CHUNK + 7 {
            assert_eq!(column.len(), row);
            column.push(row);
        }
        assert!((0..column.len()).all(|row| column[row] == row && column.get(row) == Some(&row)));
        assert!(column.iter().copied().eq(0..column.len()));
        assert_eq!(column.get(column.len()), None);
    }
}
