//! The slate: who may be shown, with what score, and who may not, by which rule.

use super::resolve::Candidate;
use crate::feature::Items;
use crate::id::ItemRow;
use crate::model::Dropped;

/// An item that cannot be had is not shown.
const UNAVAILABLE: &str = "unavailable";

/// The candidates of a request after the rules, in the order given.
#[derive(Debug)]
pub(super) struct Slate {
    /// Row and place in the request of each that may be shown.
    pub(super) kept: Vec<(ItemRow, u32)>,
    /// Their scores.
    pub(super) scores: Vec<f32>,
    /// Those that a rule kept out.
    pub(super) dropped: Vec<Dropped>,
    /// How many lacked the data of each weighed objective.
    pub(super) missing: Vec<usize>,
}

impl Slate {
    /// An empty slate for so many objectives.
    pub(super) fn new(objectives: usize) -> Self {
        Self {
            kept: Vec::new(),
            scores: Vec::new(),
            dropped: Vec::new(),
            missing: vec![0; objectives],
        }
    }

    /// Takes those out of a block that a rule keeps out, and notes the others.
    pub(super) fn keep(&mut self, block: &mut Vec<Candidate<'_>>, items: &Items) {
        if !block.iter().all(|candidate| candidate.item.available()) {
            block.retain(|candidate| {
                if !candidate.item.available() {
                    self.dropped.push(Dropped {
                        id: items.id(candidate.row).into(),
                        rule: UNAVAILABLE,
                    });
                }
                candidate.item.available()
            });
        }
        self.kept.extend(
            block
                .iter()
                .map(|candidate| (candidate.row, candidate.place)),
        );
        self.scores.resize(self.kept.len(), 0.0);
    }
}
