//! Requests for a rebuild of the standings.

use std::sync::mpsc::{Receiver, Sender, channel};

use parking_lot::Mutex;
use tokio::sync::oneshot;

/// A caller that waits for a rebuild.
pub(super) type Request = oneshot::Sender<()>;

/// Accepts requests for a rebuild.
#[derive(Debug)]
pub struct Rebuilder {
    requests: Mutex<Sender<Request>>,
}

impl Rebuilder {
    pub(super) fn new() -> (Self, Receiver<Request>) {
        let (send, receive) = channel();
        (
            Self {
                requests: Mutex::new(send),
            },
            receive,
        )
    }

    /// Requests a rebuild that begins after this call, and waits until its standings are live. Returns `false` if it failed.
    pub(super) async fn request(&self) -> bool {
        let (done, wait) = oneshot::channel();
        let requested = self.requests.lock().send(done).is_ok();
        requested && wait.await.is_ok()
    }
}
