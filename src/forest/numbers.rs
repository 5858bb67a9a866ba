//! Numbers of a file of a model.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use super::fault::Fault;

/// Reads a whole number within a range.
///
/// # Errors
/// If it is not one.
pub(super) fn whole<T>(
    key: &str,
    (line, text): (usize, &str),
    range: RangeInclusive<T>,
) -> Result<T, Fault>
where
    T: FromStr + PartialOrd + Display,
{
    let number = text.trim().parse().ok().filter(|it| range.contains(it));
    number.ok_or_else(|| {
        let (low, high) = (range.start(), range.end());
        let right = format!("must be a whole number from {low} to {high}");
        Fault::new(line, format!("{key} {right}, not {}", shown(text)))
    })
}

/// Reads exactly `count` whole numbers within a range.
///
/// # Errors
/// If there are more or fewer, or one is not within the range.
pub(super) fn list<T>(
    key: &str,
    (line, text): (usize, &str),
    count: usize,
    range: &RangeInclusive<T>,
) -> Result<Vec<T>, Fault>
where
    T: FromStr + PartialOrd + Display + Copy,
{
    all(key, (line, text), count, |word| {
        whole(key, (line, word), range.clone())
    })
}

/// Reads exactly `count` numbers, each finite and of at most the given size.
///
/// # Errors
/// If there are more or fewer, or one is not finite or too large.
pub(super) fn reals(
    key: &str,
    (line, text): (usize, &str),
    count: usize,
    most: f64,
) -> Result<Vec<f64>, Fault> {
    all(key, (line, text), count, |word| {
        real(key, (line, word), most)
    })
}

/// Reads a finite number of at most the given size.
///
/// # Errors
/// If it is not one.
pub(super) fn real(key: &str, (line, text): (usize, &str), most: f64) -> Result<f64, Fault> {
    let number: Option<f64> = text.trim().parse().ok();
    let number = number.filter(|it| it.is_finite() && it.abs() <= most);
    number.ok_or_else(|| {
        let right = format!("must be a finite number of at most {most:e}");
        Fault::new(line, format!("{key} {right}, not {}", shown(text)))
    })
}

fn all<T>(
    key: &str,
    (line, text): (usize, &str),
    count: usize,
    read: impl Fn(&str) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let words = text.split_ascii_whitespace().take(count + 1);
    let found: Vec<T> = words.map(read).collect::<Result<_, _>>()?;
    if found.len() == count {
        return Ok(found);
    }
    let more = if found.len() > count { "more" } else { "fewer" };
    let message = format!("{key} must have {count} numbers; it has {more}");
    Err(Fault::new(line, message))
}

/// Returns a short form of a text for a message.
pub(super) fn shown(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}

/// Returns a number that is not negative as an index.
pub(super) fn index(number: i32) -> usize {
    usize::try_from(number).unwrap_or_default()
}
