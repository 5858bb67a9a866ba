//! The only crossing from async tasks to the workers: CPU-heavy work runs on rayon's threads, and the task waits without blocking.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::oneshot;

use super::Engine;

impl Engine {
    /// Runs work on the workers; returns `None` if it panicked. It runs to the end even if the caller stops waiting.
    pub async fn on_workers<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (done, wait) = oneshot::channel();
        rayon::spawn(move || {
            let result = catch_unwind(AssertUnwindSafe(work));
            let _nobody_waits = done.send(result.ok());
        });
        wait.await.ok().flatten()
    }
}
