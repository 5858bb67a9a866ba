//! A column in which most rows hold nothing: nine in ten items never sell.
//!
//! A bit for each row says whether it holds a value, and a count before each 64 of them where. The bits of a million rows are a
//! quarter of a megabyte and stay in the cache; a full column would cost every candidate a wait for memory to read "nothing".

use crate::prefetch::prefetch;

/// Bits of 64 rows, and how many values stand before theirs.
#[derive(Clone, Copy, Debug, Default)]
struct Word {
    bits: u64,
    before: u32,
}

/// Values by row, few of many.
#[derive(Clone, Debug)]
pub(super) struct Sparse<T> {
    words: Vec<Word>,
    values: Vec<T>,
    rows: usize,
    nothing: T,
}

impl<T> Sparse<T> {
    /// A column of that many rows, from values in ascending order of their rows; `nothing` stands in all others.
    pub(super) fn new(rows: usize, nothing: T, entries: impl Iterator<Item = (usize, T)>) -> Self {
        let mut words = vec![Word::default(); rows.div_ceil(64)];
        let mut values = Vec::new();
        for (row, value) in entries {
            if let Some(word) = words.get_mut(row / 64) {
                word.bits |= 1 << (row % 64);
                values.push(value);
            }
        }
        let mut before = 0;
        for word in &mut words {
            word.before = before;
            before += word.bits.count_ones();
        }
        Self {
            words,
            values,
            rows,
            nothing,
        }
    }

    /// The value of a row; `None` beyond the last one.
    #[inline(always)]
    pub(super) fn get(&self, row: usize) -> Option<&T> {
        if row >= self.rows {
            return None;
        }
        Some(
            self.place(row)
                .and_then(|place| self.values.get(place))
                .unwrap_or(&self.nothing),
        )
    }

    /// Asks for the value of a row, if it holds one.
    #[inline(always)]
    pub(super) fn prefetch(&self, row: usize) {
        if let Some(value) = self.place(row).and_then(|place| self.values.get(place)) {
            prefetch(value);
        }
    }

    #[inline(always)]
    fn place(&self, row: usize) -> Option<usize> {
        let word = self.words.get(row / 64)?;
        let bit = 1 << (row % 64);
        (word.bits & bit != 0)
            .then(|| word.before as usize + (word.bits & (bit - 1)).count_ones() as usize)
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.words.as_slice()) + size_of_val(self.values.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn it_holds_what_a_map_holds(entries in prop::collection::btree_map(0usize..500, 1u32..9, 0..200), rows in 500usize..600) {
            let entries: BTreeMap<usize, u32> = entries;
            let sparse = Sparse::new(rows, 0, entries.iter().map(|(row, value)| (*row, *value)));
            for row in 0..rows {
                prop_assert_eq!(sparse.get(row).copied(), Some(entries.get(&row).copied().unwrap_or(0)));
            }
            prop_assert_eq!(sparse.get(rows), None);
        }
    }
}
