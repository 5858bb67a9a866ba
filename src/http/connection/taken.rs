//! The body of an answer as its connection sees it: its request is in progress until the client has taken it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, SizeHint};

use super::watch::InProgress;

/// A body that reports its progress to the [`Watch`](super::Watch) of its connection.
pub(in crate::http) struct Taken {
    body: Body,
    request: InProgress,
}

impl Taken {
    /// Returns the body of the answer to a request.
    pub(in crate::http) fn new(body: Body, request: InProgress) -> Self {
        request.answers();
        Self { body, request }
    }
}

impl HttpBody for Taken {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if !self.body.is_end_stream() {
            self.request.moves();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
