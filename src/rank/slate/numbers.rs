//! Numbers for what is met, in the order in which it is met first, so that what is kept of it is a list.
//!
//! A page meets a hundred keys and asks for each a few times: a general map would cost more than all rules together.

use crate::number::short;

/// The key of a free slot.
const FREE: u64 = u64::MAX;

/// The numbers of the keys that were met, in slots of which at least half are free.
#[derive(Clone, Debug)]
pub(in crate::rank) struct Numbers {
    slots: Vec<(u64, u32)>,
    met: usize,
}

/// Returns the first slot of a key. The multiplication spreads neighbouring keys.
#[inline(always)]
fn home(key: u64) -> usize {
    (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize
}

impl Numbers {
    /// Creates the numbers of no keys, with room for about so many.
    pub(in crate::rank) fn new(keys: usize) -> Self {
        Self {
            slots: vec![(FREE, 0); (2 * keys).next_power_of_two()],
            met: 0,
        }
    }

    /// Returns the number of a key below 2⁶⁴ − 1; the next number if it is new.
    #[inline]
    pub(in crate::rank) fn of(&mut self, key: u64) -> u32 {
        let mask = self.slots.len() - 1;
        let mut at = home(key);
        loop {
            match self.slots[at & mask] {
                (known, number) if known == key => return number,
                (FREE, _) => return self.add(key, at & mask),
                _ => at += 1,
            }
        }
    }

    /// Adds a key that is new, in its slot.
    #[inline]
    fn add(&mut self, key: u64, at: usize) -> u32 {
        let number = short(self.met);
        self.slots[at] = (key, number);
        self.met += 1;
        if 2 * self.met > self.slots.len() {
            self.grow();
        }
        number
    }

    /// Makes room for twice as many keys.
    #[cold]
    fn grow(&mut self) {
        let twice = vec![(FREE, 0); 2 * self.slots.len()];
        let slots = std::mem::replace(&mut self.slots, twice);
        let known = slots.into_iter().filter(|(key, _)| *key != FREE);
        known.for_each(|(key, number)| self.put(key, number));
    }

    /// Puts a key into the first free slot.
    fn put(&mut self, key: u64, number: u32) {
        let mask = self.slots.len() - 1;
        let mut at = home(key);
        while self.slots[at & mask].0 != FREE {
            at += 1;
        }
        self.slots[at & mask] = (key, number);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(crate::tests::cases(256))]

        #[test]
        fn numbers_match_a_map(keys in prop::collection::vec(0..90_u64, 0..200), room in 0..40_usize) {
            let (mut numbers, mut map) = (Numbers::new(room), HashMap::new());
            for key in keys {
                let next = short(map.len());
                prop_assert_eq!(numbers.of(key << 30), *map.entry(key).or_insert(next));
            }
        }
    }
}
