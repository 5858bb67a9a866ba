//! The pace at which requests are answered while others wait: what a place in the queue is worth in time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Time between two answers as long as nothing is known, in nanoseconds.
const UNKNOWN: u64 = 50_000;
/// The most that one time between two answers counts for, in means: beyond, it was not the work that took it.
const LONGEST: u64 = 16;
/// Each time between two answers counts for so much of the mean: one of so many.
const WEIGHT: u64 = 64;

/// The mean time between two answers while others waited for theirs. All that an answer costs is in it, also what is spent outside
/// of the handler and on those who are refused meanwhile. Two who leave at once may lose one of their times, which changes nothing
/// that matters.
pub(super) struct Pace {
    began: Instant,
    /// When the last one left behind others who waited, in nanoseconds from the beginning; 0: nobody waited.
    left: AtomicU64,
    mean: AtomicU64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            left: AtomicU64::new(0),
            mean: AtomicU64::new(UNKNOWN),
        }
    }
}

impl Pace {
    /// One leaves; `waiting` says whether others wait.
    pub(super) fn leave(&self, waiting: bool) {
        let now = if waiting { self.now() } else { 0 };
        let before = self.left.swap(now, Ordering::Relaxed);
        if waiting && before > 0 {
            self.observe(now.saturating_sub(before));
        }
    }

    /// How many are answered within a time.
    pub(super) fn within(&self, time: Duration) -> usize {
        let count = time.as_nanos() / u128::from(self.mean.load(Ordering::Relaxed));
        usize::try_from(count).unwrap_or(usize::MAX)
    }

    /// How long it takes until so many are answered.
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
    fn places_and_time_follow_from_the_last_gaps() {
        let pace = Pace::default();
        assert_eq!(pace.within(Duration::from_millis(50)), 1_000);
        for _ in 0..1_000 {
            pace.observe(200_000);
        }
        let places = pace.within(Duration::from_millis(50));
        assert!((250..=252).contains(&places), "{places}");
        let time = pace.time(100);
        assert!(time >= Duration::from_micros(19_900), "{time:?}");
        pace.observe(u64::MAX);
        assert!(
            pace.within(Duration::from_millis(50)) >= 90,
            "one pause is not the pace"
        );
    }

    #[test]
    fn time_in_which_nobody_waits_is_not_counted() {
        let pace = Pace::default();
        for waiting in [true, false, true, false] {
            pace.leave(waiting);
            std::thread::sleep(Duration::from_millis(2));
        }
        assert_eq!(pace.mean.load(Ordering::Relaxed), UNKNOWN);
        pace.leave(true);
        std::thread::sleep(Duration::from_millis(2));
        pace.leave(true);
        assert!(pace.mean.load(Ordering::Relaxed) > UNKNOWN);
    }
}
