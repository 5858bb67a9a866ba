//! The pace at which requests are answered while others wait: the time that a slot in the queue stands for.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Assumed time between two answers before any is measured, in nanoseconds.
const UNKNOWN: u64 = 50_000;
/// Maximum weight of one measured time, in means: a longer one is not due to the work.
const LONGEST: u64 = 16;
/// The mean is an exponential moving average in which each time counts for one part in this many.
const WEIGHT: u64 = 64;

/// The mean time between two answers while other requests waited. It includes all that an answer costs, also outside of the
/// handler, and the rejections in between. Two requests that end at once may lose one of their times, which does no harm.
pub(super) struct Pace {
    began: Instant,
    /// When the last request ended while others waited, in nanoseconds since `began`. 0: none waited.
    ended: AtomicU64,
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
    /// Notes that a request ended; `waiting` tells whether others wait.
    pub(super) fn end(&self, waiting: bool) {
        let now = if waiting { self.now() } else { 0 };
        let before = self.ended.swap(now, Ordering::Relaxed);
        if waiting && before > 0 {
            self.observe(now.saturating_sub(before));
        }
    }

    /// Returns the number of requests that are answered within a time.
    pub(super) fn within(&self, time: Duration) -> usize {
        let count = time.as_nanos() / u128::from(self.mean.load(Ordering::Relaxed));
        usize::try_from(count).unwrap_or(usize::MAX)
    }

    /// Returns the time in which that number of requests is answered.
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
