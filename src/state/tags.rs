//! The tags as a book: names are only ever added, so nothing needs to be frozen.

use super::Book;
use super::encode::{each, rows, whole};
use crate::config::Config;
use crate::feature::Tags;
use crate::id::IdHasher;
use crate::telemetry::Size;

/// Number of the kind that holds how many items carry each tag.
const CARRIERS: usize = 0;

impl Book for Tags {
    /// Number of items that carry each tag.
    type Image = Vec<u32>;

    fn new(_: &Config) -> Self {
        Self::default()
    }

    fn freeze(&mut self) -> Self::Image {
        self.carriers().to_vec()
    }

    fn write(&self, image: &Self::Image, kind: usize, part: usize, bytes: &mut Vec<u8>) -> bool {
        if kind == CARRIERS {
            return whole(part, image, bytes);
        }
        let rows = rows(part, image.len());
        rows.map(|rows| self.write(rows, bytes)).is_some()
    }

    fn restore(
        &mut self,
        kind: usize,
        bytes: &[u8],
        hasher: &IdHasher,
    ) -> Result<(), postcard::Error> {
        if kind == CARRIERS {
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
        report("tags", size);
    }
}
