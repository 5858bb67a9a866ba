//! What a ranking keeps for the whole record of its decision, so that the record resolves no id again and computes no column twice.

use super::BLOCK;
use super::resolve::Candidate;
use crate::config::Weighed;

/// What a ranking keeps for a whole record.
#[derive(Debug, Default)]
pub struct Tracked<'a> {
    /// The candidates that are known and offered, in request order; those that rules of the scene hide are among them.
    pub(super) candidates: Vec<Candidate<'a>>,
    /// The places in the request of those that are scored.
    scored: Vec<u32>,
    /// The columns of what the scene weighs, of the scored ones; empty if the blocks are scored on several threads.
    columns: Vec<(Weighed, Vec<f32>)>,
}

impl<'a> Tracked<'a> {
    /// Keeps a block of candidates, before rules of the scene hide some.
    pub(super) fn meet(&mut self, block: &[Candidate<'a>]) {
        self.candidates.extend_from_slice(block);
    }

    /// Notes a block of candidates that are scored.
    pub(super) fn score(&mut self, block: &[Candidate<'_>]) {
        self.scored.extend(block.iter().map(|it| it.place));
    }

    /// Keeps the column of a block of scored candidates, given the place of the objective among the weights. NaN marks missing data.
    pub(super) fn keep(&mut self, part: usize, weighed: Weighed, column: &[f32]) {
        match self.columns.get_mut(part) {
            Some((_, kept)) => kept.extend_from_slice(column),
            None => self.columns.push((weighed, column.to_vec())),
        }
    }

    /// Returns the column of all candidates: the one that was kept, else, and of those that were hidden, what `fill` fills in block by block.
    pub(super) fn column(
        &mut self,
        weighed: Weighed,
        mut fill: impl FnMut(&[Candidate<'_>], &mut [f32]),
    ) -> Vec<f32> {
        let mut filled = |candidates: &[Candidate<'_>]| {
            let mut column = vec![0.0; candidates.len()];
            for (block, out) in candidates.chunks(BLOCK).zip(column.chunks_mut(BLOCK)) {
                fill(block, out);
            }
            column
        };
        let kept = self.columns.iter().position(|(it, _)| *it == weighed);
        let kept = kept.map(|part| self.columns.swap_remove(part).1);
        let Some(kept) = kept.filter(|kept| kept.len() == self.scored.len()) else {
            return filled(&self.candidates);
        };
        if kept.len() == self.candidates.len() {
            return kept;
        }
        let hidden = filled(&self.hidden());
        let (mut kept, mut hidden) = (kept.into_iter(), hidden.into_iter());
        let mut scored = self.scored.iter().peekable();
        let column = self.candidates.iter().map(|candidate| {
            let is_scored = scored.next_if_eq(&&candidate.place).is_some();
            let next = if is_scored {
                kept.next()
            } else {
                hidden.next()
            };
            next.unwrap_or(f32::NAN)
        });
        column.collect()
    }

    /// Returns the candidates that rules of the scene hide.
    fn hidden(&self) -> Vec<Candidate<'a>> {
        let mut scored = self.scored.iter().peekable();
        let candidates = self.candidates.iter().copied();
        let hidden = candidates.filter(|it| scored.next_if_eq(&&it.place).is_none());
        hidden.collect()
    }
}
