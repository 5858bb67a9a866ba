//! The line of those for whom there was no place: the next request of each is read once there is one.
//!
//! Nothing is held for who stands here but the connection itself; what he sends meanwhile waits in the kernel. A client that does as
//! `Retry-After` says is called long before he comes again, and lets the next one go first.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
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

impl Line {
    /// One place is free.
    pub(super) fn call(&self) {
        if self.standing() > 0 {
            self.calls.notify_one();
        }
    }

    /// How many stand here.
    pub(super) fn standing(&self) -> usize {
        self.standing.load(Ordering::Relaxed)
    }
}

/// Goes with an answer to its connection: the next request is to wait until not so many places are taken.
#[derive(Clone)]
pub(in crate::http) struct NoPlace {
    pub(super) queue: Arc<Queue>,
    pub(super) most: usize,
}

impl NoPlace {
    /// Stands in line until called; `None` where that did not happen in all the time.
    pub(in crate::http) async fn stand(self) -> Option<Arc<Called>> {
        let line = &self.queue.line;
        let in_line = InLine::enter(line);
        let mut called = pin!(line.calls.notified());
        called.as_mut().enable();
        if self.queue.taken() >= self.most {
            tokio::time::timeout(LONGEST, called).await.ok()?;
        }
        drop(in_line);
        Some(Arc::new(Called {
            queue: Arc::clone(&self.queue),
            used: AtomicBool::new(false),
        }))
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

/// The call for a place that is free. It goes to the next in line where it is dropped and was not used.
pub(in crate::http) struct Called {
    queue: Arc<Queue>,
    used: AtomicBool,
}

impl Called {
    /// The place is taken.
    pub(super) fn used(&self) {
        self.used.store(true, Ordering::Relaxed);
    }
}

impl Drop for Called {
    fn drop(&mut self) {
        if !*self.used.get_mut() {
            self.queue.line.call();
        }
    }
}

/// What a request may claim by what its connection did before.
#[derive(Clone)]
pub(in crate::http) enum Claim {
    /// The place that it was called for.
    Called(Arc<Called>),
    /// One of the places that are kept for those who have not asked for long: they are not to be crowded out by those who ask
    /// again and again.
    Quiet,
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    type Standing = Pin<Box<dyn Future<Output = Option<Arc<Called>>>>>;

    /// What those get now who stand.
    fn calls(standing: &mut VecDeque<Standing>) -> Vec<Option<Arc<Called>>> {
        let mut context = Context::from_waker(Waker::noop());
        let mut called = Vec::new();
        standing.retain_mut(|one| match one.as_mut().poll(&mut context) {
            Poll::Ready(call) => {
                called.push(call);
                false
            }
            Poll::Pending => true,
        });
        called
    }

    #[tokio::test]
    async fn who_stands_is_called_in_his_turn_and_an_unused_call_goes_on() {
        let queue = Queue::of(1);
        let stand = |most| -> Standing {
            let queue = Arc::clone(&queue);
            Box::pin(NoPlace { queue, most }.stand())
        };
        assert_eq!(calls(&mut [stand(1)].into()).len(), 1, "there is a place");
        let mut standing: VecDeque<_> = (0..5).map(|_| stand(0)).collect();
        assert!(calls(&mut standing).is_empty());
        queue.line.call();
        let first = calls(&mut standing);
        assert!(matches!(&first[..], [Some(call)] if { call.used(); true }));
        drop(first);
        assert!(calls(&mut standing).is_empty(), "it was used");
        standing.pop_front();
        queue.line.call();
        let second = calls(&mut standing);
        assert_eq!(second.len(), 1, "who has left the line is not called");
        drop(second);
        assert_eq!(calls(&mut standing).len(), 1, "it was not used");
        standing.clear();
        assert_eq!(queue.line.standing(), 0);
    }
}
