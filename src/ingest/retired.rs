//! The record of a deleted entity, kept until nothing refers to it any more.

use serde::{Deserialize, Serialize};

use crate::id::{ItemRow, MerchantRow};

/// A deleted entity of which something may still be known. Written to checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum Retired {
    /// An item.
    Item(ItemRow),
    /// A merchant, and the row by which its items name it from now on.
    Merchant(MerchantRow, MerchantRow),
    /// A user. Only purchases name users, and they stay without a name.
    User,
}
