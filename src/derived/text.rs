//! The words of one item, with what each counts: the sum of the weights of the fields in which it stands.

use wide::u8x16;

use crate::corpus::Token;
use crate::model::Item;

use super::split::words;

/// Weights of the fields.
const TITLE: u32 = 3;
const BRAND: u32 = 2;
const CATEGORY: u32 = 2;
const TAG: u32 = 1;

/// Number of marks that are compared at once.
const GROUP: usize = 16;
/// Bytes of a word beside its mark: the rest of its token, and its count.
const REST: usize = Token::BYTES;
/// Bytes that a text has for its words in itself: all of up to a group of words, the marks of up to as many words as bytes.
const INSIDE: usize = GROUP * (1 + REST);
/// Number of words from which on the marks have no room inside.
const OUTSIDE: usize = INSIDE + 1;

/// A word of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word's number.
    pub token: Token,
    /// What it counts, at most 255: 85 times in the title.
    pub count: u8,
}

/// A word that is looked for in many texts.
#[derive(Clone, Copy, Debug)]
pub struct Sought {
    /// The word's mark, in every lane.
    marks: u8x16,
    /// The rest of its token.
    rest: [u8; REST - 1],
}

impl From<Token> for Sought {
    fn from(token: Token) -> Self {
        let [mark, rest @ ..] = token.bytes();
        Self {
            marks: u8x16::splat(mark),
            rest,
        }
    }
}

/// The words of one item, each once, sorted by token.
///
/// Nearly every word of a query is not in the item. So the lowest byte of every token, its mark, stands in front: comparing sixteen marks
/// at once tells which words to read, if any. A short text is read from two lines of the cache, and a longer one whose marks differ too.
#[derive(Clone, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct Text {
    length: u32,
    count: u32,
    /// What has no room inside: the rest of each word, and before it the marks if those have none either.
    outside: Box<[u8]>,
    /// The marks, padded to whole groups with zeros, then the rest of each word.
    inside: [u8; INSIDE],
}

const _: () = assert!(size_of::<Text>() == 128);

impl Default for Text {
    fn default() -> Self {
        Self {
            length: 0,
            count: 0,
            outside: Box::default(),
            inside: [0; INSIDE],
        }
    }
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
        let word = |(token, _, count)| Word {
            token,
            count: u8::try_from(count).unwrap_or(u8::MAX),
        };
        let text = Self::packed(length, each.into_iter().map(word));
        (text, crate::number::wide(dropped))
    }

    fn packed(length: u32, words: impl ExactSizeIterator<Item = Word>) -> Self {
        let count = words.len();
        let marks = count.next_multiple_of(GROUP);
        let mut bytes = vec![0; marks + count * REST];
        for (place, Word { token, count }) in words.enumerate() {
            let [mark, a, b, c, d] = token.bytes();
            bytes[place] = mark;
            bytes[marks + place * REST..][..REST].copy_from_slice(&[a, b, c, d, count]);
        }
        let inside = match count {
            ..=GROUP => bytes.len(),
            OUTSIDE.. => 0,
            _ => marks,
        };
        let mut text = Self {
            length,
            count: u32::try_from(count).unwrap_or(u32::MAX),
            outside: bytes[inside..].into(),
            ..Self::default()
        };
        text.inside[..inside].copy_from_slice(&bytes[..inside]);
        text
    }

    /// Returns the sum of the field weights of all its words, those that are left out included.
    #[inline(always)]
    #[must_use]
    pub const fn length(&self) -> u32 {
        self.length
    }

    /// Returns the words, sorted by token.
    #[inline(always)]
    pub fn words(&self) -> impl Iterator<Item = Word> {
        let (marks, rests) = self.parts();
        let words = marks.iter().zip(rests);
        words.map(|(&mark, &[a, b, c, d, count])| Word {
            token: Token::from_bytes([mark, a, b, c, d]),
            count,
        })
    }

    /// Passes what belongs to each of these words that the item has, and what the word counts. Words that are sorted by token are passed in
    /// that order.
    #[inline(always)]
    pub fn common<'w, T>(&self, words: &'w [(Sought, T)], mut found: impl FnMut(&'w T, u8)) {
        let (marks, rests) = self.parts();
        // They are sorted here too, so those of a group come before those of the next one.
        for (group, marks) in marks.as_chunks::<GROUP>().0.iter().enumerate() {
            let marks = u8x16::new(*marks);
            for (sought, word) in words {
                let mut equal = marks.simd_eq(sought.marks).to_bitmask();
                while equal != 0 {
                    let place = group * GROUP + equal.trailing_zeros() as usize;
                    match rests.get(place) {
                        Some(&[a, b, c, d, count]) if [a, b, c, d] == sought.rest => {
                            found(word, count);
                            break;
                        }
                        Some(_) | None => equal &= equal - 1,
                    }
                }
            }
        }
    }

    /// Returns the marks with their padding, and the rest of each word.
    #[inline(always)]
    fn parts(&self) -> (&[u8], &[[u8; REST]]) {
        let count = self.count as usize;
        let marks = count.next_multiple_of(GROUP);
        let (marks, rests) = match count {
            ..=GROUP => (&self.inside[..marks], &self.inside[marks..][..count * REST]),
            OUTSIDE.. => self.outside.split_at_checked(marks).unwrap_or_default(),
            _ => (&self.inside[..marks], &*self.outside),
        };
        (marks, rests.as_chunks().0)
    }

    /// Returns whether it has no word.
    #[inline(always)]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Returns the tokens of the words.
    pub(super) fn tokens(&self) -> impl Iterator<Item = Token> + '_ {
        self.words().map(|word| word.token)
    }

    /// Returns the bytes held on the heap.
    pub(super) const fn heap_bytes(&self) -> usize {
        self.outside.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(fields: &[(u32, &str)], most: usize) -> (Vec<(Token, u8)>, u32, u64) {
        let (text, dropped) = Text::new(fields.iter().copied(), most);
        let words = text.words().map(|word| (word.token, word.count));
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

    /// Words of which many share a mark, in texts around the bounds of a group.
    #[test]
    fn a_word_is_found_by_its_mark() {
        for words in [0, 1, 15, 16, 17, 64, 96, 97, 300] {
            let each: Vec<String> = (0..2 * words).map(|word| format!("w{word}")).collect();
            let title = each[..words].join(" ");
            let (text, _) = Text::new([(3, title.as_str())].into_iter(), 1_000);
            let asked = each.iter().map(|word| Token::of(word)).enumerate();
            let mut asked: Vec<(usize, Token)> = asked.collect();
            asked.sort_unstable_by_key(|(_, token)| *token);
            let right = asked.iter().map(|(number, _)| *number);
            let right: Vec<(usize, u8)> =
                right.filter(|it| *it < words).map(|it| (it, 3)).collect();
            let asked = asked
                .into_iter()
                .map(|(number, token)| (token.into(), number));
            let asked: Vec<(Sought, usize)> = asked.collect();
            let mut found = Vec::new();
            text.common(&asked, |number, count| found.push((*number, count)));
            assert_eq!(found, right, "of {words}");
        }
        let zero = [(Token::from_bytes([0; 5]).into(), ())];
        Text::default().common(&zero, |(), _| unreachable!());
    }
}
