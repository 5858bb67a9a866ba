//! The sweep of names that nothing uses, in slices, each under its own short hold of the lock.

use std::ops::Range;

use super::Engine;
use super::slices::{ITEMS, TAGS, USERS, slices};
use crate::allocator::in_small_pages;
use crate::config::Config;
use crate::feature::Named;
use crate::ingest::{Facts, mark_creators, mark_sold};

/// Maximum number of items and of merchants that one sweep forgets.
const MOST: usize = 16_384;
/// Number of rows looked at, and of those forgotten, in one hold of the lock.
const SLICE: (usize, usize) = (4_096, 64);

/// Numbers of items and merchants known from events alone, and of creators, beyond which those that nothing names are forgotten.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bare {
    pub(super) items: usize,
    pub(super) merchants: usize,
    pub(super) creators: usize,
}

impl Bare {
    /// Returns the configured bounds.
    pub(super) fn of(config: &Config) -> Self {
        Self {
            items: config.store.stub_items,
            merchants: config.store.bare_merchants,
            creators: config.store.creators,
        }
    }

    /// Returns bounds by which everything goes that a deleted user may have brought: items and merchants, but no creator with events, who
    /// comes with a declared item.
    pub(super) const fn of_erasure() -> Self {
        Self {
            items: 0,
            merchants: 0,
            creators: usize::MAX,
        }
    }
}

/// Forgets entities of a range of rows that nothing names, at most a number of them; returns how many.
type Free = fn(&mut Facts, Range<usize>, &Named, usize) -> usize;

impl Engine {
    /// Frees the names of tags that nothing uses, and beyond the bounds the items and merchants known from events alone that nothing names.
    pub(super) fn sweep(&self, bounds: Bare) {
        let _one_at_a_time = self.sweeping.lock();
        self.facts.write().begin_sweep();
        let (mut named, tags) = (self.named(), self.facts.read().books.tags.len());
        self.mark_creators(&mut named);
        let before = self.facts.read().books.tags.in_use();
        for slice in slices(tags, TAGS) {
            if !self.briefly(|facts| facts.free_tags(slice, &named, bounds.creators)) {
                break;
            }
        }
        let freed = before > self.facts.read().books.tags.in_use();
        let forgotten = self.free_rows(named, bounds);
        self.facts.write().end_sweep(freed || forgotten > 0);
    }

    /// Makes the first deleted rows and freed tag numbers available again, which no live standings know any more.
    pub(super) fn release(&self, (mut rows, mut tags): (usize, usize)) {
        while rows + tags > 0 {
            let slice = (rows.min(ITEMS), tags.min(ITEMS));
            self.briefly(|facts| facts.release(slice));
            (rows, tags) = (rows - slice.0, tags - slice.1);
        }
    }

    /// Changes the facts for a moment. Whoever waits for them has them next: a thread that locks them again and again would keep them.
    /// What the change makes longer lies in small pages, so that the moment is short.
    fn briefly<T>(&self, change: impl FnOnce(&mut Facts) -> T) -> T {
        let mut facts = self.facts.write();
        let changed = in_small_pages(|| change(&mut facts));
        facts.give_way();
        changed
    }

    /// Marks the creators whom purchases name.
    fn mark_creators(&self, named: &mut Named) {
        let sold = {
            let books = &self.facts.read().books;
            let has_creators = books.tags.creators() > 0;
            has_creators.then(|| books.sales.purchases())
        };
        sold.iter().for_each(|sold| mark_creators(sold, named));
    }

    /// Returns the names that the rows use.
    fn named(&self) -> Named {
        let mut named = Named::default();
        let rows = {
            let books = &self.facts.read().books;
            [
                books.users.rows(),
                books.items.rows(),
                books.merchants.rows(),
            ]
        };
        type Mark = fn(&Facts, Range<usize>, &mut Named);
        let marks: [(Mark, usize); 3] = [
            (Facts::mark_users, USERS),
            (Facts::mark_items, ITEMS),
            (Facts::mark_merchants, ITEMS),
        ];
        for ((mark, size), rows) in marks.into_iter().zip(rows) {
            for slice in slices(rows, size) {
                mark(&self.facts.read(), slice, &mut named);
            }
        }
        named
    }

    /// Releases the rows of deleted buyers whom no purchase names, and forgets items and merchants beyond the bounds. Returns how many
    /// items and merchants.
    fn free_rows(&self, mut named: Named, bounds: Bare) -> usize {
        let beyond = |count: usize, bound| count.saturating_sub(bound).min(MOST);
        let (items, merchants, rows, has_idle_buyers) = {
            let facts = self.facts.read();
            let books = &facts.books;
            (
                beyond(books.items.stubs(), bounds.items),
                beyond(books.merchants.bare(), bounds.merchants),
                (books.items.rows(), books.merchants.rows()),
                facts.has_idle_buyers(),
            )
        };
        if items + merchants == 0 && !has_idle_buyers {
            return 0;
        }
        // In its own statement, so that the lock is free during the walk over the sales.
        let sold = self.facts.read().books.sales.purchases();
        mark_sold(&sold, &mut named);
        if has_idle_buyers {
            self.facts.write().free_buyers(&named);
        }
        let items = self.free(Facts::free_items, rows.0, &named, items);
        // Counted again: the merchant of a forgotten item may be known from that item alone.
        let merchants = self.facts.read().books.merchants.bare();
        let merchants = beyond(merchants, bounds.merchants);
        items + self.free(Facts::free_merchants, rows.1, &named, merchants)
    }

    /// Forgets at most `most` entities of one kind, in slices. Returns how many.
    fn free(&self, free: Free, rows: usize, named: &Named, most: usize) -> usize {
        let mut left = most;
        for slice in slices(rows, SLICE.0) {
            while left > 0 {
                let wanted = left.min(SLICE.1);
                let forgotten = self.briefly(|facts| free(facts, slice.clone(), named, wanted));
                left -= forgotten;
                if forgotten < wanted {
                    break;
                }
            }
        }
        most - left
    }
}
