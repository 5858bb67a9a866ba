//! The state of a connection and its timeouts.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use axum::http::Version;
use parking_lot::Mutex;

use crate::http::admission::{Priority, Wakeup};

/// Time without a request after which a connection counts as quiet.
const QUIET: Duration = Duration::from_secs(1);

/// Phase of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The head of a request, or the first byte of the first request, is awaited since that instant.
    Head(Instant),
    /// Number of requests in progress.
    Busy(usize),
    /// No request is in progress, and no byte was received or sent since that instant.
    Idle(Instant),
}

/// The end of a pause.
type PauseEnd = Pin<Box<dyn Future<Output = Option<Arc<Wakeup>>> + Send>>;

/// The timeout that a connection exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Overdue {
    /// The timeout of the head of a request.
    Head,
    /// The timeout of an idle connection, on which the client sends no request or does not read the answer.
    Idle,
}

struct State {
    phase: Phase,
    /// `true` for HTTP/2, on which bytes may belong to no request.
    multiplexed: bool,
    /// Set while the connection is paused.
    pause: Option<PauseEnd>,
    /// The wakeup that ended the last pause, for the next request.
    wakeup: Option<Arc<Wakeup>>,
    /// End of the last request.
    ended: Option<Instant>,
}

impl State {
    fn priority(&mut self) -> Option<Priority> {
        if let Some(wakeup) = self.wakeup.take() {
            return Some(Priority::Woken(wakeup));
        }
        if self.multiplexed {
            // HTTP/2 connections cannot be paused, so their requests need no lower priority.
            return Some(Priority::Quiet);
        }
        let Phase::Head(since) = self.phase else {
            return None;
        };
        let quiet = |ended| since.saturating_duration_since(ended) >= QUIET;
        self.ended.is_none_or(quiet).then_some(Priority::Quiet)
    }
}

/// State of a connection, shared by its stream, its requests and its timeouts.
pub(in crate::http) struct Watch(Mutex<State>);

impl Watch {
    /// Returns the state of a new connection.
    pub(in crate::http) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            phase: Phase::Head(Instant::now()),
            multiplexed: false,
            pause: None,
            wakeup: None,
            ended: None,
        })))
    }

    /// Stops reading until `end` completes. Has no effect on HTTP/2, whose requests do not come one by one.
    pub(in crate::http) fn pause(
        &self,
        end: impl Future<Output = Option<Arc<Wakeup>>> + Send + 'static,
    ) {
        let mut state = self.0.lock();
        if !state.multiplexed {
            state.pause = Some(Box::pin(end));
        }
    }

    /// Ready if reading may go on; `true` if a pause ended just now.
    pub(super) fn poll_resume(&self, context: &mut Context<'_>) -> Poll<bool> {
        let mut state = self.0.lock();
        let Some(end) = &mut state.pause else {
            return Poll::Ready(false);
        };
        state.wakeup = ready!(end.as_mut().poll(context));
        state.pause = None;
        Poll::Ready(true)
    }

    /// Passes an unused wakeup on to another connection, because there is no request to read.
    pub(super) fn pass_on(&self) {
        let unneeded = self.0.lock().wakeup.take();
        drop(unneeded);
    }

    /// Begins a request. Returns a guard, until whose drop the request is in progress, and the priority of the request.
    pub(in crate::http) fn begin(
        self: &Arc<Self>,
        version: Version,
    ) -> (InProgress, Option<Priority>) {
        let mut state = self.0.lock();
        state.multiplexed = version == Version::HTTP_2;
        let priority = state.priority();
        state.phase = match state.phase {
            Phase::Busy(count) => Phase::Busy(count + 1),
            Phase::Head(_) | Phase::Idle(_) => Phase::Busy(1),
        };
        (InProgress(Arc::clone(self)), priority)
    }

    fn end(&self) {
        let mut state = self.0.lock();
        state.phase = match state.phase {
            Phase::Busy(count) if count > 1 => Phase::Busy(count - 1),
            Phase::Busy(_) | Phase::Head(_) | Phase::Idle(_) => {
                let now = Instant::now();
                state.ended = Some(now);
                Phase::Idle(now)
            }
        };
    }

    /// Records that bytes were received. On an idle connection they begin a head.
    pub(super) fn received(&self) {
        let mut state = self.0.lock();
        if !state.multiplexed && matches!(state.phase, Phase::Idle(_)) {
            state.phase = Phase::Head(Instant::now());
        }
    }

    /// Records that bytes were sent, which means that the client reads its answer.
    pub(super) fn sent(&self) {
        let mut state = self.0.lock();
        if !state.multiplexed && matches!(state.phase, Phase::Idle(_)) {
            state.phase = Phase::Idle(Instant::now());
        }
    }

    /// Waits until the connection exceeds the timeout for a head or that for idleness.
    pub(in crate::http) async fn overdue(&self, head: Duration, idle: Duration) -> Overdue {
        // A phase that begins during a sleep of this length cannot be overdue before the sleep ends.
        let longest_sleep = head.min(idle);
        loop {
            let now = Instant::now();
            let (due, timeout) = match self.0.lock().phase {
                Phase::Head(since) => (since + head, Overdue::Head),
                Phase::Idle(since) => (since + idle, Overdue::Idle),
                Phase::Busy(_) => (now + longest_sleep, Overdue::Idle),
            };
            if due <= now {
                return timeout;
            }
            tokio::time::sleep_until(due.min(now + longest_sleep).into()).await;
        }
    }
}

/// A request in progress on a connection.
pub(in crate::http) struct InProgress(Arc<Watch>);

impl Drop for InProgress {
    fn drop(&mut self) {
        self.0.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(600);

    #[tokio::test]
    async fn head_and_idleness_have_timeouts_of_their_own() {
        let watch = Watch::new();
        assert_eq!(watch.overdue(SHORT, LONG).await, Overdue::Head);
        drop(watch.begin(Version::HTTP_11).0);
        assert_eq!(watch.overdue(LONG, SHORT).await, Overdue::Idle);
    }

    #[tokio::test]
    async fn a_request_in_progress_is_never_overdue() {
        let watch = Watch::new();
        let (one, other) = (
            watch.begin(Version::HTTP_2).0,
            watch.begin(Version::HTTP_2).0,
        );
        drop(one);
        let waited = tokio::time::timeout(SHORT * 5, watch.overdue(SHORT, SHORT)).await;
        assert!(waited.is_err());
        drop(other);
        assert_eq!(watch.overdue(LONG, SHORT).await, Overdue::Idle);
    }

    #[test]
    fn a_connection_is_quiet_at_first_and_later() {
        let watch = Watch::new();
        let (first, priority) = watch.begin(Version::HTTP_11);
        assert!(matches!(priority, Some(Priority::Quiet)));
        drop(first);
        watch.received();
        let (second, priority) = watch.begin(Version::HTTP_11);
        assert!(priority.is_none());
        drop(second);
        watch.0.lock().ended = Instant::now().checked_sub(QUIET);
        watch.received();
        assert!(matches!(
            watch.begin(Version::HTTP_11).1,
            Some(Priority::Quiet)
        ));
    }
}
