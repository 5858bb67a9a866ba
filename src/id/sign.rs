//! What is known of the last click of one user on one runner.

use serde::{Deserialize, Serialize};

use crate::clock::{SECOND, Time};

/// The second of a user's last click on a runner, or that there was none, or that it is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[repr(transparent)]
pub struct LastClick(u32);

impl LastClick {
    /// There was no click.
    pub const NEVER: Self = Self(0);
    /// It is not known whether there was one: too many clicks of the user are remembered, or the user is not known.
    pub const UNKNOWN: Self = Self(u32::MAX);

    /// Returns a click at an instant, to the second; an instant outside of the years 1970 to 2106 counts as the nearest one.
    #[must_use]
    pub fn at(time: Time) -> Self {
        let seconds = time.millis().div_euclid(SECOND);
        let most = i64::from(u32::MAX - 1);
        Self(u32::try_from(seconds.clamp(1, most)).unwrap_or(1))
    }

    /// Returns the seconds from this click to a later one; `None` if this one is later, or either is not known.
    #[must_use]
    pub fn before(self, later: Self) -> Option<u32> {
        let known = self.is_known() && later.is_known();
        later.0.checked_sub(self.0).filter(|_| known)
    }

    /// Returns whether there was a click, and its time is known.
    #[must_use]
    pub fn is_known(self) -> bool {
        self != Self::NEVER && self != Self::UNKNOWN
    }
}

impl Default for LastClick {
    fn default() -> Self {
        Self::UNKNOWN
    }
}
