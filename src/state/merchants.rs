//! The merchants as a book: they are declared, and learn nothing.

use super::Book;
use super::encode::{each, rows, whole};
use crate::config::Config;
use crate::feature::Merchants;
use crate::id::{IdHasher, MerchantRow};
use crate::telemetry::Size;

/// Number of the kind that holds the free rows.
const FREE: usize = 0;

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
        if kind == FREE {
            return whole(part, free, bytes);
        }
        let rows = rows(part, *count);
        rows.map(|rows| self.write(rows, bytes)).is_some()
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
        if kind == FREE {
            self.restore(postcard::from_bytes(bytes)?);
            return Ok(());
        }
        each(bytes, |row| self.read_row(row, hasher))
    }

    fn sizes(&self, report: &mut impl FnMut(&'static str, Size)) {
        let size = Size {
            entries: self.len(),
            bytes: self.bytes(),
            evicted: 0,
        };
        report("merchants", size);
    }
}
