//! Groups of candidates: what caps, decay and slots count together.

use crate::id::ItemRow;
use crate::rule::By;

/// A group of candidates of one kind of group, such as all items of one merchant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::rank) struct Group(u64);

/// Set in the number of a group that is one item alone.
const ALONE: u64 = 1 << 32;

/// Set in the number of a group that is a creator beside merchants.
const CREATOR: u64 = 1 << 33;

impl Group {
    /// Creates the group of a row or tag.
    pub(in crate::rank) fn of(number: u32) -> Self {
        Self(u64::from(number))
    }

    /// Creates the group of a creator, other than that of any merchant.
    pub(in crate::rank) fn of_creator(number: u32) -> Self {
        Self(CREATOR | u64::from(number))
    }

    /// Creates the group of an item that has no merchant, category, creator or kind: the item itself.
    pub(in crate::rank) fn alone(item: ItemRow) -> Self {
        Self(ALONE | u64::from(item.0))
    }
}

/// The groups of one candidate that a page counts, by [`By`]; equal for candidates that no rule tells apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Key([Group; By::ALL.len()]);

impl Key {
    /// Returns the group of a kind.
    pub(super) fn of(&self, by: By) -> Group {
        self.0[by as usize]
    }

    /// Sets the group of a kind.
    pub(super) fn set(&mut self, by: By, group: Group) {
        self.0[by as usize] = group;
    }
}
