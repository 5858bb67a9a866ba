//! A text as words: Chinese by the dictionary of jieba in search mode, everything else by the word boundaries of Unicode (UAX 29).
//!
//! The text is brought into the normal form NFKC and lower case first. Chinese words are those of the dictionary and the shorter words
//! within them; what the dictionary lacks is one word a character, so that a brand is split in the same way wherever it stands. Marks,
//! symbols, emoji and control characters are no words.

use std::borrow::Cow;
use std::sync::LazyLock;

use jieba_rs::Jieba;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};
use unicode_segmentation::UnicodeSegmentation;

/// The dictionary: 33 MB, read in about a tenth of a second by the first text that is split.
static DICTIONARY: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// Reads the dictionary, unless it is read already, so that no request waits for it.
pub fn load_dictionary() {
    LazyLock::force(&DICTIONARY);
}

/// Calls a function for each word of a text, in order; repeats come again.
pub fn words(text: &str, mut each: impl FnMut(&str)) {
    let text = normal(text);
    let mut rest: &str = &text;
    while let Some(first) = rest.chars().next() {
        let is_chinese = is_han(first);
        let end = rest.find(|next| is_han(next) != is_chinese);
        let (run, after) = rest.split_at(end.unwrap_or(rest.len()));
        if is_chinese {
            let found = DICTIONARY.cut_for_search(run, false);
            found.iter().for_each(|token| each(token.word));
        } else {
            // No word has a space. Ideographs have no case, so lower case costs them nothing.
            let spaced = lower(run);
            let spaced = spaced.split(|next: char| next.is_ascii_whitespace());
            spaced.for_each(|part| alphabetic(part, &mut each));
        }
        rest = after;
    }
}

/// Calls a function for each word of a text without ideographs and spaces.
fn alphabetic(text: &str, each: &mut impl FnMut(&str)) {
    if !text.is_empty() && text.chars().all(joins) {
        each(text);
    } else {
        text.unicode_words().for_each(each);
    }
}

/// Returns whether a character surely has no word boundary before another one like it (UAX 29, WB5 and WB8 to WB10): the letters of the
/// most common alphabets, and digits. Segmentation itself takes a tenth of a microsecond a character.
fn joins(letter: char) -> bool {
    let is_common = matches!(letter,
        '\0'..'\u{2B0}' | '\u{370}'..'\u{530}' | '\u{5D0}'..='\u{5EA}' | '\u{620}'..='\u{64A}' | '\u{AC00}'..='\u{D7A3}');
    is_common && letter.is_alphanumeric()
}

/// Returns a text in the normal form NFKC.
fn normal(text: &str) -> Cow<'_, str> {
    let is_plain = |letter: char| letter.is_ascii() || matches!(letter, '\u{4E00}'..='\u{9FFF}');
    if text.chars().all(is_plain) {
        return text.into();
    }
    match is_nfkc_quick(text.chars()) {
        IsNormalized::Yes => text.into(),
        IsNormalized::No | IsNormalized::Maybe => text.nfkc().collect::<String>().into(),
    }
}

/// Returns a text in lower case.
fn lower(text: &str) -> Cow<'_, str> {
    if !text.is_ascii() {
        text.to_lowercase().into()
    } else if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        text.to_ascii_lowercase().into()
    } else {
        text.into()
    }
}

/// Returns whether a character is a Chinese ideograph.
const fn is_han(character: char) -> bool {
    matches!(character,
        '々' | '〇' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{323AF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        words(text, |word| found.push(word.to_owned()));
        found
    }

    #[test]
    fn texts_are_split_into_words() {
        assert_eq!(
            split("Skin-Care SERUM, 50ml"),
            ["skin", "care", "serum", "50ml"]
        );
        assert_eq!(split("补水面膜"), ["补水", "面膜"]);
        assert_eq!(split("精华液"), ["精华", "精华液"], "shorter words too");
        assert_eq!(split("iPhone15手机壳"), ["iphone15", "手机", "壳"]);
        assert_eq!(split("ＩＰＨＯＮＥ　１５"), ["iphone", "15"], "full width");
        assert_eq!(split("Café ÉTÉ"), ["café", "été"]);
        assert_eq!(split("e\u{301}te\u{301}"), ["été"], "decomposed");
        assert_eq!(split("赫莲娜"), ["莲娜", "赫莲娜"]);
    }

    /// The shorter way to the words of common letters finds the same words, but that a mark does not take the space before it along.
    #[test]
    fn common_letters_are_split_as_unicode_does() {
        let mut letters = vec![
            'a', '1', ' ', '.', '\'', 'ß', 'é', 'я', 'ω', 'א', 'ب', '한', 'ア', 'ก', '_',
            '\u{301}', '\u{200d}', '×',
        ];
        letters.extend((0x80..0x700_u32).step_by(7).filter_map(char::from_u32));
        for &a in &letters {
            for &b in &letters {
                for c in ['x', '7', b, a] {
                    let given = String::from_iter([a, b, c, a, b]);
                    let text = lower(&normal(&given)).into_owned();
                    let right: Vec<String> = text
                        .unicode_words()
                        .map(|word| word.trim().to_owned())
                        .collect();
                    assert_eq!(split(&given), right, "{text:?} {}", text.escape_unicode());
                }
            }
        }
    }

    #[test]
    fn what_has_no_letters_has_no_words() {
        for text in [
            "",
            " \t\n",
            "\u{0}\u{7}\u{1b}",
            "🧴🎁✨",
            "!!! — … 。、《》",
            "\u{200b}\u{feff}",
        ] {
            assert_eq!(split(text), [""; 0], "{text:?}");
        }
        assert_eq!(split("a\u{0}b\u{7}面膜\u{1b}"), ["a", "b", "面膜"]);
        assert_eq!(split("🧴serum🎁"), ["serum"]);
    }

    #[test]
    fn a_long_text_is_split_in_linear_steps() {
        let long = "玻尿酸面膜补水".repeat(1_500);
        assert_eq!(split(&long).len(), split("玻尿酸面膜补水").len() * 1_500);
        assert_eq!(split(&"a".repeat(10_000)), ["a".repeat(10_000)]);
        assert_eq!(split(&"a ".repeat(5_000)).len(), 5_000);
    }
}
