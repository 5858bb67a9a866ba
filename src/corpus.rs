//! Words as numbers, and in how many texts of the catalogue each occurs.
//!
//! A word is known by 40 bits of its SipHash-2-4 under a fixed key, so no table of words is kept, and two catalogues with the same words
//! have the same numbers, in whatever order they came. Of a million words, a given one shares its number with another one with
//! probability 10⁻⁶; it would then count as both.

use std::collections::HashMap;
use std::hash::Hasher;

use foldhash::fast::FixedState;
use siphasher::sip::SipHasher24;

/// Bits of the hash that are kept.
const BITS: u32 = 40;

/// The number of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(u64);

impl Token {
    /// Number of bytes of a token.
    pub const BYTES: usize = BITS as usize / 8;

    /// Returns the token of a word.
    #[must_use]
    pub fn of(word: &str) -> Self {
        let mut hasher = SipHasher24::new_with_keys(0, 0);
        hasher.write(word.as_bytes());
        Self(hasher.finish() >> (u64::BITS - BITS))
    }

    /// Returns the token as a number below 2⁴⁰.
    #[inline(always)]
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// Returns the bytes of the token.
    #[inline(always)]
    #[must_use]
    pub const fn bytes(self) -> [u8; Self::BYTES] {
        let [a, b, c, d, e, ..] = self.0.to_le_bytes();
        [a, b, c, d, e]
    }

    /// Returns the token with these bytes.
    #[inline(always)]
    #[must_use]
    pub const fn from_bytes([a, b, c, d, e]: [u8; Self::BYTES]) -> Self {
        Self(u64::from_le_bytes([a, b, c, d, e, 0, 0, 0]))
    }
}

/// In how many texts each word occurs, and how long the texts are. The sums are whole numbers: the order of changes does not matter.
#[derive(Clone, Debug, Default)]
pub struct Corpus {
    carriers: HashMap<Token, u32, FixedState>,
    texts: u32,
    length: u64,
}

impl Corpus {
    /// Adds a text of at least one word, given its distinct words and its weighted length.
    pub fn add(&mut self, words: impl Iterator<Item = Token>, length: u32) {
        for word in words {
            *self.carriers.entry(word).or_default() += 1;
        }
        self.texts += 1;
        self.length += u64::from(length);
    }

    /// Takes back a text that was added. Words that occur in no text any more are forgotten.
    pub fn remove(&mut self, words: impl Iterator<Item = Token>, length: u32) {
        for word in words {
            if let Some(count) = self.carriers.get_mut(&word) {
                *count -= 1;
                if *count == 0 {
                    self.carriers.remove(&word);
                }
            }
        }
        self.texts = self.texts.saturating_sub(1);
        self.length = self.length.saturating_sub(u64::from(length));
    }

    /// Returns the number of texts with a word.
    #[must_use]
    pub fn carriers_of(&self, word: Token) -> u32 {
        self.carriers.get(&word).copied().unwrap_or(0)
    }

    /// Returns the number of texts.
    #[must_use]
    pub const fn texts(&self) -> u32 {
        self.texts
    }

    /// Returns the number of distinct words.
    #[must_use]
    pub fn words(&self) -> usize {
        self.carriers.len()
    }

    /// Returns the mean weighted length of the texts; `None` without texts.
    #[must_use]
    pub fn mean_length(&self) -> Option<f64> {
        (self.texts > 0).then(|| crate::number::real(self.length) / f64::from(self.texts))
    }

    /// Returns the bytes held, approximately.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.carriers.capacity() * (size_of::<(Token, u32)>() + 1) * 8 / 7
    }
}
