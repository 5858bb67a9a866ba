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
            run.unicode_words().for_each(&mut each);
        }
        rest = after;
    }
}

/// Returns a text in the normal form NFKC and lower case.
fn normal(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            text.to_ascii_lowercase().into()
        } else {
            text.into()
        };
    }
    match is_nfkc_quick(text.chars()) {
        IsNormalized::Yes => text.to_lowercase().into(),
        IsNormalized::No | IsNormalized::Maybe => {
            text.nfkc().collect::<String>().to_lowercase().into()
        }
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
