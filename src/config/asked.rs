//! The last request for a scene, so that a change does not remove a scene in use.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

/// The instant from which seconds are counted.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The last request for a scene; shared by all generations that have the scene. Holds the second after the first use of the clock plus 1,
/// or 0.
#[derive(Clone, Debug, Default)]
pub struct LastAsked(Arc<AtomicU64>);

impl LastAsked {
    /// Records a request. Writes at most once a second, so that requests on different cores do not contend.
    pub fn note(&self, at: Instant) {
        let second = at.saturating_duration_since(*START).as_secs() + 1;
        if self.0.load(Ordering::Relaxed) < second {
            self.0.store(second, Ordering::Relaxed);
        }
    }

    /// Returns whether there was a request in that time before `now`.
    #[must_use]
    pub fn within(&self, time: Duration, now: Instant) -> bool {
        let last = self.0.load(Ordering::Relaxed);
        let second = now.saturating_duration_since(*START).as_secs() + 1;
        last > 0 && second - last.min(second) < time.as_secs()
    }
}
