//! The catalogue as stored: frozen at one instant, written in ranges of rows, and read back.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::catalogue::Items;
use super::details::Details;
use super::line::Item;
use super::palette::TAGS;
use crate::binary::append;
use crate::id::{Hash, IdHasher, ItemRow, MerchantRow};

/// An item's line without the hash, which differs between processes.
#[derive(Debug, Deserialize, Serialize)]
pub struct Line {
    flags: u64,
    tags: [u32; TAGS],
    merchant: MerchantRow,
    ln_price: f32,
    listed_at: u32,
}

impl From<&Item> for Line {
    fn from(item: &Item) -> Self {
        Self {
            flags: item.flags(),
            tags: item.tags,
            merchant: item.merchant,
            ln_price: item.ln_price,
            listed_at: item.listed_at,
        }
    }
}

impl Line {
    /// Returns the line with the hash of this process.
    fn item(self, hash: Hash) -> Item {
        let fields = Item {
            tags: self.tags,
            merchant: self.merchant,
            ln_price: self.ln_price,
            listed_at: self.listed_at,
            ..Item::FREE
        };
        fields.with(hash, self.flags)
    }
}

/// The part of the catalogue that is written as a whole.
#[derive(Debug, Deserialize, Serialize)]
pub struct ItemsImage {
    free: Vec<ItemRow>,
    /// The weights of the palette without that of no tag.
    weights: Vec<f32>,
}

impl Items {
    /// Returns the details of the items of a range of rows, undeclared ones included.
    pub fn slice(&self, rows: Range<usize>) -> impl Iterator<Item = &Details> {
        self.details.slice(rows)
    }

    /// Freezes the rows until [`Self::thaw`]; returns their number.
    pub fn freeze(&mut self) -> usize {
        self.lines.freeze();
        self.details.freeze()
    }

    /// Ends the freezing.
    pub fn thaw(&mut self) {
        self.lines.thaw();
        self.details.thaw();
    }

    /// Returns the part that is written as a whole.
    #[must_use]
    pub fn small(&self) -> ItemsImage {
        ItemsImage {
            free: self.details.free().to_vec(),
            weights: self.palette.in_use().collect(),
        }
    }

    /// Restores the part that is written as a whole; before any row.
    pub fn restore(&mut self, small: ItemsImage) {
        self.details.restore(small.free);
        self.negative_tags = small.weights.iter().any(|weight| *weight < 0.0);
        small.weights.into_iter().for_each(|weight| {
            self.palette.code(weight);
        });
    }

    /// Appends a range of frozen rows; ranges must follow each other.
    pub fn write(&self, rows: Range<usize>, bytes: &mut Vec<u8>) {
        let mut lines = Vec::with_capacity(rows.len());
        self.lines
            .read_frozen(rows.clone(), |item| lines.push(Line::from(item)));
        let mut lines = lines.into_iter();
        self.details
            .read_frozen(rows, |details| append(&(lines.next(), details), bytes));
    }

    /// Appends a stored row.
    pub fn read_row(&mut self, (line, details): (Option<Line>, Details), hasher: &IdHasher) {
        let hash = hasher.hash(&details.id);
        let item = line.map_or(Item::FREE, |line| line.item(hash));
        let named = !details.id.is_empty();
        let mut spilled = details.spilled.iter().flatten();
        self.negative_tags |= spilled.any(|(_, weight)| *weight < 0.0);
        self.details.live += usize::from(!item.stub());
        self.named += usize::from(named);
        self.lines.push(item);
        self.categories.push(details.category);
        self.details.push(details, named.then_some(hash));
    }
}
