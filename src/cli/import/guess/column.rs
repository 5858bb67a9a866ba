//! The type of a column, by its first values.

use super::super::style::Style;
use super::super::times::Times;
use super::sample::Column;

/// How the values of a column are read.
pub(super) struct Reading {
    /// Further keys of the source, such as `type = "number"`.
    pub(super) keys: String,
    /// What is not sure.
    pub(super) doubt: Option<String>,
}

/// The marks and currencies of numbers, for `[file]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Numbers {
    pub(super) decimal: Option<char>,
    pub(super) thousands: Option<char>,
    pub(super) currency: Vec<String>,
}

const PATTERNS: [&str; 16] = [
    "%Y-%m-%d %H:%M:%S %z",
    "%Y-%m-%d %H:%M:%S %Z",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y",
    "%d/%m/%Y",
];

/// Returns how the times of a column are read.
pub(super) fn time(column: &Column) -> Reading {
    let all = |times: &Times| {
        column
            .values
            .iter()
            .all(|value| times.cell(value).is_some())
    };
    let reads = |format: &str| {
        let times = Times::new(&[format], None).or_else(|_| Times::new(&[format], Some("+00:00")));
        times.is_ok_and(|times| all(&times))
    };
    let digits = column
        .values
        .iter()
        .map(|value| value.split('.').next().unwrap_or(value).len());
    let epoch = match (reads("epoch_s"), digits.max().unwrap_or(0)) {
        (false, _) | (_, 0..=8) => None,
        (_, 9..=11) => Some("epoch_s"),
        (_, 12..=14) => Some("epoch_ms"),
        _ => Some("epoch_us"),
    };
    let epoch = epoch.or_else(|| {
        ["epoch_ms", "epoch_us"]
            .into_iter()
            .find(|format| reads(format) && !reads("epoch_s"))
    });
    let pattern = || PATTERNS.into_iter().find(|pattern| reads(pattern));
    let Some(format) = epoch
        .or(Some("rfc3339").filter(|format| reads(format)))
        .or_else(pattern)
    else {
        return Reading {
            keys: ", type = \"time\", format = \"%Y-%m-%d %H:%M:%S\", offset = \"+00:00\""
                .to_owned(),
            doubt: Some("unsure: how are these times written?".to_owned()),
        };
    };
    let local = format.contains('%') && !format.contains("%z") && !format.contains("%Z");
    let offset = if local { ", offset = \"+00:00\"" } else { "" };
    let mut doubts = Vec::new();
    if local {
        doubts.push("in which zone are these times?");
    }
    if format.starts_with("%m/") && reads(&format.replace("%m/%d", "%d/%m")) {
        doubts.push("does the month come first?");
    }
    Reading {
        keys: format!(", type = \"time\", format = \"{format}\"{offset}"),
        doubt: (!doubts.is_empty()).then(|| format!("unsure: {}", doubts.join(" "))),
    }
}

/// Returns how the numbers of a column are written, if all its values are numbers.
pub(super) fn numbers(column: &Column) -> Option<Numbers> {
    let is_mark = |char: char| !char.is_ascii_digit() && !"+-., '\u{a0}\u{202f}".contains(char);
    let mut currency: Vec<String> = Vec::new();
    for value in &column.values {
        let words = value
            .split(|char| !is_mark(char))
            .filter(|word| !word.is_empty());
        for word in words.map(str::to_owned) {
            if !currency.contains(&word) {
                currency.push(word);
            }
        }
    }
    let styles = [
        (None, None),
        (None, Some(',')),
        (Some(','), None),
        (Some(','), Some('.')),
        (Some(','), Some(' ')),
        (None, Some(' ')),
    ];
    let reads = |(decimal, thousands): &(Option<char>, Option<char>)| {
        let style = Style {
            decimal: decimal.unwrap_or('.'),
            thousands: *thousands,
            currency: currency.clone(),
        };
        column
            .values
            .iter()
            .all(|value| style.read(value).is_some())
    };
    let (decimal, thousands) = styles.into_iter().find(reads)?;
    (!column.values.is_empty() && currency.len() <= 3).then_some(Numbers {
        decimal,
        thousands,
        currency,
    })
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
