//! What is asked for each candidate by its row: whether it came before in this request, and what the user's history with it sums to.
//!
//! Standard collections would do, at several times the cost. What counts here is that the processor guesses each answer right: nearly
//! every candidate comes for the first time and is not in the user's history, and with a bit for each row, or a table with many free
//! slots, nothing else looks like it.

/// The rows already seen in a request: a bit for each row of the catalogue.
#[derive(Debug, Default)]
pub(super) struct Seen {
    bits: Vec<u64>,
    /// The words that are not 0.
    touched: Vec<u32>,
}

impl Seen {
    /// Forgets all; from now on rows below `rows` may be noted.
    pub(super) fn clear(&mut self, rows: usize) {
        for word in self.touched.drain(..) {
            self.bits[word as usize] = 0;
        }
        self.bits.resize(rows.div_ceil(64), 0);
    }

    /// Notes a row; whether it is the first time.
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

const FREE: u32 = u32::MAX;
/// Slots for so many entries: 32 for each while that is little to clear, at least 8.
fn slots(entries: usize) -> usize {
    (entries * 32)
        .min(2_048)
        .max(entries * 8)
        .next_power_of_two()
}

/// Where a row begins to look; multiplying spreads rows that lie close together.
#[inline(always)]
fn home(row: u32, mask: usize) -> usize {
    (row.wrapping_mul(0x9E37_79B1) >> 7) as usize & mask
}

/// Sums by row.
#[derive(Debug, Default)]
pub(super) struct Sums {
    rows: Vec<u32>,
    sums: Vec<f64>,
}

impl Sums {
    /// Forgets all, and makes room for that many rows.
    pub(super) fn clear(&mut self, rows: usize) {
        self.rows.clear();
        self.rows.resize(slots(rows), FREE);
        self.sums.resize(self.rows.len(), 0.0);
    }

    /// Adds to the sum of a row.
    pub(super) fn add(&mut self, row: u32, amount: f64) {
        let mask = self.rows.len() - 1;
        let mut at = home(row, mask);
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

    /// Gives the sum of a row; `None` where nothing was added.
    pub(super) fn reader(&self) -> impl Fn(u32) -> Option<f64> + '_ {
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
        fn they_hold_what_the_standard_ones_hold(rows in prop::collection::vec(0u32..300, 0..300)) {
            let (mut seen, mut sums) = (Seen::default(), Sums::default());
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
            }
        }
    }
}
