//! The pause of a connection whose request was rejected: its next request is read once there is a slot for it.
//!
//! A paused connection uses no CPU: the bytes that its client sends stay in the kernel. The connection of a client that obeys
//! `Retry-After` is usually woken before the client retries; it then passes its wakeup on to the next connection.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::queue::Queue;

/// Maximum pause, equal to the `Retry-After` of a rejection.
const LONGEST: Duration = Duration::from_secs(1);

/// An extension of an answer, which pauses its connection until fewer than `most` slots are in use.
#[derive(Clone)]
pub(in crate::http) struct Pause {
    pub(super) queue: Arc<Queue>,
    pub(super) most: usize,
}

impl Pause {
    /// Waits for a wakeup. Returns `None` after the maximum pause.
    pub(in crate::http) async fn over(self) -> Option<Arc<Wakeup>> {
        let paused = &self.queue.paused;
        let counted = paused.enter();
        let mut wakeup = pin!(paused.wakeups.notified());
        wakeup.as_mut().enable();
        if self.queue.used() >= self.most {
            tokio::time::timeout(LONGEST, wakeup).await.ok()?;
        }
        drop(counted);
        Some(Arc::new(Wakeup {
            queue: Arc::clone(&self.queue),
            used: AtomicBool::new(false),
        }))
    }
}

/// A wakeup for a free slot. If it is dropped unused, the next paused connection is woken.
pub(in crate::http) struct Wakeup {
    queue: Arc<Queue>,
    used: AtomicBool,
}

impl Wakeup {
    /// Marks the wakeup as used.
    pub(super) fn used(&self) {
        self.used.store(true, Ordering::Relaxed);
    }
}

impl Drop for Wakeup {
    fn drop(&mut self) {
        if !*self.used.get_mut() {
            self.queue.paused.wake_one();
        }
    }
}

/// Priority of a request, by the history of its connection.
#[derive(Clone)]
pub(in crate::http) enum Priority {
    /// The connection was woken for a slot, which this request may use.
    Woken(Arc<Wakeup>),
    /// The connection was quiet, so the request may use a reserved slot.
    Quiet,
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    type Waiting = Pin<Box<dyn Future<Output = Option<Arc<Wakeup>>>>>;

    /// Polls every paused connection and returns the wakeups.
    fn wakeups(waiting: &mut VecDeque<Waiting>) -> Vec<Option<Arc<Wakeup>>> {
        let mut context = Context::from_waker(Waker::noop());
        let mut woken = Vec::new();
        waiting.retain_mut(|one| match one.as_mut().poll(&mut context) {
            Poll::Ready(wakeup) => {
                woken.push(wakeup);
                false
            }
            Poll::Pending => true,
        });
        woken
    }

    #[tokio::test]
    async fn wakeups_go_in_order_unused_ones_pass() {
        let queue = Queue::of(1);
        let pause = |most| -> Waiting {
            let queue = Arc::clone(&queue);
            Box::pin(Pause { queue, most }.over())
        };
        assert_eq!(wakeups(&mut [pause(1)].into()).len(), 1, "a slot is free");
        let mut waiting: VecDeque<_> = (0..5).map(|_| pause(0)).collect();
        assert!(wakeups(&mut waiting).is_empty());
        queue.paused.wake_one();
        let first = wakeups(&mut waiting);
        assert!(matches!(&first[..], [Some(wakeup)] if { wakeup.used(); true }));
        drop(first);
        assert!(wakeups(&mut waiting).is_empty(), "the wakeup was used");
        waiting.pop_front();
        queue.paused.wake_one();
        let second = wakeups(&mut waiting);
        assert_eq!(second.len(), 1, "a closed connection is not woken");
        drop(second);
        assert_eq!(wakeups(&mut waiting).len(), 1, "the wakeup was not used");
        waiting.clear();
        assert_eq!(queue.paused.count(), 0);
    }
}
