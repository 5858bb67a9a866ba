//! Who takes the columns of a block while it is scored, beside the scores.

use super::contest::{Contest, Own};
use super::tracked::Tracked;
use crate::config::Weighed;

/// Who takes the columns of a block: the whole record, and slots with weights of their own.
#[derive(Debug, Default)]
pub(super) struct Takers<'t, 'v, 'c> {
    /// `None` unless the whole record is kept.
    pub(super) tracked: Option<&'t mut Tracked<'v>>,
    /// Those that blend nothing of the scene's are among them.
    pub(super) contests: &'t mut [Contest<'c>],
}

impl<'c> Takers<'_, '_, 'c> {
    fn blended(&mut self) -> impl Iterator<Item = &mut Own<'c>> {
        self.contests.iter_mut().filter_map(Contest::blended)
    }

    /// Begins a block of so many candidates.
    pub(super) fn begin(&mut self, candidates: usize) {
        self.blended().for_each(|own| own.begin(candidates));
    }

    /// Takes the column of an objective before missing values are settled, given its place among the scene's weights.
    pub(super) fn take_known(&mut self, part: usize, weighed: Weighed, column: &[f32]) {
        if let Some(tracked) = &mut self.tracked {
            tracked.keep(part, weighed, column);
        }
    }

    /// Takes the settled column of an objective.
    pub(super) fn take(&mut self, weighed: Weighed, column: &[f32]) {
        self.blended().for_each(|own| own.blend(weighed, column));
    }

    /// Takes a column of factors.
    pub(super) fn take_factors(&mut self, factors: &[f32]) {
        self.blended().for_each(|own| own.multiply(factors));
    }
}
