//! Merchants: what was declared of them.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use super::column::Column;
use crate::binary::append;
use crate::clock::Time;
use crate::id::{IdHasher, Index, MerchantRow, TagId};

/// One merchant.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Merchant {
    id: CompactString,
    /// Whether it exists: an item may name a merchant that was deleted, and keeps its row alive.
    pub exists: bool,
    /// What was declared, as JSON text; `None` for one that is only known from items and events.
    pub declared: Option<Box<str>>,
    /// Its category.
    pub category: TagId,
    /// Its region.
    pub region: TagId,
    /// Since when it sells here.
    pub joined_at: Option<Time>,
    /// How far its sales can be trusted, in [0, 1]; absent: 1.
    pub integrity: Option<f32>,
    /// How many items name it.
    items: u32,
    /// Whether it was deleted and what was learnt of it is still being forgotten.
    retiring: bool,
}

impl Merchant {
    /// The merchant's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// All merchants.
#[derive(Debug, Default)]
pub struct Merchants {
    rows: Column<Merchant>,
    /// By row, how far its sales can be trusted, beside the rows: ranking reads nothing else of a merchant.
    integrity: Vec<f32>,
    index: Index,
    free: Vec<MerchantRow>,
    live: usize,
}

impl Merchants {
    /// How many merchants there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether there is no merchant.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// How many rows there are, those without a merchant included.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The row of that id, whether its merchant exists or is only named by items.
    fn row(&self, hasher: &IdHasher, id: &str) -> Option<MerchantRow> {
        self.index
            .find(hasher.hash(id), |row| self.rows[row as usize].id == id)
            .map(MerchantRow)
    }

    /// The row of a merchant that exists.
    #[must_use]
    pub fn find(&self, hasher: &IdHasher, id: &str) -> Option<MerchantRow> {
        self.row(hasher, id)
            .filter(|row| self.rows[row.index()].exists)
    }

    /// The row of a merchant, which is created bare where there is none, and whether it was.
    pub fn find_or_create(&mut self, hasher: &IdHasher, id: &str) -> (MerchantRow, bool) {
        let row = self.row(hasher, id).unwrap_or_else(|| self.add(hasher, id));
        let merchant = &mut self.rows[row.index()];
        let created = !merchant.exists;
        merchant.exists = true;
        self.live += usize::from(created);
        (row, created)
    }

    fn add(&mut self, hasher: &IdHasher, id: &str) -> MerchantRow {
        let merchant = Merchant {
            id: id.into(),
            ..Merchant::default()
        };
        let row = match self.free.pop() {
            Some(row) => {
                self.update(row, |free| *free = merchant);
                row
            }
            None => {
                self.rows.push(merchant);
                self.integrity.push(1.0);
                MerchantRow::at(self.rows.len() - 1)
            }
        };
        self.index.insert(hasher.hash(id), row.0);
        row
    }

    /// The merchant of a row.
    #[must_use]
    pub fn get(&self, row: MerchantRow) -> Option<&Merchant> {
        self.rows.get(row.index())
    }

    /// Changes the merchant of a row.
    pub fn update(&mut self, row: MerchantRow, change: impl FnOnce(&mut Merchant)) {
        if row.index() < self.rows.len() {
            change(&mut self.rows[row.index()]);
            self.integrity[row.index()] = self.rows[row.index()].integrity.unwrap_or(1.0);
        }
    }

    /// How far a merchant's sales can be trusted, in [0, 1]; 1 where nothing is declared, and for no merchant.
    #[inline(always)]
    #[must_use]
    pub fn integrity(&self, row: MerchantRow) -> f32 {
        self.integrity.get(row.index()).copied().unwrap_or(1.0)
    }

    /// Counts one more item that names this merchant.
    pub(super) fn gain_item(&mut self, row: MerchantRow) {
        if row.index() < self.rows.len() {
            self.rows[row.index()].items += 1;
        }
    }

    /// Counts one item less; a merchant that does not exist goes with the last item that names it.
    pub(super) fn lose_item(&mut self, hasher: &IdHasher, row: MerchantRow) {
        if row.index() < self.rows.len() {
            let merchant = &mut self.rows[row.index()];
            merchant.items = merchant.items.saturating_sub(1);
            self.drop_unused(hasher, row);
        }
    }

    /// Deletes a merchant. Its row stays out of use until [`Self::release`], when nothing learnt names it any more; where items name
    /// it, its id goes on under the row given back, to which they must be moved.
    pub fn remove(&mut self, hasher: &IdHasher, row: MerchantRow) -> MerchantRow {
        let (id, items) = (
            self.rows[row.index()].id.clone(),
            self.rows[row.index()].items,
        );
        self.index.remove(hasher.hash(&id), row.0);
        let next = if items > 0 {
            self.add(hasher, &id)
        } else {
            MerchantRow::NONE
        };
        self.update(row, |merchant| {
            *merchant = Merchant {
                id,
                items,
                retiring: true,
                ..Merchant::default()
            }
        });
        self.live -= 1;
        next
    }

    /// Gives a removed row back for the next merchant, once no item names it.
    pub fn release(&mut self, hasher: &IdHasher, row: MerchantRow) {
        self.update(row, |merchant| merchant.retiring = false);
        self.drop_unused(hasher, row);
    }

    fn drop_unused(&mut self, hasher: &IdHasher, row: MerchantRow) {
        let merchant = &mut self.rows[row.index()];
        if !merchant.exists && !merchant.retiring && merchant.items == 0 {
            let id = std::mem::take(&mut merchant.id);
            self.index.remove(hasher.hash(&id), row.0);
            self.free.push(row);
        }
    }

    /// Freezes the rows until [`Self::thaw`]; how many there are.
    pub fn freeze(&mut self) -> usize {
        self.rows.freeze();
        self.rows.frozen_rows()
    }

    /// Ends the freezing.
    pub fn thaw(&mut self) {
        self.rows.thaw();
    }

    /// Rows that wait for the next one.
    #[must_use]
    pub fn free(&self) -> &[MerchantRow] {
        &self.free
    }

    /// Restores the part that is written as a whole; before any row.
    pub fn restore(&mut self, free: Vec<MerchantRow>) {
        self.free = free;
    }

    /// Appends a range of frozen rows; the ranges in order.
    pub fn write(&self, rows: std::ops::Range<usize>, bytes: &mut Vec<u8>) {
        self.rows
            .read_frozen(rows, |merchant| append(merchant, bytes));
    }

    /// Adds a row that was written.
    pub fn read_row(&mut self, merchant: Merchant, hasher: &IdHasher) {
        if !merchant.id.is_empty() && !merchant.retiring {
            let row = MerchantRow::at(self.rows.len());
            self.index.insert(hasher.hash(&merchant.id), row.0);
        }
        self.live += usize::from(merchant.exists);
        self.integrity.push(merchant.integrity.unwrap_or(1.0));
        self.rows.push(merchant);
    }

    /// Bytes held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let declared: usize = self
            .rows
            .iter()
            .filter_map(|merchant| merchant.declared.as_ref())
            .map(|text| text.len())
            .sum();
        self.rows.bytes() + self.index.bytes() + size_of_val(self.integrity.as_slice()) + declared
    }
}
