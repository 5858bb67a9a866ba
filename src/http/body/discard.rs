//! Bodies that are read only so that the client gets to read the answer.

use std::time::Duration;

use axum::body::Body;

use super::next::next;

/// Maximum number of bytes read and discarded of an unwanted body, so that the client gets to read the answer.
const UNWANTED_BYTES: usize = 64 << 20;
/// Maximum time for which an unwanted body is read.
const UNWANTED_TIME: Duration = Duration::from_millis(500);
/// Time for which it is read before the answer is sent. Usually it is there already, and needs no task of its own.
const UNWANTED_AT_ONCE: Duration = Duration::from_millis(2);

/// Reads and discards an unwanted body, within bounds, while the answer is sent: a client that is still sending would otherwise
/// miss it. Returns `true` if the body ended at once.
pub(in crate::http) async fn discard(mut body: Body) -> bool {
    let at_once = tokio::time::timeout(UNWANTED_AT_ONCE, rest(&mut body)).await;
    if at_once.is_err() {
        tokio::spawn(async move {
            // The result does not matter: after that time the rest is not read.
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
