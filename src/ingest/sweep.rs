//! The sweep: tag names that no item, merchant, user or history names any more are freed, and so are items and merchants known from
//! events alone that nothing names.
//!
//! A count of references would have to be exact in every place that names a tag. A walk is right by construction: it looks at all rows in
//! slices, and what facts name meanwhile counts as named. A sweep is not in the journal, because what it frees has no effect on an answer
//! of the ranking: a replay leaves it to the next sweep. The number of a freed tag is used again once standings that were begun later are
//! live.

use std::ops::Range;

use super::{Facts, Retired};
use crate::chunked::Chunked;
use crate::config::Config;
use crate::feature::Named;
use crate::id::{CreatorRow, Gone, ItemRow, MerchantRow, TagId};
use crate::race::Purchase;

/// Marks what purchases name.
pub fn mark_sold(sold: &[Chunked<Purchase>], named: &mut Named) {
    for purchase in sold.iter().flat_map(Chunked::iter) {
        named.item(purchase.item());
        named.merchant(purchase.merchant());
        named.user(purchase.buyer);
    }
}

/// Marks the creators whom purchases name.
pub fn mark_creators(sold: &[Chunked<Purchase>], named: &mut Named) {
    let purchases = sold.iter().flat_map(Chunked::iter);
    purchases.for_each(|purchase| named.tag(purchase.creator().into()));
}

impl Facts {
    /// Returns whether enough changed since the last sweep for another one. Beyond a bound fewer changes are enough.
    #[must_use]
    pub fn sweep_is_due(&self, config: &Config) -> bool {
        let (books, store) = (&self.books, &config.store);
        let is_beyond =
            books.items.stubs() > store.stub_items || books.merchants.bare() > store.bare_merchants;
        let names = if is_beyond { 0 } else { books.tags.in_use() };
        self.sweeps.are_due(names)
    }

    /// Begins a sweep. Marks of all rows, then [`Self::free_tags`] and [`Self::free_merchants`], then [`Self::end_sweep`] complete it.
    pub fn begin_sweep(&mut self) {
        self.sweeps.begin();
    }

    /// Marks what a range of users names.
    pub fn mark_users(&self, rows: Range<usize>, named: &mut Named) {
        let users = &self.books.users;
        for user in users.slice(rows.clone()) {
            user.tags.iter().for_each(|(tag, _)| named.tag(*tag));
        }
        users.figures.mark(rows, named);
    }

    /// Marks what a range of items names, except for tags: their carriers are counted.
    pub fn mark_items(&self, rows: Range<usize>, named: &mut Named) {
        for details in self.books.items.slice(rows) {
            named.tag(details.category);
            named.tag(details.region);
        }
    }

    /// Marks what a range of merchants names.
    pub fn mark_merchants(&self, rows: Range<usize>, named: &mut Named) {
        for merchant in self.books.merchants.slice(rows) {
            named.tag(merchant.category);
            named.tag(merchant.region);
        }
    }

    /// Frees the tags of a range of numbers that nothing names. Creators with a first day are kept up to a number of creators, because it
    /// would be another after a sweep at another time. Returns false if a checkpoint is being written, which holds the names: then the
    /// sweep must be given up.
    pub fn free_tags(&mut self, numbers: Range<usize>, named: &Named, creators: usize) -> bool {
        let Some(used) = self.sweeps.used() else {
            return false;
        };
        let books = &mut self.books;
        if books.tags.is_frozen() {
            return false;
        }
        for tag in numbers.map(TagId::at) {
            let (creator, was_creator) = (CreatorRow::from(tag), books.tags.is_creator(tag));
            let has_history = was_creator && books.sales.first_day(creator).is_some();
            let is_kept = has_history && books.tags.creators() <= creators;
            if is_kept || named.has_tag(tag) || used.has_tag(tag) {
                continue;
            }
            books.tags.free(&books.hasher, tag);
            if !was_creator || books.tags.is_creator(tag) {
                continue;
            }
            let gone = Gone::Creator(creator);
            if has_history {
                books.tags.creators_evicted += 1;
                books.forget(gone);
            } else if let Some(key) = gone.key() {
                books.exposure.forget(key);
            }
        }
        true
    }

    /// Forgets the items of a range of rows that are known from events alone and that nothing names, at most `most`. Returns how many.
    pub fn free_items(&mut self, rows: Range<usize>, named: &Named, most: usize) -> usize {
        let Some(used) = self.sweeps.used() else {
            return 0;
        };
        let items = &self.books.items;
        let is_loose = |row: &ItemRow| {
            let is_stub = items.get(*row).stub() && !items.id(*row).is_empty();
            is_stub && !named.has_item(*row) && !used.has_item(*row)
        };
        let rows = rows.map(ItemRow::at).filter(is_loose);
        let loose: Vec<ItemRow> = rows.take(most).collect();
        for &row in &loose {
            let books = &mut self.books;
            books
                .items
                .remove(row, &mut books.tags, &mut books.merchants, &books.hasher);
            books.items.evicted += 1;
            books.forget(Gone::Item(row));
            self.retire(Retired::Item(row));
        }
        loose.len()
    }

    /// Forgets the merchants of a range of rows that are known from events alone and that nothing names, at most `most`. Returns how many.
    pub fn free_merchants(&mut self, rows: Range<usize>, named: &Named, most: usize) -> usize {
        let Some(used) = self.sweeps.used() else {
            return 0;
        };
        let merchants = &self.books.merchants;
        let is_loose = |row: &MerchantRow| {
            let is_bare = merchants.get(*row).is_some_and(|it| it.is_bare());
            is_bare && !named.has_merchant(*row) && !used.has_merchant(*row)
        };
        let rows = rows.map(MerchantRow::at).filter(is_loose);
        let loose: Vec<MerchantRow> = rows.take(most).collect();
        for &row in &loose {
            let books = &mut self.books;
            let next = books.merchants.remove(&books.hasher, row);
            books.merchants.evicted += 1;
            books.forget(Gone::Merchant(row));
            self.retire(Retired::Merchant(row, next));
        }
        loose.len()
    }

    /// Returns whether more rows wait for the purchases of their deleted buyers than purchases are held.
    #[must_use]
    pub fn has_idle_buyers(&self) -> bool {
        self.leaving.len() > self.books.sales.counts().purchases
    }

    /// Releases the rows of deleted buyers whom no purchase names.
    pub fn free_buyers(&mut self, named: &Named) {
        if let Some(used) = self.sweeps.used() {
            let is_free = |row| !named.has_user(row) && !used.has_user(row);
            let rows = self.leaving.take(is_free);
            self.release_buyers(&rows);
        }
    }

    /// Ends a sweep. If it freed anything, new standings must be built, after which the numbers and rows can be used again.
    pub fn end_sweep(&mut self, has_freed: bool) {
        self.sweeps.end();
        self.revision += u64::from(has_freed);
    }
}
