//! Candidates from the best on, sorted only as far as they are read.

use super::set::Set;
use crate::rank::topk;

/// The best of one column, sorted: a prefix that grows. The whole order is total, so a longer prefix begins with the shorter one.
#[derive(Clone, Debug, Default)]
pub(super) struct Prefix {
    keys: Vec<u64>,
    /// True if nobody follows.
    is_whole: bool,
}

impl Prefix {
    /// Returns the place in the column of an index; sorts at least `least` if it sorts any. Equal numbers go by lot.
    #[inline]
    pub(super) fn nth<'s>(
        &mut self,
        column: &[f32],
        lot: impl Fn(usize) -> (u64, &'s str),
        at: (usize, usize),
    ) -> Option<usize> {
        self.nth_of(column, |_| true, lot, at)
    }

    /// Does the same among those for which `counts` holds.
    #[inline]
    pub(super) fn nth_of<'s>(
        &mut self,
        column: &[f32],
        counts: impl Fn(usize) -> bool,
        lot: impl Fn(usize) -> (u64, &'s str),
        (index, least): (usize, usize),
    ) -> Option<usize> {
        if index >= self.keys.len() && !self.is_whole {
            let wanted = least.max(2 * self.keys.len()).max(2 * index);
            topk::best_of(column, counts, wanted, lot, &mut self.keys);
            self.is_whole = self.keys.len() < wanted || wanted >= column.len();
        }
        self.keys.get(index).map(|key| topk::place(*key))
    }

    /// Returns the places in the column that are sorted so far.
    fn sorted(&self) -> impl Iterator<Item = usize> {
        self.keys.iter().map(|key| topk::place(*key))
    }
}

/// The orders of a set's candidates by own and by score.
#[derive(Clone, Debug)]
pub(super) struct Orders {
    own: Prefix,
    score: Prefix,
    least: usize,
}

impl Orders {
    /// Creates the orders of a set of which that many candidates are probably read.
    pub(super) fn new(likely: usize) -> Self {
        Self {
            own: Prefix::default(),
            score: Prefix::default(),
            least: likely.max(1),
        }
    }

    /// Returns the candidate of an index by own, from the best on.
    #[inline]
    pub(super) fn by_own(&mut self, set: &impl Set, index: usize) -> Option<usize> {
        self.own
            .nth(set.own(), |at| set.lot(at), (index, self.least))
    }

    /// Returns the candidates that are probably read, by score from the best on.
    pub(super) fn likely(&mut self, set: &impl Set) -> impl Iterator<Item = usize> {
        let _sorted = self.by_score(set, 0);
        let order = set.lifted().map_or(&self.own, |_| &self.score);
        order.sorted()
    }

    /// Returns the candidate of an index by score, from the best on.
    #[inline]
    pub(super) fn by_score(&mut self, set: &impl Set, index: usize) -> Option<usize> {
        match set.lifted() {
            Some(scores) => self
                .score
                .nth(scores, |at| set.lot(at), (index, self.least)),
            None => self.by_own(set, index),
        }
    }
}
