//! Rebuilds of the standings: one background thread builds them and swaps them in as a whole.
//!
//! The thread rebuilds on request, and ten times a second checks whether a day ended or the race's inputs or the configuration changed.
//! Rebuilds that follow changes are at least `race.interval` apart and use at most a quarter of one core: after each, the next one waits
//! at least three times as long as it took.

use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::Engine;
use super::rebuilder::Request;
use super::sweep::Bare;
use crate::allocator;
use crate::clock::{Day, Time};
use crate::objective::Objective;
use crate::race::Standings;

/// Interval between checks for changes.
const LOOK: Duration = Duration::from_millis(100);
/// Minimum pause before the next rebuild, in durations of the last one.
const REST: u32 = 3;

/// The versions of everything that the live standings were built from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Basis {
    declared: u64,
    sold: u64,
    generation: u64,
    last_complete: Day,
    /// The instant of the evidence of appeal or of the trends, if a scene weighs them: nothing else tells that there is more of it.
    news: Option<Time>,
}

/// Starts the thread; it ends when the engine is dropped.
pub(super) fn run(engine: &Arc<Engine>, requests: Receiver<Request>) {
    let threads = engine.threads.clone();
    let mut watch = Watch {
        engine: Arc::downgrade(engine),
        requests,
        built: None,
        next: Instant::now(),
    };
    let _listed_as_failing = threads.start("rebuild", move || watch.round());
}

/// State of the thread.
struct Watch {
    engine: Weak<Engine>,
    requests: Receiver<Request>,
    /// The basis of the live standings; `None` before the first, and after a rebuild that panicked.
    built: Option<Basis>,
    /// The earliest instant of the next rebuild that nobody asked for.
    next: Instant,
}

impl Watch {
    /// Looks for changes and requests, and rebuilds if there are any.
    fn round(&mut self) -> ControlFlow<()> {
        let mut waiting = Vec::new();
        if self.built.is_some() {
            match self.requests.recv_timeout(LOOK) {
                Ok(request) => waiting.push(request),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return ControlFlow::Break(()),
            }
        }
        waiting.extend(self.requests.try_iter());
        let Some(engine) = self.engine.upgrade() else {
            return ControlFlow::Break(());
        };
        engine.evict_idle();
        engine.widen_tables();
        let basis = engine.basis();
        let generation = engine.generation();
        let is_due = || engine.facts.read().sweep_is_due(&generation.config);
        let is_changed = self.built != Some(basis) || is_due();
        if waiting.is_empty() && (!is_changed || Instant::now() < self.next) {
            return ControlFlow::Continue(());
        }
        let started = Instant::now();
        self.built = None;
        if !waiting.is_empty() || is_due() {
            engine.sweep(Bare::of(&generation.config));
        }
        let basis = engine.basis();
        engine.build(basis.last_complete);
        self.built = Some(basis);
        let rest = engine
            .generation()
            .config
            .race
            .interval
            .max(started.elapsed() * REST);
        self.next = started + started.elapsed() + rest;
        waiting.into_iter().for_each(|request| {
            let _nobody_waits = request.send(());
        });
        ControlFlow::Continue(())
    }
}

impl Engine {
    fn basis(&self) -> Basis {
        let generation = self.generation();
        let last_complete = self.last_complete(&generation.config);
        let config = &generation.config;
        let weighs_news = config.weighs_appeal() || config.objectives.has(Objective::ItemTrend);
        let news = weighs_news.then(|| self.as_of(config));
        let facts = self.facts.read();
        Basis {
            declared: facts.revision,
            sold: facts.books.sales.last_change(last_complete),
            generation: generation.number,
            last_complete,
            news,
        }
    }

    /// Prepares wider tables of tags before the live standings need them.
    fn widen_tables(&self) {
        let tags = self.facts.read().books.tags.len();
        let standings = self.standings.load();
        standings.idf.widen(tags, rayon::current_num_threads());
    }

    /// Builds standings and swaps them in, then releases the rows of the entities that they no longer contain.
    fn build(&self, last_complete: Day) {
        let started = Instant::now();
        let number = self.standings.load().number + 1;
        let retired = self.facts.read().retired();
        self.derive();
        let inputs = self.gather(number, last_complete);
        let standings = Standings::build(inputs);
        let threads = rayon::current_num_threads();
        standings.idf.prepare(&self.standings.load().idf, threads);
        self.observe_days(&standings);
        self.standings.store(Arc::new(standings));
        self.reselect();
        // Their rows may be used again after this.
        self.apply_placed();
        self.release(retired);
        self.observe_rebuild(number, started.elapsed());
        allocator::give_back();
    }
}
