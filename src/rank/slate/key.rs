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

/// Number of bits before the kind of a group.
const KIND: u32 = 34;

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

    /// Returns a number that no group of another kind has.
    pub(super) fn of_kind(self, by: By) -> u64 {
        (by as u64) << KIND | self.0
    }
}

/// The groups of one candidate that a page counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Key {
    /// By [`By`]: the number of the group.
    pub(super) groups: [u32; By::ALL.len()],
    /// The number of all together: equal for candidates that no rule tells apart.
    pub(super) number: u32,
}

impl Key {
    /// The key of candidates if nothing is counted.
    pub(super) const NONE: Self = Self {
        groups: [0; By::ALL.len()],
        number: 0,
    };

    /// Returns the number of the group of a kind.
    #[inline]
    pub(super) fn of(&self, by: By) -> u32 {
        self.groups[by as usize]
    }
}
