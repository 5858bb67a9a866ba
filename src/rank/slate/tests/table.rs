//! A table of candidates, and a scene for it.

use super::super::plan::Support;
use super::super::{Arranged, Arranger, Group, Plan, Set, Why};
use crate::config::{Cap, Pool, Slot};
use crate::id::ItemRow;
use crate::random::mixed;
use crate::rule::By;

/// A candidate.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) id: String,
    /// By [`By`]; `None` is a group of its own.
    pub(super) groups: [Option<u32>; 4],
    pub(super) own: f32,
    pub(super) score: f32,
    /// True if its merchant is behind its plan.
    pub(super) behind: bool,
    /// By slot: its score there, if it is in the pool.
    pub(super) slots: Vec<Option<f32>>,
    pub(super) tags: Vec<(u32, f32)>,
}

impl Row {
    /// Returns the row number, from the id: the same in every order of the rows.
    pub(super) fn number(&self) -> u32 {
        let digits: String = self.id.chars().filter(char::is_ascii_digit).collect();
        let first = self.id.bytes().next().map_or(0, u32::from);
        first * 1_000 + digits.parse::<u32>().unwrap_or_default()
    }

    /// Returns what orders it among equals.
    pub(super) fn lot(&self) -> (u64, &str) {
        (mixed(u64::from(self.number())), &self.id)
    }

    /// Returns its group.
    pub(super) fn group(&self, by: By) -> Group {
        let alone = || Group::alone(ItemRow(self.number()));
        self.groups[by as usize].map_or_else(alone, Group::of)
    }

    fn runner(&self) -> Option<Group> {
        self.behind.then(|| self.group(By::Merchant))
    }
}

/// The candidates of one request.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) rows: Vec<Row>,
    pub(super) own: Vec<f32>,
    pub(super) scores: Vec<f32>,
    /// By slot: the score of each candidate, the best of all for those who are not in the pool.
    pub(super) slot_scores: Vec<Vec<f32>>,
    /// The rows that are behind, with their runners.
    pub(super) supported: Vec<(usize, Group)>,
    /// What stands on earlier pages, with how it was won.
    pub(super) past: Vec<(Row, Option<Why>)>,
    pub(super) pins: Vec<String>,
}

fn supported(rows: &[Row]) -> Vec<(usize, Group)> {
    let rows = rows.iter().enumerate();
    rows.filter_map(|(index, row)| Some((index, row.runner()?)))
        .collect()
}

fn slot_scores(rows: &[Row], slot: usize) -> Vec<f32> {
    let scores = rows.iter().map(|row| row.slots[slot].unwrap_or(1.0));
    scores.collect()
}

impl Table {
    pub(super) fn new(rows: Vec<Row>) -> Self {
        Self {
            own: rows.iter().map(|row| row.own).collect(),
            scores: rows.iter().map(|row| row.score).collect(),
            slot_scores: (0..rows.first().map_or(0, |row| row.slots.len()))
                .map(|slot| slot_scores(&rows, slot))
                .collect(),
            supported: supported(&rows),
            rows,
            past: Vec::new(),
            pins: Vec::new(),
        }
    }
}

impl Set for Table {
    fn own(&self) -> &[f32] {
        &self.own
    }

    fn lifted(&self) -> Option<&[f32]> {
        (self.own != self.scores).then_some(&self.scores)
    }

    fn lot(&self, candidate: usize) -> (u64, &str) {
        self.rows[candidate].lot()
    }

    fn prefetch(&self, _: usize, _: By) {}

    fn group(&self, candidate: usize, by: By) -> Group {
        self.rows[candidate].group(by)
    }

    fn past(&self) -> usize {
        self.past.len()
    }

    fn past_group(&self, place: usize, by: By) -> Option<Group> {
        Some(self.past[place - 1].0.group(by))
    }

    fn past_why(&self, place: usize) -> Option<Why> {
        self.past.get(place - 1)?.1
    }

    fn past_tags(&self, place: usize) -> Vec<(u32, f32)> {
        self.past[place - 1].0.tags.clone()
    }

    fn past_supported(&self, place: usize) -> Option<Group> {
        self.past[place - 1].0.runner()
    }

    fn pinned(&self, pin: usize) -> Option<usize> {
        self.rows.iter().position(|row| row.id == self.pins[pin])
    }

    fn in_pool(&self, slot: usize, candidate: usize) -> bool {
        self.rows[candidate].slots[slot].is_some()
    }

    fn slot_scores(&self, slot: usize) -> &[f32] {
        &self.slot_scores[slot]
    }

    fn tags(&self, candidate: usize) -> Vec<(u32, f32)> {
        self.rows[candidate].tags.clone()
    }

    fn supported(&self) -> &[(usize, Group)] {
        &self.supported
    }
}

/// The rules of a scene.
#[derive(Clone, Debug, Default)]
pub(super) struct Scene {
    pub(super) limit: usize,
    pub(super) pins: Vec<(String, usize)>,
    pub(super) slots: Vec<Slot>,
    pub(super) support: Vec<usize>,
    pub(super) caps: Vec<Cap>,
    pub(super) decay: Option<(f64, f64)>,
    pub(super) lambda: Option<f64>,
}

/// Least share of own that the support places ask for.
pub(super) const SUPPORT_MIN: f64 = 0.6;

impl Scene {
    pub(super) fn of(limit: usize) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }

    pub(super) fn plan(&self) -> Plan<'_> {
        Plan {
            pins: self
                .pins
                .iter()
                .map(|(item, place)| (item.as_str(), *place))
                .collect(),
            slots: self.slots.iter().map(|slot| ("slot", slot)).collect(),
            support: Support {
                places: &self.support,
                min: SUPPORT_MIN,
            },
            caps: self.caps.iter().collect(),
            decay: self.decay,
            lambda: self.lambda,
        }
    }

    /// Arranges pages of a table.
    pub(super) fn pages(&self, table: &Table, pages: usize) -> Vec<Arranged> {
        let plan = self.plan();
        let mut arranger = Arranger::new(table, &plan, self.limit);
        (0..pages).map(|_| arranger.next(self.limit)).collect()
    }

    /// Returns the ids of the first page of a table.
    pub(super) fn ids(&self, table: &Table) -> Vec<String> {
        ids(table, &self.pages(table, 1)[0])
    }
}

/// Returns the ids of what stands on a page.
pub(super) fn ids(table: &Table, page: &Arranged) -> Vec<String> {
    let held = page.held.iter();
    held.map(|held| table.rows[held.candidate].id.clone())
        .collect()
}

/// Returns a slot whose candidates have their own weights, or go by own.
pub(super) fn slot(places: &[usize], weighed: bool, min: f64) -> Slot {
    Slot {
        places: places.to_vec(),
        pool: Pool::Items(Vec::new()),
        weights: weighed.then(Vec::new),
        min,
    }
}
