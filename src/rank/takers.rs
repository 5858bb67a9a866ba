//! Who takes the columns of a block while it is scored, beside the scores.

use super::slot_scores::SlotScores;
use super::tracked::Tracked;
use crate::config::Weighed;

/// Who takes the columns of a block: the whole record, and slots whose scores are blended out of them.
#[derive(Debug, Default)]
pub(super) struct Takers<'t, 'v, 'c> {
    /// `None` unless the whole record is kept.
    pub(super) tracked: Option<&'t mut Tracked<'v>>,
    /// The scores of the slots.
    pub(super) slots: Vec<&'t mut SlotScores<'c>>,
}

impl Takers<'_, '_, '_> {
    /// Begins a block of so many candidates.
    pub(super) fn begin(&mut self, candidates: usize) {
        self.slots.iter_mut().for_each(|it| it.begin(candidates));
    }

    /// Takes the column of an objective before missing values are settled, given its place among the scene's weights.
    pub(super) fn take_known(&mut self, part: usize, weighed: Weighed, column: &[f32]) {
        if let Some(tracked) = &mut self.tracked {
            tracked.keep(part, weighed, column);
        }
    }

    /// Takes the settled column of an objective.
    pub(super) fn take(&mut self, weighed: Weighed, column: &[f32]) {
        self.slots
            .iter_mut()
            .for_each(|it| it.blend(weighed, column));
    }

    /// Takes a column of factors.
    pub(super) fn take_factors(&mut self, factors: &[f32]) {
        self.slots.iter_mut().for_each(|it| it.multiply(factors));
    }
}
