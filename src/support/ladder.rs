//! The ladder of one kind of runners, as it is kept: where each runner stands, and who was on it in the last 365 days.
//!
//! Stages change by steps alone, which the market's snapshot judges by the exposures and clicks of the moment, and which the journal
//! holds; so a replay steps where the service did. A deleted runner loses its rung, but its names stay: nobody climbs twice by
//! registering again under one id or one owner.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use super::rung::{Rung, Step};
use crate::clock::{DAY, Time};

/// Time for which the names of a runner are remembered.
const MEMORY: i64 = 365 * DAY;

/// A newcomer who may enter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entrant {
    /// Its row.
    pub row: u32,
    /// Its id.
    pub id: CompactString,
    /// Its owner; of an item, the item itself.
    pub owner: CompactString,
    /// Its declared start.
    pub since: Time,
    /// The group of which only a few climb at once: of an item, the row of its merchant; `None`: no bound.
    pub group: Option<u32>,
}

/// The ladder of one kind of runners.
#[derive(Clone, Debug, Default)]
pub struct Ladder {
    rungs: BTreeMap<u32, Rung>,
    /// Instant of the last entry under each name.
    names: BTreeMap<CompactString, Time>,
    /// The same names, oldest first.
    oldest: BTreeSet<(Time, CompactString)>,
    /// Maximum number of names.
    most_names: usize,
    /// Maximum number of climbers.
    most: usize,
    /// Number of names and climbers evicted at a bound since the start.
    pub evicted: u64,
}

/// The stored form of a ladder.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct LadderImage {
    rungs: Vec<(u32, Rung)>,
    names: Vec<(CompactString, Time)>,
}

impl Ladder {
    /// Returns an empty ladder with bounds on the number of climbers and of names.
    #[must_use]
    pub fn new(most: usize, most_names: usize) -> Self {
        Self {
            most,
            most_names,
            ..Self::default()
        }
    }

    /// Changes the bounds.
    pub fn bound(&mut self, most: usize, most_names: usize) {
        (self.most, self.most_names) = (most, most_names);
    }

    /// Returns whether nobody is or was on the ladder.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rungs.is_empty() && self.names.is_empty()
    }

    /// Returns the state of the runner in a row, if it is or was on the ladder.
    #[must_use]
    pub fn get(&self, row: u32) -> Option<&Rung> {
        self.rungs.get(&row)
    }

    /// Returns the runners by row, those that left included.
    pub fn rungs(&self) -> impl Iterator<Item = (u32, &Rung)> {
        self.rungs.iter().map(|(row, rung)| (*row, rung))
    }

    /// Returns whether a runner entered under a name in the last 365 days.
    #[must_use]
    pub fn knows(&self, name: &str, now: Time) -> bool {
        let entered = self.names.get(name);
        entered.is_some_and(|entered| now.since(*entered) <= MEMORY)
    }

    /// Applies a step of the runner in a row; `None` if the runner is gone, whose names are remembered all the same.
    pub fn step(&mut self, row: Option<u32>, step: &Step<'_>) {
        for name in [step.id, step.owner] {
            self.remember(name, step.rung.entered);
        }
        let Some(row) = row else {
            return;
        };
        if self.rungs.len() >= self.most && !self.rungs.contains_key(&row) {
            self.evict();
        }
        self.rungs.insert(row, step.rung);
    }

    /// Evicts the runner that left first.
    fn evict(&mut self) {
        let left = |(row, rung): (&u32, &Rung)| Some((rung.end?.at, *row));
        if let Some((_, row)) = self.rungs.iter().filter_map(left).min() {
            self.rungs.remove(&row);
            self.evicted += 1;
        }
    }

    fn remember(&mut self, name: &str, entered: Time) {
        let known = self.names.get(name).copied();
        if known.is_some_and(|known| known >= entered) {
            return;
        }
        if let Some(known) = known {
            self.oldest.remove(&(known, name.into()));
        }
        self.names.insert(name.into(), entered);
        self.oldest.insert((entered, name.into()));
        while self.names.len() > self.most_names {
            self.evicted += u64::from(self.forget_oldest());
        }
    }

    /// Forgets the oldest name. Returns false if there is none.
    fn forget_oldest(&mut self) -> bool {
        let oldest = self.oldest.pop_first();
        oldest.is_some_and(|(_, name)| self.names.remove(&name).is_some())
    }

    /// Forgets names that are older than 365 days.
    pub fn expire(&mut self, now: Time) {
        while let Some((entered, _)) = self.oldest.first()
            && now.since(*entered) > MEMORY
        {
            self.forget_oldest();
        }
    }

    /// Notes the usual rate of newcomers against which a runner that left was compared last.
    pub fn note_usual(&mut self, row: u32, usual: f64) {
        let rung = self.rungs.get_mut(&row);
        if let Some(left) = rung.and_then(|rung| rung.end.as_mut()) {
            left.usual = Some(usual);
        }
    }

    /// Returns the usual rates of the runners that left, by row.
    #[must_use]
    pub fn usual_rates(&self) -> Vec<(u32, f64)> {
        let left = self
            .rungs()
            .filter_map(|(row, rung)| Some((row, rung.end?)));
        left.filter_map(|(row, left)| Some((row, left.usual?)))
            .collect()
    }

    /// Forgets a deleted runner, except for its names.
    pub fn forget(&mut self, row: u32) {
        self.rungs.remove(&row);
    }

    /// Forgets every runner, except for their names.
    pub fn clear(&mut self) {
        self.rungs.clear();
    }

    /// Returns the entrants who enter, the longest present first: each under names of its own that entered in none of the last 365 days,
    /// and of none of those who climb now, `owners`; at most so many of a group climbing at once, and as many as there is room for.
    #[must_use]
    pub fn admit(
        &self,
        mut entrants: Vec<Entrant>,
        (groups, owners): (&Groups, BTreeSet<CompactString>),
        now: Time,
    ) -> Vec<Entrant> {
        entrants.sort_unstable_by(|a, b| (a.since, &a.id).cmp(&(b.since, &b.id)));
        let climbing = self.rungs.values().filter(|rung| rung.climbs()).count();
        let mut room = self.most.saturating_sub(climbing);
        let mut taken = owners;
        let mut groups = groups.clone();
        entrants.retain(|entrant| {
            let names = [&entrant.id, &entrant.owner];
            let is_known = |name: &&CompactString| self.knows(name, now) || taken.contains(*name);
            if room == 0 || names.iter().any(is_known) || !groups.take(entrant.group) {
                return false;
            }
            room -= 1;
            taken.extend(names.into_iter().cloned());
            true
        });
        entrants
    }

    /// Returns the stored form.
    #[must_use]
    pub fn image(&self) -> LadderImage {
        LadderImage {
            rungs: self.rungs().map(|(row, rung)| (row, *rung)).collect(),
            names: self.names.clone().into_iter().collect(),
        }
    }

    /// Restores the stored form into an empty ladder.
    pub fn restore(&mut self, image: LadderImage) {
        self.rungs = image.rungs.into_iter().collect();
        let aged = image.names.iter().map(|(name, at)| (*at, name.clone()));
        self.oldest = aged.collect();
        self.names = image.names.into_iter().collect();
    }

    /// Returns the number of climbers and of names, and the bytes held, approximately.
    #[must_use]
    pub fn size(&self) -> [usize; 3] {
        let (rungs, names) = (self.rungs.len(), self.names.len());
        let name = size_of::<(CompactString, Time)>() * 2;
        let bytes = rungs * size_of::<(u32, Rung)>() + names * name;
        [rungs, names, bytes]
    }
}

/// How many more runners of each group may climb.
#[derive(Clone, Debug)]
pub struct Groups {
    most: usize,
    climbing: HashMap<u32, usize>,
}

impl Groups {
    /// Returns groups of which at most `most` climb at once, given the groups of those that climb now.
    pub fn new(most: usize, climbing: impl IntoIterator<Item = u32>) -> Self {
        let mut groups = Self {
            most,
            climbing: HashMap::new(),
        };
        for group in climbing {
            *groups.climbing.entry(group).or_default() += 1;
        }
        groups
    }

    /// Counts one more runner of a group; returns false if the group is full.
    fn take(&mut self, group: Option<u32>) -> bool {
        let Some(group) = group else {
            return true;
        };
        let climbing = self.climbing.entry(group).or_default();
        let has_room = *climbing < self.most;
        *climbing += usize::from(has_room);
        has_room
    }
}
