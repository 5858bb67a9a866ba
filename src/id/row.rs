//! Row types: a `u32` for each kind of entity.

use serde::{Deserialize, Serialize};

/// The row number of one kind of entity, for code that serves every kind.
pub trait Row: Copy {
    /// Returns the row at an index of a column.
    fn at(index: usize) -> Self;

    /// Returns the index of this row in a column.
    fn index(self) -> usize;

    /// Returns the bare number.
    fn number(self) -> u32;
}

/// Declares a row type: a `u32` that indexes the columns of one kind of entity.
macro_rules! row {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
        #[repr(transparent)]
        pub struct $name(pub u32);

        impl $name {
            /// No row; never the row of an entity.
            pub const NONE: Self = Self(u32::MAX);

            /// Returns the index of this row in a column.
            #[inline(always)]
            #[must_use]
            pub const fn index(self) -> usize {
                self.0 as usize
            }

            /// Returns the row at an index of a column; [`Self::NONE`] from 2³² − 1 on.
            #[inline(always)]
            #[must_use]
            pub fn at(index: usize) -> Self {
                Self(u32::try_from(index).unwrap_or(u32::MAX))
            }

            /// Returns whether this is a row and not [`Self::NONE`].
            #[inline(always)]
            #[must_use]
            pub const fn is_some(self) -> bool {
                self.0 != u32::MAX
            }

            /// Returns the row; `None` for [`Self::NONE`].
            #[inline(always)]
            #[must_use]
            pub const fn some(self) -> Option<Self> {
                if self.is_some() { Some(self) } else { None }
            }
        }

        impl Row for $name {
            #[inline(always)]
            fn at(index: usize) -> Self {
                Self::at(index)
            }

            #[inline(always)]
            fn index(self) -> usize {
                self.index()
            }

            #[inline(always)]
            fn number(self) -> u32 {
                self.0
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
    /// A creator's row: the number of the creator's tag.
    CreatorRow
);
row!(
    /// The row of an item, a merchant or a creator, if the kind is known from the context.
    RunnerRow
);
row!(
    /// A user's row.
    UserRow
);
row!(
    /// A tag's number: of a declared tag, or of a name in a name space like `category:` or `brand:`.
    TagId
);

impl From<TagId> for CreatorRow {
    fn from(tag: TagId) -> Self {
        Self(tag.0)
    }
}

impl From<CreatorRow> for TagId {
    fn from(creator: CreatorRow) -> Self {
        Self(creator.0)
    }
}
