//! A stream that reports its activity to the [`Watch`] of its connection.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::watch::Watch;

/// A stream that reports received and sent bytes to its [`Watch`].
pub(in crate::http) struct Watched<S> {
    pub(in crate::http) stream: S,
    pub(in crate::http) watch: Arc<Watch>,
}

impl<S> Watched<S> {
    fn wrote(&self, result: io::Result<usize>) -> Poll<io::Result<usize>> {
        self.watch.sent(*result.as_ref().unwrap_or(&0));
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
            self.watch.pass_on();
        }
        ready!(read)?;
        if buffer.filled().len() > before {
            self.watch.received();
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
    use std::time::Duration;

    use axum::http::Version;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::super::{Overdue, Patience};
    use super::*;

    const SHORT: Duration = Duration::from_millis(20);
    const LONG: Duration = Patience::LONG.idle;

    #[tokio::test]
    async fn a_byte_after_idleness_begins_a_head() {
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
                Overdue::Idle | Overdue::Answer => (LONG, SHORT),
            };
            let patience = Patience {
                head,
                idle,
                ..Patience::LONG
            };
            assert_eq!(watch.overdue(patience).await, overdue);
        }
    }

    #[tokio::test]
    async fn a_paused_connection_reads_after_the_pause() {
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
}
