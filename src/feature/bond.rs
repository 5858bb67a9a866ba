//! Bonds of users: whom they follow.

use serde::{Deserialize, Serialize};

use crate::id::{MerchantRow, TagId};

/// The merchant or creator that a user follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum Bond {
    /// A merchant.
    Merchant(MerchantRow),
    /// A creator, by its tag.
    Creator(TagId),
}
