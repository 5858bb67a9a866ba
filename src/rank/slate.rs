//! The slate: who may be shown, with what score, and who may not, by which rule.

use std::borrow::Cow;

use super::resolve::Candidate;
use crate::id::ItemRow;
use crate::model::Dropped;

/// An item that cannot be had is not shown.
const UNAVAILABLE: &str = "unavailable";

/// The candidates of a request after the rules, in the order given.
#[derive(Debug)]
pub(super) struct Slate<'r> {
    /// The ids that the request gave.
    ids: &'r [Cow<'r, str>],
    /// Row and place in the request of each that may be shown.
    pub(super) kept: Vec<(ItemRow, u32)>,
    /// Their scores.
    pub(super) scores: Vec<f32>,
    /// Those that a rule kept out.
    pub(super) dropped: Vec<Dropped<'r>>,
    /// How many lacked the data of each weighed objective.
    pub(super) missing: Vec<usize>,
}

impl<'r> Slate<'r> {
    /// An empty slate for candidates of those ids and so many objectives.
    pub(super) fn new(ids: &'r [Cow<'r, str>], objectives: usize) -> Self {
        Self {
            ids,
            kept: Vec::with_capacity(ids.len()),
            scores: Vec::with_capacity(ids.len()),
            dropped: Vec::new(),
            missing: vec![0; objectives],
        }
    }

    /// The ids that the request gave, in its order.
    pub(super) fn ids(&self) -> &'r [Cow<'r, str>] {
        self.ids
    }

    /// The id that the request gave at a place.
    pub(super) fn id(&self, place: u32) -> &'r str {
        &self.ids[place as usize]
    }

    /// Takes those out of a block that a rule keeps out, and notes the others.
    pub(super) fn keep(&mut self, block: &mut Vec<Candidate<'_>>) {
        if !block.iter().all(|candidate| candidate.item.available()) {
            block.retain(|candidate| {
                if !candidate.item.available() {
                    self.dropped.push(Dropped {
                        id: &self.ids[candidate.place as usize],
                        rule: UNAVAILABLE,
                    });
                }
                candidate.item.available()
            });
        }
        let kept = block
            .iter()
            .map(|candidate| (candidate.row, candidate.place));
        self.kept.extend(kept);
        self.scores.resize(self.kept.len(), 0.0);
    }
}
