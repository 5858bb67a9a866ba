//! The visitors that were counted last, kept for the next reports on the same standings.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::id::RunnerKey;

/// The visitors by runner for one number of standings: of the last window, and of the one before.
#[derive(Debug)]
pub(super) struct OfStandings {
    number: u64,
    of: HashMap<RunnerKey, [u64; 2]>,
}

impl OfStandings {
    /// Returns the visitors of a runner.
    pub(super) fn of(&self, runner: Option<RunnerKey>) -> [u64; 2] {
        let found = runner.and_then(|runner| self.of.get(&runner));
        found.copied().unwrap_or_default()
    }
}

/// The visitors that were counted last. They are counted when a report asks for them, never by a rebuild.
#[derive(Debug, Default)]
pub(in crate::engine) struct Visitors(Mutex<Option<Arc<OfStandings>>>);

impl Visitors {
    /// Returns the visitors for the standings with a number, which are counted by `count` if they are not those that are kept.
    pub(super) fn get(
        &self,
        number: u64,
        count: impl FnOnce() -> HashMap<RunnerKey, [u64; 2]>,
    ) -> Arc<OfStandings> {
        let mut kept = self.0.lock();
        if let Some(known) = kept.as_ref().filter(|it| it.number == number) {
            return Arc::clone(known);
        }
        let of = count();
        Arc::clone(kept.insert(Arc::new(OfStandings { number, of })))
    }
}
