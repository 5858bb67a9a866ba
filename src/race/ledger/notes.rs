//! The part of the ledger other than the sales of each day; stored as it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::runner::PerKind;
use super::first::FirstDays;
use super::forgotten::Forgotten;
use super::waiting::Waiting;
use crate::clock::Day;

/// Counters of a ledger, for the metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Counts {
    /// Purchases held.
    pub purchases: usize,
    /// Refunds that wait for their purchase.
    pub waiting: usize,
    /// Purchases that left the window with their day, in total.
    pub expired: u64,
    /// Purchases and unlinked refunds that came after their day had left the window, in total.
    pub late: u64,
    /// Waiting refunds dropped to keep the bound, in total.
    pub evicted: u64,
    /// Refunds that did not agree with their purchase, in total.
    pub mismatched: u64,
}

/// Everything that the ledger holds other than the sales of each day.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Notes {
    pub(super) waiting: Waiting,
    pub(super) first_days: PerKind<FirstDays>,
    pub(super) forgotten: Forgotten,
    /// The first day held.
    pub(super) floor: Day,
    /// Number of changes so far.
    pub(super) revision: u64,
    /// The last change on which the standings of a day depend, by day.
    pub(super) changes: BTreeMap<Day, u64>,
    pub(super) counts: Counts,
}

impl Notes {
    /// Creates the notes of an empty ledger.
    pub(super) fn new(waiting_refunds: usize) -> Self {
        Self {
            waiting: Waiting::new(waiting_refunds),
            first_days: PerKind::default(),
            forgotten: Forgotten::default(),
            floor: Day(i32::MIN),
            revision: 0,
            changes: BTreeMap::new(),
            counts: Counts::default(),
        }
    }

    /// Records a change of a day's sales.
    pub(super) fn touch(&mut self, day: Day) {
        self.revision += 1;
        self.changes.insert(day.max(self.floor), self.revision);
    }

    /// Moves the first day held, and the changes of the days that leave with it.
    pub(super) fn expire(&mut self, floor: Day) {
        self.floor = self.floor.max(floor);
        let kept = self.changes.split_off(&self.floor);
        let gone = std::mem::replace(&mut self.changes, kept);
        if let Some(latest) = gone.into_values().max() {
            let change = self.changes.entry(self.floor).or_default();
            *change = latest.max(*change);
        }
    }

    /// Returns the bytes held, approximately.
    pub(super) fn bytes(&self) -> usize {
        let first_days: usize = self.first_days.iter().map(|(_, days)| days.bytes()).sum();
        self.waiting.bytes() + first_days + self.forgotten.bytes()
    }
}
