//! The feature store at one instant, to be written down while it goes on changing, and to be read back.
//!
//! Freezing copies what is small (free rows, counts by tag, the palette of tag weights) and freezes the columns; then ranges of rows
//! are written one after the other, each under its own short hold of the lock. A row is written as it is held, by numbers of rows and
//! tags: reading back needs no look-up of a name.

use std::ops::Range;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Books;
use crate::feature::ItemsImage;
use crate::id::{MerchantRow, UserRow};

/// What is small of one instant.
#[derive(Debug, Deserialize, Serialize)]
pub struct FeatureImage {
    tags: Vec<u32>,
    items: ItemsImage,
    free_merchants: Vec<MerchantRow>,
    free_users: Vec<UserRow>,
    #[serde(skip)]
    rows: [usize; Rows::ALL.len()],
}

/// What is written in ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Users; first, for they change the most.
    Users,
    /// Items.
    Items,
    /// Merchants.
    Merchants,
    /// Names of tags.
    Tags,
}

impl Rows {
    /// All of them, in the order in which they are written.
    pub const ALL: [Self; 4] = [Self::Users, Self::Items, Self::Merchants, Self::Tags];
}

impl FeatureImage {
    /// How many rows are to be written.
    #[must_use]
    pub fn rows(&self, of: Rows) -> usize {
        self.rows[of as usize]
    }
}

impl Books {
    /// Freezes the store as it is now, until [`Self::thaw`].
    pub fn freeze(&mut self) -> FeatureImage {
        let rows = [
            self.users.freeze(),
            self.items.freeze(),
            self.merchants.freeze(),
            self.tags.len(),
        ];
        FeatureImage {
            tags: self.tags.carriers().to_vec(),
            items: self.items.small(),
            free_merchants: self.merchants.free().to_vec(),
            free_users: self.users.free().to_vec(),
            rows,
        }
    }

    /// Ends the freezing of what is written in ranges.
    pub fn thaw(&mut self, of: Rows) {
        match of {
            Rows::Users => self.users.thaw(),
            Rows::Items => self.items.thaw(),
            Rows::Merchants => self.merchants.thaw(),
            Rows::Tags => {}
        }
    }

    /// Appends a range of frozen rows, the ranges in order.
    pub fn write(&self, of: Rows, rows: Range<usize>, bytes: &mut Vec<u8>) {
        match of {
            Rows::Users => self.users.write(rows, bytes),
            Rows::Items => self.items.write(rows, bytes),
            Rows::Merchants => self.merchants.write(rows, bytes),
            Rows::Tags => self.tags.write(rows, bytes),
        }
    }

    /// Takes over the small part, before any rows; into a store that is empty.
    pub fn restore_small(&mut self, image: FeatureImage) {
        self.tags.restore(image.tags);
        self.items.restore(image.items);
        self.merchants.restore(image.free_merchants);
        self.users.restore(image.free_users);
    }

    /// Takes over a range of rows that [`Self::write`] wrote, the ranges in order.
    ///
    /// # Errors
    /// Bytes that are none.
    pub fn read(&mut self, of: Rows, bytes: &[u8]) -> Result<(), postcard::Error> {
        let hasher = &self.hasher;
        match of {
            Rows::Users => each(bytes, |row| self.users.read_row(row, hasher)),
            Rows::Items => each(bytes, |row| self.items.read_row(row, hasher)),
            Rows::Merchants => each(bytes, |row| self.merchants.read_row(row, hasher)),
            Rows::Tags => each(bytes, |name| self.tags.read_row(name, hasher)),
        }
    }
}

/// Reads values to the end.
fn each<T: DeserializeOwned>(
    mut bytes: &[u8],
    mut take: impl FnMut(T),
) -> Result<(), postcard::Error> {
    while !bytes.is_empty() {
        let (value, rest) = postcard::take_from_bytes(bytes)?;
        take(value);
        bytes = rest;
    }
    Ok(())
}
