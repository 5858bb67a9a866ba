//! The start of an engine and of its background work.

use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use rayon::ThreadPoolBuilder;

use super::enrolments::Enrolments;
use super::lock::Lock;
use super::market::Markets;
use super::numbers::Numbers;
use super::pages::Pages;
use super::placements::Placements;
use super::rebuilder::Rebuilder;
use super::report::Visitors;
use super::sizes::Sizes;
use super::{
    Engine, Stored, edits, gather, logging, market, placed, rebuild, selecting, store, trials,
};
use crate::clock::{Clock, ClockMode};
use crate::config::Live;
use crate::telemetry::Telemetry;
use crate::threads::Threads;

impl Engine {
    /// Starts an engine on stored facts. Its first standings are built in the background at once.
    #[must_use]
    pub fn start(live: Arc<Live>, clock: Clock, telemetry: Telemetry, stored: Stored) -> Arc<Self> {
        let generation = live.load();
        let mut facts = stored.facts;
        facts.latest.into_iter().for_each(|at| clock.observe(at));
        facts.judging = Some(clock.mode());
        facts.follow(&generation.config);
        let (rebuilder, requests) = Rebuilder::new();
        let engine = Arc::new(Self {
            facts: Lock::new(facts),
            kept: stored.kept,
            standings: ArcSwap::from_pointee(gather::empty(&generation.config)),
            markets: Markets::default(),
            live,
            clock,
            rebuilder,
            rejected: Mutex::new(None),
            deleting: Mutex::new(()),
            sweeping: Mutex::new(()),
            selecting: Mutex::new(()),
            deriving: Mutex::new(()),
            splitters: ThreadPoolBuilder::new().build().ok(),
            sizes: Sizes::default(),
            numbers: Numbers::default(),
            pages: Pages::default(),
            visitors: Visitors::default(),
            placements: Placements::default(),
            enrolments: Enrolments::default(),
            decisions: stored.decisions,
            telemetry,
            threads: stored.threads,
        });
        rebuild::run(&engine, requests);
        selecting::run(&engine);
        market::run(&engine);
        store::run(&engine);
        placed::run(&engine);
        edits::run(&engine);
        trials::run(&engine);
        logging::run(&engine);
        engine
    }

    /// Starts an empty engine on the wall clock, in memory only; for tests and benches.
    #[must_use]
    pub fn in_memory(live: Arc<Live>) -> Arc<Self> {
        let stored = Stored::in_memory(&live.load().config, &Threads::default());
        let clock = Clock::new(ClockMode::Wall);
        Self::start(live, clock, Telemetry::default(), stored)
    }
}
