//! Time as an argument: instants, days, the clock of the service and deadlines.
//!
//! Nothing below the engine reads a clock; whoever needs the time is given it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Milliseconds in a second.
pub const SECOND: i64 = 1_000;
/// Milliseconds in an hour.
pub const HOUR: i64 = 3_600 * SECOND;
/// Milliseconds in a day.
pub const DAY: i64 = 24 * HOUR;

/// An instant in milliseconds since 1970-01-01T00:00:00Z, within the years 0000 to 9999.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

impl Time {
    const FIRST: i64 = -62_167_219_200_000;
    const LAST: i64 = 253_402_300_799_999;

    /// The instant that many milliseconds after 1970-01-01T00:00:00Z; `None` outside the years 0000 to 9999.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Option<Self> {
        if millis >= Self::FIRST && millis <= Self::LAST {
            Some(Self(millis))
        } else {
            None
        }
    }

    /// Reads RFC 3339; finer than a millisecond is cut off.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        Self::from_millis(i64::try_from(at.unix_timestamp_nanos().div_euclid(1_000_000)).ok()?)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Milliseconds from `earlier` to this instant; negative where it is the earlier one.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    /// This instant moved by so many milliseconds, held within the years 0000 to 9999.
    #[must_use]
    pub fn plus(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis).clamp(Self::FIRST, Self::LAST))
    }

    /// The last multiple of `step` milliseconds (at least 1) that is not after this instant.
    #[must_use]
    pub fn floor(self, step: i64) -> Self {
        Self(self.0.div_euclid(step.max(1)) * step.max(1))
    }

    /// The day on which this instant falls, `utc_offset` in milliseconds east of UTC.
    #[must_use]
    pub fn day(self, utc_offset: i64) -> Day {
        let days = (self.0 + utc_offset).div_euclid(DAY);
        Day(i32::try_from(days).unwrap_or(i32::MAX))
    }
}

impl std::fmt::Display for Time {
    /// RFC 3339 in UTC, to the second where it has no milliseconds.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .ok()
            .and_then(|at| at.format(&Rfc3339).ok());
        f.write_str(text.as_deref().unwrap_or("0000-01-01T00:00:00Z"))
    }
}

impl Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_i64(self.0)
        }
    }
}

/// A day by its number since 1970-01-01, in the time zone of the race.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
pub struct Day(pub i32);

impl Day {
    /// This day moved by so many days.
    #[must_use]
    pub const fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// Days from `earlier` to this day.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i32 {
        self.0.saturating_sub(earlier.0)
    }

    /// The calendar week, from Monday: equal for days of one week, one more for the next (1970-01-01 was a Thursday).
    #[must_use]
    pub const fn week(self) -> i32 {
        self.0.saturating_add(3).div_euclid(7)
    }

    /// The day of the week, Monday 0 to Sunday 6.
    #[must_use]
    pub const fn weekday(self) -> i32 {
        self.0.saturating_add(3).rem_euclid(7)
    }

    /// The instant at which this day begins, `utc_offset` in milliseconds east of UTC.
    #[must_use]
    pub fn start(self, utc_offset: i64) -> Time {
        Time::default().plus(i64::from(self.0) * DAY - utc_offset)
    }
}

/// Where "now" comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ClockMode {
    /// The machine's clock.
    Wall,
    /// The latest event, so that a history ranks as it would have then.
    Event,
}

/// The clock of a running service.
#[derive(Debug)]
pub struct Clock {
    source: Source,
}

#[derive(Debug)]
enum Source {
    Wall,
    /// Milliseconds of the latest event; `i64::MIN` before the first.
    Event(AtomicI64),
    /// Milliseconds, set by hand in tests.
    Manual(AtomicI64),
}

impl Clock {
    /// A clock of that mode.
    #[must_use]
    pub fn new(mode: ClockMode) -> Self {
        let source = match mode {
            ClockMode::Wall => Source::Wall,
            ClockMode::Event => Source::Event(AtomicI64::new(i64::MIN)),
        };
        Self { source }
    }

    /// A clock that stands still until [`Self::set`]; for tests.
    #[must_use]
    pub fn manual(at: Time) -> Self {
        Self {
            source: Source::Manual(AtomicI64::new(at.0)),
        }
    }

    /// Sets a manual clock; no effect on the others.
    pub fn set(&self, at: Time) {
        if let Source::Manual(now) = &self.source {
            now.store(at.0, Ordering::Release);
        }
    }

    /// The machine's clock, whatever the mode.
    #[must_use]
    pub fn machine() -> Time {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Time::default().plus(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// The wall clock beside this one: the machine's, or the manual one itself.
    #[must_use]
    pub fn wall(&self) -> Time {
        match &self.source {
            Source::Wall | Source::Event(_) => Self::machine(),
            Source::Manual(now) => Time(now.load(Ordering::Acquire)),
        }
    }

    /// Whether [`Self::now`] is the time that the mode means: on event time not before the first event, while the wall clock stands in.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        match &self.source {
            Source::Wall | Source::Manual(_) => true,
            Source::Event(latest) => latest.load(Ordering::Acquire) != i64::MIN,
        }
    }

    /// Now. On event time never ahead of the wall clock, and the wall clock itself before the first event.
    #[must_use]
    pub fn now(&self) -> Time {
        match &self.source {
            Source::Wall | Source::Manual(_) => self.wall(),
            Source::Event(latest) => match latest.load(Ordering::Acquire) {
                i64::MIN => self.wall(),
                latest => Time(latest).min(self.wall()),
            },
        }
    }

    /// Tells the clock of an event's time; on event time it moves forward to it, never back.
    pub fn observe(&self, at: Time) {
        if let Source::Event(latest) = &self.source {
            latest.fetch_max(at.0, Ordering::AcqRel);
        }
    }
}

/// The moment by which an answer must be under way.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    /// That long after `start`.
    #[must_use]
    pub fn after(start: Instant, timeout: Duration) -> Self {
        Self(start + timeout)
    }

    /// Whether it has passed.
    #[must_use]
    pub fn passed(self) -> bool {
        Instant::now() >= self.0
    }
}
