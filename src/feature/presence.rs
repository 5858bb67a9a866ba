//! When a user was last seen, as a figure: the day, the position in the order of arrival, and whether the ledger may name the user.

use serde::{Deserialize, Serialize};

use super::figure::Figure;
use super::learned::Learned;
use super::moment::{Learn, Moment};
use crate::clock::{Day, Time};
use crate::decay::Decay;
use crate::id::UserRow;
use crate::model::EventKind;

/// When one user was last seen: an event or declared fields arrived. Like eviction, it depends on the order of arrival. Half a cache line,
/// as every event changes it.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[repr(align(32))]
pub struct Presence {
    /// Position of the last arrival in the order of all arrivals; 0 if it is unknown.
    pub(super) touch: u64,
    /// Day of the last arrival in UTC, by the wall clock.
    pub(super) day: Option<Day>,
    /// True if a purchase or refund of the user was accepted.
    pub buys: bool,
    /// Neighbours in the list of [`Recency`](super::recency::Recency).
    #[serde(skip)]
    pub(super) earlier: UserRow,
    #[serde(skip)]
    pub(super) later: UserRow,
}

impl Figure for Presence {
    fn learn(&mut self, event: &Learned<'_>, _: &Moment<'_>) -> usize {
        self.buys |= matches!(event.kind, EventKind::Purchase | EventKind::Refund);
        0
    }

    /// The other row may still be named as a buyer.
    fn absorb(&mut self, other: &mut Self, _: &Learn) -> usize {
        self.buys |= other.buys;
        0
    }

    fn change_decay(&mut self, _: Decay, _: Decay, _: Time) {}
}
