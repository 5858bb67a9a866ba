//! The body of an answer, handed out in pieces. Its bytes count until the last piece is taken.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, SizeHint};

use super::admission::AnswerBytes;

/// Bytes of a piece. hyper holds one for each HTTP/2 stream.
const PIECE: usize = 32 << 10;

/// The content of an answer.
pub(super) enum Content {
    /// Bytes of this answer alone, which are counted.
    Own(Bytes),
    /// A stream, or bytes that all answers share.
    Other(Body),
}

impl Content {
    /// Returns the number of bytes to count.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Own(bytes) => bytes.len(),
            Self::Other(_) => 0,
        }
    }

    /// Returns the body, whose bytes are counted by `held`.
    pub(super) fn body(self, held: AnswerBytes) -> Body {
        match self {
            Self::Own(bytes) => Body::new(Held {
                is_cut: false,
                rest: bytes,
                _until_taken: held,
            }),
            Self::Other(body) => body,
        }
    }
}

/// Bytes that are counted until they are taken.
struct Held {
    /// Set once a piece was cut off.
    is_cut: bool,
    rest: Bytes,
    _until_taken: AnswerBytes,
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let size = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(size);
        let is_last = self.rest.is_empty();
        // The last piece outlives the count, so it must not hold the memory of the whole.
        let piece = if is_last && self.is_cut {
            Bytes::copy_from_slice(&piece)
        } else {
            piece
        };
        self.is_cut = true;
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
