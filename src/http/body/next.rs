//! The data frames of a body.

use std::future::poll_fn;
use std::pin::Pin;

use axum::body::{Body, Bytes, HttpBody};

/// Returns the next bytes of a body, `None` at its end.
pub(super) async fn next(body: &mut Body) -> Result<Option<Bytes>, axum::Error> {
    loop {
        let frame = poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await;
        match frame.transpose()?.map(|frame| frame.into_data()) {
            None => return Ok(None),
            Some(Ok(bytes)) => return Ok(Some(bytes)),
            Some(Err(_trailers)) => {}
        }
    }
}
