//! The sweep of names that nothing uses, in slices, each under its own short hold of the lock.

use std::ops::Range;

use super::Engine;
use super::slices::{ITEMS, USERS, slices};
use crate::feature::Named;
use crate::ingest::Facts;

/// Maximum number of merchants that one sweep forgets.
const MERCHANTS: usize = 16_384;
/// Number of merchants looked at, and of those forgotten, in one hold of the lock.
const SLICE: (usize, usize) = (4_096, 64);

impl Engine {
    /// Frees the names of tags that nothing uses, and the merchants known from events alone that nothing names, if there are more than
    /// `bare_merchants`.
    pub(super) fn sweep(&self, bare_merchants: usize) {
        let _one_at_a_time = self.sweeping.lock();
        self.facts.write().begin_sweep();
        let (named, tags) = (self.named(), self.facts.read().books.tags.len());
        let before = self.facts.read().books.tags.in_use();
        for slice in slices(tags, ITEMS) {
            if !self.facts.write().free_tags(slice, &named) {
                break;
            }
        }
        let freed = before > self.facts.read().books.tags.in_use();
        let forgotten = self.free_merchants(named, bare_merchants);
        self.facts.write().end_sweep(freed || forgotten > 0);
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

    /// Forgets merchants beyond the bound. Returns how many.
    fn free_merchants(&self, mut named: Named, bound: usize) -> usize {
        let (bare, rows) = {
            let merchants = &self.facts.read().books.merchants;
            (merchants.bare(), merchants.rows())
        };
        let mut left = bare.saturating_sub(bound).min(MERCHANTS);
        if left == 0 {
            return 0;
        }
        let before = left;
        // In its own statement, so that the lock is free during the walk over the sales.
        let sold = self.facts.read().books.sales.purchases();
        for purchase in sold.iter().flat_map(|day| day.iter()) {
            named.merchant(purchase.merchant());
        }
        for slice in slices(rows, SLICE.0) {
            while left > 0 {
                let most = left.min(SLICE.1);
                let forgotten = self
                    .facts
                    .write()
                    .free_merchants(slice.clone(), &named, most);
                left -= forgotten;
                if forgotten < most {
                    break;
                }
            }
        }
        before - left
    }
}
