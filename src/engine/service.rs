//! The engine: its parts, and access to the state that all of its work reads.

use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use rayon::ThreadPool;

use super::enrolments::Enrolments;
use super::lock::Lock;
use super::market::Markets;
use super::numbers::Numbers;
use super::pages::Pages;
use super::placements::Placements;
use super::rebuilder::Rebuilder;
use super::report::Visitors;
use super::sizes::Sizes;
use super::store::Kept;
use crate::clock::{Clock, Day, Time};
use crate::config::{Config, Generation, Live};
use crate::decision::Decisions;
use crate::ingest::Facts;
use crate::race::Standings;
use crate::telemetry::Telemetry;
use crate::threads::Threads;

/// The service without HTTP.
#[derive(Debug)]
pub struct Engine {
    pub(super) live: Arc<Live>,
    pub(super) clock: Clock,
    pub(super) facts: Lock<Facts>,
    pub(super) standings: ArcSwap<Standings>,
    pub(super) markets: Markets,
    pub(super) rebuilder: Rebuilder,
    /// The journal and the checkpoints; `None` if facts are kept in memory only.
    pub(super) kept: Option<Kept>,
    /// Why the changed configuration file was rejected; `None` if the file is the live one, under the overrides.
    pub(super) rejected: Mutex<Option<String>>,
    /// Held during a deletion: one at a time, and no checkpoint in the middle of one.
    pub(super) deleting: Mutex<()>,
    /// Held during a sweep of unused names: one at a time.
    pub(super) sweeping: Mutex<()>,
    /// Held during a walk that judges items for selections: one at a time.
    pub(super) selecting: Mutex<()>,
    /// Held while a slice of items is derived: one at a time.
    pub(super) deriving: Mutex<()>,
    /// Threads among which large requests are split; `None` if they could not be started.
    pub(super) splitters: Option<ThreadPool>,
    pub(super) sizes: Sizes,
    pub(super) numbers: Numbers,
    pub(super) pages: Pages,
    /// The visitors that the last report counted.
    pub(super) visitors: Visitors,
    /// Places of answers that are not counted yet.
    pub(super) placements: Placements,
    /// The decision log.
    pub(super) decisions: Decisions,
    /// Users who were answered under arms of experiments.
    pub(super) enrolments: Enrolments,
    pub(super) telemetry: Telemetry,
    pub(super) threads: Threads,
}

impl Engine {
    /// Returns the live configuration with its generation.
    #[must_use]
    pub fn generation(&self) -> Arc<Generation> {
        self.live.load()
    }

    /// Returns the metrics.
    #[must_use]
    pub fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }

    /// Returns the long-lived threads.
    #[must_use]
    pub fn threads(&self) -> &Threads {
        &self.threads
    }

    /// Returns the clock; tests move it.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Returns whether the first standings are built, and the first snapshot of the market.
    #[must_use]
    pub fn ready(&self) -> bool {
        self.standings.load().number > 0 && self.markets.live.load().number > 0
    }

    /// Returns why decisions are not written although there is a data directory, in words.
    #[must_use]
    pub fn decisions_reason(&self) -> Option<String> {
        let fault = self.decisions.fault()?;
        Some(format!(
            "decisions are not written, but dropped: {fault}; put the file back from a back-up, and restart"
        ))
    }

    /// Returns the instant that ranking reads: the clock, rounded down to the time step.
    pub(super) fn as_of(&self, config: &Config) -> Time {
        self.clock.now().floor(config.clock.time_step)
    }

    /// Returns the last complete day.
    pub(super) fn last_complete(&self, config: &Config) -> Day {
        self.clock.now().day(config.race.utc_offset).plus(-1)
    }

    /// Rebuilds the standings now. Returns the number of the standings that are live afterwards, `None` if the rebuild panicked.
    pub async fn rebuild(&self) -> Option<u64> {
        let built = self.rebuilder.request().await;
        built.then(|| self.standings.load().number)
    }
}
