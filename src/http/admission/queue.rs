//! Places of which some have their turn.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::line::Line;
use super::work::Work;

/// Requests of one kind: so many have their turn, the others wait; and those for whom there was no place.
pub(super) struct Queue {
    taken: AtomicUsize,
    /// Those whose turn may come: their bodies are there.
    ready: AtomicUsize,
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
            ready: AtomicUsize::new(0),
            turns: Arc::new(Semaphore::new(at_once)),
            at_once,
            line: Line::default(),
        })
    }

    /// How many have their turn at once.
    pub(super) fn at_once(&self) -> usize {
        self.at_once
    }

    /// How many places are taken.
    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Whether some wait for their turn.
    pub(super) fn is_waiting(&self) -> bool {
        self.ready.load(Ordering::Relaxed) > self.at_once
    }

    /// A place for that work, unless so many are taken; when it is left and not `full` so many are, the next in line is called.
    pub(super) fn place(self: &Arc<Self>, work: Work, most: usize, full: usize) -> Option<Place> {
        let before = self.taken.fetch_add(1, Ordering::Relaxed);
        let place = Place {
            work,
            full,
            queue: Arc::clone(self),
        };
        (before < most).then_some(place)
    }
}

/// A place in a [`Queue`], left when dropped.
pub(in crate::http) struct Place {
    pub(super) work: Work,
    full: usize,
    queue: Arc<Queue>,
}

impl Place {
    /// Waits from now on for its turn.
    pub(super) fn ready(self) -> Ready {
        let before = self.queue.ready.fetch_add(1, Ordering::Relaxed);
        Ready {
            ahead: before.saturating_sub(self.queue.at_once),
            place: self,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.queue.taken.fetch_sub(1, Ordering::Relaxed) <= self.full {
            self.queue.line.call();
        }
    }
}

/// A [`Place`] whose turn may come.
pub(super) struct Ready {
    /// How many have to leave before it does.
    pub(super) ahead: usize,
    place: Place,
}

impl Ready {
    /// The next turn, first come, first served; `None` where it does not come within the time.
    pub(super) async fn turn(&self, patience: Duration) -> Option<OwnedSemaphorePermit> {
        let turn = Arc::clone(&self.place.queue.turns).acquire_owned();
        tokio::time::timeout(patience, turn).await.ok()?.ok()
    }

    /// Whether some wait for their turn.
    pub(super) fn is_waiting(&self) -> bool {
        self.place.queue.is_waiting()
    }

    /// Leaves, and calls nobody, who would only be as late.
    pub(super) fn give_up(mut self) {
        self.place.full = 0;
    }
}

impl Drop for Ready {
    fn drop(&mut self) {
        self.place.queue.ready.fetch_sub(1, Ordering::Relaxed);
    }
}
