//! How often and when a user bought, as a figure.

use serde::{Deserialize, Serialize};

use super::figure::Figure;
use super::learned::Learned;
use super::moment::{Learn, Moment};
use crate::clock::{Day, Time};
use crate::decay::Decay;
use crate::model::EventKind;

/// The purchases of one user. A refund changes nothing here: the user did buy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Orders {
    /// Number of purchases.
    pub count: u32,
    /// Day of the last one, by the configured offset from UTC.
    pub last: Option<Day>,
}

impl Figure for Orders {
    fn concerns(event: &Learned<'_>) -> bool {
        event.kind == EventKind::Purchase
    }

    fn learn(&mut self, event: &Learned<'_>, _: &Moment<'_>) -> usize {
        self.count = self.count.saturating_add(1);
        self.last = self.last.max(Some(event.day));
        0
    }

    fn absorb(&mut self, other: &mut Self, _: &Learn) -> usize {
        self.count = self.count.saturating_add(other.count);
        self.last = self.last.max(other.last);
        0
    }

    fn change_decay(&mut self, _: Decay, _: Decay, _: Time) {}
}
