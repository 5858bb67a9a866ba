//! A column in which most rows have no value of their own: nine in ten items never sell.
//!
//! One bit for each row says whether it has a value, and each 32 bits carry the number of values before them. For a million rows these
//! words take a quarter of a megabyte, which stays in the cache; a full column would cost a cache miss for every candidate, to read
//! "nothing" for most. A look-up does not branch on the bit, because a branch predictor cannot learn which items sold.

/// Rows of one word.
const WORD: usize = u32::BITS as usize;

/// The rows with a value among 32, and the number of values before them.
#[derive(Clone, Copy, Debug, Default)]
struct Word {
    bits: u32,
    before: u32,
}

/// Values by row, of which most rows have none.
#[derive(Clone, Debug)]
pub(super) struct Sparse<T> {
    words: Vec<Word>,
    /// First the value of every row without one of its own, then the other values in the order of their rows.
    values: Vec<T>,
    rows: usize,
}

impl<T> Sparse<T> {
    /// Builds a column of `rows` rows from values in ascending order of their rows. Every other row has the value `nothing`.
    pub(super) fn new(rows: usize, nothing: T, entries: impl Iterator<Item = (usize, T)>) -> Self {
        let mut words = vec![Word::default(); rows.div_ceil(WORD)];
        let mut values = vec![nothing];
        for (row, value) in entries {
            if let Some(word) = words.get_mut(row / WORD) {
                word.bits |= 1 << (row % WORD);
                values.push(value);
            }
        }
        let mut total = 0;
        for word in &mut words {
            word.before = total;
            total += word.bits.count_ones();
        }
        Self {
            words,
            values,
            rows,
        }
    }

    /// Returns the value of a row; `None` beyond the last row.
    #[inline(always)]
    pub(super) fn get(&self, row: usize) -> Option<&T> {
        if row >= self.rows {
            return None;
        }
        let word = self.words[row / WORD];
        let (here, earlier) = (
            word.bits >> (row % WORD),
            word.bits << (WORD - 1 - row % WORD),
        );
        let place = word.before + earlier.count_ones();
        self.values.get((place * (here & 1)) as usize)
    }

    /// Returns the bytes held.
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
        #![proptest_config(crate::tests::cases(256))]

        #[test]
        fn a_sparse_column_agrees_with_a_map(entries in prop::collection::btree_map(0usize..500, 1u32..9, 0..200), rows in 500usize..600) {
            let entries: BTreeMap<usize, u32> = entries;
            let sparse = Sparse::new(rows, 0, entries.iter().map(|(row, value)| (*row, *value)));
            for row in 0..rows {
                prop_assert_eq!(sparse.get(row).copied(), Some(entries.get(&row).copied().unwrap_or(0)));
            }
            prop_assert_eq!(sparse.get(rows), None);
        }
    }
}
