//! Ingest: facts are read, applied under one hold of the lock, and appended to the journal in the same order.

use super::{Effects, Engine, Fate, Operation, Rejected};
use crate::allocator::in_small_pages;
use crate::clock::Time;
use crate::config::{Config, Generation};
use crate::ingest::{self, Accepted, Evicted, Fact, Facts, Line, Moment, Record};
use crate::journal::Broken;

/// Number of users that a slice of lines may evict beyond those that it may add.
const SPARE: usize = 16;
/// Maximum number of holds of the lock in which one round evicts idle users.
const HOLDS: usize = 32;

/// Lines that were applied.
#[derive(Debug)]
pub struct Applied {
    /// The fate of each line, in order.
    pub fates: Vec<Fate>,
    /// Number of new ids in them that are not in Unicode normal form NFC.
    pub odd_ids: u64,
}

impl Engine {
    /// Reads lines and applies the valid ones, in order. Returns the fate of each line, in the same order.
    ///
    /// The lines are read before the lock is taken, and all applied under one hold of it, so pass a few dozen at a time. They are durable
    /// only after [`Self::durable`].
    ///
    /// # Errors
    /// The journal is broken; none of the lines may be acknowledged.
    pub fn ingest(&self, operation: Operation, lines: &[&[u8]]) -> Result<Vec<Fate>, Broken> {
        let mut room = self.live.load().config.vocabulary.limits.faults;
        let applied = self.ingest_within(operation, lines, &mut room, None)?;
        Ok(applied.fates)
    }

    /// Does the same for an answer that may list `room` more faults, and takes theirs from it. Adds the effects, if they are asked for.
    ///
    /// # Errors
    /// The journal is broken; none of the lines may be acknowledged.
    pub fn ingest_within(
        &self,
        operation: Operation,
        lines: &[&[u8]],
        room: &mut usize,
        effects: Option<&mut Effects>,
    ) -> Result<Applied, Broken> {
        self.check_journal()?;
        let generation = self.live.load();
        let texts = texts(lines);
        let read = read(operation, &texts, &generation.config, room);
        let moment = Moment {
            config: &generation.config,
            wall: self.clock.wall(),
        };
        let mut facts = self.facts.write();
        self.enrol_waiting(&mut facts, &generation);
        if let Some(effects) = effects {
            for fact in read.iter().flatten() {
                let _fate = facts.foresee(fact, &moment, effects);
            }
        }
        let odd_ids = sum(&facts.counts.odd_ids);
        let apply = || facts.apply_all(read, &moment);
        // Every ranking reads items and merchants, faster in large pages; of the users it reads one.
        let fates = if operation.is_of_users() {
            in_small_pages(apply)
        } else {
            apply()
        };
        let odd_ids = sum(&facts.counts.odd_ids) - odd_ids;
        self.settle(&mut facts);
        if fates.iter().any(has_changed) {
            let record = record(operation, moment.wall, &texts, &fates);
            self.append(&generation, &record)?;
            self.evict(&mut facts, &generation, moment.wall, lines.len())?;
        }
        // Under the lock: a reader that sees these events sees their time too.
        facts
            .latest
            .into_iter()
            .for_each(|at| self.clock.observe(at));
        let (changed, wanted) = facts.derived.take_changed();
        drop(facts);
        self.derive_items(&changed, wanted);
        self.observe_facts(operation, &fates);
        Ok(Applied { fates, odd_ids })
    }

    /// Returns the fates that lines would have, and adds their effects. Nothing changes.
    pub fn rehearse(
        &self,
        operation: Operation,
        lines: &[&[u8]],
        room: &mut usize,
        effects: &mut Effects,
    ) -> Vec<Fate> {
        let generation = self.live.load();
        let read = read(operation, &texts(lines), &generation.config, room);
        let moment = Moment {
            config: &generation.config,
            wall: self.clock.wall(),
        };
        let facts = self.facts.read();
        let fates = read.into_iter();
        fates
            .map(|fact| facts.foresee(&fact?, &moment, effects))
            .collect()
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

    /// Evicts users beyond the bounds while no facts arrive, some at a time.
    pub(super) fn evict_idle(&self) {
        let generation = self.live.load();
        let config = &generation.config;
        for _ in 0..HOLDS {
            let wall = self.clock.wall();
            let evictable = self.facts.read().evictable(&Moment { config, wall });
            if evictable.is_none() || self.check_journal().is_err() {
                return;
            }
            // A journal that breaks is reported by its own thread.
            let _broken = self.evict(&mut self.facts.write(), &generation, wall, SPARE);
        }
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

    /// Forgets what is remembered for a rule or an objective that no live scene has. The journal gets the configuration first, so that a
    /// replay forgets at the same record.
    pub(super) fn forget_unused(&self) {
        let generation = self.live.load();
        if !self.facts.read().has_unused(&generation.config) {
            return;
        }
        let mut facts = self.facts.write();
        // A journal that breaks is reported by its own thread.
        let _broken = self
            .kept
            .as_ref()
            .map(|kept| kept.append_terms(&generation));
        facts.forget_unused(&generation.config);
    }

    /// Changes the facts directly, without the journal; for a synthetic marketplace.
    pub fn fill(&self, change: impl FnOnce(&mut Facts, &Config)) {
        let mut facts = self.facts.write();
        change(&mut facts, &self.generation().config);
        self.settle(&mut facts);
    }
}

/// Returns each line as text; `None` if it is not UTF-8.
fn texts<'l>(lines: &[&'l [u8]]) -> Vec<Option<&'l str>> {
    let texts = lines.iter().map(|line| std::str::from_utf8(line).ok());
    texts.collect()
}

fn read<'l>(
    operation: Operation,
    texts: &[Option<&'l str>],
    config: &Config,
    room: &mut usize,
) -> Vec<Result<Fact<'l>, Rejected>> {
    let mut read = |text: &Option<&'l str>| match text {
        Some(text) => ingest::read_within(operation, text, &config.vocabulary, room),
        None => Err(Rejected::not_utf8()),
    };
    texts.iter().map(&mut read).collect()
}

fn sum(counts: &[u64]) -> u64 {
    counts.iter().sum()
}

/// Returns true if a line was accepted and changed something.
fn has_changed(fate: &Fate) -> bool {
    matches!(fate, Ok(Accepted::Fresh | Accepted::Late))
}

/// Returns the record of the lines that changed something. Late events are recorded as such, so that a replay does not judge again.
fn record<'l>(
    operation: Operation,
    wall: Time,
    texts: &[Option<&'l str>],
    fates: &[Fate],
) -> Record<'l> {
    let changed = texts.iter().zip(fates);
    let changed = changed.filter(|(_, fate)| has_changed(fate));
    let texts = changed.filter_map(|(text, fate)| Some(((*text)?, fate)));
    if !fates.contains(&Ok(Accepted::Late)) {
        let lines = texts.map(|(text, _)| text).collect();
        return Record::Lines {
            operation,
            wall,
            lines,
        };
    }
    let line = |(text, fate): (&'l str, &Fate)| match fate {
        Ok(Accepted::Late) => Line::Late(text),
        _ => Line::Whole(text),
    };
    let lines = texts.map(line).collect();
    Record::Anonymised { wall, lines }
}
