//! The exposures of the window, by day.

use std::collections::BTreeMap;

use super::amount::Amount;
use super::day::{DayExposures, Entry};
use super::shown::Side;
use crate::clock::Day;
use crate::id::{RunnerKey, SceneId};

/// Number of complete days that are kept, beside the present one.
pub const DAYS: i32 = 84;

/// The exposures of the window.
#[derive(Debug)]
pub(super) struct Days {
    pub(super) days: BTreeMap<Day, DayExposures>,
    /// The first day that is counted.
    pub(super) floor: Day,
    /// Number of entries.
    entries: usize,
    /// Number of entries dropped or not counted to keep the bound.
    pub(super) evicted: u64,
}

impl Default for Days {
    fn default() -> Self {
        Self {
            days: BTreeMap::new(),
            floor: Day(i32::MIN),
            entries: 0,
            evicted: 0,
        }
    }
}

impl Days {
    /// Returns the number of entries.
    pub(super) const fn len(&self) -> usize {
        self.entries
    }

    /// Adds an exposure of some runners. At most `most` entries are kept: beyond it the oldest day leaves, for every runner alike; if
    /// there is none before this day, new entries are not made.
    pub(super) fn add(
        &mut self,
        day: Day,
        scene: SceneId,
        runners: impl Iterator<Item = RunnerKey>,
        amount: Amount,
        most: usize,
    ) {
        self.make_room(day, most);
        if day < self.floor {
            self.evicted += 1;
            return;
        }
        let exposures = self.days.entry(day).or_default();
        exposures.count(scene, amount);
        for runner in runners {
            let before = exposures.len();
            let is_counted = exposures.add(runner, scene, amount, self.entries < most);
            self.entries += exposures.len() - before;
            self.evicted += u64::from(!is_counted);
        }
    }

    /// Drops the oldest days before a day while there is no room for further entries.
    fn make_room(&mut self, day: Day, most: usize) {
        while self.entries + Side::COUNT > most
            && let Some((&oldest, _)) = self.days.first_key_value()
            && oldest < day
        {
            let gone = self.remove(oldest);
            self.evicted += u64::try_from(gone).unwrap_or(u64::MAX);
            self.floor = oldest.plus(1);
        }
    }

    /// Drops a day. Returns the number of its entries.
    fn remove(&mut self, day: Day) -> usize {
        let gone = self.days.remove(&day).map_or(0, |gone| gone.len());
        self.entries -= gone;
        gone
    }

    /// Drops the days before the `kept` ones that end with the last complete day.
    pub(super) fn expire(&mut self, last_complete: Day, kept: i32) {
        let first = last_complete.plus(1 - kept);
        while let Some((&oldest, _)) = self.days.first_key_value()
            && oldest < first
        {
            self.remove(oldest);
        }
        // A complete day hardly grows any more.
        if let Some(day) = self.days.get_mut(&last_complete) {
            day.shrink();
        }
    }

    /// Forgets a runner.
    pub(super) fn forget(&mut self, runner: RunnerKey) {
        let days = self.days.values_mut();
        self.entries -= days.map(|day| day.forget(runner)).sum::<usize>();
    }

    /// Restores an entry of a day.
    pub(super) fn restore(&mut self, day: Day, entry: Entry) {
        self.days.entry(day).or_default().restore(entry);
        self.entries += 1;
    }

    /// Returns the bytes held, approximately.
    pub(super) fn bytes(&self) -> usize {
        self.days.values().map(DayExposures::bytes).sum()
    }
}
