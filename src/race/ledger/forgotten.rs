//! Runners whose sales are forgotten but not yet cleared from the purchases.
//!
//! Clearing them walks through every purchase of the window. It is therefore deferred until a day ends or such a row sells again, and
//! then done for all of them at once. Until then a rebuild skips the purchases of these rows, all of which precede the deletion.

use hashbrown::HashSet;
use serde::{Deserialize, Serialize};

use super::super::runner::{Kind, PerKind, RunnerRows};
use crate::id::RunnerRow;

/// The rows of the forgotten runners.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(in crate::race) struct Forgotten(PerKind<HashSet<RunnerRow, foldhash::fast::RandomState>>);

impl Forgotten {
    /// Returns true if no runner is forgotten.
    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|(_, rows)| rows.is_empty())
    }

    /// Adds a runner.
    pub(super) fn add(&mut self, kind: Kind, row: RunnerRow) {
        self.0[kind].insert(row);
    }

    /// Returns true if a runner is forgotten.
    pub(in crate::race) fn has(&self, kind: Kind, row: RunnerRow) -> bool {
        self.0[kind].contains(&row)
    }

    /// Returns true if any of the runners is forgotten.
    pub(super) fn has_any(&self, runners: &RunnerRows) -> bool {
        runners.iter().any(|(kind, row)| self.has(kind, *row))
    }

    /// Returns the forgotten runners of one kind, in no particular order.
    pub(in crate::race) fn rows(&self, kind: Kind) -> impl Iterator<Item = RunnerRow> {
        self.0[kind].iter().copied()
    }

    /// Returns the bytes held, approximately.
    pub(super) fn bytes(&self) -> usize {
        self.0.iter().map(|(_, rows)| rows.allocation_size()).sum()
    }
}
