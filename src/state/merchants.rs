//! The merchants as a book: they are declared, and learn nothing.

use super::Book;
use super::encode::{restore_rows, write_rows};
use crate::config::Config;
use crate::feature::Merchants;
use crate::id::{IdHasher, MerchantRow};
use crate::telemetry::Size;

impl Book for Merchants {
    /// The free rows, and how many rows are frozen.
    type Image = (Vec<MerchantRow>, usize);

    fn new(_: &Config) -> Self {
        Self::default()
    }

    fn freeze(&mut self) -> Self::Image {
        let rows = self.freeze();
        (self.free().to_vec(), rows)
    }

    fn write(&self, image: &Self::Image, kind: usize, part: usize, bytes: &mut Vec<u8>) -> bool {
        let (free, count) = image;
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
