//! Facts on their way in: read, applied under one hold of the lock, and appended to the journal in the same order.

use super::{Engine, Fate, Operation, Rejected};
use crate::config::Config;
use crate::ingest::{self, Fact, Facts, Moment, Record, Taken};
use crate::journal::Broken;

impl Engine {
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
