//! The patience with one connection: how long the head of a request may take, and how long nothing at all may happen.
//!
//! hyper has one timer for both, so that a connection which may wait a minute for its next request could take a minute over each
//! head too. Here the bytes that come and go and the requests under way tell the two apart, for HTTP/1 and HTTP/2 alike, and
//! a request costs no timer: the watch looks at a note now and then.
//!
//! A connection whose request was refused for want of a place reads no further until it is called (see [`super::admission`]).

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use axum::http::Version;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::admission::{Called, Claim};

/// For how long nothing must have been asked on a connection that counts as quiet.
const QUIET: Duration = Duration::from_secs(1);

/// What a connection is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The head of a request comes in, or the first one is awaited, since then.
    Head(Instant),
    /// So many requests are under way.
    Busy(usize),
    /// Nothing is under way, and nothing came or was taken since then.
    Idle(Instant),
}

/// What has to come before the next request is read.
type Wait = Pin<Box<dyn Future<Output = Option<Arc<Called>>> + Send>>;

/// What runs out of time on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// The head of a request.
    Head,
    /// The next request, or the taking of the last answer.
    Idle,
}

struct Note {
    phase: Phase,
    /// Whether this is HTTP/2, on which bytes that come and go may be no part of any request.
    multiplexed: bool,
    /// What the next request has to wait for.
    wait: Option<Wait>,
    /// What it was called for.
    called: Option<Arc<Called>>,
    /// When the last request ended.
    ended: Option<Instant>,
}

impl Note {
    fn claim(&mut self) -> Option<Claim> {
        if let Some(called) = self.called.take() {
            return Some(Claim::Called(called));
        }
        if self.multiplexed {
            // It cannot stand in line.
            return Some(Claim::Quiet);
        }
        let Phase::Head(since) = self.phase else {
            return None;
        };
        let quiet = |ended| since.saturating_duration_since(ended) >= QUIET;
        self.ended.is_none_or(quiet).then_some(Claim::Quiet)
    }
}

/// The note of what a connection is at.
pub(super) struct Watch(Mutex<Note>);

impl Watch {
    /// Of a connection that was just opened.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Note {
            phase: Phase::Head(Instant::now()),
            multiplexed: false,
            wait: None,
            called: None,
            ended: None,
        })))
    }

    /// Nothing more is to be read until that is over. It holds for a connection whose requests come one by one.
    pub(super) fn pause(&self, wait: impl Future<Output = Option<Arc<Called>>> + Send + 'static) {
        let mut note = self.0.lock();
        if !note.multiplexed {
            note.wait = Some(Box::pin(wait));
        }
    }

    /// Whether reading may go on, and whether it does so just now.
    fn poll_resume(&self, context: &mut Context<'_>) -> Poll<bool> {
        let mut note = self.0.lock();
        let Some(wait) = &mut note.wait else {
            return Poll::Ready(false);
        };
        note.called = ready!(wait.as_mut().poll(context));
        note.wait = None;
        Poll::Ready(true)
    }

    /// There is nothing to read for which it could be called.
    fn silent(&self) {
        let called = self.0.lock().called.take();
        drop(called);
    }

    /// A request is under way for as long as this lives; and what it may claim.
    pub(super) fn begin(self: &Arc<Self>, version: Version) -> (InHand, Option<Claim>) {
        let mut note = self.0.lock();
        note.multiplexed = version == Version::HTTP_2;
        let claim = note.claim();
        note.phase = match note.phase {
            Phase::Busy(count) => Phase::Busy(count + 1),
            Phase::Head(_) | Phase::Idle(_) => Phase::Busy(1),
        };
        (InHand(Arc::clone(self)), claim)
    }

    fn end(&self) {
        let mut note = self.0.lock();
        note.phase = match note.phase {
            Phase::Busy(count) if count > 1 => Phase::Busy(count - 1),
            Phase::Busy(_) | Phase::Head(_) | Phase::Idle(_) => {
                let now = Instant::now();
                note.ended = Some(now);
                Phase::Idle(now)
            }
        };
    }

    /// Bytes came: out of idleness, they begin a head.
    fn heard(&self) {
        let mut note = self.0.lock();
        if !note.multiplexed && matches!(note.phase, Phase::Idle(_)) {
            note.phase = Phase::Head(Instant::now());
        }
    }

    /// Bytes went: the client takes its answer.
    fn said(&self) {
        let mut note = self.0.lock();
        if !note.multiplexed && matches!(note.phase, Phase::Idle(_)) {
            note.phase = Phase::Idle(Instant::now());
        }
    }

    /// Waits until the time for a head, or that for doing nothing, is over.
    pub(super) async fn overdue(&self, head: Duration, idle: Duration) -> Overdue {
        // What begins while this sleeps cannot be due before it wakes.
        let nap = head.min(idle);
        loop {
            let now = Instant::now();
            let (due, what) = match self.0.lock().phase {
                Phase::Head(since) => (since + head, Overdue::Head),
                Phase::Idle(since) => (since + idle, Overdue::Idle),
                Phase::Busy(_) => (now + nap, Overdue::Idle),
            };
            if due <= now {
                return what;
            }
            tokio::time::sleep_until(due.min(now + nap).into()).await;
        }
    }
}

/// A request under way on a connection.
pub(super) struct InHand(Arc<Watch>);

impl Drop for InHand {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// A stream whose bytes are noted as they come and go.
pub(super) struct Watched<S> {
    pub(super) stream: S,
    pub(super) watch: Arc<Watch>,
}

impl<S> Watched<S> {
    fn wrote(&self, result: io::Result<usize>) -> Poll<io::Result<usize>> {
        self.watch.said();
        Poll::Ready(result)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let resumed = ready!(self.watch.poll_resume(context));
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if resumed && read.is_pending() {
            self.watch.silent();
        }
        ready!(read)?;
        if buffer.filled().len() > before {
            self.watch.heard();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = ready!(Pin::new(&mut self.stream).poll_write(context, bytes));
        self.wrote(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = ready!(Pin::new(&mut self.stream).poll_write_vectored(context, bytes));
        self.wrote(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    const SHORT: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(600);

    #[tokio::test]
    async fn a_first_head_and_idleness_run_out_of_their_own_time() {
        let watch = Watch::new();
        assert_eq!(watch.overdue(SHORT, LONG).await, Overdue::Head);
        drop(watch.begin(Version::HTTP_11).0);
        assert_eq!(watch.overdue(LONG, SHORT).await, Overdue::Idle);
    }

    #[tokio::test]
    async fn a_request_under_way_is_never_overdue() {
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

    #[tokio::test]
    async fn a_byte_out_of_idleness_begins_a_head_but_for_http_2() {
        for (version, overdue) in [
            (Version::HTTP_11, Overdue::Head),
            (Version::HTTP_2, Overdue::Idle),
        ] {
            let (mut client, stream) = duplex(64);
            let watch = Watch::new();
            let mut watched = Watched {
                stream,
                watch: Arc::clone(&watch),
            };
            drop(watch.begin(version).0);
            client.write_all(b"G").await.unwrap();
            assert_eq!(watched.read_u8().await.unwrap(), b'G');
            let (head, idle) = match overdue {
                Overdue::Head => (SHORT, LONG),
                Overdue::Idle => (LONG, SHORT),
            };
            assert_eq!(watch.overdue(head, idle).await, overdue);
        }
    }

    #[tokio::test]
    async fn a_paused_connection_reads_on_when_the_pause_is_over() {
        let (mut client, stream) = duplex(64);
        let watch = Watch::new();
        let mut watched = Watched {
            stream,
            watch: Arc::clone(&watch),
        };
        let (end, over) = tokio::sync::oneshot::channel::<()>();
        watch.pause(async { over.await.ok().and(None) });
        client.write_all(b"G").await.unwrap();
        let early = tokio::time::timeout(SHORT, watched.read_u8()).await;
        assert!(early.is_err());
        drop(end);
        assert_eq!(watched.read_u8().await.unwrap(), b'G');
    }

    #[test]
    fn a_connection_is_quiet_at_first_and_after_a_while() {
        let watch = Watch::new();
        let (first, claim) = watch.begin(Version::HTTP_11);
        assert!(matches!(claim, Some(Claim::Quiet)));
        drop(first);
        watch.heard();
        let (second, claim) = watch.begin(Version::HTTP_11);
        assert!(claim.is_none());
        drop(second);
        watch.0.lock().ended = Instant::now().checked_sub(QUIET);
        watch.heard();
        assert!(matches!(
            watch.begin(Version::HTTP_11).1,
            Some(Claim::Quiet)
        ));
    }
}
