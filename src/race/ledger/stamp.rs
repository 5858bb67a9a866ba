//! When a purchase was on its day, and whether there was a refund, in the four bytes that a purchase has to spare.

use serde::{Deserialize, Serialize};

use crate::clock::DAY;

/// Milliseconds from the start of the day plus 1, or 0 if they are unknown; the highest bit is set by a refund.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Stamp(u32);

const REFUNDED: u32 = 1 << 31;

impl Stamp {
    /// Creates the stamp of a purchase so many milliseconds after the start of its day.
    #[must_use]
    pub fn new(millis: i64) -> Self {
        let millis = u32::try_from(millis).unwrap_or(0);
        Self(millis.saturating_add(1) & !REFUNDED)
    }

    /// Returns the milliseconds from the start of the day; half a day if they are unknown.
    pub(super) fn millis(self) -> i64 {
        let known = i64::from(self.0 & !REFUNDED) - 1;
        if known < 0 { DAY / 2 } else { known }
    }

    /// Notes a refund.
    pub(super) fn refund(&mut self) {
        self.0 |= REFUNDED;
    }

    /// Returns whether there was a refund.
    pub(super) fn is_refunded(self) -> bool {
        self.0 & REFUNDED != 0
    }
}
