//! The catalogue as a book: it is declared, and learns nothing.

use super::Book;
use super::encode::{restore_rows, write_rows};
use crate::config::Config;
use crate::feature::{Items, ItemsImage};
use crate::id::IdHasher;
use crate::telemetry::Size;

impl Book for Items {
    /// The small part, and how many rows are frozen.
    type Image = (ItemsImage, usize);

    fn new(_: &Config) -> Self {
        Self::default()
    }

    fn freeze(&mut self) -> Self::Image {
        let rows = self.freeze();
        (self.small(), rows)
    }

    fn write(&self, image: &Self::Image, kind: usize, part: usize, bytes: &mut Vec<u8>) -> bool {
        let (small, count) = image;
        write_rows((kind, part), small, *count, bytes, |rows, bytes| {
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
        // The bytes of declared texts take a walk, which a rebuild makes.
        let size = Size {
            entries: self.len(),
            bytes: self.fixed_bytes(),
            evicted: 0,
        };
        report("items", size);
        let stubs = Size {
            entries: self.stubs(),
            bytes: 0,
            evicted: self.evicted,
        };
        report("stub_items", stubs);
    }
}
