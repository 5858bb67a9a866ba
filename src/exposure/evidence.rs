//! Evidence of every runner: how many of those who saw it clicked, and how many of those bought.
//!
//! x = distinct users who clicked, E = Σ weight(r) over the exposures to each user up to and with the first click, both with a half-life
//! of 28 days. A user counts again after 28 days without a click. An exposure that arrives after the user's click, but was earlier, counts
//! too. All sums share one landmark, see [`Decay`].

use serde::{Deserialize, Serialize};

use super::shown::Side;
use crate::chunked::Chunked;
use crate::clock::{DAY, SECOND, Time};
use crate::decay::Decay;
use crate::id::{KeyOf, LastClick, RunnerKey};

/// Half-life of evidence, in days.
pub const EVIDENCE_HALF_LIFE: i64 = 28;

/// Seconds without a click after which a user counts again.
pub const RETURNS: i64 = EVIDENCE_HALF_LIFE * DAY / SECOND;

const DECAY: Decay = Decay::new(28.0 * crate::number::DAY_MILLIS);

/// The evidence of one runner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Clicks {
    /// x: users who clicked.
    pub clickers: f64,
    /// E: Σ weight(r) over exposures to users up to and with their first click.
    pub weight: f64,
    /// Users who bought, of an item.
    pub buyers: f64,
}

impl Clicks {
    /// Returns the evidence multiplied by a factor.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        Self {
            clickers: self.clickers * factor,
            weight: self.weight * factor,
            buyers: self.buyers * factor,
        }
    }
}

/// Returns whether a user whose last click is `last` counts again at an instant.
fn returns(last: LastClick, at: Time) -> bool {
    let since = last.before(LastClick::at(at));
    last == LastClick::NEVER || since.is_some_and(|seconds| i64::from(seconds) > RETURNS)
}

/// Returns whether an exposure to a user is evidence.
#[must_use]
pub fn is_evidence(last: LastClick, at: Time) -> bool {
    let is_before_click = LastClick::at(at).before(last).is_some_and(|s| s > 0);
    returns(last, at) || is_before_click
}

/// The evidence of all runners.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// The landmark of the sums; `None` before the first event.
    landmark: Option<f64>,
    /// By [`Side`], by row.
    columns: [Chunked<Clicks>; Side::COUNT],
}

/// Returns the column and the row of a runner.
const fn place(key: RunnerKey) -> (Side, usize) {
    match key.of() {
        KeyOf::Item(row) => (Side::Item, row.index()),
        KeyOf::Merchant(row) => (Side::Merchant, row.index()),
        KeyOf::Creator(row) => (Side::Creator, row.index()),
    }
}

impl Evidence {
    /// Prepares for an event; returns what 1 at its time adds to a sum.
    fn open(&mut self, at: Time) -> f64 {
        let landmark = *self.landmark.get_or_insert_with(|| DECAY.landmark(at));
        let Some(moved) = DECAY.moved(landmark, at) else {
            return DECAY.growth(landmark, at);
        };
        let factor = (landmark - moved).exp2();
        for column in &mut self.columns {
            for row in 0..column.len() {
                let clicks = column.get_mut(row);
                clicks.into_iter().for_each(|it| *it = it.times(factor));
            }
        }
        self.landmark = Some(moved);
        DECAY.growth(moved, at)
    }

    fn of(&mut self, key: RunnerKey) -> Option<&mut Clicks> {
        let (side, row) = place(key);
        let column = &mut self.columns[side as usize];
        if row >= column.len() {
            column.fill(row + 1, &Clicks::default());
        }
        column.get_mut(row)
    }

    /// Adds an exposure with a weight to each runner.
    pub(super) fn show(&mut self, at: Time, runners: impl Iterator<Item = (RunnerKey, f64)>) {
        let growth = self.open(at);
        for (runner, weight) in runners {
            self.of(runner)
                .into_iter()
                .for_each(|clicks| clicks.weight += growth * weight);
        }
    }

    /// Counts a click of a user on a runner.
    pub(super) fn click(&mut self, runner: RunnerKey, last: LastClick, at: Time) {
        if returns(last, at) {
            let growth = self.open(at);
            let clicks = self.of(runner);
            clicks.into_iter().for_each(|it| it.clickers += growth);
        }
    }

    /// Counts a purchase of an item by a user.
    pub(super) fn buy(&mut self, item: RunnerKey, last: LastClick, at: Time) {
        if returns(last, at) {
            let growth = self.open(at);
            let clicks = self.of(item);
            clicks.into_iter().for_each(|it| it.buyers += growth);
        }
    }

    /// Returns the evidence of a runner at an instant.
    #[must_use]
    pub fn get(&self, runner: RunnerKey, at: Time) -> Clicks {
        let (side, row) = place(runner);
        let clicks = self.columns[side as usize].get(row);
        clicks.copied().unwrap_or_default().times(self.left(at))
    }

    /// Returns the evidence of the runners of one side at an instant, by row; later rows have none.
    pub fn column(&self, side: Side, at: Time) -> impl Iterator<Item = Clicks> {
        let left = self.left(at);
        let column = self.columns[side as usize].iter();
        column.map(move |clicks| clicks.times(left))
    }

    fn left(&self, at: Time) -> f64 {
        let landmark = self.landmark;
        landmark.map_or(0.0, |landmark| DECAY.left(landmark, at))
    }

    /// Forgets a runner.
    pub(super) fn forget(&mut self, runner: RunnerKey) {
        let (side, row) = place(runner);
        let column = &mut self.columns[side as usize];
        if column.get(row).is_some_and(|it| *it != Clicks::default())
            && let Some(clicks) = column.get_mut(row)
        {
            *clicks = Clicks::default();
        }
    }

    /// Returns the landmark.
    pub(super) const fn landmark(&self) -> Option<f64> {
        self.landmark
    }

    /// Returns the rows of one side as they are kept, some thousands at a time.
    pub(super) fn slices(&self, side: usize) -> impl Iterator<Item = &[Clicks]> {
        let columns = self.columns.get(side).into_iter();
        columns.flat_map(Chunked::slices)
    }

    /// Restores the landmark.
    pub(super) fn restore(&mut self, landmark: Option<f64>) {
        self.landmark = landmark;
    }

    /// Restores the next rows of one side.
    pub(super) fn restore_rows(&mut self, side: usize, rows: Vec<Clicks>) {
        if let Some(column) = self.columns.get_mut(side) {
            column.extend(rows);
        }
    }

    /// Returns the number of rows.
    pub(super) fn len(&self) -> usize {
        self.columns.iter().map(Chunked::len).sum()
    }

    /// Returns the bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.columns.iter().map(Chunked::bytes).sum()
    }
}
