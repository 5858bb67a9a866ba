//! Assignment by digest: the same id always falls into the same part, and every language and warehouse can compute it.
//!
//! w(s, u) is SHA-256 of a space s, the byte 0 and an id u, read as eight big-endian words of 32 bits. part(w, n) = ⌊w·n/2³²⌋ splits
//! the ids into n parts of equal size. Different spaces split independently.

use sha2::{Digest as _, Sha256};

/// The eight words of an id in a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest([u32; 8]);

impl Digest {
    /// Returns the digest of an id in the space of a name, such as `layer/` and `ranking`.
    #[must_use]
    pub fn new((space, name): (&str, &str), id: &str) -> Self {
        let mut digest = Sha256::new();
        for part in [space, name, "\0", id] {
            digest.update(part);
        }
        let mut words = [0; 8];
        for (word, bytes) in words.iter_mut().zip(digest.finalize().as_chunks::<4>().0) {
            *word = u32::from_be_bytes(*bytes);
        }
        Self(words)
    }

    /// Returns a word, by its place from 0 to 7.
    ///
    /// # Panics
    /// If the place is 8 or more.
    #[must_use]
    pub const fn word(&self, place: usize) -> u32 {
        self.0[place]
    }

    /// Returns the part of `parts` that a word falls into, from 0.
    ///
    /// # Panics
    /// If the place of the word is 8 or more.
    #[must_use]
    pub const fn part(&self, place: usize, parts: u32) -> u32 {
        ((self.0[place] as u64 * parts as u64) >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_their_golden_values() {
        let golden = [
            (("layer/", "ranking"), "u-1001", 0xa80a_01f7, 6564, 312),
            (("layer/", "ranking"), "u-1002", 0x6998_21e1, 4124, 899),
            (("layer/", "slate"), "u-1001", 0xda1d_4ae1, 8520, 396),
            (("layer/", "ranking"), "用户1", 0x4088_1f17, 2520, 221),
            (("arm/", "growth-up"), "u-1001", 0xfaa2_8b8f, 9790, 615),
            (("arm/", "growth-up"), "u-1002", 0x78c2_3d82, 4717, 914),
            (("arm/", "growth-up"), "1001", 0x925f_1942, 5717, 763),
            (("arm/", "growth-up"), "用户1", 0xbb59_eacf, 7318, 199),
            (("arm/", "growth-up"), "a", 0xd0bf_e6cc, 8154, 212),
            (
                ("arm/", "growth-up"),
                &"x".repeat(128),
                0x7615_6f79,
                4612,
                142,
            ),
            (("holdout/", "2026h2"), "u-1001", 0x1b30_e5a3, 1062, 286),
        ];
        for (space, id, word, part, cell) in golden {
            let digest = Digest::new(space, id);
            assert_eq!(digest.word(0), word, "{space:?} {id}");
            assert_eq!(digest.part(0, 10_000), part, "{space:?} {id}");
            assert_eq!(digest.part(1, 1_000), cell, "{space:?} {id}");
        }
    }

    #[test]
    fn every_part_is_below_the_number_of_parts() {
        let largest = Digest([u32::MAX; 8]);
        assert_eq!(largest.part(7, u32::MAX), u32::MAX - 1);
        assert_eq!(largest.part(0, 1), 0);
    }
}
