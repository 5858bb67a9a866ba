//! `[aversion]`: the factor by which what a user turned away from is lowered.

use serde_json::{Value, json};

use super::section::Section;

/// The factor `aversion`: the product of 1 − strength · v over item, merchant, creator and tags, at least `min`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Aversion {
    /// Strength of a negative history with the item.
    pub item: f64,
    /// Strength of a negative history with the merchant.
    pub merchant: f64,
    /// Strength of a negative history with the creator.
    pub creator: f64,
    /// Strength of a negative cosine of the tags.
    pub tags: f64,
    /// Minimum of the factor.
    pub min: f64,
}

/// Reads the section.
pub(super) fn read(s: &Section<'_>) -> Aversion {
    let share = |key| s.number(key, 0.0..=1.0);
    Aversion {
        item: share("item"),
        merchant: share("merchant"),
        creator: share("creator"),
        tags: share("tags"),
        min: share("min"),
    }
}

/// Returns the section in the names and units of the file.
pub(super) fn shown(aversion: &Aversion) -> Value {
    json!({
        "item": aversion.item,
        "merchant": aversion.merchant,
        "creator": aversion.creator,
        "tags": aversion.tags,
        "min": aversion.min,
    })
}
