//! The fields of an item beside its line.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::clock::Time;
use crate::feature::rows::Named;
use crate::id::{ItemRow, MerchantRow, TagId};

/// The fields of an item beside its line.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Details {
    pub(super) id: CompactString,
    /// The declared fields as JSON; empty if the item is not declared.
    pub declared: Box<str>,
    /// Tags that don't fit the line.
    pub(super) spilled: Option<Box<[(TagId, f32)]>>,
    /// The listed price.
    pub price: Option<f64>,
    /// The declared quality.
    pub quality: Option<f32>,
    /// The declared long-term value.
    pub long_term_value: Option<f32>,
    /// Its category.
    pub category: TagId,
    /// Its region.
    pub region: TagId,
}

impl Details {
    /// Returns the item's id; empty if the row is free.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the bytes held on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        let spilled = self.spilled.as_deref().map_or(0, size_of_val);
        self.declared.len() + spilled
    }
}

impl Named for Details {
    type Row = ItemRow;

    fn id(&self) -> &str {
        &self.id
    }
}

/// The declared fields of an item, resolved to rows and numbers.
#[derive(Clone, Debug)]
pub struct ItemFields {
    /// The merchant that sells it.
    pub merchant: MerchantRow,
    /// Its category.
    pub category: TagId,
    /// Its region.
    pub region: TagId,
    /// The listed price.
    pub price: Option<f64>,
    /// Time of its listing.
    pub listed_at: Option<Time>,
    /// Quality in [0, 1].
    pub quality: Option<f32>,
    /// Long-term value in [0, 1].
    pub long_term_value: Option<f32>,
    /// True if the item is available.
    pub available: bool,
    /// Its tags, those of the name spaces included, each once.
    pub tags: Vec<(TagId, f32)>,
}
