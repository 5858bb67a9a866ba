//! Rows whose sales were forgotten but not yet taken out of the purchases.
//!
//! To take them out means to walk through every purchase of the window. So that is put off until a day ends or such a row sells again,
//! and done for all of them in one go; until then a rebuild passes over these rows' purchases, all of which are from before.

use hashbrown::HashSet;
use serde::{Deserialize, Serialize};

use crate::id::{ItemRow, MerchantRow};

type Set<Row> = HashSet<Row, foldhash::fast::RandomState>;

/// The rows of items and merchants that are forgotten.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(in crate::race) struct Forgotten {
    pub(in crate::race) items: Set<ItemRow>,
    pub(in crate::race) merchants: Set<MerchantRow>,
}

impl Forgotten {
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty() && self.merchants.is_empty()
    }

    /// Whether one of the two is among them.
    pub(super) fn has(&self, item: ItemRow, merchant: MerchantRow) -> bool {
        self.items.contains(&item) || self.merchants.contains(&merchant)
    }

    pub(super) fn bytes(&self) -> usize {
        self.items.allocation_size() + self.merchants.allocation_size()
    }
}
