//! Places of which some have their turn.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::telemetry::Work;

/// Requests of one kind: so many have their turn, the others wait.
pub(super) struct Queue {
    taken: Arc<AtomicUsize>,
    turns: Arc<Semaphore>,
    at_once: usize,
}

impl Queue {
    /// A queue in which so many have their turn at once.
    pub(super) fn of(turns: usize) -> Self {
        let at_once = turns.min(Semaphore::MAX_PERMITS);
        Self {
            taken: Arc::default(),
            turns: Arc::new(Semaphore::new(at_once)),
            at_once,
        }
    }

    /// How many have their turn at once.
    pub(super) fn at_once(&self) -> usize {
        self.at_once
    }

    /// How many places are taken, by those who have their turn and those who wait.
    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// A place, unless so many are taken.
    pub(super) fn place(&self, work: Work, most: usize) -> Option<Place> {
        let before = self.taken.fetch_add(1, Ordering::Relaxed);
        let place = Place {
            work,
            ahead: before.saturating_sub(self.at_once),
            taken: Arc::clone(&self.taken),
        };
        (before < most).then_some(place)
    }

    /// The next turn, first come, first served; `None` where it does not come within the time.
    pub(super) async fn turn(&self, patience: Duration) -> Option<OwnedSemaphorePermit> {
        let turn = Arc::clone(&self.turns).acquire_owned();
        tokio::time::timeout(patience, turn).await.ok()?.ok()
    }
}

/// A place in a [`Queue`], left when dropped.
pub(in crate::http) struct Place {
    pub(super) work: Work,
    /// How many have to leave before it is this one's turn.
    pub(super) ahead: usize,
    taken: Arc<AtomicUsize>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.taken.fetch_sub(1, Ordering::Relaxed);
    }
}
