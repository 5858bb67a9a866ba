//! The only crossing from async tasks to the workers: CPU-heavy work runs on rayon's threads, and the task waits without blocking.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use tokio::sync::oneshot;

use super::Engine;

impl Engine {
    /// Runs work on the workers. If the caller stops waiting, work that has not begun is dropped.
    ///
    /// # Panics
    /// If the work panics, the panic continues in the caller, whose request it then ends.
    pub async fn on_workers<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        let (done, wait) = oneshot::channel();
        rayon::spawn(move || {
            if done.is_closed() {
                return;
            }
            let result = catch_unwind(AssertUnwindSafe(work));
            let _nobody_waits = done.send(result);
        });
        match wait.await {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => resume_unwind(panic),
            Err(_) => resume_unwind(Box::new("the work was lost")),
        }
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
        assert_eq!(pollster::block_on(engine.on_workers(|| 7)), 7);
        let work = || assert!(std::hint::black_box(false), "on purpose");
        let caller = || pollster::block_on(engine.on_workers(work));
        assert!(catch_unwind(AssertUnwindSafe(caller)).is_err());
    }
}
