//! What leaves ranking for the experiments: users to be enrolled, in a bounded queue, and counts of answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use compact_str::CompactString;
use parking_lot::Mutex;

use super::arms::Arms;
use crate::config::{Config, Experiment};
use crate::experiment::{CELLS, Experiments, Named};
use crate::number::wide;
use crate::telemetry::{Latency, Size};

/// Maximum number of users that wait in the queue.
const WAITING: usize = 65_536;

/// A user to be enrolled.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) experiment: CompactString,
    pub(super) user: CompactString,
    pub(super) arm: u8,
}

/// What leaves ranking for the experiments.
#[derive(Debug, Default)]
pub(super) struct Enrolments {
    queue: Mutex<Vec<Waiting>>,
    /// Number of users in the queue.
    waiting: AtomicUsize,
    /// Number of users who were left out, because the queue was full.
    dropped: AtomicU64,
    pub(super) counts: ArcSwap<Named<Arc<Counts>>>,
}

/// What is counted of the answers under the arms of an experiment.
#[derive(Debug)]
pub(super) struct Counts {
    /// Answers by arm and cell since they were applied.
    answers: Vec<AtomicU32>,
    /// Time from arrival to the decision, by arm, since the start.
    pub(super) latency: Vec<Latency>,
}

impl Counts {
    pub(super) fn new(arms: usize) -> Self {
        let cells = 0..arms * CELLS as usize;
        Self {
            answers: cells.map(|_| AtomicU32::new(0)).collect(),
            latency: (0..arms).map(|_| Latency::default()).collect(),
        }
    }

    fn place(arm: usize, cell: u32) -> usize {
        arm * CELLS as usize + cell as usize
    }

    /// Takes the answers by arm and cell that were counted since the last time.
    pub(super) fn take(&self) -> Vec<(u8, u16, u32)> {
        let cells = wide(CELLS as usize);
        let each = self.answers.iter().zip(0_u64..);
        // Most cells have none, and are only read.
        let some = each.filter(|(count, _)| count.load(Ordering::Relaxed) > 0);
        let taken = some.filter_map(|(count, place)| {
            let (arm, cell) = (u8::try_from(place / cells), u16::try_from(place % cells));
            Some((arm.ok()?, cell.ok()?, count.swap(0, Ordering::Relaxed)))
        });
        taken.collect()
    }

    /// Counts an answer to a user of a cell.
    fn note(&self, arm: usize, cell: u32, took: Duration) {
        if let Some(answers) = self.answers.get(Self::place(arm, cell)) {
            answers.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(latency) = self.latency.get(arm) {
            latency.observe(took);
        }
    }
}

impl Enrolments {
    /// Counts an answer under arms, and lets users who are new wait for their enrolment.
    pub(super) fn note(
        &self,
        (config, arms): (&Config, &Arms),
        (user, experiments): (&str, &Experiments),
        took: Duration,
    ) {
        let counts = self.counts.load();
        for (number, experiment, arm, place) in arms.each(config) {
            let Some(running) = experiments.at(number, &experiment.name) else {
                continue;
            };
            let is_full = || running.enrolled() >= config.experiments.max_users;
            if !running.has(&place) && (is_full() || !self.push(experiment, user, arm)) {
                continue;
            }
            if let Some(counts) = counts.at(number, &experiment.name) {
                counts.note(arm, place.cell, took);
            }
        }
    }

    /// Adds a user to the queue; returns false if it is full.
    fn push(&self, experiment: &Experiment, user: &str, arm: usize) -> bool {
        let Ok(arm) = u8::try_from(arm) else {
            return false;
        };
        let mut queue = self.queue.lock();
        if queue.len() >= WAITING {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        queue.push(Waiting {
            experiment: CompactString::from(&experiment.name),
            user: user.into(),
            arm,
        });
        self.waiting.store(queue.len(), Ordering::Release);
        true
    }

    /// Takes the users who wait.
    pub(super) fn take(&self) -> Vec<Waiting> {
        let mut queue = self.queue.lock();
        self.waiting.store(0, Ordering::Release);
        std::mem::take(&mut *queue)
    }

    /// Returns whether users wait.
    pub(super) fn is_any(&self) -> bool {
        self.waiting.load(Ordering::Acquire) > 0
    }

    /// Returns the counts of an experiment.
    pub(super) fn counts(&self, name: &str) -> Option<Arc<Counts>> {
        self.counts.load().get(name).cloned()
    }

    /// Returns the size of the queue.
    pub(super) fn size(&self) -> Size {
        let entries = self.waiting.load(Ordering::Relaxed);
        Size {
            entries,
            bytes: entries * size_of::<Waiting>(),
            evicted: self.dropped.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        let text = "[experiment.e]\nlayer = 'l'\nrange = [0.0, 1.0]\nprimary = 'ctr'\nfind = 0.1\ncontrol = 'a'\n\
                    arms = { a = { share = 0.5 }, b = { share = 0.5 } }";
        Config::parse("test", text).unwrap()
    }

    #[test]
    fn a_full_queue_drops_and_counts() {
        let (config, enrolments) = (config(), Enrolments::default());
        let experiment = &config.experiments.each[0];
        let pushed =
            (0..WAITING + 10).filter(|number| enrolments.push(experiment, &number.to_string(), 1));
        assert_eq!(pushed.count(), WAITING);
        let size = enrolments.size();
        assert_eq!((size.entries, size.evicted), (WAITING, 10));
        assert_eq!(enrolments.take().len(), WAITING);
        assert!(!enrolments.is_any() && enrolments.push(experiment, "u", 0));
    }

    #[test]
    fn answers_are_taken_once() {
        let counts = Counts::new(2);
        for (arm, cell) in [(0, 7), (1, 7), (1, 7), (1, CELLS - 1)] {
            counts.answers[Counts::place(arm, cell)].fetch_add(1, Ordering::Relaxed);
        }
        assert_eq!(counts.take(), [(0, 7, 1), (1, 7, 2), (1, 999, 1)]);
        assert_eq!(counts.take(), []);
    }
}
