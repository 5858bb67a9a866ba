//! The contest for the places of a slot: which candidates are in its pool, and what they score under the slot's own weights.

use super::BLOCK;
use super::blend::Weights;
use super::resolve::Candidate;
use super::score::Scorer;
use super::slate::Contenders;
use super::view::View;
use crate::bits::Bits;
use crate::config::{Pool, Slot};
use crate::id::ItemRow;

/// The contest for the places of one slot.
#[derive(Debug)]
pub(super) struct Contest<'a> {
    pub(super) slot: &'a Slot,
    pool: Items<'a>,
    /// The slot's own weights; `None` if it goes by own.
    weights: Option<&'a Weights>,
    /// Under own weights: the candidates so far that are in the pool.
    pub(super) contenders: Contenders,
    /// Those of the block that was scored last.
    here: Vec<Candidate<'a>>,
}

/// The items of a pool.
#[derive(Debug)]
enum Items<'a> {
    /// The members of a selection.
    Selected(&'a Bits),
    /// The rows of a list, sorted.
    Listed(Vec<ItemRow>),
}

impl<'a> Contest<'a> {
    /// Returns the contest for a slot before the first of so many candidates, given the slot's own weights.
    pub(super) fn new(
        view: &'a View<'a>,
        (slot, weights): (&'a Slot, Option<&'a Weights>),
        candidates: usize,
    ) -> Self {
        let room = weights.map_or(0, |_| candidates);
        Self {
            slot,
            pool: Items::of(view, &slot.pool),
            weights,
            contenders: Contenders::new(room),
            here: Vec::with_capacity(room.min(BLOCK)),
        }
    }

    /// Returns whether an item is in the pool.
    pub(super) fn has(&self, row: ItemRow) -> bool {
        match &self.pool {
            Items::Selected(members) => members.has(row.index()),
            Items::Listed(rows) => rows.binary_search(&row).is_ok(),
        }
    }

    /// Scores those of a block of candidates, the first of which has an index, if the slot has weights of its own.
    pub(super) fn score(&mut self, block: &[Candidate<'a>], first: usize, scorer: &Scorer<'_>) {
        let Some(weights) = self.weights else {
            return;
        };
        let Contenders { members, scores } = &mut self.contenders;
        let before = members.len();
        self.pool.find(block, first, members);
        let here = members[before..].iter().map(|index| block[index - first]);
        self.here.clear();
        self.here.extend(here);
        scores.resize(members.len(), 0.0);
        let scorer = scorer.weighing(weights);
        scorer.score(&self.here, &mut scores[before..]);
    }
}

impl<'a> Items<'a> {
    fn of(view: &View<'a>, pool: &Pool) -> Self {
        let find = |id: &String| view.items.find(view.hasher.hash(id), id);
        match pool {
            Pool::Selection(selection) => Self::Selected(view.selections.bits(*selection)),
            Pool::Items(items) => {
                let mut rows: Vec<ItemRow> = items.iter().filter_map(find).collect();
                rows.sort_unstable();
                Self::Listed(rows)
            }
        }
    }

    /// Adds the indices of those of a block who are in the pool.
    fn find(&self, block: &[Candidate<'_>], first: usize, found: &mut Vec<usize>) {
        match self {
            Self::Selected(members) => find(block, first, found, |row| members.has(row.index())),
            Self::Listed(rows) => find(block, first, found, |row| rows.binary_search(&row).is_ok()),
        }
    }
}

/// Adds the indices of the candidates for whose row `holds`. Which these are is random, so that a branch for each would cost more than the
/// rest.
#[inline(always)]
fn find(
    block: &[Candidate<'_>],
    first: usize,
    found: &mut Vec<usize>,
    holds: impl Fn(ItemRow) -> bool,
) {
    let mut count = found.len();
    found.resize(count + block.len(), 0);
    for (candidate, index) in block.iter().zip(first..) {
        found[count] = index;
        count += usize::from(holds(candidate.row));
    }
    found.truncate(count);
}
