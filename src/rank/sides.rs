//! The sides of a user's aversion, decided once per request, so that a user without negative histories costs no candidate anything.

use super::view::View;
use crate::feature::{History, Profile, User};
use crate::id::UserRow;
use crate::objective::Needs;

/// A part of the factor.
#[derive(Clone, Copy, Debug)]
pub(super) enum Side {
    Item,
    Merchant,
    Creator,
    Tags,
}

/// The parts, with their names in explanations.
pub(super) const SIDES: [(Side, &str); 4] = [
    (Side::Item, "item"),
    (Side::Merchant, "merchant"),
    (Side::Creator, "creator"),
    (Side::Tags, "tags"),
];

/// Whether each part may differ from 1 for one user.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sides([bool; SIDES.len()]);

impl Sides {
    /// The factor is 1 for every candidate.
    pub(super) const NONE: Self = Self([false; SIDES.len()]);

    /// Returns the parts that may differ from 1 for a user; none for an unknown one.
    pub(super) fn of(user: Option<UserRow>, view: &View<'_>) -> Self {
        let Some(user) = user else {
            return Self::NONE;
        };
        let settings = &view.config.aversion;
        let has = |history: fn(&Profile) -> &History| {
            let profile = view.users.profile(user);
            profile.is_some_and(|profile| history(profile).has_negative())
        };
        let has_tags = has(Profile::tags);
        let may_oppose =
            || view.items.has_negative_tags() || view.users.get(user).is_some_and(declares_against);
        Self(SIDES.map(|(side, _)| match side {
            Side::Item => settings.item > 0.0 && has(Profile::items),
            Side::Merchant => settings.merchant > 0.0 && has(Profile::merchants),
            Side::Creator => settings.creator > 0.0 && has_tags,
            Side::Tags => settings.tags > 0.0 && (has_tags || may_oppose()),
        }))
    }

    /// Returns whether a part may differ from 1.
    pub(super) const fn has(self, side: Side) -> bool {
        self.0[side as usize]
    }

    /// Returns one of these parts alone.
    pub(super) fn only(self, side: Side) -> Self {
        let mut one = Self::NONE;
        one.0[side as usize] = self.has(side);
        one
    }

    /// Returns the parts of the profile that the factor reads.
    pub(super) const fn needs(self) -> Needs {
        let histories = self.has(Side::Item) || self.has(Side::Merchant);
        let tags = Needs::TAGS.only_if(self.has(Side::Tags));
        Needs::HISTORY.only_if(histories).and(tags)
    }
}

/// Returns whether a user declared a tag of negative weight.
fn declares_against(user: &User) -> bool {
    user.tags.iter().any(|(_, weight)| *weight < 0.0)
}
