//! A growing set of small numbers, one bit each.

/// Numbers of one word.
const WORD: usize = u64::BITS as usize;

/// A growing set of small numbers, one bit each: adding, removing and finding one takes a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bits {
    /// The last one is not 0, so that equal sets have equal words.
    words: Vec<u64>,
}

/// Returns the word of a number, and its bit there.
#[inline(always)]
const fn place(number: usize) -> (usize, u64) {
    (number / WORD, 1 << (number % WORD))
}

impl Bits {
    /// Adds a number.
    pub fn add(&mut self, number: usize) {
        let (word, bit) = place(number);
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= bit;
    }

    /// Removes a number.
    pub fn remove(&mut self, number: usize) {
        let (word, bit) = place(number);
        if let Some(word) = self.words.get_mut(word) {
            *word &= !bit;
        }
        while self.words.last() == Some(&0) {
            self.words.pop();
        }
    }

    /// Returns whether the set has a number.
    #[inline(always)]
    #[must_use]
    pub fn has(&self, number: usize) -> bool {
        let (word, bit) = place(number);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    /// Returns whether there are none.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Counts the numbers.
    #[must_use]
    pub fn count(&self) -> u64 {
        let each = self.words.iter();
        each.map(|word| u64::from(word.count_ones())).sum()
    }

    /// Returns the numbers, ascending.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        let words = self.words.iter().enumerate();
        words.flat_map(|(at, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let first = (left != 0).then_some(left.trailing_zeros() as usize)?;
                left &= left - 1;
                Some(at * WORD + first)
            })
        })
    }

    /// Returns the bytes held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.words.capacity() * size_of::<u64>()
    }
}

impl FromIterator<usize> for Bits {
    fn from_iter<I: IntoIterator<Item = usize>>(numbers: I) -> Self {
        let mut bits = Self::default();
        numbers.into_iter().for_each(|number| bits.add(number));
        bits
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::number::wide;

    proptest! {
        #![proptest_config(crate::tests::cases(256))]

        #[test]
        fn bits_match_a_set(steps in prop::collection::vec((0..300usize, any::<bool>()), 0..80)) {
            let (mut bits, mut set) = (Bits::default(), BTreeSet::new());
            for (number, adds) in steps {
                if adds {
                    bits.add(number);
                    set.insert(number);
                } else {
                    bits.remove(number);
                    set.remove(&number);
                }
                prop_assert!((0..400).all(|number| bits.has(number) == set.contains(&number)));
                prop_assert_eq!(bits.iter().collect::<BTreeSet<_>>(), set.clone());
                prop_assert_eq!(bits.count(), wide(set.len()));
                prop_assert_eq!(bits.is_empty(), set.is_empty());
                prop_assert_eq!(&bits, &set.iter().copied().collect::<Bits>());
            }
        }
    }
}
