//! One number for a runner of any kind, and the scenes by number.

use serde::{Deserialize, Serialize};

use super::row::{CreatorRow, ItemRow, MerchantRow};

/// Bits of the row. The kind is in the bits above.
const ROW_BITS: u32 = 30;
const ROWS: u32 = 1 << ROW_BITS;

/// An item, a merchant or a creator as one number of 32 bits: the kind and the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[repr(transparent)]
pub struct RunnerKey(u32);

/// The runner behind a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOf {
    /// An item.
    Item(ItemRow),
    /// A merchant.
    Merchant(MerchantRow),
    /// A creator.
    Creator(CreatorRow),
}

impl RunnerKey {
    /// Returns the key of a runner; `None` for no row, and for rows from 2³⁰ on.
    #[inline]
    #[must_use]
    pub const fn new(of: KeyOf) -> Option<Self> {
        let (kind, row) = match of {
            KeyOf::Item(row) => (0, row.0),
            KeyOf::Merchant(row) => (1, row.0),
            KeyOf::Creator(row) => (2, row.0),
        };
        if row < ROWS {
            Some(Self(kind << ROW_BITS | row))
        } else {
            None
        }
    }

    /// Returns the runner.
    #[must_use]
    pub const fn of(self) -> KeyOf {
        let row = self.0 & (ROWS - 1);
        match self.0 >> ROW_BITS {
            0 => KeyOf::Item(ItemRow(row)),
            1 => KeyOf::Merchant(MerchantRow(row)),
            _ => KeyOf::Creator(CreatorRow(row)),
        }
    }

    /// Returns the number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// Returns the key with that number.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        Self(number)
    }
}

impl From<ItemRow> for KeyOf {
    fn from(row: ItemRow) -> Self {
        Self::Item(row)
    }
}

impl From<MerchantRow> for KeyOf {
    fn from(row: MerchantRow) -> Self {
        Self::Merchant(row)
    }
}

/// The number of a scene in the book of exposures.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize,
)]
#[repr(transparent)]
pub struct SceneId(pub u16);

impl SceneId {
    /// All scenes that the configuration does not have.
    pub const OTHER: Self = Self(0);

    /// Returns the position of the scene in a column.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_leads_back_to_its_runner() {
        for row in [0, 1, ROWS - 1] {
            let all = [
                KeyOf::Item(ItemRow(row)),
                KeyOf::Merchant(MerchantRow(row)),
                KeyOf::Creator(CreatorRow(row)),
            ];
            for of in all {
                assert_eq!(RunnerKey::new(of).map(RunnerKey::of), Some(of));
            }
        }
        for row in [ROWS, u32::MAX] {
            assert_eq!(RunnerKey::new(KeyOf::Item(ItemRow(row))), None);
        }
    }
}
