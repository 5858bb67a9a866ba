//! The mean time between two answers under load, which converts a waiting time to a number of slots and back.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Assumed time between two answers before any is measured, in nanoseconds.
const UNKNOWN: u64 = 50_000;
/// Maximum of one measured time, as a multiple of the mean. A longer time is not due to the work, but for example to a stopped process.
const LONGEST: u64 = 16;
/// The mean is an exponential moving average. A new time has the weight 1 / `WEIGHT`.
const WEIGHT: u64 = 64;

/// The mean time between two answers while other requests waited. It is measured from end to end, so it includes the work outside of
/// the handler and the rejections in between. If two requests end at once, one of their times may be lost, which is harmless.
pub(super) struct Pace {
    began: Instant,
    /// End of the last request in nanoseconds since `began`; 0 if no others waited then.
    ended: AtomicU64,
    /// Mean time between two answers in nanoseconds.
    mean: AtomicU64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            ended: AtomicU64::new(0),
            mean: AtomicU64::new(UNKNOWN),
        }
    }
}

impl Pace {
    /// Records the end of a request; `waiting` is `true` if others wait.
    pub(super) fn end(&self, waiting: bool) {
        let now = if waiting { self.now() } else { 0 };
        let before = self.ended.swap(now, Ordering::Relaxed);
        if waiting && before > 0 {
            self.observe(now.saturating_sub(before));
        }
    }

    /// Returns the number of requests that are answered within a duration.
    pub(super) fn within(&self, time: Duration) -> usize {
        let count = time.as_nanos() / u128::from(self.mean.load(Ordering::Relaxed));
        usize::try_from(count).unwrap_or(usize::MAX)
    }

    /// Returns the duration in which `count` requests are answered.
    pub(super) fn time(&self, count: usize) -> Duration {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        Duration::from_nanos(self.mean.load(Ordering::Relaxed).saturating_mul(count))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn observe(&self, gap: u64) {
        let mean = self.mean.load(Ordering::Relaxed);
        let next = mean - mean / WEIGHT + gap.min(mean.saturating_mul(LONGEST)) / WEIGHT;
        self.mean.store(next.max(1), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_and_time_follow_from_recent_gaps() {
        let pace = Pace::default();
        assert_eq!(pace.within(Duration::from_millis(50)), 1_000);
        for _ in 0..1_000 {
            pace.observe(200_000);
        }
        let slots = pace.within(Duration::from_millis(50));
        assert!((250..=252).contains(&slots), "{slots}");
        let time = pace.time(100);
        assert!(time >= Duration::from_micros(19_900), "{time:?}");
        pace.observe(u64::MAX);
        assert!(
            pace.within(Duration::from_millis(50)) >= 90,
            "one long gap must not dominate the pace"
        );
    }

    #[test]
    fn gaps_without_waiting_requests_are_not_counted() {
        let pace = Pace::default();
        for waiting in [true, false, true, false] {
            pace.end(waiting);
            std::thread::sleep(Duration::from_millis(2));
        }
        assert_eq!(pace.mean.load(Ordering::Relaxed), UNKNOWN);
        pace.end(true);
        std::thread::sleep(Duration::from_millis(2));
        pace.end(true);
        assert!(pace.mean.load(Ordering::Relaxed) > UNKNOWN);
    }
}
