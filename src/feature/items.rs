//! The catalogue. What ranking reads of an item lies in two neighbouring cache lines; what was declared is kept beside it as text.
//!
//! A column for each field would cost a wait for memory each: one row of 128 bytes, asked for ahead of time, costs one. Tag weights
//! are kept as one byte: a number in a palette of the distinct weights in use, which are few; an item whose tags do not fit (over
//! twelve of them, or a palette that is full) keeps them exactly, in a side table.

use std::collections::HashMap;

use compact_str::CompactString;

use super::column::Column;
use super::merchants::Merchants;
use super::tags::Tags;
use crate::clock::Time;
use crate::id::{Hash, IdHasher, Index, ItemRow, MerchantRow, TagId};
use crate::prefetch::prefetch;

const INLINE_TAGS: usize = 12;
const SPILLED: u8 = u8::MAX;
const PALETTE: usize = 256;

/// What ranking reads of one item.
#[derive(Debug, Default)]
#[repr(C, align(128))]
pub struct Item {
    id: CompactString,
    /// Who sells it.
    pub merchant: MerchantRow,
    /// Its category.
    pub category: TagId,
    /// Its region.
    pub region: TagId,
    /// ln(1 + price); NaN where no price is listed.
    pub ln_price: f32,
    /// The listed price; NaN where there is none.
    pub price: f64,
    /// When it was listed, in milliseconds since 1970; `None` is `i64::MIN`.
    listed_at: i64,
    /// The declared quality; NaN where there is none.
    pub quality: f32,
    /// The declared long-term value; NaN where there is none.
    pub long_term_value: f32,
    tags: [TagId; INLINE_TAGS],
    codes: [u8; INLINE_TAGS],
    count: u8,
    /// Whether it can be had.
    pub available: bool,
    /// Whether it is only known from events and waits for its upsert.
    pub stub: bool,
}

const _: () = assert!(size_of::<Item>() == 128, "two cache lines");

/// The declared fields of an item, resolved to rows and numbers.
#[derive(Clone, Debug)]
pub struct ItemFields {
    /// Who sells it.
    pub merchant: MerchantRow,
    /// Its category.
    pub category: TagId,
    /// Its region.
    pub region: TagId,
    /// The listed price.
    pub price: Option<f64>,
    /// When it was listed.
    pub listed_at: Option<Time>,
    /// Quality in [0, 1].
    pub quality: Option<f32>,
    /// Long-term value in [0, 1].
    pub long_term_value: Option<f32>,
    /// Whether it can be had.
    pub available: bool,
    /// Its tags, those of the name spaces included, each once.
    pub tags: Vec<(TagId, f32)>,
}

impl Item {
    /// The item's id.
    #[inline(always)]
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// When it was listed.
    #[must_use]
    pub fn listed_at(&self) -> Option<Time> {
        Time::from_millis(self.listed_at)
    }

    /// Whether it is part of the catalogue: not a free row, not a stub.
    #[must_use]
    pub fn exists(&self) -> bool {
        !self.id.is_empty() && !self.stub
    }
}

/// All items.
#[derive(Debug, Default)]
pub struct Items {
    rows: Column<Item>,
    declared: Column<Box<str>>,
    palette: Palette,
    spilled: HashMap<ItemRow, Box<[(TagId, f32)]>>,
    index: Index,
    free: Vec<ItemRow>,
    live: usize,
}

impl Items {
    /// How many items are in the catalogue.
    #[must_use]
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether the catalogue is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// How many rows there are, those without an item included.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The row of an item, stubs included.
    #[inline]
    #[must_use]
    pub fn find(&self, hash: Hash, id: &str) -> Option<ItemRow> {
        self.index
            .find(hash, |row| self.rows[row as usize].id == id)
            .map(ItemRow)
    }

    /// First step of a batch of look-ups: asks for the line of the index.
    #[inline(always)]
    pub fn prefetch_index(&self, hash: Hash) {
        self.index.prefetch(hash);
    }

    /// Second step: the row that is very likely the item's, its lines asked for.
    #[inline(always)]
    #[must_use]
    pub fn prefetch_row(&self, hash: Hash) -> Option<ItemRow> {
        let row = self.index.guess(hash)?;
        prefetch(&self.rows[row as usize]);
        Some(ItemRow(row))
    }

    /// The item of a row.
    #[inline(always)]
    #[must_use]
    pub fn get(&self, row: ItemRow) -> &Item {
        &self.rows[row.index()]
    }

    /// What was declared of an item, as JSON text; empty for a stub.
    #[must_use]
    pub fn declared(&self, row: ItemRow) -> &str {
        &self.declared[row.index()]
    }

    /// A row for an item that has none, as a stub.
    pub fn create(&mut self, hash: Hash, id: &str) -> ItemRow {
        let item = Item {
            id: id.into(),
            stub: true,
            price: f64::NAN,
            ln_price: f32::NAN,
            listed_at: i64::MIN,
            ..Item::default()
        };
        let row = match self.free.pop() {
            Some(row) => {
                self.rows[row.index()] = item;
                row
            }
            None => {
                self.rows.push(item);
                self.declared.push(Box::default());
                ItemRow::at(self.rows.len() - 1)
            }
        };
        self.index.insert(hash, row.0);
        row
    }

    /// Puts declared fields in place of those before.
    pub fn declare(
        &mut self,
        row: ItemRow,
        fields: &ItemFields,
        text: Box<str>,
        tags: &mut Tags,
        merchants: &mut Merchants,
        hasher: &IdHasher,
    ) {
        self.withdraw(row, tags, merchants, hasher);
        let item = &mut self.rows[row.index()];
        item.stub = false;
        item.merchant = fields.merchant;
        item.category = fields.category;
        item.region = fields.region;
        item.price = fields.price.unwrap_or(f64::NAN);
        item.ln_price = crate::model::read::narrow(item.price.ln_1p());
        item.listed_at = fields.listed_at.map_or(i64::MIN, Time::millis);
        item.quality = fields.quality.unwrap_or(f32::NAN);
        item.long_term_value = fields.long_term_value.unwrap_or(f32::NAN);
        item.available = fields.available;
        self.set_tags(row, &fields.tags);
        self.declared[row.index()] = text;
        self.live += 1;
        fields.tags.iter().for_each(|&(tag, _)| tags.gain(tag));
        merchants.gain_item(fields.merchant);
    }

    /// Takes the counts back that the declared fields made, and leaves a stub.
    fn withdraw(
        &mut self,
        row: ItemRow,
        tags: &mut Tags,
        merchants: &mut Merchants,
        hasher: &IdHasher,
    ) {
        if self.get(row).stub {
            return;
        }
        self.for_each_tag(row, |tag, _| tags.lose(tag));
        merchants.lose_item(hasher, self.get(row).merchant);
        self.spilled.remove(&row);
        self.rows[row.index()].stub = true;
        self.live -= 1;
    }

    fn set_tags(&mut self, row: ItemRow, tags: &[(TagId, f32)]) {
        let item = &mut self.rows[row.index()];
        item.count = SPILLED;
        if tags.len() <= INLINE_TAGS {
            let codes: Option<Vec<u8>> = tags
                .iter()
                .map(|&(_, weight)| self.palette.code(weight))
                .collect();
            if let Some(codes) = codes {
                item.count = codes.len().try_into().unwrap_or(SPILLED);
                for (slot, (&(tag, _), code)) in tags.iter().zip(codes).enumerate() {
                    item.tags[slot] = tag;
                    item.codes[slot] = code;
                }
                return;
            }
        }
        self.spilled.insert(row, tags.into());
    }

    /// Visits the tags of an item with their weights.
    #[inline(always)]
    pub fn for_each_tag(&self, row: ItemRow, visit: impl FnMut(TagId, f32)) {
        self.visit_tags(row, self.get(row), visit);
    }

    /// Visits the tags of an item whose row is at hand.
    #[inline(always)]
    pub fn visit_tags(&self, row: ItemRow, item: &Item, mut visit: impl FnMut(TagId, f32)) {
        let count = usize::from(item.count);
        if count <= INLINE_TAGS {
            for slot in 0..count {
                visit(
                    item.tags[slot],
                    self.palette.weights[usize::from(item.codes[slot])],
                );
            }
        } else {
            self.spilled
                .get(&row)
                .into_iter()
                .flatten()
                .for_each(|&(tag, weight)| visit(tag, weight));
        }
    }

    /// Whether an item has any tag.
    #[inline(always)]
    #[must_use]
    pub fn has_tags(item: &Item) -> bool {
        item.count != 0
    }

    /// Takes an item out of the catalogue. Its row stays out of use until [`Self::release`], when nothing learnt names it any more.
    pub fn remove(
        &mut self,
        row: ItemRow,
        tags: &mut Tags,
        merchants: &mut Merchants,
        hasher: &IdHasher,
    ) {
        self.withdraw(row, tags, merchants, hasher);
        let gone = std::mem::take(&mut self.rows[row.index()]);
        self.declared[row.index()] = Box::default();
        self.index.remove(hasher.hash(&gone.id), row.0);
    }

    /// Gives a removed row back for the next item.
    pub fn release(&mut self, row: ItemRow) {
        self.free.push(row);
    }

    /// Bytes of the rows, the index and the declared texts of a range of rows.
    #[must_use]
    pub fn declared_bytes(&self, rows: std::ops::Range<usize>) -> usize {
        rows.filter_map(|row| self.declared.get(row))
            .map(|text| text.len())
            .sum()
    }

    /// Bytes of the rows and the index.
    #[must_use]
    pub fn fixed_bytes(&self) -> usize {
        let spilled: usize = self
            .spilled
            .values()
            .map(|tags| size_of_val(&**tags) + 32)
            .sum();
        self.rows.bytes() + self.declared.bytes() + self.index.bytes() + spilled
    }
}

/// The distinct tag weights in use, the first 256 of them.
#[derive(Debug)]
struct Palette {
    weights: Box<[f32; PALETTE]>,
    codes: HashMap<u32, u8>,
}

impl Default for Palette {
    fn default() -> Self {
        Self {
            weights: Box::new([0.0; PALETTE]),
            codes: HashMap::new(),
        }
    }
}

impl Palette {
    fn code(&mut self, weight: f32) -> Option<u8> {
        if let Some(&code) = self.codes.get(&weight.to_bits()) {
            return Some(code);
        }
        let code = u8::try_from(self.codes.len()).ok()?;
        self.weights[usize::from(code)] = weight;
        self.codes.insert(weight.to_bits(), code);
        Some(code)
    }
}
