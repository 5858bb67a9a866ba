//! The slate: who may be shown, with what score, and who may not, by which rule.

use super::blend::Weights;
use super::block::Block;
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

    /// Whether a candidate may be shown; notes it, or the rule that keeps it out.
    #[inline(always)]
    pub(super) fn admits(&mut self, candidate: &Candidate<'_>, items: &Items) -> bool {
        let admitted = candidate.item.available();
        if admitted {
            self.kept.push((candidate.row, candidate.place));
        } else {
            self.dropped.push(Dropped {
                id: items.id(candidate.row).into(),
                rule: UNAVAILABLE,
            });
        }
        admitted
    }

    /// Takes the scores of a block of those that were admitted last, and empties it.
    pub(super) fn take(&mut self, block: &mut Block, weights: &Weights) {
        let start = self.scores.len();
        self.scores.resize(start + block.len(), 0.0);
        block.scores(weights, &mut self.scores[start..], &mut self.missing);
    }
}
