//! All items: their lines and details by row.

use std::ops::Range;

use super::details::{Details, ItemFields};
use super::line::Item;
use super::palette::Palette;
use crate::feature::column::Column;
use crate::feature::merchants::Merchants;
use crate::feature::rows::Rows;
use crate::feature::tags::Tags;
use crate::id::{Hash, IdHasher, ItemRow, MerchantRow, TagId};
use crate::prefetch::prefetch;

/// All items.
#[derive(Debug, Default)]
pub struct Items {
    /// By row, beside the details.
    pub(super) lines: Column<Item>,
    pub(super) details: Rows<Details>,
    /// By row, as in the details. A column of its own, because the caps of a slate read nothing else of them.
    pub(super) categories: Column<TagId>,
    pub(super) palette: Palette,
    /// Number of items, undeclared ones included.
    pub(super) named: usize,
    /// True if an item may have a tag of negative weight.
    pub(super) negative_tags: bool,
    /// Number of undeclared items evicted at the bound since the start.
    pub evicted: u64,
}

impl Items {
    /// Returns the number of declared items.
    #[must_use]
    pub fn len(&self) -> usize {
        self.details.live
    }

    /// Returns whether no item is declared.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of items known from events alone.
    #[must_use]
    pub fn stubs(&self) -> usize {
        self.named.saturating_sub(self.len())
    }

    /// Returns whether an item may have a tag of negative weight.
    #[must_use]
    pub fn has_negative_tags(&self) -> bool {
        self.negative_tags
    }

    /// Returns the number of rows, those without an item included.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.details.len()
    }

    /// Returns the row of an item, undeclared ones included.
    #[inline]
    #[must_use]
    pub fn find(&self, hash: Hash, id: &str) -> Option<ItemRow> {
        self.details.find(hash, id)
    }

    /// Returns the row whose line has that hash, undeclared ones included, without reading the id itself.
    #[inline]
    #[must_use]
    pub fn find_by_hash(&self, hash: Hash) -> Option<(ItemRow, &Item)> {
        let row = self.details.find_by(hash, |row| self.get(row).is(hash))?;
        Some((row, self.get(row)))
    }

    /// Prefetches the index line of an item: the first step of a batch of lookups.
    #[inline(always)]
    pub fn prefetch_index(&self, hash: Hash) {
        self.details.prefetch_index(hash);
    }

    /// Returns the row that is very likely the item's and prefetches its line: the second step.
    #[inline(always)]
    #[must_use]
    pub fn prefetch_row(&self, hash: Hash) -> Option<(ItemRow, &Item)> {
        let row = self.details.guess(hash)?;
        let item = self.get(row);
        prefetch(item);
        Some((row, item))
    }

    /// Returns the row that is very likely the item's; prefetches its line and its details.
    pub fn prefetch_whole(&self, hash: Hash) -> Option<ItemRow> {
        let (row, _) = self.prefetch_row(hash)?;
        prefetch(self.details(row));
        Some(row)
    }

    /// Returns the line of an item.
    #[inline(always)]
    #[must_use]
    pub fn get(&self, row: ItemRow) -> &Item {
        &self.lines[row.index()]
    }

    /// Returns the details of an item.
    #[inline]
    #[must_use]
    pub fn details(&self, row: ItemRow) -> &Details {
        &self.details[row]
    }

    /// Returns the category of an item.
    #[inline(always)]
    #[must_use]
    pub fn category(&self, row: ItemRow) -> TagId {
        self.categories[row.index()]
    }

    /// Prefetches the category of an item.
    #[inline(always)]
    pub fn prefetch_category(&self, row: ItemRow) {
        prefetch(&self.categories[row.index()]);
    }

    /// Returns the id of an item.
    #[inline]
    #[must_use]
    pub fn id(&self, row: ItemRow) -> &str {
        &self.details(row).id
    }

    /// Creates an undeclared item.
    pub fn create(&mut self, hash: Hash, id: &str) -> ItemRow {
        let details = Details {
            id: id.into(),
            ..Details::default()
        };
        self.named += 1;
        let row = self.details.create(hash, details);
        self.lines.put(row.index(), Item::undeclared(hash));
        self.categories.put(row.index(), TagId::NONE);
        row
    }

    /// Replaces the declared fields.
    pub fn declare(
        &mut self,
        row: ItemRow,
        fields: &ItemFields,
        text: Box<str>,
        tags: &mut Tags,
        merchants: &mut Merchants,
        hasher: &IdHasher,
    ) {
        // Before the old fields go: a deleted merchant is dropped with the last item that names it.
        merchants.gain_item(fields.merchant);
        self.withdraw(row, tags, merchants, hasher);
        self.negative_tags |= fields.tags.iter().any(|(_, weight)| *weight < 0.0);
        let packed = self.palette.pack(&fields.tags);
        self.lines[row.index()].declare(fields, packed);
        self.categories[row.index()] = fields.category;
        if let Some(details) = self.details.get_mut(row) {
            *details = Details {
                id: std::mem::take(&mut details.id),
                declared: text,
                spilled: packed.is_none().then(|| fields.tags.as_slice().into()),
                price: fields.price,
                quality: fields.quality,
                long_term_value: fields.long_term_value,
                category: fields.category,
                region: fields.region,
            };
        }
        self.details.live += 1;
        fields.tags.iter().for_each(|&(tag, _)| tags.gain(tag));
    }

    /// Undoes the counts of the declared fields and leaves the item undeclared.
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
        self.lines[row.index()].withdraw();
        self.details.live -= 1;
    }

    /// Removes an item. Its row stays out of use until [`Self::release`], when no learnt state names it any more.
    pub fn remove(
        &mut self,
        row: ItemRow,
        tags: &mut Tags,
        merchants: &mut Merchants,
        hasher: &IdHasher,
    ) {
        self.withdraw(row, tags, merchants, hasher);
        self.lines[row.index()] = Item::FREE;
        self.categories[row.index()] = TagId::NONE;
        self.details.remove(hasher, row);
        self.named -= 1;
    }

    /// Moves the items of a range of rows from one row of their merchant to another.
    pub fn move_merchant(
        &mut self,
        rows: Range<usize>,
        (from, to): (MerchantRow, MerchantRow),
        merchants: &mut Merchants,
        hasher: &IdHasher,
    ) {
        for row in rows {
            if !self.lines[row].stub() && self.lines[row].merchant == from {
                self.lines[row].merchant = to;
                merchants.gain_item(to);
                merchants.lose_item(hasher, from);
            }
        }
    }

    /// Makes a removed row available to the next item.
    pub fn release(&mut self, row: ItemRow) {
        self.details.release(row);
    }

    /// Returns the bytes that the items of a range of rows hold on the heap.
    #[must_use]
    pub fn heap_bytes(&self, rows: Range<usize>) -> usize {
        self.details.slice(rows).map(Details::heap_bytes).sum()
    }

    /// Returns the bytes of the rows and the index.
    #[must_use]
    pub fn fixed_bytes(&self) -> usize {
        self.lines.bytes() + self.details.bytes() + self.categories.bytes()
    }
}
