//! How the numbers of a column are written.

use super::super::style::Style;
use super::sample::Column;

/// The marks and currencies of numbers, for `[file]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Numbers {
    pub(super) decimal: Option<char>,
    pub(super) thousands: Option<char>,
    pub(super) currency: Vec<String>,
    /// True if another reading of the marks gives other numbers.
    pub(super) doubtful: bool,
}

const STYLES: [(Option<char>, Option<char>); 6] = [
    (None, None),
    (None, Some(',')),
    (Some(','), None),
    (Some(','), Some('.')),
    (Some(','), Some(' ')),
    (None, Some(' ')),
];

/// Returns how the numbers of a column are written, if all its values are numbers.
pub(super) fn numbers(column: &Column) -> Option<Numbers> {
    let currency = currencies(column);
    let style = |(decimal, thousands): (Option<char>, Option<char>)| Style {
        decimal: decimal.unwrap_or('.'),
        thousands,
        currency: currency.clone(),
    };
    let read = |marks| -> Option<Vec<f64>> {
        let style = style(marks);
        column
            .values
            .iter()
            .map(|value| style.read(value))
            .collect()
    };
    let mut readings = STYLES
        .into_iter()
        .filter_map(|marks| Some((marks, read(marks)?)));
    let ((decimal, thousands), numbers) = readings.next()?;
    let doubtful = readings.any(|(_, others)| others != numbers);
    (!column.values.is_empty() && currency.len() <= 3).then_some(Numbers {
        decimal,
        thousands,
        currency,
        doubtful,
    })
}

/// Returns the words around the numbers.
fn currencies(column: &Column) -> Vec<String> {
    let is_mark = |char: char| !char.is_ascii_digit() && !"+-., '\u{a0}\u{202f}".contains(char);
    let mut currencies: Vec<String> = Vec::new();
    for value in &column.values {
        let words = value
            .split(|char| !is_mark(char))
            .filter(|word| !word.is_empty());
        for word in words.map(str::to_owned) {
            if !currencies.contains(&word) {
                currencies.push(word);
            }
        }
    }
    currencies
}

/// Returns the different values of a column, in the order in which they first occur.
pub(super) fn words(column: &Column) -> Vec<&str> {
    let mut words: Vec<&str> = Vec::new();
    for value in &column.values {
        if !words.contains(&value.as_str()) {
            words.push(value);
        }
    }
    words
}
