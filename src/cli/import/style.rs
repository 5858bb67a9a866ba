//! How numbers are written in a table.

use std::borrow::Cow;

/// The marks of a number.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Style {
    pub(super) decimal: char,
    /// The mark between groups of three digits; `' '` also stands for the non-breaking spaces.
    pub(super) thousands: Option<char>,
    /// Words that are removed before or after the number. Others are faults: yuan and dollars must not be added.
    pub(super) currency: Vec<String>,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            decimal: '.',
            thousands: None,
            currency: Vec::new(),
        }
    }
}

impl Style {
    /// Returns the style in which a sample is written: 1234.5 with its marks, such as "1.234,5".
    pub(super) fn sample(sample: &str, currency: &[String]) -> Option<Self> {
        let rest = sample.strip_prefix('1')?.strip_suffix('5')?;
        let (thousands, rest) = match rest.strip_prefix("234") {
            Some(rest) => (None, rest),
            None => (rest.chars().next(), rest.get(1..)?.strip_prefix("234")?),
        };
        let decimal = match rest {
            "." => '.',
            "," => ',',
            _ => return None,
        };
        let known = thousands.is_none_or(|mark| ",. '".contains(mark) && mark != decimal);
        known.then(|| Self {
            decimal,
            thousands,
            currency: currency.to_vec(),
        })
    }

    /// Reads a finite number.
    pub(super) fn read(&self, text: &str) -> Option<f64> {
        let number: f64 = self.plain(text)?.parse().ok()?;
        number.is_finite().then_some(number)
    }

    /// Reads a whole number.
    pub(super) fn whole(&self, text: &str) -> Option<i64> {
        self.plain(text)?.parse().ok()
    }

    /// Returns the number with a decimal point, without currency and thousands marks.
    fn plain<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        if self.decimal == '.' && self.thousands.is_none() && self.currency.is_empty() {
            return Some(Cow::Borrowed(text));
        }
        let (minus, text) = sign(text);
        let (again, text) = sign(self.without_currency(text));
        let (whole, fraction) = match text.split_once(self.decimal) {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (text, None),
        };
        let mut plain = if minus || again { "-" } else { "" }.to_owned();
        plain.push_str(&self.joined(whole)?);
        if let Some(fraction) = fraction {
            plain.push('.');
            plain.push_str(fraction);
        }
        let digits = plain.bytes().skip(usize::from(minus || again));
        let is_number = |byte: u8| byte.is_ascii_digit() || byte == b'.';
        (!(minus && again) && digits.into_iter().all(is_number)).then_some(Cow::Owned(plain))
    }

    fn without_currency<'t>(&self, text: &'t str) -> &'t str {
        let mut words = self.currency.iter();
        let bare = words.find_map(|word| {
            let bare = text.strip_prefix(word.as_str());
            bare.or_else(|| text.strip_suffix(word.as_str()))
        });
        bare.unwrap_or(text).trim()
    }

    /// Joins the groups of a whole number. The last groups must have three digits, so that 1,5 is not read as 15.
    fn joined(&self, whole: &str) -> Option<String> {
        let Some(mark) = self.thousands else {
            return Some(whole.to_owned());
        };
        let is_mark = |char: char| {
            char == mark || (mark == ' ' && matches!(char, '\u{a0}' | '\u{202f}' | '\u{2009}'))
        };
        let groups: Vec<&str> = whole.split(is_mark).collect();
        let fits = |(place, group): (usize, &&str)| match place {
            0 => groups.len() == 1 || (1..=3).contains(&group.len()),
            _ => group.len() == 3,
        };
        groups.iter().enumerate().all(fits).then(|| groups.concat())
    }
}

fn sign(text: &str) -> (bool, &str) {
    let bare = text
        .strip_prefix('-')
        .or_else(|| text.strip_prefix('\u{2212}'));
    (bare.is_some(), bare.unwrap_or(text).trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_their_style() {
        let style = |decimal, thousands, currency: &[&str]| Style {
            decimal,
            thousands,
            currency: currency.iter().map(|word| (*word).to_owned()).collect(),
        };
        let american = style('.', Some(','), &["USD", "¥", "$"]);
        let german = style(',', Some('.'), &["€"]);
        let french = style(',', Some(' '), &[]);
        for (style, text, expected) in [
            (&american, "1,299.00 USD", Some(1299.0)),
            (&american, "¥1,318.00", Some(1318.0)),
            (&american, "-$5", Some(-5.0)),
            (&american, "$-5", Some(-5.0)),
            (&american, "--5", None),
            (&american, "1299", Some(1299.0)),
            (&american, "1,5", None),
            (&american, "1,29,900", None),
            (&american, "15 EUR", None),
            (&american, "1.5e3", None),
            (&american, "USD", None),
            (&american, "", None),
            (&german, "1.234.567,89 €", Some(1_234_567.89)),
            (&german, "1.5", None),
            (&german, "12,5", Some(12.5)),
            (&french, "1\u{202f}234,5", Some(1234.5)),
            (&Style::default(), "1.5e3", Some(1500.0)),
            (&Style::default(), "1,5", None),
        ] {
            assert_eq!(style.read(text), expected, "{text} as {style:?}");
        }
        assert_eq!(american.whole("1,000"), Some(1000));
    }
}
