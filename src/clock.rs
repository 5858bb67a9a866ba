//! Time as an argument: instants, days, the clock of the service and deadlines.
//!
//! Nothing below the engine reads a clock: time is an argument.

mod guard;

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use guard::Guard;
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
    /// 2001-09-09T00:00:00Z. A number below its milliseconds is probably a time in seconds.
    pub const LIKELY: Self = Self(999_993_600_000);

    /// Creates an instant from milliseconds since 1970-01-01T00:00:00Z; `None` outside the years 0000 to 9999.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Option<Self> {
        if millis >= Self::FIRST && millis <= Self::LAST {
            Some(Self(millis))
        } else {
            None
        }
    }

    /// Parses RFC 3339; fractions below a millisecond are truncated.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        Self::from_millis(at.unix_timestamp() * SECOND + i64::from(at.millisecond()))
    }

    /// Returns the milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Returns the milliseconds from `earlier` to this instant; negative if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    /// Returns this instant plus a number of milliseconds, clamped to the years 0000 to 9999.
    #[must_use]
    pub fn plus(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis).clamp(Self::FIRST, Self::LAST))
    }

    /// Returns the last multiple of `step` milliseconds (at least 1) that is not after this instant.
    #[must_use]
    pub fn floor(self, step: i64) -> Self {
        Self(self.0.div_euclid(step.max(1)) * step.max(1))
    }

    /// Returns the day of this instant in a time zone `utc_offset` milliseconds east of UTC.
    #[must_use]
    pub fn day(self, utc_offset: i64) -> Day {
        let days = (self.0 + utc_offset).div_euclid(DAY);
        Day(i32::try_from(days).unwrap_or(i32::MAX))
    }
}

impl std::fmt::Display for Time {
    /// Writes RFC 3339 in UTC, without a fraction if the milliseconds are 0.
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
    /// Returns this day plus a number of days.
    #[must_use]
    pub const fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// Returns the days from `earlier` to this day.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i32 {
        self.0.saturating_sub(earlier.0)
    }

    /// Returns the number of the calendar week, which starts on Monday (1970-01-01 was a Thursday).
    #[must_use]
    pub const fn week(self) -> i32 {
        self.0.saturating_add(3).div_euclid(7)
    }

    /// Returns the day of the week, Monday 0 to Sunday 6.
    #[must_use]
    pub const fn weekday(self) -> i32 {
        self.0.saturating_add(3).rem_euclid(7)
    }

    /// Returns the first instant of this day in a time zone `utc_offset` milliseconds east of UTC.
    #[must_use]
    pub fn start(self, utc_offset: i64) -> Time {
        Time::default().plus(i64::from(self.0) * DAY - utc_offset)
    }
}

/// The source of the current time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ClockMode {
    /// The machine's clock.
    Wall,
    /// The time of the latest event, so that a replayed history ranks as it did then.
    Event,
}

/// The clock of a running service.
#[derive(Debug)]
pub struct Clock {
    source: Source,
    /// Holds the clock back after a jump ahead; `None` for a manual clock that may jump.
    guard: Option<Guard>,
}

#[derive(Debug)]
enum Source {
    Wall,
    /// Milliseconds of the latest event; `i64::MIN` before the first.
    Event(AtomicI64),
    /// Milliseconds, set by tests.
    Manual(AtomicI64),
}

impl Clock {
    /// Creates a clock.
    #[must_use]
    pub fn new(mode: ClockMode) -> Self {
        let source = match mode {
            ClockMode::Wall => Source::Wall,
            ClockMode::Event => Source::Event(AtomicI64::new(i64::MIN)),
        };
        Self {
            source,
            guard: Some(Guard::new(Self::machine())),
        }
    }

    /// Creates a clock that only [`Self::set`] moves, for tests.
    #[must_use]
    pub fn manual(at: Time) -> Self {
        Self {
            source: Source::Manual(AtomicI64::new(at.0)),
            guard: None,
        }
    }

    /// Creates a clock that only [`Self::set`] moves, and that is not believed when it jumps ahead, for tests.
    #[must_use]
    pub fn guarded(at: Time) -> Self {
        Self {
            guard: Some(Guard::new(at)),
            ..Self::manual(at)
        }
    }

    /// Sets a manual clock; no effect on other clocks.
    pub fn set(&self, at: Time) {
        if let Source::Manual(now) = &self.source {
            now.store(at.0, Ordering::Release);
        }
    }

    /// Returns the source of the time; a manual clock stands for the machine's.
    #[must_use]
    pub const fn mode(&self) -> ClockMode {
        match &self.source {
            Source::Wall | Source::Manual(_) => ClockMode::Wall,
            Source::Event(_) => ClockMode::Event,
        }
    }

    /// Returns the time of the machine's clock.
    #[must_use]
    pub fn machine() -> Time {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Time::default().plus(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// Returns the wall-clock time: the machine's, or that of a manual clock. After a jump ahead by more than an hour it goes on as if
    /// there had been none, until [`Self::confirm`] or until the clock comes back.
    #[must_use]
    pub fn wall(&self) -> Time {
        let shown = self.shown();
        self.guard
            .as_ref()
            .map_or(shown, |guard| guard.believe(shown))
    }

    /// Returns the milliseconds by which the clock has jumped ahead without being confirmed, or 0.
    #[must_use]
    pub fn ahead(&self) -> i64 {
        self.shown().since(self.wall()).max(0)
    }

    /// Believes the clock although it has jumped ahead. Returns whether it had.
    pub fn confirm(&self) -> bool {
        let is_ahead = self.ahead() > 0;
        if let (Some(guard), true) = (&self.guard, is_ahead) {
            let shown = self.shown();
            guard.confirm(shown);
            tracing::warn!("the machine's clock was confirmed: it is {shown}");
        }
        is_ahead
    }

    /// Returns the time that the machine's or the manual clock shows.
    fn shown(&self) -> Time {
        match &self.source {
            Source::Wall | Source::Event(_) => Self::machine(),
            Source::Manual(now) => Time(now.load(Ordering::Acquire)),
        }
    }

    /// Returns whether [`Self::now`] follows the mode: false on event time before the first event, when the wall clock is used.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        match &self.source {
            Source::Wall | Source::Manual(_) => true,
            Source::Event(latest) => latest.load(Ordering::Acquire) != i64::MIN,
        }
    }

    /// Returns the current time. Event time is never ahead of the wall clock, and is the wall clock before the first event.
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

    /// Moves event time forward to the time of an event, never back; no effect in other modes.
    pub fn observe(&self, at: Time) {
        if let Source::Event(latest) = &self.source {
            latest.fetch_max(at.0, Ordering::AcqRel);
        }
    }
}

/// The instant by which scoring must start.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    /// Creates a deadline a timeout after `start`.
    #[must_use]
    pub fn after(start: Instant, timeout: Duration) -> Self {
        Self(start + timeout)
    }

    /// Returns whether the deadline has passed.
    #[must_use]
    pub fn passed(self) -> bool {
        Instant::now() >= self.0
    }
}
