//! Places of which some have their turn.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::line::Line;
use crate::telemetry::Work;

/// Requests of one kind: so many have their turn, the others wait; and those for whom there was no place.
pub(super) struct Queue {
    taken: AtomicUsize,
    turns: Arc<Semaphore>,
    at_once: usize,
    pub(super) line: Line,
}

impl Queue {
    /// A queue in which so many have their turn at once.
    pub(super) fn of(turns: usize) -> Arc<Self> {
        let at_once = turns.min(Semaphore::MAX_PERMITS);
        Arc::new(Self {
            taken: AtomicUsize::new(0),
            turns: Arc::new(Semaphore::new(at_once)),
            at_once,
            line: Line::default(),
        })
    }

    /// How many have their turn at once.
    pub(super) fn at_once(&self) -> usize {
        self.at_once
    }

    /// How many places are taken, by those who have their turn and those who wait.
    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Whether some wait for their turn.
    pub(super) fn is_waiting(&self) -> bool {
        self.taken() > self.at_once
    }

    /// A place for that work, unless so many are taken.
    pub(super) fn place(self: &Arc<Self>, work: Work, most: usize) -> Option<Place> {
        let before = self.taken.fetch_add(1, Ordering::Relaxed);
        let place = Place {
            work,
            ahead: before.saturating_sub(self.at_once),
            queue: Arc::clone(self),
        };
        (before < most).then_some(place)
    }
}

/// A place in a [`Queue`], left when dropped.
pub(in crate::http) struct Place {
    pub(super) work: Work,
    /// How many have to leave before it is this one's turn.
    pub(super) ahead: usize,
    pub(super) queue: Arc<Queue>,
}

impl Place {
    /// The next turn, first come, first served; `None` where it does not come within the time.
    pub(super) async fn turn(&self, patience: Duration) -> Option<OwnedSemaphorePermit> {
        let turn = Arc::clone(&self.queue.turns).acquire_owned();
        tokio::time::timeout(patience, turn).await.ok()?.ok()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let queue = &self.queue;
        if queue.taken.fetch_sub(1, Ordering::Relaxed) > queue.at_once {
            queue.line.call();
        } else {
            queue.line.call_all();
        }
    }
}
