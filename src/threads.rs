//! The long-lived threads of a service, each under supervision.
//!
//! A thread works in rounds: one look at a file, one checkpoint, one rebuild. A round that panics is counted and logged, and the next one
//! follows after a pause that doubles from failure to failure. Until a round succeeds, the thread is listed as failing. So no function of
//! the service stops silently; a thread that merely ran would end at its first panic, and nobody would know.

use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use parking_lot::Mutex;

/// Pause after the first failure.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// Maximum pause after a failure.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The threads of a service.
#[derive(Clone, Debug, Default)]
pub struct Threads(Arc<Mutex<BTreeMap<&'static str, State>>>);

/// State of a thread.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    failures: u64,
    /// `true` from a failure to the next round that succeeds.
    failing: bool,
}

impl Threads {
    /// Starts a thread that runs `round` again and again, until it breaks. After a panic the next round follows with the state as the
    /// panic left it, so a round must begin work that it did not finish anew.
    ///
    /// # Errors
    /// The thread cannot be started; it is then listed as failing.
    pub fn start(
        &self,
        name: &'static str,
        mut round: impl FnMut() -> ControlFlow<()> + Send + 'static,
    ) -> io::Result<JoinHandle<()>> {
        self.0.lock().entry(name).or_default();
        let threads = self.clone();
        let thread = thread::Builder::new().name(name.to_owned());
        let started = thread.spawn(move || {
            let mut pause = FIRST_PAUSE;
            loop {
                match catch_unwind(AssertUnwindSafe(&mut round)) {
                    Ok(ControlFlow::Break(())) => return,
                    Ok(ControlFlow::Continue(())) if pause == FIRST_PAUSE => {}
                    Ok(ControlFlow::Continue(())) => {
                        pause = FIRST_PAUSE;
                        threads.recovered(name);
                    }
                    Err(_) => {
                        threads.failed(name);
                        thread::sleep(pause);
                        pause = (pause * 2).min(LONGEST_PAUSE);
                    }
                }
            }
        });
        if started.is_err() {
            self.failed(name);
        }
        started
    }

    /// Returns the threads whose last round failed.
    #[must_use]
    pub fn failing(&self) -> Vec<&'static str> {
        let threads = self.0.lock();
        let failing = threads.iter().filter(|(_, state)| state.failing);
        failing.map(|(name, _)| *name).collect()
    }

    /// Passes the name of each thread and the number of its failures.
    pub fn failures(&self, mut report: impl FnMut(&'static str, u64)) {
        for (name, state) in self.0.lock().iter() {
            report(name, state.failures);
        }
    }

    fn failed(&self, name: &'static str) {
        if let Some(state) = self.0.lock().get_mut(name) {
            state.failures += 1;
            state.failing = true;
        }
        tracing::error!("the thread \"{name}\" failed");
    }

    fn recovered(&self, name: &'static str) {
        if let Some(state) = self.0.lock().get_mut(name) {
            state.failing = false;
        }
        tracing::info!("the thread \"{name}\" works again");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_panic_is_counted_and_the_work_repeated() {
        let threads = Threads::default();
        let (rounds, awaited) = channel();
        let mut number = 0;
        let seen = threads.clone();
        let thread = threads.start("test", move || {
            number += 1;
            assert!(number > 3, "on purpose");
            rounds.send(seen.failing()).unwrap();
            if number < 5 {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
        assert_eq!(awaited.recv().unwrap(), ["test"], "until a round succeeds");
        assert!(awaited.recv().unwrap().is_empty());
        thread.unwrap().join().unwrap();
        let mut failures = Vec::new();
        threads.failures(|name, count| failures.push((name, count)));
        assert_eq!(failures, [("test", 3)]);
    }
}
