//! What the book learns from: an exposure, a click or a purchase, of at most one runner of each side.

use serde::{Deserialize, Serialize};

use super::amount::Amount;
use crate::clock::{Day, Time};
use crate::id::{LastClick, RunnerKey, SceneId};

/// The sides of an event: one runner each. The discriminant is the place in the arrays of [`Shown`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The item.
    Item,
    /// Its merchant.
    Merchant,
    /// Its creator.
    Creator,
}

impl Side {
    /// Number of sides.
    pub const COUNT: usize = 3;
}

/// An event of one user about the runners of one item.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// The time of the event.
    pub at: Time,
    /// The day of the event.
    pub day: Day,
    /// The scene.
    pub scene: SceneId,
    /// The runner of each [`Side`].
    pub runners: [Option<RunnerKey>; Side::COUNT],
    /// The user's last click on each of them before this event; for a purchase, the last purchase of the item.
    pub last: [LastClick; Side::COUNT],
}

impl Shown {
    /// Returns the runners that are named, each with the user's last click on it.
    pub(super) fn named(&self) -> impl Iterator<Item = (RunnerKey, LastClick)> {
        let pairs = self.runners.iter().zip(self.last);
        pairs.filter_map(|(runner, last)| Some(((*runner)?, last)))
    }
}

/// The exposure of an item in answers: how much of it, and how much of that is evidence for each side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Placement {
    /// Σ weight(r).
    pub amount: Amount,
    /// The same over the users whose exposures are evidence, by [`Side`].
    pub evidence: [Amount; Side::COUNT],
}

impl Placement {
    /// Adds another exposure of the same item.
    pub fn add(&mut self, more: &Self) {
        self.amount += more.amount;
        for (sum, more) in self.evidence.iter_mut().zip(more.evidence) {
            *sum += more;
        }
    }
}
