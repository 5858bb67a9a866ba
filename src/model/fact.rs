//! Facts: what the marketplace tells us of its items, merchants and users, and what users do.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Limits;
use super::id::Id;
use super::{read, whole};
use crate::clock::Time;

/// The highest amount of money in one figure, in whole units of the currency.
pub const MAX_MONEY: f64 = 1e12;
/// The highest absolute weight of a declared tag.
pub const MAX_TAG_WEIGHT: f64 = 1e6;
/// Bytes of a title or a name.
pub const MAX_TEXT: usize = 4_096;
/// Campaigns that one entity may be enrolled in.
pub const MAX_CAMPAIGNS: usize = 64;

/// Declared tags with their weights, in the order given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tags<'a>(pub Vec<(Cow<'a, str>, f32)>);

/// What an item is.
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
    /// A page or a creative.
    Page,
}

impl ItemKind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Self; 5] = [
        Self::Product,
        Self::Live,
        Self::Video,
        Self::Article,
        Self::Page,
    ];

    /// Their names on the wire, in the same order.
    pub const NAMES: [&'static str; 5] = ["product", "live", "video", "article", "page"];

    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// An item as declared.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item<'a> {
    /// The item's id.
    #[serde(borrow)]
    pub id: Id<'a>,
    /// Who sells it.
    #[serde(borrow, default)]
    pub merchant_id: Option<Id<'a>>,
    /// What it is.
    #[serde(default)]
    pub kind: Option<ItemKind>,
    /// Its category, the lane it races in.
    #[serde(borrow, default)]
    pub category: Option<Id<'a>>,
    /// Its declared tags.
    #[serde(borrow, default)]
    pub tags: Option<Tags<'a>>,
    /// Its brand.
    #[serde(borrow, default)]
    pub brand: Option<Id<'a>>,
    /// Its title.
    #[serde(default, deserialize_with = "read::text")]
    pub title: Option<()>,
    /// Its listed price.
    #[serde(default)]
    pub price: Option<f64>,
    /// Whether it can be had; absent: yes.
    #[serde(default)]
    pub available: Option<bool>,
    /// Where it is, as a region code.
    #[serde(borrow, default)]
    pub region: Option<Id<'a>>,
    /// Latitude in degrees.
    #[serde(default)]
    pub lat: Option<f64>,
    /// Longitude in degrees.
    #[serde(default)]
    pub lon: Option<f64>,
    /// Who made it.
    #[serde(borrow, default)]
    pub creator_id: Option<Id<'a>>,
    /// Since when it is listed.
    #[serde(default)]
    pub listed_at: Option<Time>,
    /// The campaigns that it is enrolled in.
    #[serde(borrow, default)]
    pub campaigns: Option<Vec<Id<'a>>>,
    /// Its quality in [0, 1].
    #[serde(default)]
    pub quality: Option<f64>,
    /// Its long-term value in [0, 1].
    #[serde(default)]
    pub long_term_value: Option<f64>,
}

/// A merchant as declared.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Merchant<'a> {
    /// The merchant's id.
    #[serde(borrow)]
    pub id: Id<'a>,
    /// Its name.
    #[serde(default, deserialize_with = "read::text")]
    pub name: Option<()>,
    /// Its category, the lane it races in.
    #[serde(borrow, default)]
    pub category: Option<Id<'a>>,
    /// Where it is, as a region code.
    #[serde(borrow, default)]
    pub region: Option<Id<'a>>,
    /// Since when it sells here.
    #[serde(default)]
    pub joined_at: Option<Time>,
    /// How far its sales can be trusted, in [0, 1]; absent: 1.
    #[serde(default)]
    pub integrity: Option<f64>,
    /// What it wants of its traffic.
    #[serde(borrow, default)]
    pub goal: Option<Id<'a>>,
    /// The campaigns that it is enrolled in.
    #[serde(borrow, default)]
    pub campaigns: Option<Vec<Id<'a>>>,
}

/// A user as declared.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User<'a> {
    /// The user's id.
    #[serde(borrow)]
    pub id: Id<'a>,
    /// Declared tags.
    #[serde(borrow, default)]
    pub tags: Option<Tags<'a>>,
    /// Where the user is, as a region code.
    #[serde(borrow, default)]
    pub region: Option<Id<'a>>,
}

/// What a user did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum EventKind {
    /// The item was shown.
    Impression,
    /// The item was looked at.
    View,
    /// The item was clicked.
    Click,
    /// The item was marked as a favourite.
    Favourite,
    /// The item was put into the cart.
    Cart,
    /// The item was bought.
    Purchase,
    /// A purchase was given back, in part or in full.
    Refund,
    /// The item was shared.
    Share,
    /// A merchant or a creator is followed from now on.
    Follow,
    /// A merchant or a creator is followed no longer.
    Unfollow,
    /// The item was disliked.
    Dislike,
}

impl EventKind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Self; 11] = [
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
    ];

    /// Their names on the wire, in the same order.
    pub const NAMES: [&'static str; 11] = [
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
    ];

    /// Its name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// Whether it is a `follow` or an `unfollow`.
    #[must_use]
    pub const fn is_bond(self) -> bool {
        matches!(self, Self::Follow | Self::Unfollow)
    }
}

/// One behaviour event.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event<'a> {
    /// The event's own id, which makes it idempotent.
    #[serde(borrow, default)]
    pub id: Option<Id<'a>>,
    /// Who did it.
    #[serde(borrow)]
    pub user_id: Id<'a>,
    /// With which item.
    #[serde(borrow, default)]
    pub item_id: Option<Id<'a>>,
    /// With which merchant.
    #[serde(borrow, default)]
    pub merchant_id: Option<Id<'a>>,
    /// Which creator is followed.
    #[serde(borrow, default)]
    pub creator_id: Option<Id<'a>>,
    /// What was done.
    pub kind: EventKind,
    /// When.
    pub at: Time,
    /// How many.
    #[serde(default)]
    pub quantity: Option<f64>,
    /// The money of the whole event.
    #[serde(default)]
    pub amount: Option<f64>,
    /// The event id of the purchase that a refund gives back.
    #[serde(borrow, default)]
    pub purchase_id: Option<Id<'a>>,
    /// The rank request that showed the item.
    #[serde(borrow, default)]
    pub request_id: Option<Id<'a>>,
    /// The place at which it was shown.
    #[serde(default, deserialize_with = "whole::whole_number")]
    pub position: Option<u32>,
    /// The scene in which it was shown.
    #[serde(borrow, default)]
    pub scene: Option<Id<'a>>,
}

/// A fact of the bulk routes that can be read from one JSON object and holds its rules.
pub trait Entity<'a>: Deserialize<'a> {
    /// The rules that the types alone do not hold; what breaks them is named by the slow walk.
    fn holds(&self, limits: &Limits) -> bool;
}

fn within(value: Option<f64>, low: f64, high: f64) -> bool {
    value.is_none_or(|value| (low..=high).contains(&value))
}

fn few(tags: Option<&Tags<'_>>, limits: &Limits) -> bool {
    tags.is_none_or(|tags| tags.0.len() <= limits.tags)
}

impl<'a> Entity<'a> for Item<'a> {
    fn holds(&self, limits: &Limits) -> bool {
        within(self.price, 0.0, MAX_MONEY)
            && within(self.lat, -90.0, 90.0)
            && within(self.lon, -180.0, 180.0)
            && within(self.quality, 0.0, 1.0)
            && within(self.long_term_value, 0.0, 1.0)
            && few(self.tags.as_ref(), limits)
            && self
                .campaigns
                .as_ref()
                .is_none_or(|campaigns| campaigns.len() <= MAX_CAMPAIGNS)
    }
}

impl<'a> Entity<'a> for Merchant<'a> {
    fn holds(&self, _limits: &Limits) -> bool {
        within(self.integrity, 0.0, 1.0)
            && self
                .campaigns
                .as_ref()
                .is_none_or(|campaigns| campaigns.len() <= MAX_CAMPAIGNS)
    }
}

impl<'a> Entity<'a> for User<'a> {
    fn holds(&self, limits: &Limits) -> bool {
        few(self.tags.as_ref(), limits)
    }
}

impl<'a> Entity<'a> for Event<'a> {
    fn holds(&self, _limits: &Limits) -> bool {
        let target = if self.kind.is_bond() {
            self.merchant_id.is_some() != self.creator_id.is_some() && self.item_id.is_none()
        } else {
            (self.item_id.is_some() || self.merchant_id.is_some()) && self.creator_id.is_none()
        };
        target
            && (self.purchase_id.is_none() || self.kind == EventKind::Refund)
            && within(self.quantity, 0.0, 1e9)
            && within(self.amount, 0.0, MAX_MONEY)
    }
}
