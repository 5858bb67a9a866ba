//! Ingest: facts are read, applied under one hold of the lock, and appended to the journal in the same order.

use super::{Engine, Fate, Operation, Rejected};
use crate::clock::Time;
use crate::config::{Config, Generation};
use crate::ingest::{self, Accepted, Evicted, Fact, Facts, Moment, Record};
use crate::journal::Broken;

/// Number of users that a slice of lines may evict beyond those that it may add.
const SPARE: usize = 16;

impl Engine {
    /// Reads lines and applies the valid ones, in order. Returns the fate of each line, in the same order.
    ///
    /// The lines are read before the lock is taken, and all applied under one hold of it, so pass a few dozen at a time. They are durable
    /// only after [`Self::durable`].
    ///
    /// # Errors
    /// The journal is broken; none of the lines may be acknowledged.
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
        if fates.contains(&Ok(Accepted::Fresh)) {
            let record = Record::Lines {
                operation,
                wall: moment.wall,
                lines: fresh(lines, &fates),
            };
            self.append(&generation, &record)?;
            self.evict(&mut facts, &generation, moment.wall, lines.len())?;
        }
        // Under the lock: a reader that sees these events sees their time too.
        facts
            .latest
            .into_iter()
            .for_each(|at| self.clock.observe(at));
        drop(facts);
        self.observe_facts(operation, &fates);
        Ok(fates)
    }

    /// Evicts users beyond the bounds: more than `lines` lines can add, so that a lowered bound is reached too.
    fn evict(
        &self,
        facts: &mut Facts,
        generation: &Generation,
        wall: Time,
        lines: usize,
    ) -> Result<(), Broken> {
        let config = &generation.config;
        let last_complete = self.last_complete(config);
        let evicted = facts.evict(&Moment { config, wall }, 2 * lines + SPARE, last_complete);
        if evicted.is_empty() {
            return Ok(());
        }
        let users = evicted.iter().map(|id| Evicted::Named(id)).collect();
        let record = Record::Eviction {
            users,
            last_complete,
        };
        self.append(generation, &record)
    }

    /// Appends a record to the journal, if there is one. Call it while holding the lock of the facts.
    pub(super) fn append(
        &self,
        generation: &Generation,
        record: &Record<'_>,
    ) -> Result<(), Broken> {
        let Some(kept) = &self.kept else {
            return Ok(());
        };
        kept.append(generation, record).map(drop)
    }

    /// Changes the facts directly, without the journal; for a synthetic marketplace.
    pub fn fill(&self, change: impl FnOnce(&mut Facts, &Config)) {
        change(&mut self.facts.write(), &self.generation().config);
    }
}

/// Returns the lines that were accepted and changed something.
fn fresh<'l>(lines: &[&'l [u8]], fates: &[Fate]) -> Vec<&'l str> {
    let accepted = lines
        .iter()
        .zip(fates)
        .filter(|(_, fate)| **fate == Ok(Accepted::Fresh));
    // A line that was read as JSON is UTF-8.
    accepted
        .filter_map(|(line, _)| std::str::from_utf8(line).ok())
        .collect()
}
