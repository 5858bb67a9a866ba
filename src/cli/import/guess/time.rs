//! How the times of a column are written.

use super::super::times::Times;
use super::super::value::Cell;
use super::sample::Column;

/// How the values of a column are read.
pub(super) struct Reading {
    /// The source of the field.
    pub(super) source: String,
    /// What is not sure.
    pub(super) doubt: Option<String>,
}

/// Patterns; the month first before the day first.
const PATTERNS: [&str; 36] = [
    "%Y-%m-%d %H:%M:%S %z",
    "%Y-%m-%d %H:%M:%S%.f%:z",
    "%Y-%m-%d %H:%M:%S%.f %Z",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d",
    "%Y%m%d",
    "%Y年%m月%d日 %H:%M",
    "%Y年%m月%d日",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
    "%d.%m.%y",
    "%b %d, %Y, %I:%M:%S %p",
    "%b %d, %Y %I:%M:%S %p",
    "%b %d, %Y",
    "%d %b %Y",
    "%d-%b-%Y",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M %p",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y",
    "%m/%d/%y",
    "%d/%m/%Y %I:%M %p",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y",
    "%d/%m/%y",
    "%G-W%V-%u",
    "%d/%b/%Y:%H:%M:%S %z",
];
/// Digits of a time from year to second, which is not taken for a number since 1970.
const DIGITS: &str = "%Y%m%d%H%M%S";
/// Maximum number of formats of one column.
const FORMATS: usize = 4;
/// Times before are not likely.
const EARLIEST: &str = "1990";

/// Returns how the times of a column are read.
pub(super) fn time(column: &Column) -> Reading {
    let name = &column.name;
    let reads = |format: &str| column.values.iter().all(|value| read(format, value));
    let single = |format: &str| reading(name, &[format.to_owned()], &reads);
    if let Some(format) = [DIGITS].into_iter().find(|format| reads(format)) {
        return single(format);
    }
    if let Some(format) = epoch(column) {
        return single(format);
    }
    let all = ["rfc3339"].into_iter().chain(PATTERNS);
    if let Some(format) = all.clone().find(|format| reads(format)) {
        return single(format);
    }
    if column.values.iter().all(|value| is_week(value)) {
        return Reading {
            source: format!(
                "{{ cel = 'time(row[{name:?}] + \"-1\", \"%G-W%V-%u\", \"+00:00\")' }}"
            ),
            doubt: Some(
                "unsure: in which zone are these weeks? each counts on its Monday".to_owned(),
            ),
        };
    }
    several(column, all).map_or_else(
        || Reading {
            source: format!(
                "{{ column = {name:?}, type = \"time\", format = \"%Y-%m-%d %H:%M:%S\", offset = \"+00:00\" }}"
            ),
            doubt: Some("unsure: how are these times written?".to_owned()),
        },
        |formats| reading(name, &formats, &reads),
    )
}

/// Returns true if a likely time is read.
fn read(format: &str, value: &str) -> bool {
    let times = Times::new(&[format], None).or_else(|_| Times::new(&[format], Some("+00:00")));
    let cell = times.ok().and_then(|times| times.cell(value));
    match cell {
        Some(Cell::Text(early)) => *early >= *EARLIEST,
        other => other.is_some(),
    }
}

/// Returns the unit of numbers since 1970.
fn epoch(column: &Column) -> Option<&'static str> {
    let mut values = column.values.iter();
    if !values.all(|value| value.parse::<f64>().is_ok()) {
        return None;
    }
    let whole = |value: &String| value.split('.').next().map_or(0, str::len);
    match column.values.iter().map(whole).max()? {
        0..=8 => None,
        9..=11 => Some("epoch_s"),
        12..=14 => Some("epoch_ms"),
        _ => Some("epoch_us"),
    }
}

/// Returns true for a week without a day, such as 2026-W47.
fn is_week(value: &str) -> bool {
    read("%G-W%V-%u", &format!("{value}-1"))
}

/// Returns few formats of which each value has one.
fn several<'f>(
    column: &Column,
    formats: impl Iterator<Item = &'f str> + Clone,
) -> Option<Vec<String>> {
    let mut rest: Vec<&String> = column.values.iter().collect();
    let mut found = Vec::new();
    while !rest.is_empty() && found.len() < FORMATS {
        let count = |format: &str| rest.iter().filter(|value| read(format, value)).count();
        let best = best(formats.clone(), count)?;
        rest.retain(|value| !read(best, value));
        found.push(best.to_owned());
    }
    rest.is_empty().then_some(found)
}

/// Returns the first format that reads the most values, if one reads any.
fn best<'f>(
    formats: impl Iterator<Item = &'f str>,
    reads: impl Fn(&str) -> usize,
) -> Option<&'f str> {
    let mut best: Option<(usize, &str)> = None;
    for format in formats {
        let found = reads(format);
        if found > best.map_or(0, |(most, _)| most) {
            best = Some((found, format));
        }
    }
    best.map(|(_, format)| format)
}

fn reading(name: &str, formats: &[String], reads: &dyn Fn(&str) -> bool) -> Reading {
    let is_local = |format: &String| {
        format.contains('%') && !["%z", "%:z", "%Z"].iter().any(|zone| format.contains(zone))
    };
    let local = formats.iter().any(is_local);
    let offset = if local { ", offset = \"+00:00\"" } else { "" };
    let mut doubts = Vec::new();
    if local {
        doubts.push("in which zone are these times?");
    }
    let turned = |format: &String| reads(&format.replace("%m/%d", "%d/%m"));
    if formats
        .iter()
        .any(|format| format.starts_with("%m/") && turned(format))
    {
        doubts.push("does the month come first?");
    }
    let shown = match formats {
        [one] => format!("{one:?}"),
        several => format!("{several:?}"),
    };
    Reading {
        source: format!("{{ column = {name:?}, type = \"time\", format = {shown}{offset} }}"),
        doubt: (!doubts.is_empty()).then(|| format!("unsure: {}", doubts.join(" "))),
    }
}
