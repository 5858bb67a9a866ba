//! Two small open-addressing tables that live in the nearest cache: the rows already seen in a request, and a user's history by row.
//!
//! A standard map would do, at several times the cost: these are asked once per candidate and objective, and hold nothing but `u32` rows.

const FREE: u32 = u32::MAX;

/// Slots for so many entries: most rows that are not in must meet a free slot at once, or the processor guesses wrong too often.
fn slots(entries: usize, spare: usize) -> usize {
    (entries * spare).next_power_of_two().max(16)
}

/// Where a row begins to look; multiplying spreads rows that lie close together.
#[inline(always)]
fn home(row: u32, mask: usize) -> usize {
    (row.wrapping_mul(0x9E37_79B1) >> 7) as usize & mask
}

/// The rows already seen in a request.
#[derive(Debug, Default)]
pub(super) struct Seen {
    rows: Vec<u32>,
}

impl Seen {
    /// Forgets all, and makes room for that many rows.
    pub(super) fn clear(&mut self, rows: usize) {
        self.rows.clear();
        self.rows.resize(slots(rows, 2), FREE);
    }

    /// Notes a row; whether it is the first time.
    #[inline(always)]
    pub(super) fn first(&mut self, row: u32) -> bool {
        let mask = self.rows.len() - 1;
        let mut at = home(row, mask);
        loop {
            match self.rows[at & mask] {
                FREE => {
                    self.rows[at & mask] = row;
                    return true;
                }
                known if known == row => return false,
                _ => at += 1,
            }
        }
    }
}

/// Sums by row.
#[derive(Debug, Default)]
pub(super) struct Sums {
    rows: Vec<u32>,
    sums: Vec<f64>,
    empty: bool,
}

impl Sums {
    /// Forgets all, and makes room for that many rows.
    pub(super) fn clear(&mut self, rows: usize) {
        self.rows.clear();
        self.rows.resize(slots(rows, 8), FREE);
        self.sums.resize(self.rows.len(), 0.0);
        self.empty = true;
    }

    /// Adds to the sum of a row.
    pub(super) fn add(&mut self, row: u32, amount: f64) {
        self.empty = false;
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

    /// The sum of a row; `None` where nothing was added.
    #[inline(always)]
    pub(super) fn get(&self, row: u32) -> Option<f64> {
        if self.empty {
            return None;
        }
        let mask = self.rows.len() - 1;
        let mut at = home(row, mask);
        loop {
            match self.rows[at & mask] {
                FREE => return None,
                known if known == row => return Some(self.sums[at & mask]),
                _ => at += 1,
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
        #[test]
        fn they_hold_what_the_standard_ones_hold(rows in prop::collection::vec(0u32..300, 0..300)) {
            let (mut seen, mut sums) = (Seen::default(), Sums::default());
            seen.clear(rows.len());
            sums.clear(rows.len());
            let (mut set, mut map) = (HashSet::new(), HashMap::<u32, f64>::new());
            for &row in &rows {
                prop_assert_eq!(seen.first(row), set.insert(row));
                sums.add(row, f64::from(row) + 1.0);
                *map.entry(row).or_default() += f64::from(row) + 1.0;
            }
            for row in 0..300 {
                prop_assert_eq!(sums.get(row), map.get(&row).copied());
            }
        }
    }
}
