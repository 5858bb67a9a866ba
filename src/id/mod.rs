//! External ids and dense rows: every entity has one row, a `u32` that indexes every column about it.
//!
//! The row types keep an item's row from being used as a merchant's; conversions to and from `usize` live here and nowhere else.

mod index;

use serde::{Deserialize, Serialize};

pub use index::{Hash, IdHasher, Index};

/// Declares a row type: a `u32` that indexes the columns of one kind of entity.
macro_rules! row {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
        #[repr(transparent)]
        pub struct $name(pub u32);

        impl $name {
            /// The value that stands for "no such row"; never the row of an entity.
            pub const NONE: Self = Self(u32::MAX);

            /// Where this row stands in a column.
            #[inline(always)]
            #[must_use]
            pub const fn index(self) -> usize {
                self.0 as usize
            }

            /// The row at a place in a column; [`Self::NONE`] from 2³² − 1 on.
            #[inline(always)]
            #[must_use]
            pub fn at(index: usize) -> Self {
                Self(u32::try_from(index).unwrap_or(u32::MAX))
            }

            /// Whether this is a row at all.
            #[inline(always)]
            #[must_use]
            pub const fn is_some(self) -> bool {
                self.0 != u32::MAX
            }

            /// The row, or `None` where it stands for "no such row".
            #[inline(always)]
            #[must_use]
            pub const fn some(self) -> Option<Self> {
                if self.is_some() { Some(self) } else { None }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::NONE
            }
        }
    };
}

row!(
    /// An item's row.
    ItemRow
);
row!(
    /// A merchant's row.
    MerchantRow
);
row!(
    /// The row of an item or of a merchant, where the kind is known otherwise.
    RunnerRow
);
row!(
    /// A user's row.
    UserRow
);
row!(
    /// A tag's number: a declared tag, or one of the name spaces `category:`, `brand:`, `kind:`, `creator:`.
    TagId
);
