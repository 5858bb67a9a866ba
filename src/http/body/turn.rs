//! The turns of long tasks on the async threads: each is short, and only one task at a time has one.
//!
//! Short turns alone would not do: a hundred tasks that work in turns would leave others to wait for a hundred turns. And turns of
//! one task at a time leave the other threads to short requests.

use std::future::poll_fn;
use std::pin::pin;
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, SemaphorePermit};

/// Longest turn. The work between two checks takes about as long at most.
const TURN: Duration = Duration::from_micros(50);

/// Grants one turn after another to the tasks that need more than one, in the order in which they ask.
static NEXT: Semaphore = Semaphore::const_new(1);

/// The turn of a task. The first one is not waited for, and is enough for usual bodies.
pub(super) struct Turn {
    began: Instant,
    granted: Option<SemaphorePermit<'static>>,
}

impl Turn {
    /// Begins the first turn.
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            granted: None,
        }
    }

    /// Leaves the thread to other tasks if the turn is over, until the next turn is granted.
    pub(super) async fn give_way(&mut self) {
        if self.began.elapsed() >= TURN {
            self.granted = None;
            tokio::task::yield_now().await;
            self.granted = NEXT.acquire().await.ok();
            self.began = Instant::now();
        }
    }

    /// Waits for input. Whoever has to wait for it ends the turn: a client that sends slowly would keep the turn from all others.
    pub(super) async fn wait<T>(&mut self, input: impl Future<Output = T>) -> T {
        let mut input = pin!(input);
        poll_fn(|context| {
            let ready = input.as_mut().poll(context);
            if ready.is_pending() {
                self.granted = None;
                self.began = Instant::now();
            }
            ready
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_one_task_has_a_further_turn() {
        let mut first = Turn::new();
        std::thread::sleep(TURN);
        first.give_way().await;
        assert!(first.granted.is_some());
        let mut second = Turn::new();
        std::thread::sleep(TURN);
        let waiting = tokio::time::timeout(Duration::from_millis(20), second.give_way());
        assert!(waiting.await.is_err(), "the first task has the turn");
        drop(first);
        second.give_way().await;
        assert!(second.granted.is_some());
    }

    #[tokio::test]
    async fn a_task_that_waits_for_input_has_no_turn() {
        let mut first = Turn::new();
        std::thread::sleep(TURN);
        first.give_way().await;
        first.wait(std::future::ready(())).await;
        assert!(first.granted.is_some(), "the input was there");
        first.wait(tokio::task::yield_now()).await;
        assert!(first.granted.is_none());
    }
}
