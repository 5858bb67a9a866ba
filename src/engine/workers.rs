//! The only crossings from async tasks to threads that may work for long: the task waits without blocking.
//!
//! The work learns from a [`Wanted`] when its caller has stopped waiting, because the client is gone or its time has run out.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Weak};

use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use super::Engine;

/// Tells whether the caller of some work still waits for it. Long work checks it before each part.
#[derive(Clone, Debug)]
pub struct Wanted(Weak<()>);

/// The caller has stopped waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nobody waits for the answer any more")]
pub struct Unwanted;

impl Wanted {
    /// Checks that the caller still waits.
    ///
    /// # Errors
    /// It does not.
    pub fn check(&self) -> Result<(), Unwanted> {
        match self.0.strong_count() {
            0 => Err(Unwanted),
            _ => Ok(()),
        }
    }
}

impl Engine {
    /// Runs CPU-heavy work on the workers, which are rayon's threads.
    ///
    /// If the caller stops waiting, work that has not begun is dropped, and work that has begun ends at its next check.
    ///
    /// # Panics
    /// If the work panics, the panic continues in the caller, whose request it then ends.
    pub async fn on_workers<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Wanted) -> T + Send + 'static,
    ) -> T {
        awaited(work, rayon::spawn).await
    }

    /// Runs work on a thread of its own, so that it never waits for the workers. Otherwise as [`Self::on_workers`].
    ///
    /// # Panics
    /// As [`Self::on_workers`].
    pub async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Wanted) -> T + Send + 'static,
    ) -> T {
        awaited(work, |job| drop(spawn_blocking(job))).await
    }
}

/// Passes work to `start`, which runs it on another thread, and waits for its result.
async fn awaited<T: Send + 'static>(
    work: impl FnOnce(&Wanted) -> T + Send + 'static,
    start: impl FnOnce(Box<dyn FnOnce() + Send>),
) -> T {
    let caller = Arc::new(());
    let wanted = Wanted(Arc::downgrade(&caller));
    let (done, wait) = oneshot::channel();
    start(Box::new(move || {
        if wanted.check().is_ok() {
            let result = catch_unwind(AssertUnwindSafe(|| work(&wanted)));
            let _nobody_waits = done.send(result);
        }
    }));
    let result = wait.await;
    drop(caller);
    match result {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => resume_unwind(panic),
        Err(_) => resume_unwind(Box::new("the work was lost")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Live};
    use std::sync::Arc;

    #[test]
    fn a_panic_of_work_reaches_the_caller() {
        let engine = Engine::in_memory(Arc::new(Live::new(Config::embedded())));
        assert_eq!(pollster::block_on(engine.on_workers(|_| 7)), 7);
        let work = |_: &Wanted| assert!(std::hint::black_box(false), "on purpose");
        let caller = || pollster::block_on(engine.on_workers(work));
        assert!(catch_unwind(AssertUnwindSafe(caller)).is_err());
    }

    #[tokio::test]
    async fn work_learns_that_its_caller_left() {
        let engine = Engine::in_memory(Arc::new(Live::new(Config::embedded())));
        let (began, begun) = oneshot::channel();
        let (ended, end) = oneshot::channel();
        let work = move |wanted: &Wanted| {
            began.send(wanted.check()).unwrap();
            while wanted.check().is_ok() {
                std::thread::yield_now();
            }
            ended.send(()).unwrap();
        };
        tokio::select! {
            () = engine.on_workers(work) => unreachable!("the caller still waits"),
            first = begun => assert_eq!(first, Ok(Ok(()))),
        }
        end.await.unwrap();
    }
}
