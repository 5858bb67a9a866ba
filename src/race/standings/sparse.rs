//! A column in which most rows hold nothing: nine in ten items never sell.
//!
//! A bit for each row says whether it holds a value, and beside each 32 bits stands how many values come before them. A million rows
//! take a quarter of a megabyte of that, which stays in the cache; a full column would cost every candidate a wait for memory to read
//! "nothing". A look-up takes no branch, since which items sold is nothing that a processor could guess.

/// The rows of one word of bits.
const WORD: usize = u32::BITS as usize;

/// Which of 32 rows hold a value, and how many rows before them do.
#[derive(Clone, Copy, Debug, Default)]
struct Word {
    bits: u32,
    before: u32,
}

/// Values by row, few of many.
#[derive(Clone, Debug)]
pub(super) struct Sparse<T> {
    words: Vec<Word>,
    /// First what stands in every row without a value, then the values in the order of their rows.
    values: Vec<T>,
    rows: usize,
}

impl<T> Sparse<T> {
    /// A column of that many rows, from values in ascending order of their rows; `nothing` stands in all others.
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

    /// The value of a row; `None` beyond the last one.
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
