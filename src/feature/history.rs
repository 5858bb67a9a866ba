//! A bounded history: decayed sums by row. At the bound the sum of the smallest absolute value is evicted.

use serde::{Deserialize, Serialize};

/// One sum of a history. Packed to 12 bytes, because a full profile has a hundred of them.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[repr(C, packed(4))]
pub struct Entry {
    /// The row of the entity or tag.
    pub key: u32,
    /// The sum, relative to the profile's landmark.
    pub weight: f64,
}

/// Sums by row, in no particular order.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct History {
    entries: Vec<Entry>,
}

impl History {
    /// Returns the sums.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Adds to a row's sum, within a bound on the number of sums. Returns the number of sums evicted.
    pub(super) fn add(&mut self, key: u32, amount: f64, bound: usize) -> usize {
        if let Some(place) = self.place(key) {
            self.entries[place].weight += amount;
            return 0;
        }
        self.make_room(bound);
        self.entries.push(Entry {
            key,
            weight: amount,
        });
        self.trim(bound)
    }

    /// Returns the place of a row's sum. Eight keys are compared before a branch, because most rows that are looked up have no sum.
    fn place(&self, key: u32) -> Option<usize> {
        let (groups, rest) = self.entries.as_chunks::<8>();
        let is = |entry: &Entry| entry.key == key;
        let hit = |group: &[Entry; 8]| group.iter().fold(false, |hit, entry| hit | is(entry));
        match groups.iter().position(hit) {
            Some(group) => groups[group].iter().position(is).map(|it| group * 8 + it),
            None => rest.iter().position(is).map(|it| groups.len() * 8 + it),
        }
    }

    /// Reserves half the length again, never past the bound: doubling would waste twice as much on every user.
    fn make_room(&mut self, bound: usize) {
        if self.entries.len() == self.entries.capacity() {
            let room = (self.entries.len() / 2)
                .max(4)
                .min((bound + 1).saturating_sub(self.entries.len()).max(1));
            self.entries.reserve_exact(room);
        }
    }

    fn trim(&mut self, bound: usize) -> usize {
        let mut evicted = 0;
        while self.entries.len() > bound {
            self.entries.swap_remove(self.weakest());
            evicted += 1;
        }
        evicted
    }

    /// Returns the first place of the smallest absolute sum. A branch that is seldom taken is faster here than a minimum without branches.
    fn weakest(&self) -> usize {
        let (mut weakest, mut least) = (0, f64::INFINITY);
        for (place, entry) in self.entries.iter().enumerate() {
            let weight = { entry.weight }.abs();
            if weight < least {
                (weakest, least) = (place, weight);
            }
        }
        weakest
    }

    /// Multiplies every sum by a factor.
    pub(super) fn scale(&mut self, factor: f64) {
        for entry in &mut self.entries {
            entry.weight *= factor;
        }
    }

    /// Returns whether a row has a sum.
    pub(super) fn has(&self, key: u32) -> bool {
        self.place(key).is_some()
    }

    /// Removes a row.
    pub(super) fn forget(&mut self, key: u32) {
        self.entries.retain(|entry| entry.key != key);
    }

    /// Returns the bytes held on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weakest_sum_is_evicted() {
        let mut history = History::default();
        assert_eq!(history.add(1, 5.0, 2) + history.add(2, -3.0, 2), 0);
        assert_eq!(history.add(3, 4.0, 2), 1);
        let mut keys: Vec<u32> = history.entries().iter().map(|entry| entry.key).collect();
        keys.sort_unstable();
        assert_eq!(keys, [1, 3]);
        assert_eq!(
            history.add(4, 0.5, 2),
            1,
            "a new sum that is the weakest is evicted itself"
        );
        assert_eq!(history.entries().len(), 2);
        assert_eq!(history.add(1, 1.0, 1), 0, "a known row evicts nothing");
    }
}
