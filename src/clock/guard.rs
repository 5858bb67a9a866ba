//! A machine's clock that jumps ahead is not believed until it is confirmed or comes back: a day that ended by mistake cannot begin again.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Instant;

use super::{HOUR, Time};

/// Milliseconds by which the machine's clock may get ahead of its monotonic clock.
pub(super) const MARGIN: i64 = HOUR;

/// Compares the machine's clock with its monotonic clock.
#[derive(Debug)]
pub(super) struct Guard {
    began: Instant,
    /// The time at `began`, in milliseconds.
    base: AtomicI64,
    /// True while the clock is ahead and this was logged.
    logged: AtomicBool,
}

impl Guard {
    /// Believes a time that the clock shows now.
    pub(super) fn new(shown: Time) -> Self {
        Self {
            began: Instant::now(),
            base: AtomicI64::new(shown.0),
            logged: AtomicBool::new(false),
        }
    }

    /// Returns the time to go by if the clock shows `shown`: that, or the monotonic clock's while `shown` is too far ahead of it.
    pub(super) fn believe(&self, shown: Time) -> Time {
        let expected = Time(self.base.load(Ordering::Acquire)).plus(self.elapsed());
        if shown.since(expected) <= MARGIN {
            if self.logged.load(Ordering::Relaxed) {
                self.logged.store(false, Ordering::Relaxed);
                tracing::warn!("the machine's clock has come back to {shown}");
            }
            return shown;
        }
        if !self.logged.swap(true, Ordering::Relaxed) {
            tracing::error!(
                "the machine's clock has jumped to {shown}; the time stays {expected} and goes on from there until \
                 the clock comes back or POST /clock/confirm"
            );
        }
        expected
    }

    /// Believes a time that the clock shows now, however far ahead it is.
    pub(super) fn confirm(&self, shown: Time) {
        let base = shown.plus(-self.elapsed());
        self.base.store(base.0, Ordering::Release);
        self.logged.store(false, Ordering::Relaxed);
    }

    fn elapsed(&self) -> i64 {
        i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::super::DAY;
    use super::*;

    #[test]
    fn a_jump_ahead_is_believed_once_confirmed() {
        let start = Time::default().plus(20_000 * DAY);
        let guard = Guard::new(start);
        let near = |found: Time, right: Time| assert!(found.since(right).abs() < 60_000, "{found}");
        for step in [0, MARGIN / 2, -DAY, -1_000 * DAY, MARGIN] {
            assert_eq!(guard.believe(start.plus(step)), start.plus(step));
        }
        for step in [MARGIN + 120_000, DAY, 1_000 * DAY] {
            near(guard.believe(start.plus(step)), start);
        }
        assert_eq!(guard.believe(start), start, "it has come back");
        guard.confirm(start.plus(DAY));
        assert_eq!(guard.believe(start.plus(DAY)), start.plus(DAY));
        near(guard.believe(start.plus(3 * DAY)), start.plus(DAY));
    }
}
