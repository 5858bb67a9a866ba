//! The tags as a book: a frozen one only adds names, so none is copied.

use super::Book;
use super::encode::{restore_rows, write_rows};
use crate::config::Config;
use crate::feature::Tags;
use crate::id::IdHasher;
use crate::telemetry::Size;

impl Book for Tags {
    /// Number of items that carry each tag.
    type Image = Vec<u32>;

    fn new(_: &Config) -> Self {
        Self::default()
    }

    fn freeze(&mut self) -> Self::Image {
        self.freeze();
        self.carriers().iter().copied().collect()
    }

    fn write(&self, image: &Self::Image, kind: usize, part: usize, bytes: &mut Vec<u8>) -> bool {
        write_rows((kind, part), image, image.len(), bytes, |rows, bytes| {
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
            entries: self.in_use(),
            bytes: self.bytes(),
            evicted: self.freed,
        };
        report("tags", size);
        let creators = Size {
            entries: self.creators(),
            bytes: 0,
            evicted: self.creators_evicted,
        };
        report("creators", creators);
    }
}
