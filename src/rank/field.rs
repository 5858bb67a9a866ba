//! The scored candidates of one request as the slate sees them.

use std::borrow::Cow;

use super::contest::Contest;
use super::live::Live;
use super::lot::Lots;
use super::noted::Noted;
use super::score::Scores;
use super::slate::{Group, Set, Why};
use super::support::Behind;
use super::view::{Past, View};
use crate::config::Slot;
use crate::feature::Item;
use crate::id::ItemRow;
use crate::rule::By;

/// The scored candidates of one request.
#[derive(Debug)]
pub(super) struct Field<'a> {
    view: &'a View<'a>,
    live: &'a Live<'a>,
    ids: &'a [Cow<'a, str>],
    scores: &'a Scores,
    lots: &'a Lots<'a>,
    /// The scores of all; `None` if nothing lifts.
    lifted: Option<Vec<f32>>,
    noted: &'a Noted<'a>,
    /// By pin: the candidate that it names.
    pins: Vec<Option<usize>>,
    /// By slot.
    contests: Vec<&'a Contest<'a>>,
}

impl<'a> Field<'a> {
    /// Creates the field of a request. Score = own × lifts.
    pub(super) fn new(
        (live, noted): (&'a Live<'a>, &'a Noted<'a>),
        (ids, lots): (&'a [Cow<'a, str>], &'a Lots<'a>),
        scores: &'a Scores,
        view: &'a View<'a>,
    ) -> Self {
        let pin = |&(item, _): &(&str, usize)| {
            let row = view.items.find(view.hasher.hash(item), item)?;
            scores
                .candidates
                .iter()
                .position(|(known, _)| *known == row)
        };
        // Those of a lever left out were noted too.
        let contest = |(_, slot): &(&str, &'a Slot)| {
            let mut noted = noted.contests.iter();
            noted.find(|it| std::ptr::eq(it.slot, *slot))
        };
        Self {
            view,
            live,
            ids,
            scores,
            lots,
            lifted: live.lifts.as_ref().map(|lifts| lifts.scores(scores)),
            noted,
            pins: live.plan.pins.iter().map(pin).collect(),
            contests: live.plan.slots.iter().filter_map(contest).collect(),
        }
    }

    #[inline]
    fn row(&self, candidate: usize) -> ItemRow {
        self.scores.candidates[candidate].0
    }

    /// Returns the group of an item.
    fn group_of(&self, row: ItemRow, by: By) -> Group {
        let tag = group_of(self.view, row, by);
        tag.map_or(Group::alone(row), Group::of)
    }

    /// Returns what stands at a place of a page that was answered.
    fn past_at(&self, place: usize) -> Option<Past<'a>> {
        let index = place.checked_sub(1)?;
        self.view.turn.past.get(index).copied()
    }

    fn past_row(&self, place: usize) -> Option<ItemRow> {
        self.past_at(place)?.item
    }

    /// Returns the tags of an item as a vector of length 1, sorted by tag.
    fn tags_of(&self, row: ItemRow) -> Vec<(u32, f32)> {
        tags_of(self.view, row)
    }
}

/// Returns the row or tag of the group of an item's row, if it has one.
pub(super) fn group_of(view: &View<'_>, row: ItemRow, by: By) -> Option<u32> {
    group_of_item(view, (row, view.items.get(row)), by)
}

/// Returns the row or tag of an item's group, if it has one.
#[inline]
pub(super) fn group_of_item(view: &View<'_>, (row, item): (ItemRow, &Item), by: By) -> Option<u32> {
    let items = view.items;
    match by {
        By::Merchant => item.merchant.some().map(|merchant| merchant.0),
        By::Category => items.category(row).some().map(|tag| tag.0),
        By::Creator => {
            let creator = items.creator(row, item, view.tags);
            creator.some().map(|creator| creator.0)
        }
        By::Kind => items.kind(row, item, view.tags).map(|tag| tag.0),
    }
}

/// Returns the tags of an item as a vector of length 1, sorted by tag.
pub(super) fn tags_of(view: &View<'_>, row: ItemRow) -> Vec<(u32, f32)> {
    let mut tags = Vec::new();
    let items = view.items;
    items.visit_tags(row, items.get(row), |tag, weight| {
        tags.push((tag.0, weight * view.standings.idf.of(tag)));
    });
    let length = tags
        .iter()
        .map(|(_, weight)| weight * weight)
        .sum::<f32>()
        .sqrt();
    if length > 0.0 {
        tags.iter_mut().for_each(|(_, weight)| *weight /= length);
    }
    tags.sort_unstable_by_key(|(tag, _)| *tag);
    tags
}

impl Set for Field<'_> {
    fn own(&self) -> &[f32] {
        &self.scores.scores
    }

    fn lifted(&self) -> Option<&[f32]> {
        self.lifted.as_deref()
    }

    fn lot(&self, candidate: usize) -> (u64, &str) {
        let (_, place) = self.scores.candidates[candidate];
        self.lots.key(&self.ids[place as usize])
    }

    #[inline(always)]
    fn prefetch(&self, candidate: usize, by: By) {
        match by {
            By::Category => self.view.items.prefetch_category(self.row(candidate)),
            // In the line of the item, which was read when it was scored.
            By::Merchant | By::Creator | By::Kind => {}
        }
    }

    fn group(&self, candidate: usize, by: By) -> Group {
        self.group_of(self.row(candidate), by)
    }

    fn past(&self) -> usize {
        self.view.turn.past.len()
    }

    fn past_group(&self, place: usize, by: By) -> Option<Group> {
        Some(self.group_of(self.past_row(place)?, by))
    }

    fn past_why(&self, place: usize) -> Option<Why> {
        let won = self.past_at(place)?.won?;
        let Some(name) = &won.slot else {
            return Some(Why::Support);
        };
        let mut slots = self.live.plan.slots.iter();
        slots.position(|(slot, _)| slot == name).map(Why::Slot)
    }

    fn past_tags(&self, place: usize) -> Vec<(u32, f32)> {
        self.past_row(place)
            .map_or_else(Vec::new, |row| self.tags_of(row))
    }

    fn past_supported(&self, place: usize) -> Option<Group> {
        let row = self.past_row(place)?;
        Behind::new(self.view).group(row, self.view.items.get(row))
    }

    fn pinned(&self, pin: usize) -> Option<usize> {
        self.pins[pin]
    }

    #[inline]
    fn in_pool(&self, slot: usize, candidate: usize) -> bool {
        self.contests[slot].has(self.row(candidate))
    }

    fn slot_scores(&self, slot: usize) -> &[f32] {
        self.contests[slot].scores()
    }

    fn tags(&self, candidate: usize) -> Vec<(u32, f32)> {
        self.tags_of(self.row(candidate))
    }

    fn supported(&self) -> &[(usize, Group)] {
        &self.noted.supported
    }
}
