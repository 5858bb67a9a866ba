//! Discards unread bodies. A client that is still sending when the connection closes may never read its answer.

use std::time::Duration;

use axum::body::Body;

use super::next::next;

/// Maximum number of bytes that are discarded of one body.
const UNWANTED_BYTES: usize = 64 << 20;
/// Maximum time for which a body is discarded.
const UNWANTED_TIME: Duration = Duration::from_millis(500);
/// Maximum time for which a body is discarded before the answer is sent. Most bodies have arrived by then, and need no task.
const UNWANTED_AT_ONCE: Duration = Duration::from_millis(2);

/// Reads and discards the rest of a body, within bounds: for a short time before the function returns, then in a task of its own
/// while the answer is sent. Returns `true` if the task was not needed.
pub(in crate::http) async fn discard(mut body: Body) -> bool {
    let at_once = tokio::time::timeout(UNWANTED_AT_ONCE, rest(&mut body)).await;
    if at_once.is_err() {
        tokio::spawn(async move {
            // A body that takes longer is abandoned.
            let _ = tokio::time::timeout(UNWANTED_TIME, rest(&mut body)).await;
        });
    }
    at_once.is_ok()
}

async fn rest(body: &mut Body) {
    let mut left = UNWANTED_BYTES;
    while let Ok(Some(chunk)) = next(body).await {
        match left.checked_sub(chunk.len()) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}
