//! Merchants: declared fields, and what ranking reads of them, as columns of their own.
//!
//! The items of a deleted merchant stay hidden until it is declared again or none names it: neither an event nor a feed of items may bring
//! a removed shop back.

use std::collections::BTreeSet;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use super::rows::{Named, Rows};
use crate::clock::Time;
use crate::id::{IdHasher, MerchantRow, TagId};
use crate::model::Goal;

/// The state of all that a merchant sells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Its items are shown.
    Shown,
    /// The merchant is declared unavailable.
    Unavailable,
    /// The merchant was deleted.
    Removed,
}

/// One merchant.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Merchant {
    id: CompactString,
    /// False if the merchant was deleted. An item that names a deleted merchant keeps the row alive.
    pub exists: bool,
    /// The declared fields as JSON; `None` if the merchant is known from items and events alone.
    pub declared: Option<Box<str>>,
    /// Its category.
    pub category: TagId,
    /// Its region.
    pub region: TagId,
    /// Time at which it joined the marketplace.
    pub joined_at: Option<Time>,
    /// Trust in its sales, in [0, 1]; absent: 1.
    pub integrity: Option<f32>,
    /// Its owner, who may have several shops; `None`: itself. Not stored: the declared fields say it.
    #[serde(skip)]
    pub owner: Option<CompactString>,
    /// Its goal for its traffic, if it has a known one. Not stored: the declared fields say it.
    #[serde(skip)]
    pub goal: Option<Goal>,
    /// True if it is declared unavailable. Not stored: the declared fields say it.
    #[serde(skip)]
    pub unavailable: bool,
    /// True if items that it had when it was deleted still name it. Stored apart.
    #[serde(skip)]
    pub removed: bool,
    /// Number of items that name it.
    items: u32,
    /// True if the merchant was deleted and learnt state that names it is still being removed.
    retiring: bool,
}

impl Merchant {
    /// Returns the merchant's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns its owner; the merchant itself if it declares none.
    #[must_use]
    pub fn owner(&self) -> &str {
        self.owner.as_deref().unwrap_or(&self.id)
    }

    /// Returns whether the merchant is known from events alone: it is neither declared nor named by an item.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.exists && self.declared.is_none() && self.items == 0
    }

    /// Returns the state of its items.
    fn offer(&self) -> Offer {
        if self.removed || !self.exists {
            Offer::Removed
        } else if self.unavailable {
            Offer::Unavailable
        } else {
            Offer::Shown
        }
    }

    /// Returns whether it hides items.
    fn hides(&self) -> bool {
        self.items > 0 && self.offer() != Offer::Shown
    }

    /// Returns the trust in its sales.
    fn trust(&self) -> f32 {
        self.integrity.unwrap_or(1.0)
    }
}

/// The declared fields that are not stored apart.
#[derive(Debug, Default, Deserialize)]
struct Declared {
    #[serde(default)]
    available: Option<bool>,
    #[serde(default)]
    owner: Option<CompactString>,
    #[serde(default)]
    goal: Option<CompactString>,
}

impl Named for Merchant {
    type Row = MerchantRow;

    fn id(&self) -> &str {
        &self.id
    }
}

/// All merchants.
#[derive(Debug, Default)]
pub struct Merchants {
    rows: Rows<Merchant>,
    /// Integrity by row, 1 if undeclared. A column of its own, because ranking usually reads nothing else of a merchant.
    integrity: Vec<f32>,
    /// Goal by row. Read only while a scene weighs it.
    goals: Vec<Option<Goal>>,
    /// State of the items by row. Ranking reads it only while a merchant hides any.
    offers: Vec<Offer>,
    /// Number of merchants that hide items.
    hiding: usize,
    /// Rows of deleted merchants that items still name.
    removed: BTreeSet<MerchantRow>,
    /// Number of merchants known from events alone.
    bare: usize,
    /// Number of merchants evicted at the bound since the start.
    pub evicted: u64,
}

impl Merchants {
    /// Returns the number of merchants.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.live
    }

    /// Returns whether there are no merchants.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of merchants known from events alone.
    #[must_use]
    pub fn bare(&self) -> usize {
        self.bare
    }

    /// Returns the merchants of a range of rows.
    pub fn slice(&self, rows: std::ops::Range<usize>) -> impl Iterator<Item = &Merchant> {
        self.rows.slice(rows)
    }

    /// Returns the number of rows, those without a merchant included.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Returns the row of an id, of a merchant that exists or is only named by items.
    fn row(&self, hasher: &IdHasher, id: &str) -> Option<MerchantRow> {
        self.rows.find(hasher.hash(id), id)
    }

    /// Returns the row of a merchant that exists.
    #[must_use]
    pub fn find(&self, hasher: &IdHasher, id: &str) -> Option<MerchantRow> {
        self.row(hasher, id).filter(|row| self.rows[*row].exists)
    }

    /// Returns the row of a merchant, and whether it was created: an unknown id becomes a merchant without declared fields.
    pub fn find_or_create(&mut self, hasher: &IdHasher, id: &str) -> (MerchantRow, bool) {
        let row = self.row(hasher, id).unwrap_or_else(|| self.add(hasher, id));
        let created = !self.rows[row].exists;
        if created {
            self.update(row, |merchant| merchant.exists = true);
            self.rows.live += 1;
        }
        (row, created)
    }

    fn add(&mut self, hasher: &IdHasher, id: &str) -> MerchantRow {
        let merchant = Merchant {
            id: id.into(),
            ..Merchant::default()
        };
        let row = self.rows.create(hasher.hash(id), merchant);
        while self.integrity.len() <= row.index() {
            self.integrity.push(1.0);
            self.offers.push(Offer::Removed);
            self.goals.push(None);
        }
        row
    }

    /// Returns the merchant of a row.
    #[must_use]
    pub fn get(&self, row: MerchantRow) -> Option<&Merchant> {
        self.rows.get(row)
    }

    /// Changes the merchant of a row.
    pub fn update(&mut self, row: MerchantRow, change: impl FnOnce(&mut Merchant)) {
        if let Some(merchant) = self.rows.get_mut(row) {
            let (was_bare, hid) = (merchant.is_bare(), merchant.hides());
            change(merchant);
            self.integrity[row.index()] = merchant.trust();
            self.offers[row.index()] = merchant.offer();
            self.goals[row.index()] = merchant.goal;
            self.bare += usize::from(merchant.is_bare());
            self.bare -= usize::from(was_bare);
            self.hiding += usize::from(merchant.hides());
            self.hiding -= usize::from(hid);
            if merchant.removed {
                self.removed.insert(row);
            } else {
                self.removed.remove(&row);
            }
        }
    }

    /// Returns the rows of the deleted merchants that items still name.
    #[must_use]
    pub fn removed(&self) -> &BTreeSet<MerchantRow> {
        &self.removed
    }

    /// Returns whether any merchant hides its items.
    #[inline(always)]
    #[must_use]
    pub fn hide_any(&self) -> bool {
        self.hiding > 0
    }

    /// Returns the state of a merchant's items.
    #[inline(always)]
    #[must_use]
    pub fn offer(&self, row: MerchantRow) -> Offer {
        let offer = self.offers.get(row.index());
        offer.copied().unwrap_or(Offer::Shown)
    }

    /// Returns the goal of a merchant, if it has a known one.
    #[inline(always)]
    #[must_use]
    pub fn goal(&self, row: MerchantRow) -> Option<Goal> {
        self.goals.get(row.index()).copied().flatten()
    }

    /// Returns the trust in a merchant's sales, in [0, 1]; 1 if undeclared, and for [`MerchantRow::NONE`].
    #[inline(always)]
    #[must_use]
    pub fn integrity(&self, row: MerchantRow) -> f32 {
        self.integrity.get(row.index()).copied().unwrap_or(1.0)
    }

    /// Counts one more item that names this merchant.
    pub(super) fn gain_item(&mut self, row: MerchantRow) {
        self.update(row, |merchant| merchant.items += 1);
    }

    /// Counts one item less. A merchant that does not exist is dropped with the last item that names it.
    pub fn lose_item(&mut self, hasher: &IdHasher, row: MerchantRow) {
        self.update(row, |merchant| {
            merchant.items = merchant.items.saturating_sub(1);
            merchant.removed &= merchant.items > 0;
        });
        self.drop_unused(hasher, row);
    }

    /// Deletes a merchant. Its row stays out of use until [`Self::release`], when no learnt state names it any more. If items name
    /// it, its id moves to the row returned. The caller must move the items there, and then call [`Self::lose_item`], because the new row is
    /// held like one that an item names. Else returns [`MerchantRow::NONE`].
    pub fn remove(&mut self, hasher: &IdHasher, row: MerchantRow) -> MerchantRow {
        let Merchant {
            id,
            items,
            integrity,
            ..
        } = self.rows[row].clone();
        self.rows.forget_id(hasher.hash(&id), row);
        let next = if items > 0 {
            let next = self.add(hasher, &id);
            self.gain_item(next);
            self.update(next, |merchant| {
                merchant.removed = true;
                // Its items' sales must not be trusted more than before.
                merchant.integrity = integrity;
            });
            next
        } else {
            MerchantRow::NONE
        };
        self.update(row, |merchant| {
            *merchant = Merchant {
                // Only items still need the name.
                id: if items > 0 {
                    id
                } else {
                    CompactString::default()
                },
                items,
                retiring: true,
                ..Merchant::default()
            }
        });
        self.rows.live -= 1;
        next
    }

    /// Makes a removed row available to the next merchant, once no item names it.
    pub fn release(&mut self, hasher: &IdHasher, row: MerchantRow) {
        self.update(row, |merchant| merchant.retiring = false);
        self.drop_unused(hasher, row);
    }

    fn drop_unused(&mut self, hasher: &IdHasher, row: MerchantRow) {
        let Some(merchant) = self.rows.get_mut(row) else {
            return;
        };
        if !merchant.exists && !merchant.retiring && merchant.items == 0 {
            let id = std::mem::take(&mut merchant.id);
            self.rows.forget_id(hasher.hash(&id), row);
            self.rows.release(row);
        }
    }

    /// Freezes the rows until [`Self::thaw`]; returns their number.
    pub fn freeze(&mut self) -> usize {
        self.rows.freeze()
    }

    /// Ends the freezing.
    pub fn thaw(&mut self) {
        self.rows.thaw();
    }

    /// Returns the rows available to the next merchants.
    #[must_use]
    pub fn free(&self) -> &[MerchantRow] {
        self.rows.free()
    }

    /// Restores the available rows; before any row.
    pub fn restore(&mut self, free: Vec<MerchantRow>) {
        self.rows.restore(free);
    }

    /// Appends a range of frozen rows; ranges must follow each other.
    pub fn write(&self, rows: std::ops::Range<usize>, bytes: &mut Vec<u8>) {
        self.rows.write(rows, bytes);
    }

    /// Appends a stored row.
    pub fn read_row(&mut self, mut merchant: Merchant, hasher: &IdHasher) {
        let declared = merchant.declared.as_deref();
        let declared: Option<Declared> = declared.and_then(|text| serde_json::from_str(text).ok());
        let declared = declared.unwrap_or_default();
        merchant.unavailable = declared.available == Some(false);
        merchant.owner = declared.owner;
        merchant.goal = declared.goal.as_deref().and_then(Goal::named);
        let named = !merchant.id.is_empty() && !merchant.retiring;
        let hash = named.then(|| hasher.hash(&merchant.id));
        self.rows.live += usize::from(merchant.exists);
        self.bare += usize::from(merchant.is_bare());
        self.hiding += usize::from(merchant.hides());
        self.integrity.push(merchant.trust());
        self.offers.push(merchant.offer());
        self.goals.push(merchant.goal);
        self.rows.push(merchant, hash);
    }

    /// Returns the bytes held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let declared: usize = self
            .rows
            .slice(0..self.rows.len())
            .filter_map(|merchant| merchant.declared.as_ref())
            .map(|text| text.len())
            .sum();
        self.rows.bytes()
            + size_of_val(self.integrity.as_slice())
            + size_of_val(self.offers.as_slice())
            + size_of_val(self.goals.as_slice())
            + declared
    }
}
