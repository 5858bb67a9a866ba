//! The state of a connection and its timeouts.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use axum::http::Version;
use parking_lot::Mutex;

use crate::http::admission::{Priority, Wakeup};

/// Maximum number of bytes of a write that may consist of HTTP/2 control frames, such as answers to pings, rather than of an answer.
const CONTROL: usize = 64;
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
    /// The timeout of an idle connection, on which the client sends no request or does not read the end of an answer.
    Idle,
    /// The client takes its answers too slowly.
    Answer,
}

/// The timeouts of a connection.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct Patience {
    /// For the head of a request.
    pub(in crate::http) head: Duration,
    /// For idleness.
    pub(in crate::http) idle: Duration,
    /// Time over which the rate of taking answers is measured, and in which each answer must move.
    pub(in crate::http) answer: Duration,
    /// Minimum bytes taken in that time.
    pub(in crate::http) answer_bytes: u64,
}

/// An answer that the client has to take.
struct Answer {
    number: u64,
    since: Instant,
    /// Set if a piece of it was taken since the last check.
    moved: bool,
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
    /// Answers that the client has to take, by number.
    answers: Vec<Answer>,
    /// Number of the next request.
    next: u64,
    /// The last check of the answers, and the bytes sent since.
    checked: Instant,
    sent: u64,
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

    /// Returns the place of an answer by its number.
    fn place(&self, number: u64) -> Result<usize, usize> {
        self.answers
            .binary_search_by_key(&number, |answer| answer.number)
    }

    /// Checks once in `patience.answer` whether the client takes its answers too slowly: the connection sent too few bytes though an
    /// answer was waiting all the time, or nothing of one answer was taken.
    fn is_slow(&mut self, now: Instant, patience: &Patience) -> bool {
        let begun = self.checked;
        if now.saturating_duration_since(begun) < patience.answer {
            return false;
        }
        let few = self.sent < patience.answer_bytes;
        let mut waiting = self.answers.iter().filter(|answer| answer.since <= begun);
        let is_slow = waiting.any(|answer| few || !answer.moved);
        self.answers
            .iter_mut()
            .for_each(|answer| answer.moved = false);
        (self.checked, self.sent) = (now, 0);
        is_slow
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
            answers: Vec::new(),
            next: 0,
            checked: Instant::now(),
            sent: 0,
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
        let number = state.next;
        state.next += 1;
        let watch = Arc::clone(self);
        (InProgress { watch, number }, priority)
    }

    fn end(&self, number: u64) {
        let mut state = self.0.lock();
        if let Ok(place) = state.place(number) {
            state.answers.remove(place);
        }
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
    pub(super) fn sent(&self, bytes: usize) {
        let mut state = self.0.lock();
        state.sent += bytes as u64;
        let is_answer = !state.multiplexed || bytes > CONTROL;
        if is_answer && matches!(state.phase, Phase::Idle(_)) {
            state.phase = Phase::Idle(Instant::now());
        }
    }

    /// Waits until the connection exceeds one of its timeouts.
    pub(in crate::http) async fn overdue(&self, patience: Patience) -> Overdue {
        let Patience { head, idle, .. } = patience;
        // A phase that begins during a sleep of this length cannot be overdue before the sleep ends.
        let longest_sleep = head.min(idle).min(patience.answer);
        loop {
            let now = Instant::now();
            let (due, timeout) = {
                let mut state = self.0.lock();
                if state.is_slow(now, &patience) {
                    return Overdue::Answer;
                }
                match state.phase {
                    Phase::Head(since) => (since + head, Overdue::Head),
                    Phase::Idle(since) => (since + idle, Overdue::Idle),
                    Phase::Busy(_) => (now + longest_sleep, Overdue::Idle),
                }
            };
            if due <= now {
                return timeout;
            }
            tokio::time::sleep_until(due.min(now + longest_sleep).into()).await;
        }
    }
}

/// A request in progress on a connection, until the client has taken its answer.
pub(in crate::http) struct InProgress {
    watch: Arc<Watch>,
    number: u64,
}

impl InProgress {
    /// Records that the answer is ready to be taken.
    pub(super) fn answers(&self) {
        let mut state = self.watch.0.lock();
        let answer = Answer {
            number: self.number,
            since: Instant::now(),
            moved: true,
        };
        // Requests may be answered in another order.
        let place = state.place(self.number).unwrap_or_else(|place| place);
        state.answers.insert(place, answer);
    }

    /// Records that a piece of the answer was taken.
    pub(super) fn moves(&self) {
        let mut state = self.watch.0.lock();
        if let Ok(place) = state.place(self.number) {
            state.answers[place].moved = true;
        }
    }
}

impl Drop for InProgress {
    fn drop(&mut self) {
        self.watch.end(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(20);

    impl Patience {
        pub(in crate::http::connection) const LONG: Self = Self {
            head: Duration::from_secs(600),
            idle: Duration::from_secs(600),
            answer: Duration::from_secs(600),
            answer_bytes: 0,
        };
    }

    fn head(head: Duration) -> Patience {
        Patience {
            head,
            ..Patience::LONG
        }
    }

    fn idle(idle: Duration) -> Patience {
        Patience {
            idle,
            ..Patience::LONG
        }
    }

    /// Takes pieces of two answers for a while, the second one only if `both`, and returns the timeout that the connection exceeds.
    async fn taking(both: bool, bytes: usize) -> Option<Overdue> {
        let patience = Patience {
            answer: SHORT * 10,
            answer_bytes: 100,
            ..Patience::LONG
        };
        let watch = Watch::new();
        let [one, other] = [(), ()].map(|()| watch.begin(Version::HTTP_2).0);
        other.answers();
        one.answers();
        let taking = async {
            for _ in 0..50 {
                tokio::time::sleep(SHORT).await;
                watch.sent(bytes);
                one.moves();
                if both {
                    other.moves();
                }
            }
        };
        tokio::select! {
            overdue = watch.overdue(patience) => Some(overdue),
            () = taking => None,
        }
    }

    #[tokio::test]
    async fn a_client_must_take_every_answer() {
        assert_eq!(taking(true, 100).await, None);
        assert_eq!(taking(false, 100).await, Some(Overdue::Answer));
        assert_eq!(taking(true, 1).await, Some(Overdue::Answer));
    }

    #[tokio::test]
    async fn head_and_idleness_have_timeouts_of_their_own() {
        let watch = Watch::new();
        assert_eq!(watch.overdue(head(SHORT)).await, Overdue::Head);
        drop(watch.begin(Version::HTTP_11).0);
        assert_eq!(watch.overdue(idle(SHORT)).await, Overdue::Idle);
    }

    #[tokio::test]
    async fn a_request_in_progress_is_never_overdue() {
        let watch = Watch::new();
        let (one, other) = (
            watch.begin(Version::HTTP_2).0,
            watch.begin(Version::HTTP_2).0,
        );
        drop(one);
        let patience = Patience {
            head: SHORT,
            ..idle(SHORT)
        };
        let waited = tokio::time::timeout(SHORT * 5, watch.overdue(patience)).await;
        assert!(waited.is_err());
        drop(other);
        assert_eq!(watch.overdue(idle(SHORT)).await, Overdue::Idle);
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
