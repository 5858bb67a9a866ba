//! The candidates of a record as the slate sees them.

use std::collections::{BTreeMap, HashSet};

use super::blend::Weights;
use super::live::Live;
use super::replay::Replay;
use super::slate::{Group, Set, Why};
use super::tally::Tally;
use crate::config::Pool;
use crate::decision::{Groups, Inputs, Past};
use crate::id::ItemRow;
use crate::number::short;
use crate::rule::By;

/// The scored candidates of one record.
#[derive(Debug)]
pub(super) struct RecordedSet<'a> {
    replay: &'a Replay<'a>,
    live: &'a Live<'a>,
    inputs: &'a Inputs,
    /// The scores of all; `None` if nothing lifts.
    lifted: Option<Vec<f32>>,
    /// By pin: the candidate that it names.
    pins: Vec<Option<usize>>,
    /// By slot: the ids of a pool that is a list.
    pools: Vec<HashSet<&'a str>>,
    /// By slot with weights of its own: what each candidate scores under these.
    slot_scores: Vec<Vec<f32>>,
    /// The candidates whose runner is behind its plan, by index, with the runner.
    supported: Vec<(usize, Group)>,
    /// The tags of all candidates of the record, then of the pages before.
    tags: Vec<Vec<(u32, f32)>>,
}

impl<'a> RecordedSet<'a> {
    pub(super) fn new(replay: &'a Replay<'a>, live: &'a Live<'a>) -> Self {
        let whole = replay.recorded.whole;
        let inputs = &whole.inputs;
        let id =
            |candidate: usize| whole.ids[replay.scores.candidates[candidate].0.index()].as_str();
        let pin = |&(item, _): &(&str, usize)| {
            (0..replay.scores.len()).find(|candidate| id(*candidate) == item)
        };
        let pool = |ids: &'a [String]| ids.iter().map(String::as_str).collect();
        let behind: BTreeMap<u32, u32> = inputs.behind.iter().copied().collect();
        let all = replay.scores.candidates.iter().enumerate();
        let supported = all.filter_map(|(index, (row, _))| {
            let runner = behind.get(&row.0)?;
            Some((index, Group::of(*runner)))
        });
        let items = whole.ids.len() + inputs.past.len();
        let mut set = Self {
            replay,
            live,
            inputs,
            slot_scores: Vec::new(),
            lifted: live
                .lifts
                .as_ref()
                .map(|lifts| lifts.scores(&replay.scores)),
            pins: live.plan.pins.iter().map(pin).collect(),
            pools: live.plan.lists().map(pool).collect(),
            supported: supported.collect(),
            tags: inputs
                .tags
                .as_ref()
                .map_or_else(Vec::new, |it| it.vectors(items)),
        };
        let slots = live.weights.iter();
        set.slot_scores = slots.map(|weights| set.weighed(weights.as_ref())).collect();
        set
    }

    /// Returns what each candidate scores under a slot's own weights; empty without.
    fn weighed(&self, weights: Option<&Weights>) -> Vec<f32> {
        let Some(weights) = weights else {
            return Vec::new();
        };
        let rows = self.replay.scores.candidates.iter();
        let rows: Vec<usize> = rows.map(|(row, _)| row.index()).collect();
        let mut scores = vec![0.0; rows.len()];
        let mut tallies = vec![Tally::default(); weights.parts().len()];
        self.replay.weigh(weights, &rows, &mut scores, &mut tallies);
        scores
    }

    /// Returns the score of every candidate.
    pub(super) fn scores(&self) -> &[f32] {
        self.lifted.as_deref().unwrap_or(&self.replay.scores.scores)
    }

    fn row(&self, candidate: usize) -> ItemRow {
        self.replay.scores.candidates[candidate].0
    }

    fn groups(&self, by: By) -> &Groups {
        match by {
            By::Merchant => &self.inputs.merchant,
            By::Category => &self.inputs.category,
            By::Creator => &self.inputs.creator,
            By::Kind => &self.inputs.kind,
        }
    }

    fn past_at(&self, place: usize) -> Option<&Past> {
        let past = self.inputs.past.get(place.checked_sub(1)?)?;
        past.known.then_some(past)
    }
}

impl Set for RecordedSet<'_> {
    fn own(&self) -> &[f32] {
        &self.replay.scores.scores
    }

    fn lifted(&self) -> Option<&[f32]> {
        self.lifted.as_deref()
    }

    fn lot(&self, candidate: usize) -> (u64, &str) {
        self.replay.lot(self.row(candidate).index())
    }

    fn prefetch(&self, _: usize, _: By) {}

    fn group(&self, candidate: usize, by: By) -> Group {
        let row = self.row(candidate);
        let group = self.groups(by).get(row.index());
        group.map_or(Group::alone(row), Group::of)
    }

    fn past(&self) -> usize {
        self.inputs.past.len()
    }

    fn past_group(&self, place: usize, by: By) -> Option<Group> {
        let group = self.past_at(place)?.groups[by as usize];
        let beyond = self.replay.recorded.candidates() + place;
        Some(group.map_or(Group::alone(ItemRow(short(beyond))), Group::of))
    }

    fn past_why(&self, place: usize) -> Option<Why> {
        let past = self.inputs.past.get(place.checked_sub(1)?)?;
        let Some(name) = &past.slot else {
            return past.support.then_some(Why::Support);
        };
        let mut slots = self.live.plan.slots.iter();
        slots.position(|(slot, _)| slot == name).map(Why::Slot)
    }

    fn past_tags(&self, place: usize) -> Vec<(u32, f32)> {
        let at = self.replay.recorded.candidates() + place - 1;
        self.tags.get(at).cloned().unwrap_or_default()
    }

    fn past_supported(&self, place: usize) -> Option<Group> {
        self.past_at(place)?.behind.map(Group::of)
    }

    fn pinned(&self, pin: usize) -> Option<usize> {
        self.pins[pin]
    }

    fn in_pool(&self, slot: usize, candidate: usize) -> bool {
        let row = self.row(candidate);
        match self.live.plan.slots[slot].1.pool {
            Pool::Selection(selection) => self.replay.recorded.has(selection, row),
            Pool::Items(_) => {
                let id = self.replay.recorded.whole.ids[row.index()].as_str();
                self.pools[slot].contains(id)
            }
        }
    }

    fn slot_scores(&self, slot: usize) -> &[f32] {
        &self.slot_scores[slot]
    }

    fn tags(&self, candidate: usize) -> Vec<(u32, f32)> {
        let tags = self.tags.get(self.row(candidate).index());
        tags.cloned().unwrap_or_default()
    }

    fn supported(&self) -> &[(usize, Group)] {
        &self.supported
    }
}
