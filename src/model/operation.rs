//! The kinds of entities, and the operations on the lines of a bulk body. Both are stored in the journal as their position here.

use serde::{Deserialize, Serialize};

/// A kind of entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
pub enum EntityKind {
    /// Items.
    Item,
    /// Merchants.
    Merchant,
    /// Users.
    User,
}

/// The operation on the lines of a bulk body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum Operation {
    /// Replaces the declared fields.
    Upsert(EntityKind),
    /// Merges into the declared fields.
    Patch(EntityKind),
    /// Applies behaviour events.
    Events,
}

impl EntityKind {
    /// Returns its name in messages and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Item => "item",
            Self::Merchant => "merchant",
            Self::User => "user",
        }
    }
}

impl Operation {
    /// Returns whether the lines say something about users, and declare neither items nor merchants.
    #[must_use]
    pub const fn is_of_users(self) -> bool {
        match self {
            Self::Upsert(kind) | Self::Patch(kind) => matches!(kind, EntityKind::User),
            Self::Events => true,
        }
    }
}
