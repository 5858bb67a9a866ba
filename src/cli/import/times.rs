//! Reads times: RFC 3339, numbers since 1970, serial days of Excel, and patterns.
//!
//! A text without an offset is a local time, so the map must name the offset or the zone: a silent UTC would shift a whole history.

use jiff::Zoned;
use jiff::civil::{DateTime, date};
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::value::Cell;
use crate::clock::{DAY, Time};

/// The formats of a column, tried in order.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Times {
    formats: Vec<Format>,
    /// The zone of texts without an offset.
    zone: TimeZone,
}

#[derive(Clone, Debug, PartialEq)]
enum Format {
    Rfc3339,
    /// A number since 1970, perhaps with a fraction.
    Epoch(Unit),
    /// Days since 1899-12-30 in local time, with a fraction for the time of day.
    Excel,
    Pattern(Pattern),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Second,
    Millisecond,
    Microsecond,
}

/// A pattern as of `strftime`.
#[derive(Clone, Debug, PartialEq)]
struct Pattern {
    text: String,
    /// True if the text of a time says its offset or zone.
    zoned: bool,
}

impl Times {
    /// Creates the reader of a column.
    ///
    /// # Errors
    /// Every fault of the formats and the offset.
    pub(super) fn new(formats: &[&str], offset: Option<&str>) -> Result<Self, Vec<String>> {
        let mut faults = Vec::new();
        let read = |format: &&str| Format::new(format).map_err(|fault| faults.push(fault)).ok();
        let formats: Vec<Format> = formats.iter().filter_map(read).collect();
        let local = formats.iter().filter(|format| format.is_local()).count();
        let zone = match offset.map(|offset| (offset, zone(offset))) {
            Some((_, Some(zone))) => zone,
            Some((offset, None)) => {
                faults.push(format!(
                    "offset: {offset:?} is neither an offset such as \"+08:00\" nor a zone such as \"Asia/Shanghai\""
                ));
                TimeZone::UTC
            }
            None => TimeZone::UTC,
        };
        if local > 0 && offset.is_none() {
            faults.push(
                "format: the text has no offset; add offset = \"+00:00\" if its times are in UTC, else their offset or zone, \
                 such as \"+08:00\" or \"Asia/Shanghai\""
                    .to_owned(),
            );
        }
        if local == 0 && offset.is_some() && faults.is_empty() {
            faults.push("offset: the text has an offset of its own".to_owned());
        }
        if faults.is_empty() {
            Ok(Self { formats, zone })
        } else {
            Err(faults)
        }
    }

    /// Reads a time as milliseconds since 1970-01-01T00:00:00Z, or as RFC 3339 if it is early and its unit is certain: the service
    /// rejects a small number, which may be in seconds.
    pub(super) fn cell(&self, text: &str) -> Option<Cell<'static>> {
        match self.read(text)? {
            (time, true) => Some(Cell::Integer(time.millis())),
            (time, false) => Some(cell(time)),
        }
    }

    /// Reads a time whose unit is certain.
    pub(super) fn certain(&self, text: &str) -> Option<Time> {
        let (time, doubtful) = self.read(text)?;
        (!doubtful || time >= Time::LIKELY).then_some(time)
    }

    /// Reads a time, and whether it was a number that may be in seconds if it is small.
    fn read(&self, text: &str) -> Option<(Time, bool)> {
        let mut formats = self.formats.iter();
        let (time, format) =
            formats.find_map(|format| Some((format.read(text, &self.zone)?, format)))?;
        let doubtful = matches!(format, Format::Epoch(Unit::Millisecond | Unit::Microsecond));
        Some((time, doubtful))
    }
}

/// Returns a time as milliseconds, or as RFC 3339 if it is early.
pub(super) fn cell(time: Time) -> Cell<'static> {
    if time < Time::LIKELY {
        return Cell::Text(time.to_string().into());
    }
    Cell::Integer(time.millis())
}

/// Reads an offset or the name of a zone.
fn zone(text: &str) -> Option<TimeZone> {
    DateTimeParser::new().parse_time_zone(text).ok()
}

impl Format {
    fn new(format: &str) -> Result<Self, String> {
        match format {
            "rfc3339" => Ok(Self::Rfc3339),
            "epoch_s" => Ok(Self::Epoch(Unit::Second)),
            "epoch_ms" => Ok(Self::Epoch(Unit::Millisecond)),
            "epoch_us" => Ok(Self::Epoch(Unit::Microsecond)),
            "excel" => Ok(Self::Excel),
            pattern if pattern.contains('%') => Pattern::new(pattern).map(Self::Pattern),
            other => Err(format!(
                "unknown format {other:?}; the formats are rfc3339, epoch_s, epoch_ms, epoch_us, excel, or a pattern such as %Y-%m-%d"
            )),
        }
    }

    /// Returns true if a text of this format has no offset.
    const fn is_local(&self) -> bool {
        match self {
            Self::Rfc3339 | Self::Epoch(_) => false,
            Self::Excel => true,
            Self::Pattern(pattern) => !pattern.zoned,
        }
    }

    fn read(&self, text: &str, zone: &TimeZone) -> Option<Time> {
        match self {
            Self::Rfc3339 => Time::parse(text),
            Self::Epoch(unit) => unit.read(text),
            Self::Excel => excel(text, zone),
            Self::Pattern(pattern) => pattern.read(text, zone),
        }
    }
}

impl Unit {
    fn read(self, text: &str) -> Option<Time> {
        let millis = match (self, text.parse::<i64>()) {
            (Self::Second, Ok(number)) => number.checked_mul(1_000)?,
            (Self::Millisecond, Ok(number)) => number,
            (Self::Microsecond, Ok(number)) => number.div_euclid(1_000),
            (Self::Second, Err(_)) => whole(number(text)? * 1e3)?,
            (Self::Millisecond, Err(_)) => whole(number(text)?)?,
            (Self::Microsecond, Err(_)) => whole(number(text)? / 1e3)?,
        };
        Time::from_millis(millis)
    }
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Rounds a number to a whole one.
fn whole(number: f64) -> Option<i64> {
    format!("{number:.0}").parse().ok()
}

/// Reads a serial day of Excel. Serials below 61 are rejected: Excel counts 1900-02-29, which did not exist.
fn excel(text: &str, zone: &TimeZone) -> Option<Time> {
    let days = number(text).filter(|days| *days >= 61.0 && *days < 2_958_466.0)?;
    let millis = whole(days * 86_400_000.0)?;
    let span = jiff::Span::new()
        .days(millis / DAY)
        .milliseconds(millis % DAY);
    instant(
        date(1899, 12, 30).at(0, 0, 0, 0).checked_add(span).ok()?,
        zone,
    )
}

/// Returns the instant of a local time. Of two, when a clock is set back, it is the earlier; a time that a clock skips has none.
fn instant(local: DateTime, zone: &TimeZone) -> Option<Time> {
    let ambiguous = zone.to_ambiguous_timestamp(local);
    if let AmbiguousOffset::Gap { .. } = ambiguous.offset() {
        return None;
    }
    Time::from_millis(ambiguous.compatible().ok()?.as_millisecond())
}

impl Pattern {
    /// Checks a pattern by writing a time and reading it again.
    fn new(pattern: &str) -> Result<Self, String> {
        let fault = |fault: jiff::Error| format!("format {pattern:?}: {fault}");
        // %Z can only be written, %Q is read too: the name of a zone.
        let text = pattern.replace("%Z", "%Q");
        let sample = date(2026, 11, 20).at(9, 8, 7, 0);
        let sample: Zoned = sample.in_tz("Asia/Shanghai").map_err(fault)?;
        let written = strtime::format(&text, &sample).map_err(fault)?;
        let read = strtime::parse(&text, &written).map_err(fault)?;
        let zoned = is_zoned(&read);
        if !zoned || read.timestamp().is_none() {
            read.to_datetime().map_err(fault)?;
        }
        Ok(Self { text, zoned })
    }

    /// Reads a time. A pattern without time of day means midnight.
    fn read(&self, text: &str, zone: &TimeZone) -> Option<Time> {
        let read = strtime::parse(&self.text, text).ok()?;
        if !is_zoned(&read) {
            return instant(read.to_datetime().ok()?, zone);
        }
        if read.timestamp().is_none()
            && read.offset().is_none()
            && let Some(zone) = read.iana_time_zone()
        {
            return instant(read.to_datetime().ok()?, &TimeZone::get(zone).ok()?);
        }
        Time::from_millis(read.to_timestamp().ok()?.as_millisecond())
    }
}

/// Returns true if a time names its instant.
fn is_zoned(read: &BrokenDownTime) -> bool {
    read.timestamp().is_some() || read.offset().is_some() || read.iana_time_zone().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(formats: &[&str], offset: Option<&str>, text: &str) -> Option<String> {
        match Times::new(formats, offset).unwrap().cell(text)? {
            Cell::Integer(millis) => Some(Time::from_millis(millis).unwrap().to_string()),
            Cell::Text(text) => Some(text.into_owned()),
            Cell::Number(_) | Cell::Bool(_) | Cell::Null => None,
        }
    }

    #[test]
    fn an_offset_in_the_text_counts() {
        for (pattern, text, expected) in [
            (
                "%Y-%m-%d %H:%M:%S %z",
                "2026-11-20 00:30:26 +0800",
                "2026-11-19T16:30:26Z",
            ),
            (
                "%Y-%m-%d %H:%M:%S %z",
                "2026-11-20 00:30:26 -0500",
                "2026-11-20T05:30:26Z",
            ),
            (
                "%Y-%m-%d %H:%M:%S%:z",
                "2026-11-20 00:30:26+08:00",
                "2026-11-19T16:30:26Z",
            ),
            (
                "%Y-%m-%d %H:%M:%S %Z",
                "2026-11-20 00:30:26 UTC",
                "2026-11-20T00:30:26Z",
            ),
            (
                "%Y-%m-%d %H:%M %Z",
                "2026-07-20 00:30 Asia/Shanghai",
                "2026-07-19T16:30:00Z",
            ),
            (
                "%d/%b/%Y:%T %z",
                "20/Nov/2026:10:00:00 +0000",
                "2026-11-20T10:00:00Z",
            ),
            ("%s", "1795000000", "2026-11-18T11:06:40Z"),
        ] {
            assert_eq!(
                read(&[pattern], None, text).as_deref(),
                Some(expected),
                "{text}"
            );
        }
        let unknown = read(&["%F %T %Z"], None, "2026-11-20 00:30:26 QST");
        assert_eq!(unknown, None, "an unknown zone is not UTC");
    }

    #[test]
    fn local_times_are_read_in_their_zone() {
        for (pattern, offset, text, expected) in [
            (
                "%Y-%m-%d %H:%M:%S",
                "+08:00",
                "2026-11-20 08:00:00",
                Some("2026-11-20T00:00:00Z"),
            ),
            (
                "%d/%m/%Y",
                "-05:30",
                "20/11/2026",
                Some("2026-11-20T05:30:00Z"),
            ),
            (
                "%F %T%.f",
                "+00:00",
                "2026-11-20 08:00:00.250",
                Some("2026-11-20T08:00:00.25Z"),
            ),
            (
                "%F %H:%M",
                "Europe/Berlin",
                "2026-07-20 08:00",
                Some("2026-07-20T06:00:00Z"),
            ),
            (
                "%F %H:%M",
                "Europe/Berlin",
                "2026-12-20 08:00",
                Some("2026-12-20T07:00:00Z"),
            ),
            ("%F %H:%M", "Europe/Berlin", "2026-03-29 02:30", None),
            (
                "%F %H:%M",
                "Europe/Berlin",
                "2026-10-25 02:30",
                Some("2026-10-25T00:30:00Z"),
            ),
            ("%d/%m/%Y", "+00:00", "31/02/2026", None),
            ("excel", "+08:00", "46346.5", Some("2026-11-20T04:00:00Z")),
            ("excel", "+08:00", "60", None),
        ] {
            let read = read(&[pattern], Some(offset), text);
            assert_eq!(read.as_deref(), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn epochs_have_an_explicit_unit() {
        for (format, text, expected) in [
            ("epoch_s", "1795000030", Some("2026-11-18T11:07:10Z")),
            ("epoch_s", "1795000030.5", Some("2026-11-18T11:07:10.5Z")),
            ("epoch_s", "9.78298413e8", Some("2000-12-31T21:33:33Z")),
            ("epoch_ms", "1795000030000", Some("2026-11-18T11:07:10Z")),
            ("epoch_us", "1795000030000000", Some("2026-11-18T11:07:10Z")),
            ("epoch_s", "1795000030000", None),
            ("epoch_s", "NaN", None),
            ("epoch_s", "1e300", None),
        ] {
            assert_eq!(
                read(&[format], None, text).as_deref(),
                expected,
                "{format} {text}"
            );
        }
        // The service rejects these numbers, because they look like seconds.
        for format in ["epoch_ms", "epoch_us"] {
            let cell = Times::new(&[format], None).unwrap().cell("1795000030");
            assert!(matches!(cell, Some(Cell::Integer(_))), "{format} {cell:?}");
        }
    }

    #[test]
    fn formats_are_tried_in_order() {
        let formats = ["rfc3339", "%d/%m/%Y", "%m/%d/%Y"];
        for (text, expected) in [
            ("2026-11-20T10:00:00+08:00", Some("2026-11-20T02:00:00Z")),
            ("02/03/2026", Some("2026-03-02T00:00:00Z")),
            ("02/13/2026", Some("2026-02-13T00:00:00Z")),
            ("13/13/2026", None),
        ] {
            assert_eq!(
                read(&formats, Some("+00:00"), text).as_deref(),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn a_local_format_needs_an_offset() {
        let faults = |formats: &[&str], offset| Times::new(formats, offset).unwrap_err().join("\n");
        for formats in [&["%F"][..], &["excel"], &["rfc3339", "%F %T"]] {
            assert!(
                faults(formats, None).contains("offset = \"+00:00\""),
                "{formats:?}"
            );
        }
        assert!(faults(&["rfc3339"], Some("+08:00")).contains("offset of its own"));
        assert!(faults(&["%F %z"], Some("+08:00")).contains("offset of its own"));
        let reported = faults(&["%F %!", "iso", "%H:%M"], Some("Mars"));
        for part in [
            "%F %!",
            "unknown format \"iso\"",
            "%H:%M",
            "\"Mars\" is neither",
        ] {
            assert!(reported.contains(part), "{part} in {reported}");
        }
    }
}
