//! A column in which most rows hold nothing: nine in ten items never sell.
//!
//! A bit for each row says whether it holds a value, and a count before each 512 of them where. The bits of a million rows are an
//! eighth of a megabyte and stay in the cache; a full column would cost every candidate a wait for memory to read "nothing".

/// Rows of one word of bits.
const WORD: usize = 64;
/// Words for which the values before them are counted.
const COUNTED: usize = 8;

/// Values by row, few of many.
#[derive(Clone, Debug)]
pub(super) struct Sparse<T> {
    bits: Vec<u64>,
    /// How many values stand before each [`COUNTED`] words.
    before: Vec<u32>,
    values: Vec<T>,
    rows: usize,
    nothing: T,
}

impl<T> Sparse<T> {
    /// A column of that many rows, from values in ascending order of their rows; `nothing` stands in all others.
    pub(super) fn new(rows: usize, nothing: T, entries: impl Iterator<Item = (usize, T)>) -> Self {
        let mut bits = vec![0_u64; rows.div_ceil(WORD)];
        let mut values = Vec::new();
        for (row, value) in entries {
            if let Some(word) = bits.get_mut(row / WORD) {
                *word |= 1 << (row % WORD);
                values.push(value);
            }
        }
        let mut total = 0;
        let counted = bits.chunks(COUNTED).map(|words| {
            let before = total;
            total += words.iter().map(|word| word.count_ones()).sum::<u32>();
            before
        });
        Self {
            before: counted.collect(),
            bits,
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

    #[inline(always)]
    fn place(&self, row: usize) -> Option<usize> {
        let (word, bit) = (row / WORD, 1 << (row % WORD));
        let bits = *self.bits.get(word)?;
        (bits & bit != 0).then(|| {
            let counted = word / COUNTED;
            let words = &self.bits[counted * COUNTED..word];
            let ones: u32 = words.iter().map(|word| word.count_ones()).sum();
            (self.before[counted] + ones + (bits & (bit - 1)).count_ones()) as usize
        })
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.bits.as_slice())
            + size_of_val(self.before.as_slice())
            + size_of_val(self.values.as_slice())
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
