//! Kinds of items and of events, with their names on the wire.

use serde::de::Deserializer;
use serde::{Deserialize, Serialize};

use super::read::one_of;

/// The kind of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ItemKind {
    /// Goods or a service.
    Product,
    /// A live show.
    Live,
    /// A video.
    Video,
    /// An article.
    Article,
    /// A page or an advertisement.
    Page,
}

impl ItemKind {
    /// Every kind, in the order of the discriminants.
    pub const ALL: [Self; 5] = [
        Self::Product,
        Self::Live,
        Self::Video,
        Self::Article,
        Self::Page,
    ];

    /// Names on the wire, in the same order.
    pub const NAMES: [&'static str; 5] = ["product", "live", "video", "article", "page"];

    /// Returns the name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

impl<'de> Deserialize<'de> for ItemKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        one_of(deserializer, &Self::ALL, &Self::NAMES)
    }
}

/// The kind of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum EventKind {
    /// The item was shown.
    Impression,
    /// The item was viewed.
    View,
    /// The item was clicked.
    Click,
    /// The item was marked as a favourite.
    Favourite,
    /// The item was put into the cart.
    Cart,
    /// The item was bought.
    Purchase,
    /// A purchase was refunded, in part or in full.
    Refund,
    /// The item was shared.
    Share,
    /// The user starts to follow a merchant or a creator.
    Follow,
    /// The user stops following a merchant or a creator.
    Unfollow,
    /// The item was disliked.
    Dislike,
    /// The item was taken out of the cart.
    RemoveFromCart,
}

impl EventKind {
    /// Every kind, in the order of the discriminants.
    pub const ALL: [Self; 12] = [
        Self::Impression,
        Self::View,
        Self::Click,
        Self::Favourite,
        Self::Cart,
        Self::Purchase,
        Self::Refund,
        Self::Share,
        Self::Follow,
        Self::Unfollow,
        Self::Dislike,
        Self::RemoveFromCart,
    ];

    /// Names on the wire, in the same order.
    pub const NAMES: [&'static str; 12] = [
        "impression",
        "view",
        "click",
        "favourite",
        "cart",
        "purchase",
        "refund",
        "share",
        "follow",
        "unfollow",
        "dislike",
        "remove_from_cart",
    ];

    /// Returns the name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// Returns whether the kind is `follow` or `unfollow`.
    #[must_use]
    pub const fn is_bond(self) -> bool {
        matches!(self, Self::Follow | Self::Unfollow)
    }
}

impl<'de> Deserialize<'de> for EventKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        one_of(deserializer, &Self::ALL, &Self::NAMES)
    }
}
