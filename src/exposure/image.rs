//! The book at one instant, to be stored while it changes, and to be restored.

use std::collections::BTreeMap;
use std::sync::Arc;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use super::amount::Amount;
use super::book::Exposure;
use super::day::{Entry, Shard};
use super::evidence::{Clicks, Evidence};
use super::hours::Hours;
use super::scenes::Scenes;
use super::shown::Side;
use super::trial::Trial;
use super::visits::{VisitsImage, VisitsPart};
use crate::clock::Day;
use crate::id::RunnerKey;

/// The part that is stored as a whole.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Small {
    /// Names of the scenes by number.
    scenes: Vec<CompactString>,
    floor: Day,
    evicted: u64,
    /// The totals of each day, by scene.
    totals: Vec<(Day, Vec<Amount>)>,
    hours: Hours,
    trials: BTreeMap<RunnerKey, Trial>,
    landmark: Option<f64>,
}

/// Some amounts of one day.
#[derive(Debug, Deserialize, Serialize)]
pub struct Part {
    day: Day,
    entries: Vec<Entry>,
}

impl Part {
    /// Returns the number of amounts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// The book at one instant: large parts are shared with it.
#[derive(Clone, Debug)]
pub struct ExposureImage {
    /// The part that is stored as a whole.
    pub small: Small,
    shards: Vec<(Day, Arc<Shard>)>,
    evidence: Evidence,
    visits: VisitsImage,
}

impl ExposureImage {
    /// Returns a part of the amounts; `None` beyond the last.
    #[must_use]
    pub fn amounts(&self, part: usize) -> Option<Part> {
        let (day, shard) = self.shards.get(part)?;
        Some(Part {
            day: *day,
            entries: shard.iter().copied().collect(),
        })
    }

    /// Returns a part of the counts of visits; `None` beyond the last.
    #[must_use]
    pub fn visits(&self, part: usize) -> Option<VisitsPart> {
        self.visits.part(part)
    }

    /// Returns a part of the evidence of one side; `None` beyond the last.
    #[must_use]
    pub fn evidence(&self, side: usize, part: usize) -> Option<&[Clicks]> {
        self.evidence.slices(side).nth(part)
    }
}

impl Exposure {
    /// Returns an image of the book as it is now.
    #[must_use]
    pub fn image(&self) -> ExposureImage {
        let days = || self.days.days.iter();
        let shards = days().flat_map(|(day, exposures)| {
            let filled = exposures.shards().filter(|shard| !shard.is_empty());
            filled.map(|shard| (*day, shard))
        });
        ExposureImage {
            small: Small {
                scenes: self.scenes.names().to_vec(),
                floor: self.days.floor,
                evicted: self.days.evicted,
                totals: days()
                    .map(|(day, exposures)| (*day, exposures.totals().to_vec()))
                    .collect(),
                hours: self.hours.clone(),
                trials: self.trials.clone(),
                landmark: self.evidence.landmark(),
            },
            shards: shards.collect(),
            evidence: self.evidence.clone(),
            visits: self.visits.image(),
        }
    }

    /// Restores the part that is stored as a whole, into an empty book.
    pub fn restore(&mut self, small: Small) {
        self.scenes = Scenes::of(small.scenes);
        self.days.floor = small.floor;
        self.days.evicted = small.evicted;
        for (day, totals) in small.totals {
            self.days
                .days
                .entry(day)
                .or_default()
                .restore_totals(totals);
        }
        self.hours = small.hours;
        self.trials = small.trials;
        self.evidence.restore(small.landmark);
    }

    /// Restores some amounts.
    pub fn restore_amounts(&mut self, part: Part) {
        let Part { day, entries } = part;
        for entry in entries {
            self.days.restore(day, entry);
        }
    }

    /// Restores the next rows of evidence of one side.
    pub fn restore_evidence(&mut self, side: usize, rows: Vec<Clicks>) {
        debug_assert!(side < Side::COUNT);
        self.evidence.restore_rows(side, rows);
    }
}
