//! The composition root: configuration, clock, facts and standings put together into one service without a wire.
//!
//! One writer at a time changes the facts, under a lock held for a slice of lines; readers take a read guard, the live generation, the
//! live standings and one `as_of`. Nothing on the read path waits for a rebuild, a reload or a disk.

mod gather;
mod observe;
mod rebuild;
mod show;
mod store;
mod workers;

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use parking_lot::{Mutex, RwLock};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::clock::{Clock, ClockMode, Day, Deadline, Time};
use crate::config::{Config, Generation, Live};
use crate::ingest::{self, Fact, Facts, Moment, Record, Retired, Taken};
use crate::model::{Decision, Fault, RankRequest};
use crate::race::Standings;
use crate::rank::{self, Scratch, View};
use crate::telemetry::Telemetry;

use observe::Sizes;

pub use crate::ingest::{EntityKind, Fate, Operation, Rejected};
pub use crate::journal::{Broken, JournalError};
pub use crate::race::runner::NAMES as RACE_KINDS;
pub use rebuild::Rebuilder;
pub use show::RaceQuery;
pub use store::{Learnt, Restoring, Stored, rebuild};

/// Items whose rows are walked under one hold of the lock.
const ITEMS_A_SLICE: usize = 16_384;
/// Users whose profiles are walked under one hold of the lock.
const USERS_A_SLICE: usize = 2_048;

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Why a request was not ranked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RankError {
    /// The request names something that the live configuration does not have.
    #[error("the request is not valid")]
    Invalid(Vec<Fault>),
    /// Its time ran out before scoring began.
    #[error("the time of the request ran out before scoring began")]
    Late,
}

/// The service without a wire.
#[derive(Debug)]
pub struct Engine {
    live: Arc<Live>,
    clock: Clock,
    facts: RwLock<Facts>,
    standings: ArcSwap<Standings>,
    rebuilder: Rebuilder,
    /// Where the facts are kept; `None`: in memory only.
    kept: Option<store::Kept>,
    deleting: Mutex<()>,
    /// Threads for long requests; `None` where they could not be started.
    splitters: Option<ThreadPool>,
    sizes: Sizes,
    telemetry: Telemetry,
}

impl Engine {
    /// An engine on stored facts; its first standings are built in the background at once.
    #[must_use]
    pub fn start(live: Arc<Live>, clock: Clock, telemetry: Telemetry, stored: Stored) -> Arc<Self> {
        let generation = live.load();
        stored
            .facts
            .latest
            .into_iter()
            .for_each(|at| clock.observe(at));
        let (rebuilder, requests) = Rebuilder::new();
        let engine = Arc::new(Self {
            facts: RwLock::new(stored.facts),
            kept: stored.kept,
            standings: ArcSwap::from_pointee(gather::nothing(&generation.config)),
            live,
            clock,
            rebuilder,
            deleting: Mutex::new(()),
            splitters: ThreadPoolBuilder::new().build().ok(),
            sizes: Sizes::default(),
            telemetry,
        });
        rebuild::run(&engine, requests);
        store::run(&engine);
        engine
    }

    /// An engine with nothing in it, in memory only, on the wall clock: for tests and benches.
    #[must_use]
    pub fn in_memory(live: Arc<Live>) -> Arc<Self> {
        let stored = Stored::in_memory(&live.load().config);
        let clock = Clock::new(ClockMode::Wall);
        Self::start(live, clock, Telemetry::default(), stored)
    }

    /// The live configuration with its number.
    #[must_use]
    pub fn generation(&self) -> Arc<Generation> {
        self.live.load()
    }

    /// The metrics.
    #[must_use]
    pub fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }

    /// The clock, for tests that move it.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Whether the first standings are built.
    #[must_use]
    pub fn ready(&self) -> bool {
        self.standings.load().number > 0
    }

    /// The instant that ranking reads: the clock floored to the time step.
    fn as_of(&self, config: &Config) -> Time {
        self.clock.now().floor(config.clock.time_step)
    }

    /// The last day that is over.
    fn last_complete(&self, config: &Config) -> Day {
        self.clock.now().day(config.race.utc_offset).plus(-1)
    }

    /// Puts one user's candidates in order.
    ///
    /// # Errors
    /// [`RankError::Late`] where the time of the request, counted from `arrived`, ran out before scoring began;
    /// [`RankError::Invalid`] where its scene is not configured.
    pub fn rank<'r>(
        &self,
        request: &'r RankRequest<'_>,
        arrived: Instant,
    ) -> Result<Decision<'r>, RankError> {
        let generation = self.live.load();
        let config = &generation.config;
        let scene = config
            .scenes
            .get(request.scene())
            .ok_or_else(|| RankError::Invalid(vec![unknown_scene(request.scene())]))?;
        let timeout = request
            .timeout_ms
            .map_or(scene.timeout, Duration::from_millis);
        let facts = self.facts.read();
        if Deadline::after(arrived, timeout).passed() {
            return Err(RankError::Late);
        }
        let standings = self.standings.load();
        let as_of = self.as_of(config);
        let view = View {
            config,
            generation: generation.number,
            scene,
            standings: &standings,
            hasher: &facts.books.hasher,
            items: &facts.books.items,
            merchants: &facts.books.merchants,
            users: &facts.books.users,
            tags: &facts.books.tags,
            as_of,
            // A worker does not split: while it waits it would take up another request, under the same lock and on the same buffers.
            splitters: self
                .splitters
                .as_ref()
                .filter(|_| rayon::current_thread_index().is_none()),
        };
        let decision = SCRATCH.with_borrow_mut(|scratch| rank::rank(request, &view, scratch));
        drop(facts);
        self.observe_ranking(config, scene, &decision);
        Ok(decision)
    }

    /// Reads lines and applies what holds, in order; each line's fate in its place.
    ///
    /// The lines are read before the lock is taken, and all applied under one hold of it: give slices of some dozens. What was applied
    /// is durable only after [`Self::durable`].
    ///
    /// # Errors
    /// Where facts are to be made durable and cannot be; nothing of the lines may be acknowledged then.
    pub fn ingest(&self, operation: Operation, lines: &[&[u8]]) -> Result<Vec<Fate>, Broken> {
        self.check_journal()?;
        let generation = self.live.load();
        let vocabulary = &generation.config.vocabulary;
        let read: Vec<Result<Fact<'_>, Rejected>> = lines
            .iter()
            .map(|line| ingest::read(operation, line, vocabulary))
            .collect();
        let moment = Moment {
            config: &generation.config,
            wall: self.clock.wall(),
        };
        let mut facts = self.facts.write();
        let fates = facts.apply_all(read, &moment);
        if let Some(kept) = &self.kept
            && fates.contains(&Ok(Taken::Fresh))
        {
            let record = Record::Lines {
                operation,
                wall: moment.wall,
                lines: fresh(lines, &fates),
            };
            kept.append(&generation, &record)?;
        }
        // Under the lock: what sees these events sees their time too.
        facts
            .latest
            .into_iter()
            .for_each(|at| self.clock.observe(at));
        drop(facts);
        self.observe_facts(operation, &fates);
        Ok(fates)
    }

    /// Changes the facts as a whole, for a marketplace that is made and not told.
    pub fn fill(&self, change: impl FnOnce(&mut Facts, &Config)) {
        change(&mut self.facts.write(), &self.generation().config);
    }

    /// Deletes an entity and forgets what was learnt of it; whether there was one. Goes on to the end even if nobody waits for it.
    ///
    /// # Errors
    /// Where the deletion is to be made durable and cannot be.
    pub async fn delete(self: &Arc<Self>, kind: EntityKind, id: &str) -> Result<bool, Broken> {
        let (engine, id) = (Arc::clone(self), id.to_owned());
        let deleted = self.on_workers(move || engine.delete_now(kind, &id)).await;
        let deleted = deleted.unwrap_or(Ok(false))?;
        self.durable().await?;
        Ok(deleted)
    }

    fn delete_now(&self, kind: EntityKind, id: &str) -> Result<bool, Broken> {
        let _one_at_a_time = self.deleting.lock();
        self.check_journal()?;
        let Some(retired) = self.take_out(kind, id)? else {
            return Ok(false);
        };
        let (items, users) = {
            let facts = self.facts.read();
            (facts.books.items.rows(), facts.books.users.rows())
        };
        for start in (0..items).step_by(ITEMS_A_SLICE) {
            self.facts
                .write()
                .leave(retired, start..(start + ITEMS_A_SLICE).min(items));
        }
        for start in (0..users).step_by(USERS_A_SLICE) {
            self.facts
                .write()
                .forget(retired, start..(start + USERS_A_SLICE).min(users));
        }
        self.facts.write().retire(retired);
        Ok(true)
    }

    /// Takes an entity out and notes that in the journal.
    fn take_out(&self, kind: EntityKind, id: &str) -> Result<Option<Retired>, Broken> {
        let generation = self.live.load();
        let last_complete = self.last_complete(&generation.config);
        let mut facts = self.facts.write();
        let retired = facts.delete(kind, id, last_complete);
        if let (Some(kept), Some(_)) = (&self.kept, retired) {
            let record = Record::Deletion {
                kind,
                id,
                last_complete,
            };
            kept.append(&generation, &record)?;
        }
        Ok(retired)
    }

    /// Rebuilds the standings now; the number of those that are live afterwards.
    pub async fn rebuild(&self) -> u64 {
        self.rebuilder.request().await;
        self.standings.load().number
    }
}

/// The lines that were taken and were news.
fn fresh<'l>(lines: &[&'l [u8]], fates: &[Fate]) -> Vec<&'l str> {
    let taken = lines
        .iter()
        .zip(fates)
        .filter(|(_, fate)| **fate == Ok(Taken::Fresh));
    // What was read as JSON is UTF-8.
    taken
        .filter_map(|(line, _)| std::str::from_utf8(line).ok())
        .collect()
}

fn unknown_scene(name: &str) -> Fault {
    Fault::new("scene", format!("there is no scene \"{name}\""))
}
