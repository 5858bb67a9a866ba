//! Checks of one TOML value. The error says what would be valid.

use std::borrow::Cow;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::Path;

use toml::de::DeValue;

use crate::clock::Time;

/// The result of checking one value.
pub(super) type Checked<T> = Result<T, String>;

/// Reads a number within a range. Integers count as numbers; infinities and NaN are in no range.
pub(super) fn number(value: &DeValue<'_>, range: &RangeInclusive<f64>) -> Checked<f64> {
    let number = match value {
        DeValue::Float(float) => float.as_str().parse().ok(),
        DeValue::Integer(integer) => integer.to_string().parse().ok(),
        DeValue::String(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)
        | DeValue::Table(_) => None,
    };
    number
        .filter(|number| range.contains(number))
        .ok_or_else(|| {
            let (low, high) = (range.start(), range.end());
            wrong(value, &format!("a number from {low} to {high}"))
        })
}

/// Reads a whole number within a range.
pub(super) fn integer<T>(value: &DeValue<'_>, range: &RangeInclusive<T>) -> Checked<T>
where
    T: TryFrom<i128> + PartialOrd + Display,
{
    value
        .as_integer()
        .and_then(|integer| i128::from_str_radix(integer.as_str(), integer.radix()).ok())
        .and_then(|integer| T::try_from(integer).ok())
        .filter(|integer| range.contains(integer))
        .ok_or_else(|| {
            let (low, high) = (range.start(), range.end());
            wrong(value, &format!("a whole number from {low} to {high}"))
        })
}

/// Reads a string.
pub(super) fn text<'v>(value: &'v DeValue<'_>) -> Checked<&'v str> {
    value
        .as_str()
        .ok_or_else(|| wrong(value, "a string in quotes"))
}

/// Reads one of a few names.
pub(super) fn choice<T: Copy>(value: &DeValue<'_>, choices: &[(&str, T)]) -> Checked<T> {
    let given = value.as_str();
    let chosen = choices.iter().find(|(name, _)| given == Some(*name));
    chosen.map(|(_, choice)| *choice).ok_or_else(|| {
        let names: Vec<String> = choices
            .iter()
            .map(|(name, _)| format!("{name:?}"))
            .collect();
        wrong(value, &names.join(" or "))
    })
}

/// Reads a list and checks each element.
pub(super) fn list<T>(
    value: &DeValue<'_>,
    element: impl Fn(&DeValue<'_>) -> Checked<T>,
) -> Checked<Vec<T>> {
    let list = value.as_array().ok_or_else(|| wrong(value, "a list"))?;
    let elements = list.iter().map(|each| element(each.get_ref()));
    elements
        .collect::<Checked<_>>()
        .map_err(|message| format!("each element {message}"))
}

/// Returns "must be `right`, not …" with the value given.
pub(super) fn wrong(value: &DeValue<'_>, right: &str) -> String {
    format!("must be {right}, not {}", shown(value))
}

/// Reads `true` or `false`.
pub(super) fn flag(given: &DeValue<'_>) -> Checked<bool> {
    given.as_bool().ok_or_else(|| wrong(given, "true or false"))
}

/// Reads an instant: a date-time with an offset, bare or in quotes.
pub(super) fn instant(given: &DeValue<'_>) -> Checked<Time> {
    let at = match given {
        DeValue::Datetime(at) => Time::parse(&at.to_string()),
        DeValue::String(text) => Time::parse(text),
        DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Array(_)
        | DeValue::Table(_) => None,
    };
    at.ok_or_else(|| {
        wrong(
            given,
            "a time with its offset, such as 2026-11-10T16:00:00Z",
        )
    })
}

/// Returns a short form of a value for a message.
fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) if text.len() > 60 => "a longer string".to_owned(),
        DeValue::String(text) => format!("{text:?}"),
        DeValue::Integer(integer) => integer.to_string(),
        DeValue::Float(float) => float.to_string(),
        DeValue::Boolean(boolean) => boolean.to_string(),
        DeValue::Datetime(datetime) => datetime.to_string(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// Returns a path as the file shows it: `none` if there is none.
pub(super) fn path_or_none(path: Option<&Path>) -> Cow<'_, str> {
    path.map_or("none".into(), Path::to_string_lossy)
}
