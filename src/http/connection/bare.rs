//! Bodies for the answers that hyper writes by itself, to a head that it cannot read: 400, 414 and 431 without a body.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream that replaces the answers of hyper itself. `answer` returns the whole answer of a status.
pub(in crate::http) struct Explained<S, A> {
    stream: S,
    answer: A,
    replaced: Option<Replaced>,
}

/// An answer that is written in place of another one.
struct Replaced {
    answer: Vec<u8>,
    written: usize,
    /// Length of the other one.
    length: usize,
}

impl<S, A> Explained<S, A> {
    pub(in crate::http) fn new(stream: S, answer: A) -> Self {
        Self {
            stream,
            answer,
            replaced: None,
        }
    }
}

/// Returns the status of an answer that hyper wrote by itself. Every other answer has a request id, and a body from 400 up.
fn bare(bytes: &[u8]) -> Option<u16> {
    let rest = bytes.strip_prefix(b"HTTP/1.1 4")?;
    let has = |text: &[u8]| memchr::memmem::find(rest, text).is_some();
    let status = match rest.get(..2)? {
        b"00" => 400,
        b"14" => 414,
        b"31" => 431,
        _ => return None,
    };
    (has(b"content-length: 0\r\n") && !has(b"x-request-id")).then_some(status)
}

impl<S: AsyncWrite + Unpin, A: Fn(u16) -> Vec<u8> + Unpin> Explained<S, A> {
    /// Writes the answer in place of `bytes`, if they are one of hyper's. Returns `None` if not.
    fn poll_replace(
        &mut self,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Option<Poll<io::Result<usize>>> {
        if self.replaced.is_none() {
            let answer = (self.answer)(bare(bytes)?);
            self.replaced = Some(Replaced {
                answer,
                written: 0,
                length: bytes.len(),
            });
        }
        let own = self.replaced.as_mut()?;
        while own.written < own.answer.len() {
            let rest = &own.answer[own.written..];
            match Pin::new(&mut self.stream).poll_write(context, rest) {
                Poll::Ready(Ok(0)) => {
                    return Some(Poll::Ready(Err(io::ErrorKind::WriteZero.into())));
                }
                Poll::Ready(Ok(written)) => own.written += written,
                stopped @ (Poll::Ready(Err(_)) | Poll::Pending) => return Some(stopped),
            }
        }
        let length = own.length;
        self.replaced = None;
        Some(Poll::Ready(Ok(length)))
    }
}

impl<S: AsyncRead + Unpin, A: Unpin> AsyncRead for Explained<S, A> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin, A: Fn(u16) -> Vec<u8> + Unpin> AsyncWrite for Explained<S, A> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.poll_replace(context, bytes) {
            Some(replaced) => replaced,
            None => Pin::new(&mut self.stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = bytes.first().map_or(&[][..], |first| first);
        match self.poll_replace(context, first) {
            Some(replaced) => replaced,
            None => Pin::new(&mut self.stream).poll_write_vectored(context, bytes),
        }
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
