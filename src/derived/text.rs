//! The words of one item, with what each counts: the sum of the weights of the fields in which it stands.

use crate::corpus::Token;
use crate::model::Item;

use super::split::words;

/// Weights of the fields.
const TITLE: u32 = 3;
const BRAND: u32 = 2;
const CATEGORY: u32 = 2;
const TAG: u32 = 1;

/// A word of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    token: [u8; Token::BYTES],
    /// What it counts, at most 255: 85 times in the title.
    count: u8,
}

impl Word {
    /// Returns the word's number.
    #[inline(always)]
    #[must_use]
    pub const fn token(self) -> Token {
        Token::from_bytes(self.token)
    }

    /// Returns the weighted count.
    #[inline(always)]
    #[must_use]
    pub const fn count(self) -> u8 {
        self.count
    }
}

/// The words of one item, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    length: u32,
    words: Box<[Word]>,
}

impl Text {
    /// Returns the words of an item, and how many further ones are left out: at most `most` are kept, first those of brand and category,
    /// then those of the title, then those of the tags.
    #[must_use]
    pub fn of(item: &Item<'_>, most: usize) -> (Self, u64) {
        let tags = item.tags.iter().flat_map(|tags| &tags.0);
        let tags = tags.filter(|(_, weight)| *weight > 0.0);
        let fields = [
            (BRAND, item.brand.as_deref()),
            (CATEGORY, item.category.as_deref()),
            (TITLE, item.title.as_deref()),
        ];
        let fields = fields
            .into_iter()
            .filter_map(|(weight, text)| Some((weight, text?)));
        Self::new(fields.chain(tags.map(|(tag, _)| (TAG, &**tag))), most)
    }

    /// Returns the words of weighted fields, and how many are left out.
    fn new<'t>(fields: impl Iterator<Item = (u32, &'t str)>, most: usize) -> (Self, u64) {
        let (mut found, mut length) = (Vec::new(), 0_u32);
        for (weight, text) in fields {
            words(text, |word| {
                length = length.saturating_add(weight);
                found.push((Token::of(word), found.len(), weight));
            });
        }
        found.sort_unstable();
        let mut each: Vec<(Token, usize, u32)> = Vec::with_capacity(found.len());
        for (token, place, weight) in found {
            match each.last_mut() {
                Some(last) if last.0 == token => last.2 += weight,
                Some(_) | None => each.push((token, place, weight)),
            }
        }
        let dropped = each.len().saturating_sub(most);
        if dropped > 0 {
            each.sort_unstable_by_key(|(_, place, _)| *place);
            each.truncate(most);
            each.sort_unstable();
        }
        let word = |&(token, _, count): &(Token, usize, u32)| Word {
            token: token.bytes(),
            count: u8::try_from(count).unwrap_or(u8::MAX),
        };
        let words = each.iter().map(word).collect();
        (Self { length, words }, crate::number::wide(dropped))
    }

    /// Returns the sum of the field weights of all its words, those that are left out included.
    #[inline(always)]
    #[must_use]
    pub const fn length(&self) -> u32 {
        self.length
    }

    /// Returns the words, sorted by token.
    #[inline(always)]
    #[must_use]
    pub const fn words(&self) -> &[Word] {
        &self.words
    }

    /// Returns whether it has no word.
    #[inline(always)]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Returns the tokens of the words.
    pub(super) fn tokens(&self) -> impl Iterator<Item = Token> + '_ {
        self.words.iter().map(|word| word.token())
    }

    /// Returns the bytes held on the heap.
    pub(super) const fn heap_bytes(&self) -> usize {
        size_of_val::<[Word]>(&self.words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(fields: &[(u32, &str)], most: usize) -> (Vec<(Token, u8)>, u32, u64) {
        let (text, dropped) = Text::new(fields.iter().copied(), most);
        let words = text.words().iter().map(|word| (word.token(), word.count()));
        (words.collect(), text.length(), dropped)
    }

    fn sorted(words: &[(&str, u8)]) -> Vec<(Token, u8)> {
        let mut words: Vec<_> = words
            .iter()
            .map(|(word, count)| (Token::of(word), *count))
            .collect();
        words.sort_unstable();
        words
    }

    #[test]
    fn words_count_by_the_weights_of_their_fields() {
        let fields = [
            (2, "Dyson"),
            (2, "hair-care"),
            (3, "Dyson hair dryer, hair tools"),
            (1, "tools"),
        ];
        let right = [
            ("dyson", 5),
            ("hair", 8),
            ("care", 2),
            ("dryer", 3),
            ("tools", 4),
        ];
        assert_eq!(counts(&fields, 128), (sorted(&right), 22, 0));
    }

    #[test]
    fn words_beyond_the_bound_are_left_out_and_counted() {
        let fields = [(2, "b"), (3, "a b c d"), (1, "e")];
        assert_eq!(
            counts(&fields, 3),
            (sorted(&[("b", 5), ("a", 3), ("c", 3)]), 15, 2)
        );
        assert_eq!(counts(&[], 3), (Vec::new(), 0, 0));
    }

    #[test]
    fn one_word_counts_at_most_255() {
        let long = "a ".repeat(2_048);
        assert_eq!(counts(&[(3, &long)], 3), (sorted(&[("a", 255)]), 6_144, 0));
    }
}
