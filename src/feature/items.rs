//! The catalogue. What ranking reads of an item lies in one cache line; everything else is kept beside it.
//!
//! A column for each field would cost a wait for memory each; one line of 64 bytes, asked for ahead of time, costs one. To fit, the
//! line holds 61 bits of a keyed hash in place of the id (with the index's 38 bits: two of a billion ids fall together with a chance
//! of 10⁻¹², and nobody outside can choose them), and each tag as one `u32`: the tag's number and the number of its weight in a
//! palette of the distinct weights in use. An item whose tags do not fit (over eleven, or a palette that is full) keeps them beside,
//! exactly. Facts are always matched by the id itself.

use std::collections::HashMap;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use wide::f32x4;

use super::column::Column;
use super::merchants::Merchants;
use super::tags::Tags;
use crate::binary::append;
use crate::clock::{SECOND, Time};
use crate::id::{Hash, IdHasher, Index, ItemRow, MerchantRow, TagId};
use crate::number::narrow;
use crate::prefetch::prefetch;

const TAGS: usize = 11;
const PALETTE: usize = 256;
/// Bits of a packed tag that are the tag's number; the others are the weight's.
const TAG_BITS: u32 = 24;
const TAG_MASK: u32 = (1 << TAG_BITS) - 1;
/// Fills the places of a line that has room for more tags: no tag, with weight 0.
const BLANK: u32 = 0;
/// Flags in the lowest bits of the check.
const AVAILABLE: u64 = 1;
const STUB: u64 = 2;
const SPILLED: u64 = 4;
const FLAGS: u64 = AVAILABLE | STUB | SPILLED;
/// Stands for an item that does not say when it was listed.
const UNLISTED: u32 = u32::MAX;

/// What ranking reads of one item.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Item {
    /// 61 bits of the id's hash, and the flags.
    check: u64,
    tags: [u32; TAGS],
    /// Who sells it.
    pub merchant: MerchantRow,
    /// ln(1 + price); NaN where no price is listed.
    pub ln_price: f32,
    /// When it was listed, in seconds since 1970.
    listed_at: u32,
}

const _: () = assert!(size_of::<Item>() == 64, "one cache line");

impl Item {
    const FREE: Self = Self {
        check: STUB,
        tags: [BLANK; TAGS],
        merchant: MerchantRow::NONE,
        ln_price: f32::NAN,
        listed_at: UNLISTED,
    };

    /// Whether this is very surely the item whose id has that hash.
    #[inline(always)]
    #[must_use]
    pub fn is(&self, hash: Hash) -> bool {
        (self.check ^ hash.check()) & !FLAGS == 0
    }

    /// Whether it can be had.
    #[inline(always)]
    #[must_use]
    pub fn available(&self) -> bool {
        self.check & AVAILABLE != 0
    }

    /// Whether it is only known from events and waits for its upsert, or is a free row.
    #[inline(always)]
    #[must_use]
    pub fn stub(&self) -> bool {
        self.check & STUB != 0
    }

    /// Whether it has any tag.
    #[inline(always)]
    #[must_use]
    pub fn has_tags(&self) -> bool {
        self.tags[0] != BLANK || self.check & SPILLED != 0
    }

    /// When it was listed, to the second.
    #[inline(always)]
    #[must_use]
    pub fn listed_at(&self) -> Option<Time> {
        if self.listed_at == UNLISTED {
            None
        } else {
            Time::from_millis(i64::from(self.listed_at) * SECOND)
        }
    }
}

/// What else is known of an item.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Details {
    id: CompactString,
    /// What was declared, as JSON text; empty for a stub.
    pub declared: Box<str>,
    /// Tags that the line has no room for.
    spilled: Option<Box<[(TagId, f32)]>>,
    /// The listed price.
    pub price: Option<f64>,
    /// The declared quality.
    pub quality: Option<f32>,
    /// The declared long-term value.
    pub long_term_value: Option<f32>,
    /// Its category.
    pub category: TagId,
    /// Its region.
    pub region: TagId,
}

impl Details {
    /// The item's id; empty for a free row.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

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

/// An item's line without the hash, which is another one in each process.
#[derive(Debug, Deserialize, Serialize)]
pub struct Line {
    flags: u64,
    tags: [u32; TAGS],
    merchant: MerchantRow,
    ln_price: f32,
    listed_at: u32,
}

impl From<&Item> for Line {
    fn from(item: &Item) -> Self {
        Self {
            flags: item.check & FLAGS,
            tags: item.tags,
            merchant: item.merchant,
            ln_price: item.ln_price,
            listed_at: item.listed_at,
        }
    }
}

/// What of the items is written as a whole.
#[derive(Debug, Deserialize, Serialize)]
pub struct ItemsImage {
    free: Vec<ItemRow>,
    /// The weights of the palette after that of no tag.
    weights: Vec<f32>,
}

/// All items.
#[derive(Debug, Default)]
pub struct Items {
    rows: Column<Item>,
    details: Column<Details>,
    palette: Palette,
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
            .find(hash, |row| self.details[row as usize].id == id)
            .map(ItemRow)
    }

    /// The row whose line has that hash, stubs included; spares the look at the id itself.
    #[inline]
    #[must_use]
    pub fn find_by_hash(&self, hash: Hash) -> Option<(ItemRow, &Item)> {
        let row = self
            .index
            .find(hash, |row| self.rows[row as usize].is(hash))?;
        Some((ItemRow(row), self.get(ItemRow(row))))
    }

    /// First step of a batch of look-ups: asks for the line of the index.
    #[inline(always)]
    pub fn prefetch_index(&self, hash: Hash) {
        self.index.prefetch(hash);
    }

    /// Second step: the row that is very likely the item's, its line asked for.
    #[inline(always)]
    #[must_use]
    pub fn prefetch_row(&self, hash: Hash) -> Option<(ItemRow, &Item)> {
        let row = ItemRow(self.index.guess(hash)?);
        let item = self.get(row);
        prefetch(item);
        Some((row, item))
    }

    /// The same for all that is known of the item.
    pub fn prefetch_whole(&self, hash: Hash) {
        if let Some((row, _)) = self.prefetch_row(hash) {
            prefetch(self.details(row));
        }
    }

    /// What ranking reads of an item.
    #[inline(always)]
    #[must_use]
    pub fn get(&self, row: ItemRow) -> &Item {
        &self.rows[row.index()]
    }

    /// What else is known of an item.
    #[inline]
    #[must_use]
    pub fn details(&self, row: ItemRow) -> &Details {
        &self.details[row.index()]
    }

    /// The id of an item.
    #[inline]
    #[must_use]
    pub fn id(&self, row: ItemRow) -> &str {
        &self.details(row).id
    }

    /// A row for an item that has none, as a stub.
    pub fn create(&mut self, hash: Hash, id: &str) -> ItemRow {
        let item = Item {
            check: (hash.check() & !FLAGS) | STUB,
            ..Item::FREE
        };
        let details = Details {
            id: id.into(),
            ..Details::default()
        };
        let row = match self.free.pop() {
            Some(row) => {
                self.rows[row.index()] = item;
                self.details[row.index()] = details;
                row
            }
            None => {
                self.rows.push(item);
                self.details.push(details);
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
        let (packed, spilled) = self.palette.pack(&fields.tags);
        let flags =
            if fields.available { AVAILABLE } else { 0 } | if spilled { SPILLED } else { 0 };
        let item = &mut self.rows[row.index()];
        *item = Item {
            check: (item.check & !FLAGS) | flags,
            tags: packed,
            merchant: fields.merchant,
            ln_price: fields.price.map_or(f32::NAN, |price| narrow(price.ln_1p())),
            listed_at: fields.listed_at.map_or(UNLISTED, whole_seconds),
        };
        let details = &mut self.details[row.index()];
        *details = Details {
            id: std::mem::take(&mut details.id),
            declared: text,
            spilled: spilled.then(|| fields.tags.as_slice().into()),
            price: fields.price,
            quality: fields.quality,
            long_term_value: fields.long_term_value,
            category: fields.category,
            region: fields.region,
        };
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
        if self.get(row).stub() {
            return;
        }
        self.visit_tags(row, self.get(row), |tag, _| tags.lose(tag));
        merchants.lose_item(hasher, self.get(row).merchant);
        self.rows[row.index()].check |= STUB;
        self.live -= 1;
    }

    /// Visits the tags of an item with their weights.
    pub fn visit_tags(&self, row: ItemRow, item: &Item, mut visit: impl FnMut(TagId, f32)) {
        if item.check & SPILLED != 0 {
            let spilled = self.details(row).spilled.iter().flatten();
            return spilled.for_each(|&(tag, weight)| visit(tag, weight));
        }
        for packed in item.tags.into_iter().filter(|&packed| packed != BLANK) {
            let [weight, _] = self.palette.weight(packed);
            visit(TagId(packed & TAG_MASK), weight);
        }
    }

    /// Σ w·a and Σ w²·b over the tags of an item, where w is a tag's weight and (a, b) stand at the tag's number in a table that
    /// begins with (0, 0) and whose length is a power of two above every tag's number. Free places of a line count as tag 0 of
    /// weight 0: a loop of a length that is always the same is faster than one that ends early.
    #[inline(always)]
    #[must_use]
    pub fn sums(&self, row: ItemRow, item: &Item, table: &[[f32; 2]]) -> [f32; 2] {
        if item.check & SPILLED != 0 {
            let spilled = self.details(row).spilled.iter().flatten();
            let terms =
                spilled.map(|&(tag, w)| [w * table[tag.index()][0], w * w * table[tag.index()][1]]);
            return terms.fold([0.0; 2], add);
        }
        let table = &table[..=(table.len() - 1).min(TAG_MASK as usize)];
        let last = table.len() - 1;
        let two = |one: u32, other: u32| {
            let ([a, b], [c, d]) = (self.palette.weight(one), self.palette.weight(other));
            let ([e, f], [g, h]) = (table[one as usize & last], table[other as usize & last]);
            (f32x4::new([a, b, c, d]), f32x4::new([e, f, g, h]))
        };
        let (pairs, rest) = item.tags.as_chunks::<2>();
        let mut sums = f32x4::ZERO;
        for &[one, other] in pairs {
            let (weights, values) = two(one, other);
            sums = weights.mul_add(values, sums);
        }
        for &one in rest {
            let (weights, values) = two(one, BLANK);
            sums = weights.mul_add(values, sums);
        }
        let [a, b, c, d] = sums.to_array();
        [a + c, b + d]
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
        self.rows[row.index()] = Item::FREE;
        let gone = std::mem::take(&mut self.details[row.index()]);
        self.index.remove(hasher.hash(&gone.id), row.0);
    }

    /// Moves those of a range of rows that name a merchant to another row of it.
    pub fn move_merchant(
        &mut self,
        rows: std::ops::Range<usize>,
        (from, to): (MerchantRow, MerchantRow),
        merchants: &mut Merchants,
        hasher: &IdHasher,
    ) {
        for row in rows {
            if !self.rows[row].stub() && self.rows[row].merchant == from {
                self.rows[row].merchant = to;
                merchants.gain_item(to);
                merchants.lose_item(hasher, from);
            }
        }
    }

    /// Gives a removed row back for the next item.
    pub fn release(&mut self, row: ItemRow) {
        self.free.push(row);
    }

    /// Freezes the rows until [`Self::thaw`]; how many there are.
    pub fn freeze(&mut self) -> usize {
        self.rows.freeze();
        self.details.freeze();
        self.rows.frozen_rows()
    }

    /// Ends the freezing.
    pub fn thaw(&mut self) {
        self.rows.thaw();
        self.details.thaw();
    }

    /// Returns the part that is written as a whole.
    #[must_use]
    pub fn small(&self) -> ItemsImage {
        ItemsImage {
            free: self.free.clone(),
            weights: self.palette.in_use().collect(),
        }
    }

    /// Restores the part that is written as a whole; before any row.
    pub fn restore(&mut self, small: ItemsImage) {
        self.free = small.free;
        small.weights.into_iter().for_each(|weight| {
            self.palette.code(weight);
        });
    }

    /// Appends a range of frozen rows; the ranges in order.
    pub fn write(&self, rows: std::ops::Range<usize>, bytes: &mut Vec<u8>) {
        let mut lines = Vec::with_capacity(rows.len());
        self.rows
            .read_frozen(rows.clone(), |item| lines.push(Line::from(item)));
        let mut lines = lines.into_iter();
        self.details
            .read_frozen(rows, |details| append(&(lines.next(), details), bytes));
    }

    /// Adds a row that was written.
    pub fn read_row(&mut self, (line, details): (Option<Line>, Details), hasher: &IdHasher) {
        let hash = hasher.hash(&details.id);
        let item = line.map_or(Item::FREE, |line| Item {
            check: (hash.check() & !FLAGS) | line.flags,
            tags: line.tags,
            merchant: line.merchant,
            ln_price: line.ln_price,
            listed_at: line.listed_at,
        });
        if !details.id.is_empty() {
            self.index.insert(hash, ItemRow::at(self.rows.len()).0);
        }
        self.live += usize::from(!item.stub());
        self.rows.push(item);
        self.details.push(details);
    }

    /// Bytes on the heap of a range of rows.
    #[must_use]
    pub fn heap_bytes(&self, rows: std::ops::Range<usize>) -> usize {
        let spilled = |details: &Details| {
            details
                .spilled
                .as_ref()
                .map_or(0, |tags| size_of_val(&**tags))
        };
        rows.filter_map(|row| self.details.get(row))
            .map(|details| details.declared.len() + spilled(details))
            .sum()
    }

    /// Bytes of the rows and the index.
    #[must_use]
    pub fn fixed_bytes(&self) -> usize {
        self.rows.bytes() + self.details.bytes() + self.index.bytes()
    }
}

fn add(a: [f32; 2], b: [f32; 2]) -> [f32; 2] {
    [a[0] + b[0], a[1] + b[1]]
}

/// Seconds since 1970 as a line holds them; what lies outside 1970 to 2106 is moved to its edge.
fn whole_seconds(at: Time) -> u32 {
    u32::try_from(
        at.millis()
            .div_euclid(SECOND)
            .clamp(0, i64::from(UNLISTED - 1)),
    )
    .unwrap_or(UNLISTED)
}

/// The distinct tag weights in use, the first 256 of them; the first is 0, that of no tag.
#[derive(Debug)]
struct Palette {
    /// Each weight and its square.
    weights: Box<[[f32; 2]; PALETTE]>,
    codes: HashMap<u32, u8>,
}

impl Default for Palette {
    fn default() -> Self {
        Self {
            weights: Box::new([[0.0; 2]; PALETTE]),
            codes: HashMap::from([(0, 0)]),
        }
    }
}

impl Palette {
    /// The tags as a line holds them, or none and `true` where they do not fit.
    fn pack(&mut self, tags: &[(TagId, f32)]) -> ([u32; TAGS], bool) {
        let mut line = [BLANK; TAGS];
        if tags.len() > TAGS {
            return (line, true);
        }
        for (slot, &(tag, weight)) in line.iter_mut().zip(tags) {
            match self.code(weight) {
                Some(code) if tag.0 <= TAG_MASK => *slot = u32::from(code) << TAG_BITS | tag.0,
                _ => return ([BLANK; TAGS], true),
            }
        }
        (line, false)
    }

    /// The weight of a packed tag, and its square.
    #[inline(always)]
    fn weight(&self, packed: u32) -> [f32; 2] {
        self.weights[(packed >> TAG_BITS) as usize]
    }

    /// The weights in use but that of no tag, in the order of their codes.
    fn in_use(&self) -> impl Iterator<Item = f32> {
        let weights = self.weights.iter().take(self.codes.len());
        weights.skip(1).map(|[weight, _]| *weight)
    }

    fn code(&mut self, weight: f32) -> Option<u8> {
        if let Some(&code) = self.codes.get(&weight.to_bits()) {
            return Some(code);
        }
        let code = u8::try_from(self.codes.len()).ok()?;
        self.weights[usize::from(code)] = [weight, weight * weight];
        self.codes.insert(weight.to_bits(), code);
        Some(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fields(tags: Vec<(TagId, f32)>) -> ItemFields {
        ItemFields {
            merchant: MerchantRow::NONE,
            category: TagId::NONE,
            region: TagId::NONE,
            price: None,
            listed_at: None,
            quality: None,
            long_term_value: None,
            available: true,
            tags,
        }
    }

    proptest! {
        #[test]
        fn tags_come_out_as_they_went_in(all in prop::collection::vec(prop::collection::vec((1u32..40, 1i32..900), 0..20), 1..60)) {
            let (mut items, mut tags, mut merchants, hasher) = (Items::default(), Tags::default(), Merchants::default(), IdHasher::default());
            let given: Vec<Vec<(TagId, f32)>> =
                all.iter().map(|each| each.iter().map(|&(tag, weight)| (TagId(tag), narrow(f64::from(weight) / 7.0))).collect()).collect();
            for (n, each) in given.iter().enumerate() {
                let id = n.to_string();
                let hash = hasher.hash(&id);
                let row = items.create(hash, &id);
                items.declare(row, &fields(each.clone()), Box::default(), &mut tags, &mut merchants, &hasher);
            }
            for (n, each) in given.iter().enumerate() {
                let id = n.to_string();
                let row = items.find(hasher.hash(&id), &id).unwrap();
                prop_assert_eq!(items.find_by_hash(hasher.hash(&id)).map(|(row, _)| row), Some(row));
                let mut found = Vec::new();
                items.visit_tags(row, items.get(row), |tag, weight| found.push((tag, weight)));
                found.retain(|&(_, weight)| weight.abs() > 0.0);
                prop_assert_eq!(&found, each);
                prop_assert_eq!(items.get(row).has_tags(), !each.is_empty());
            }
        }
    }
}
