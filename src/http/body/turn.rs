//! The turn of a task on its thread, which it gives up several times in a millisecond.

use std::time::{Duration, Instant};

/// Longest turn. The work between two checks takes about as long at most.
const TURN: Duration = Duration::from_micros(250);

/// The turn of a task.
pub(super) struct Turn(Instant);

impl Turn {
    /// Begins a turn.
    pub(super) fn new() -> Self {
        Self(Instant::now())
    }

    /// Yields to other tasks if the turn is over.
    pub(super) async fn give_way(&mut self) {
        if self.0.elapsed() >= TURN {
            tokio::task::yield_now().await;
            *self = Self::new();
        }
    }
}
