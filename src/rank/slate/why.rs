//! How candidates get their places.

use crate::rule::By;

/// How a candidate got its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::rank) enum Why {
    /// By a pin.
    Pin,
    /// As the winner of a slot, by its index in the plan.
    Slot(usize),
    /// In a support place.
    Support,
    /// By MMR.
    Mmr,
    /// As the best own that fits the first place of all.
    First,
    /// In the order of score.
    Fill {
        /// The cap that kept it, or its group, from an earlier place.
        passed: Option<By>,
        /// True if decay left less than all of its score.
        decayed: bool,
    },
}
