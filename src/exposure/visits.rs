//! Visitors: how many users clicked on a merchant or a creator in a window of 28 days, each counted once.
//!
//! A user's first click of a day is counted by day and by the days since the user's click before it, 28 at most. The visitors of the window
//! that begins with day a are the clicks whose one before was earlier than a: Σ count(d, gap) over the days d and gap > d − a. This is the
//! exact number of users, whichever days the window has, without a set of users for each runner; the users carry their last clicks.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::amount::Amount;
use super::day::{Entry, Shard};
use super::days::Days;
use super::shown::{Shown, Side};
use crate::clock::{Day, Time};
use crate::id::{LastClick, RunnerKey, SceneId};

/// Days of a window.
pub const VISIT_DAYS: i32 = 28;
/// Complete days that are kept: two windows.
const KEPT: i32 = 2 * VISIT_DAYS;
/// Seconds of a day.
const SECONDS: u32 = 86_400;
/// The gap of a first click, and of one after at least as many days.
const NEW: u16 = 28;

/// The first clicks of each day, by runner and gap.
#[derive(Debug, Default)]
pub(super) struct Visits(pub(super) Days);

/// Returns the days since a user's last click for a click of the day that begins at `start`; `None` if it is not the first of that day,
/// or the last one is not known.
fn gap(last: LastClick, start: Time) -> Option<SceneId> {
    if last == LastClick::NEVER {
        return Some(SceneId(NEW));
    }
    let seconds = last.before(LastClick::at(start))?.checked_sub(1)?;
    let days = u16::try_from(seconds / SECONDS).unwrap_or(NEW);
    Some(SceneId(days.saturating_add(1).min(NEW)))
}

impl Visits {
    /// Counts a click among the visitors of its merchant and its creator, where days begin `utc_offset` milliseconds east of UTC; keeps at
    /// most `most` counts.
    pub(super) fn visit(&mut self, click: &Shown, utc_offset: i64, most: usize) {
        let start = click.day.start(utc_offset);
        for side in [Side::Merchant, Side::Creator] {
            let runner = click.runners[side as usize];
            let gap = gap(click.last[side as usize], start);
            if let Some((runner, gap)) = runner.zip(gap) {
                let runner = std::iter::once(runner);
                self.0.add(click.day, gap, runner, Amount::ONE, most);
            }
        }
    }

    /// Returns the clicks of the two windows that end with a day, shared.
    pub(super) fn until(&self, last: Day) -> VisitsOfDays {
        let days = self.0.days.range(last.plus(1 - KEPT)..=last);
        let shards = days.flat_map(|(day, clicks)| clicks.shards().map(|shard| (*day, shard)));
        VisitsOfDays {
            last,
            shards: shards.collect(),
        }
    }

    /// Restores some counts.
    pub(super) fn restore(&mut self, part: VisitsPart) {
        let days = &mut self.0;
        (days.floor, days.evicted) = (part.floor, part.evicted);
        for entry in part.entries {
            days.restore(part.day, entry);
            let day = days.days.entry(part.day).or_default();
            day.count(entry.scene(), entry.amount());
        }
    }

    /// Drops the days before the two windows that end with the last complete day.
    pub(super) fn expire(&mut self, last_complete: Day) {
        self.0.expire(last_complete, KEPT);
    }

    /// Returns the filled shards of all days, shared.
    pub(super) fn image(&self) -> VisitsImage {
        let days = self.0.days.iter();
        let shards = days.flat_map(|(day, clicks)| {
            let filled = clicks.shards().filter(|shard| !shard.is_empty());
            filled.map(|shard| (*day, shard))
        });
        VisitsImage {
            floor: self.0.floor,
            evicted: self.0.evicted,
            shards: shards.collect(),
        }
    }
}

/// The clicks of some days, shared with the book.
#[derive(Debug)]
pub struct VisitsOfDays {
    last: Day,
    shards: Vec<(Day, Arc<Shard>)>,
}

impl VisitsOfDays {
    /// Returns the visitors of each runner in the window that ends with the last day, and in the window before.
    #[must_use]
    pub fn visitors(&self) -> HashMap<RunnerKey, [u64; 2]> {
        let mut visitors = HashMap::<RunnerKey, [u64; 2]>::new();
        for (day, shard) in &self.shards {
            let back = self.last.since(*day);
            let window = usize::from(back >= VISIT_DAYS);
            // Days from the first of the window to this one.
            let into = VISIT_DAYS - 1 - back.rem_euclid(VISIT_DAYS);
            for entry in shard.iter() {
                if i32::from(entry.scene().0) > into {
                    let users = entry.amount().units() / Amount::ONE.units();
                    visitors.entry(entry.key()).or_default()[window] += users;
                }
            }
        }
        visitors
    }
}

/// Some counts of one day, as they are stored.
#[derive(Debug, Deserialize, Serialize)]
pub struct VisitsPart {
    floor: Day,
    evicted: u64,
    day: Day,
    entries: Vec<Entry>,
}

/// The counts at one instant, shared with the book.
#[derive(Clone, Debug)]
pub(super) struct VisitsImage {
    floor: Day,
    evicted: u64,
    shards: Vec<(Day, Arc<Shard>)>,
}

impl VisitsImage {
    /// Returns a part; `None` beyond the last.
    pub(super) fn part(&self, part: usize) -> Option<VisitsPart> {
        let (day, shard) = self.shards.get(part)?;
        Some(VisitsPart {
            floor: self.floor,
            evicted: self.evicted,
            day: *day,
            entries: shard.iter().copied().collect(),
        })
    }
}
