//! The line of those for whom there was no place: the next request of each is read once there is one.
//!
//! Nothing is held for who stands here but the connection itself; what he sends meanwhile waits in the kernel. A client that does as
//! `Retry-After` says is called long before he comes again.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use super::queue::Queue;

/// How long to stand in line at most: what `Retry-After` says.
const LONGEST: Duration = Duration::from_secs(1);

/// Connections whose next request is not read yet, first come, first called.
#[derive(Default)]
pub(super) struct Line {
    calls: Notify,
    standing: AtomicUsize,
}

/// Goes with an answer to its connection: the next request is to wait until not so many places are taken.
#[derive(Clone)]
pub(in crate::http) struct NoPlace {
    pub(super) queue: Arc<Queue>,
    pub(super) most: usize,
}

/// Goes with the next requests of a connection that stood in line: they are not refused for want of a place.
#[derive(Clone, Copy)]
pub(in crate::http) struct Called;

impl NoPlace {
    /// Stands in line until called.
    pub(in crate::http) async fn stand(self) {
        let line = &self.queue.line;
        let _in_line = InLine::enter(line);
        let mut called = pin!(line.calls.notified());
        called.as_mut().enable();
        if self.queue.taken() >= self.most {
            // Who was not called in all that time comes as he is.
            let _called = tokio::time::timeout(LONGEST, called).await;
        }
    }
}

/// Counts one who stands, for as long as it lives.
struct InLine<'l>(&'l Line);

impl<'l> InLine<'l> {
    fn enter(line: &'l Line) -> Self {
        line.standing.fetch_add(1, Ordering::Relaxed);
        Self(line)
    }
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        self.0.standing.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Line {
    /// One place is free.
    pub(super) fn call(&self) {
        if self.standing.load(Ordering::Relaxed) > 0 {
            self.calls.notify_one();
        }
    }

    /// Nobody waits any more: there is a place for everybody.
    pub(super) fn call_all(&self) {
        if self.standing.load(Ordering::Relaxed) > 0 {
            self.calls.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// Whether a future is done now.
    fn is_done(future: &mut (impl Future<Output = ()> + Unpin)) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        std::pin::Pin::new(future).poll(&mut context) == Poll::Ready(())
    }

    #[tokio::test]
    async fn who_stands_is_called_in_his_turn_or_with_all() {
        let queue = Queue::of(1);
        let stand = |most| {
            let queue = Arc::clone(&queue);
            Box::pin(NoPlace { queue, most }.stand())
        };
        assert!(is_done(&mut stand(1)), "there is a place");
        let mut waits: VecDeque<_> = (0..4).map(|_| stand(0)).collect();
        let done = |waits: &mut VecDeque<_>| waits.iter_mut().map(is_done).collect::<Vec<_>>();
        assert_eq!(done(&mut waits), [false; 4]);
        queue.line.call();
        assert_eq!(done(&mut waits), [true, false, false, false]);
        waits.drain(..2);
        queue.line.call();
        assert_eq!(
            done(&mut waits),
            [true, false],
            "who has left the line is not called"
        );
        waits.pop_front();
        queue.line.call_all();
        assert_eq!(done(&mut waits), [true]);
        waits.clear();
        assert_eq!(queue.line.standing.load(Ordering::Relaxed), 0);
    }
}
