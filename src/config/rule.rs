//! A rule of a scene: `[[scene.NAME.rules]]`, as it is kept.

use super::audience::AudienceId;
use super::selection::SelectionId;
use super::weights::Weighed;
use crate::clock::Time;
use crate::rule::{By, Rule};

/// A rule of a scene.
#[derive(Clone, Debug, PartialEq)]
pub struct SceneRule {
    /// Its name, unique in the scene.
    pub name: String,
    /// The users that it applies to; `None` for all.
    pub audience: Option<AudienceId>,
    /// The instant from which it applies.
    pub from: Option<Time>,
    /// The instant from which it no longer applies.
    pub until: Option<Time>,
    /// The rule with its parameters.
    pub what: What,
}

/// A rule with its parameters.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// Items of a selection are not shown.
    Hide {
        /// The items.
        select: SelectionId,
    },
    /// Items that the user was shown and did not click are hidden, or count for less.
    Seen(Seen),
    /// The scores of a selection are multiplied.
    Boost {
        /// The items.
        select: SelectionId,
        /// The factor, from 0.2 to 3.
        factor: f64,
    },
    /// An item has a place.
    Pin {
        /// Id of the item.
        item: String,
        /// The place, from 1.
        place: usize,
    },
    /// Places go to the best of a pool.
    Slot(Slot),
    /// Few places in a row go to one group.
    Cap(Cap),
    /// Each further place of a merchant counts for less.
    Decay {
        /// The factor d, in [0, 1].
        factor: f64,
        /// The floor f, in [0, 1].
        floor: f64,
    },
    /// What is alike stands apart.
    Mmr {
        /// The weight λ of the score, in [0, 1].
        lambda: f64,
    },
}

/// The limit of impressions without a click.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// Number of impressions, from 1.
    pub after: usize,
    /// Days that they count for, from 1.
    pub days: u32,
    /// The factor of own, in [0, 1]; `None` to hide.
    pub factor: Option<f64>,
}

/// A reserved slot.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    /// Its places, from 1, in the order in which they are filled.
    pub places: Vec<usize>,
    /// Who may win.
    pub pool: Pool,
    /// The blend of the slot; `None` for the candidate's own.
    pub weights: Option<Vec<(Weighed, f64)>>,
    /// Share of the own of the `limit`-th best own that a winner needs, in [0, 1].
    pub min: f64,
}

/// Who may win a slot.
#[derive(Clone, Debug, PartialEq)]
pub enum Pool {
    /// The items of a selection.
    Selection(SelectionId),
    /// Items by their ids.
    Items(Vec<String>),
}

/// A cap: no `window` places in a row hold more than `max` of one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cap {
    /// The group.
    pub by: By,
    /// Most places, at least 1.
    pub max: usize,
    /// Number of places in a row, at least 1; `None` for the page.
    pub window: Option<usize>,
}

impl What {
    /// Returns the rule's row in the table.
    #[must_use]
    pub const fn rule(&self) -> Rule {
        match self {
            Self::Hide { .. } => Rule::Hide,
            Self::Seen(_) => Rule::Seen,
            Self::Boost { .. } => Rule::Boost,
            Self::Pin { .. } => Rule::Pin,
            Self::Slot(_) => Rule::Slot,
            Self::Cap(_) => Rule::Cap,
            Self::Decay { .. } => Rule::Decay,
            Self::Mmr { .. } => Rule::Mmr,
        }
    }

    /// Returns the places that it keeps.
    #[must_use]
    pub fn places(&self) -> &[usize] {
        match self {
            Self::Pin { place, .. } => std::slice::from_ref(place),
            Self::Slot(slot) => &slot.places,
            Self::Hide { .. }
            | Self::Seen(_)
            | Self::Boost { .. }
            | Self::Cap(_)
            | Self::Decay { .. }
            | Self::Mmr { .. } => &[],
        }
    }
}

impl SceneRule {
    /// Returns whether an instant is within its dates.
    #[must_use]
    pub fn is_live(&self, at: Time) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }

    /// Returns whether there is an instant at which both rules apply.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        let before = |from: Option<Time>, until: Option<Time>| {
            from.zip(until).is_none_or(|(from, until)| from < until)
        };
        before(self.from, other.until) && before(other.from, self.until)
    }
}
