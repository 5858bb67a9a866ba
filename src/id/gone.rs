//! Deleted entities.

use super::{ItemRow, MerchantRow, UserRow};

/// An entity that was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// An item.
    Item(ItemRow),
    /// A merchant.
    Merchant(MerchantRow),
    /// A user.
    User(UserRow),
}
