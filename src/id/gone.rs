//! Deleted entities.

use super::{CreatorRow, ItemRow, MerchantRow, UserRow};

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
