//! Deleted entities.

use super::{CreatorRow, ItemRow, KeyOf, MerchantRow, RunnerKey, UserRow};

/// An entity that was deleted or forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// An item.
    Item(ItemRow),
    /// A merchant.
    Merchant(MerchantRow),
    /// A creator whom nothing names any more.
    Creator(CreatorRow),
    /// A user.
    User(UserRow),
}

impl Gone {
    /// Returns the key of a runner; `None` for a user.
    #[must_use]
    pub const fn key(self) -> Option<RunnerKey> {
        match self {
            Self::Item(row) => RunnerKey::new(KeyOf::Item(row)),
            Self::Merchant(row) => RunnerKey::new(KeyOf::Merchant(row)),
            Self::Creator(tag) => RunnerKey::new(KeyOf::Creator(tag)),
            Self::User(_) => None,
        }
    }
}
