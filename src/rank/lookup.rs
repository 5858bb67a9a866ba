//! Lookups by row: whether a candidate is a repeat, and the sum of the user's history with it.
//!
//! Standard collections cost several times as much. The lookups must be predictable branches: nearly every candidate is new and not in
//! the user's history, and with one bit per row, or a table with many free slots, the first probe says so.

use std::ops::AddAssign;

/// The rows already seen in a request: one bit per row of the catalogue.
#[derive(Debug, Default)]
pub(super) struct Seen {
    bits: Vec<u64>,
    /// Indices of the words that are not 0.
    touched: Vec<u32>,
}

impl Seen {
    /// Removes all rows and makes room for rows below `rows`.
    pub(super) fn clear(&mut self, rows: usize) {
        for word in self.touched.drain(..) {
            self.bits[word as usize] = 0;
        }
        self.bits.resize(rows.div_ceil(64), 0);
    }

    /// Adds a row. Returns whether it is new.
    #[inline(always)]
    pub(super) fn first(&mut self, row: u32) -> bool {
        let (word, bit) = (row / 64, 1 << (row % 64));
        let bits = &mut self.bits[word as usize];
        let first = *bits & bit == 0;
        if first {
            *bits |= bit;
            self.touched.push(word);
        }
        first
    }
}

/// A free slot.
const FREE: u32 = u32::MAX;

/// Returns the number of slots for some entries: 32 each while clearing them is cheap, at least 8 each.
fn slots(entries: usize) -> usize {
    (entries * 32)
        .min(2_048)
        .max(entries * 8)
        .next_power_of_two()
}

/// Returns the first slot of a row. The multiplication spreads neighbouring rows.
#[inline(always)]
fn home(row: u32, mask: usize) -> usize {
    (row.wrapping_mul(0x9E37_79B1) >> 7) as usize & mask
}

/// Rows of which few are marked. A row that is not may look as if it were.
#[derive(Clone, Debug)]
pub(super) struct Marks([bool; MARKS]);

/// Number of marks; rows share one if they are equal modulo it.
const MARKS: usize = 512;

impl Default for Marks {
    fn default() -> Self {
        Self::NONE
    }
}

impl Marks {
    /// No row is marked.
    pub(super) const NONE: Self = Self([false; MARKS]);

    /// Marks a row.
    pub(super) fn add(&mut self, row: u32) {
        self.0[row as usize % MARKS] = true;
    }

    /// Returns whether a row may be marked.
    #[inline(always)]
    pub(super) fn may_have(&self, row: u32) -> bool {
        self.0[row as usize % MARKS]
    }
}

/// Sums by row.
pub(super) type Sums = Table<f64>;

/// Numbers by row.
#[derive(Debug, Default)]
pub(super) struct Table<T> {
    rows: Vec<u32>,
    sums: Vec<T>,
    is_empty: bool,
}

impl<T: Copy + Default + AddAssign> Table<T> {
    /// Removes all sums and makes room for `rows` rows.
    pub(super) fn clear(&mut self, rows: usize) {
        self.rows.clear();
        self.rows.resize(slots(rows), FREE);
        self.sums.resize(self.rows.len(), T::default());
        self.is_empty = true;
    }

    /// Returns whether no row has a sum.
    pub(super) fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// Adds an amount to the sum of a row.
    pub(super) fn add(&mut self, row: u32, amount: T) {
        let mask = self.rows.len() - 1;
        let mut at = home(row, mask);
        self.is_empty = false;
        loop {
            match self.rows[at & mask] {
                FREE => {
                    self.rows[at & mask] = row;
                    self.sums[at & mask] = amount;
                    return;
                }
                known if known == row => {
                    self.sums[at & mask] += amount;
                    return;
                }
                _ => at += 1,
            }
        }
    }

    /// Returns a function from a row to its sum, `None` if nothing was added.
    pub(super) fn reader(&self) -> impl Fn(u32) -> Option<T> + '_ {
        let (rows, sums) = (self.rows.as_slice(), self.sums.as_slice());
        let mask = rows.len() - 1;
        move |row| {
            let mut at = home(row, mask);
            loop {
                match rows[at & mask] {
                    FREE => return None,
                    known if known == row => return Some(sums[at & mask]),
                    _ => at += 1,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{HashMap, HashSet};

    proptest! {
        #![proptest_config(crate::tests::cases(256))]

        #[test]
        fn seen_and_sums_match_standard_collections(rows in prop::collection::vec(0u32..300, 0..300)) {
            let (mut seen, mut sums) = (Seen::default(), Sums::default());
            let mut marks = Marks::NONE;
            rows.iter().for_each(|row| marks.add(*row));
            seen.clear(300);
            sums.clear(rows.len());
            let (mut set, mut map) = (HashSet::new(), HashMap::<u32, f64>::new());
            for &row in &rows {
                prop_assert_eq!(seen.first(row), set.insert(row));
                sums.add(row, f64::from(row) + 1.0);
                *map.entry(row).or_default() += f64::from(row) + 1.0;
            }
            for row in 0..300 {
                prop_assert_eq!(sums.reader()(row), map.get(&row).copied());
                prop_assert!(marks.may_have(row) || !map.contains_key(&row));
            }
        }
    }
}
