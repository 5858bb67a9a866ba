//! The merchants as a book: they are declared, and learn nothing.

use std::collections::BTreeSet;

use super::Book;
use super::encode::{restore_rows, whole, write_rows};
use crate::config::Config;
use crate::feature::Merchants;
use crate::id::{IdHasher, MerchantRow};
use crate::telemetry::Size;

/// Index of the kind of parts that holds the rows of removed merchants.
const REMOVED: usize = 2;

impl Book for Merchants {
    /// The free rows, how many rows are frozen, and the rows of those that were removed.
    type Image = (Vec<MerchantRow>, usize, BTreeSet<MerchantRow>);

    fn new(_: &Config) -> Self {
        Self::default()
    }

    fn freeze(&mut self) -> Self::Image {
        let rows = self.freeze();
        (self.free().to_vec(), rows, self.removed().clone())
    }

    fn write(&self, image: &Self::Image, kind: usize, part: usize, bytes: &mut Vec<u8>) -> bool {
        let (free, count, removed) = image;
        if kind == REMOVED {
            return whole(part, removed, bytes);
        }
        write_rows((kind, part), free, *count, bytes, |rows, bytes| {
            self.write(rows, bytes);
        })
    }

    fn thaw(&mut self) {
        self.thaw();
    }

    fn restore(
        &mut self,
        kind: usize,
        bytes: &[u8],
        hasher: &IdHasher,
    ) -> Result<(), postcard::Error> {
        if kind == REMOVED {
            let removed: BTreeSet<MerchantRow> = postcard::from_bytes(bytes)?;
            let removed = removed.into_iter();
            removed.for_each(|row| self.update(row, |merchant| merchant.removed = true));
            return Ok(());
        }
        restore_rows(self, kind, bytes, Self::restore, |book, row| {
            book.read_row(row, hasher);
        })
    }

    fn sizes(&self, report: &mut impl FnMut(&'static str, Size)) {
        let size = Size {
            entries: self.len(),
            bytes: self.bytes(),
            evicted: 0,
        };
        report("merchants", size);
        let bare = Size {
            entries: self.bare(),
            bytes: 0,
            evicted: self.evicted,
        };
        report("bare_merchants", bare);
    }
}
