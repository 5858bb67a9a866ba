//! What the slate asks of every candidate, noted block by block while the candidates are scored: later their lines would have left the
//! nearest caches.

use super::live::Live;
use super::resolve::Candidate;
use super::slate::Group;
use super::support::Behind;
use super::view::View;
use crate::config::SelectionId;

/// What was noted of the candidates of one request.
#[derive(Debug)]
pub(super) struct Noted<'a> {
    view: &'a View<'a>,
    /// The rules that ask.
    pub(super) live: &'a Live<'a>,
    /// The selections that are pools of slots.
    pools: Vec<SelectionId>,
    /// `None` if no place is kept for runners behind their plan.
    behind: Option<Behind<'a>>,
    /// The candidates whose runner is behind its plan, by index, with the runner.
    pub(super) supported: Vec<(usize, Group)>,
    /// Number of candidates so far.
    seen: usize,
}

impl<'a> Noted<'a> {
    /// Prepares to note what live rules ask; `None` if they do not arrange.
    pub(super) fn of(view: &'a View<'a>, live: Option<&'a Live<'a>>) -> Option<Self> {
        let live = live.filter(|live| live.arranges)?;
        let supports = !live.plan.support.places.is_empty();
        Some(Self {
            view,
            live,
            pools: live.plan.pools().collect(),
            behind: supports.then(|| Behind::new(view)),
            supported: Vec::new(),
            seen: 0,
        })
    }

    /// Notes a block of candidates that will be scored.
    pub(super) fn note(&mut self, block: &[Candidate<'_>]) {
        for pool in &self.pools {
            let rows = block.iter().map(|candidate| candidate.row);
            rows.for_each(|row| self.view.selections.prefetch(*pool, row));
        }
        if let Some(behind) = &self.behind {
            for (candidate, index) in block.iter().zip(self.seen..) {
                if let Some(runner) = behind.group(candidate.row, candidate.item) {
                    self.supported.push((index, runner));
                }
            }
        }
        self.seen += block.len();
    }
}
