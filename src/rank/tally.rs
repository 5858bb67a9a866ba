//! What an objective counts while it fills its column.

use std::ops::AddAssign;

/// Candidates that an objective has no figure of, or one that it cannot tell apart from others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Number of candidates without data, which get the neutral value.
    pub(super) missing: usize,
    /// Number of candidates whose raw score the normaliser of a model clips.
    pub(super) clipped: usize,
}

impl Tally {
    /// Creates the tally of candidates without data.
    pub(super) const fn missing(missing: usize) -> Self {
        Self {
            missing,
            clipped: 0,
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.missing += other.missing;
        self.clipped += other.clipped;
    }
}
