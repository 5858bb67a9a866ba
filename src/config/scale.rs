//! `[scale]`: reference points of the log scale, used while there are too few values to learn them.

use serde_json::{Value, json};

use super::section::Section;

/// Range of a reference point.
const REFERENCE: std::ops::RangeInclusive<f64> = 0.001..=1e12;

/// Reference points of the log scale, used while there are too few values to learn them.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    /// For a user's history with an item.
    pub item_history: f64,
    /// For a user's history with a merchant.
    pub merchant_history: f64,
    /// For an item's buyers in 28 days.
    pub item_buyers: f64,
    /// For the amount of one order.
    pub price: f64,
}

/// Reads the section.
pub(super) fn read(s: &Section<'_>) -> Scale {
    Scale {
        item_history: s.number("item_history", REFERENCE),
        merchant_history: s.number("merchant_history", REFERENCE),
        item_buyers: s.number("item_buyers", REFERENCE),
        price: s.number("price", REFERENCE),
    }
}

/// Returns the section in the names and units of the file.
pub(super) fn shown(scale: &Scale) -> Value {
    json!({
        "item_history": scale.item_history,
        "merchant_history": scale.merchant_history,
        "item_buyers": scale.item_buyers,
        "price": scale.price,
    })
}
