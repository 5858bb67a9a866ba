//! Facts: declared items, merchants and users, and the events of users.

use std::borrow::Cow;

use serde::Deserialize;

use super::id::Id;
use super::kind::{EventKind, ItemKind};
use super::limits::Limits;
use super::tags::Tags;
use super::{read, whole};
use crate::clock::Time;

/// Maximum amount of money in one figure, in units of the currency.
pub const MAX_MONEY: f64 = 1e12;
/// Maximum number of campaigns of one entity.
pub const MAX_CAMPAIGNS: usize = 64;

/// An item as declared.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item<'a> {
    /// The item's id.
    #[serde(borrow)]
    pub id: Id<'a>,
    /// The merchant that sells it.
    #[serde(borrow, default)]
    pub merchant_id: Option<Id<'a>>,
    /// Its kind.
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
    #[serde(borrow, default, deserialize_with = "read::title")]
    pub title: Option<Cow<'a, str>>,
    /// Its listed price.
    #[serde(default)]
    pub price: Option<f64>,
    /// False hides the item; absent: true.
    #[serde(default)]
    pub available: Option<bool>,
    /// Its region code.
    #[serde(borrow, default)]
    pub region: Option<Id<'a>>,
    /// Latitude in degrees.
    #[serde(default)]
    pub lat: Option<f64>,
    /// Longitude in degrees.
    #[serde(default)]
    pub lon: Option<f64>,
    /// Its creator.
    #[serde(borrow, default)]
    pub creator_id: Option<Id<'a>>,
    /// Time of its listing.
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
    /// Its region code.
    #[serde(borrow, default)]
    pub region: Option<Id<'a>>,
    /// Time at which it joined the marketplace.
    #[serde(default)]
    pub joined_at: Option<Time>,
    /// Trust in its sales, in [0, 1]; absent: 1.
    #[serde(default)]
    pub integrity: Option<f64>,
    /// False hides all its items; absent: true.
    #[serde(default)]
    pub available: Option<bool>,
    /// Its owner, who may have several shops.
    #[serde(borrow, default)]
    pub owner: Option<Id<'a>>,
    /// Its goal for its traffic.
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
    /// The user's region code.
    #[serde(borrow, default)]
    pub region: Option<Id<'a>>,
}

/// One behaviour event.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event<'a> {
    /// The event's own id, which makes the event idempotent.
    #[serde(borrow, default)]
    pub id: Option<Id<'a>>,
    /// The acting user.
    #[serde(borrow)]
    pub user_id: Id<'a>,
    /// The item acted on.
    #[serde(borrow, default)]
    pub item_id: Option<Id<'a>>,
    /// The merchant acted on.
    #[serde(borrow, default)]
    pub merchant_id: Option<Id<'a>>,
    /// The creator followed or unfollowed.
    #[serde(borrow, default)]
    pub creator_id: Option<Id<'a>>,
    /// The kind of the event.
    pub kind: EventKind,
    /// Time of the event.
    pub at: Time,
    /// Number of units.
    #[serde(default)]
    pub quantity: Option<f64>,
    /// Money of the whole event.
    #[serde(default)]
    pub amount: Option<f64>,
    /// Event id of the purchase that a refund returns.
    #[serde(borrow, default)]
    pub purchase_id: Option<Id<'a>>,
    /// The rank request that showed the item.
    #[serde(borrow, default)]
    pub request_id: Option<Id<'a>>,
    /// Position at which the item was shown.
    #[serde(default, deserialize_with = "whole::whole_number")]
    pub position: Option<u32>,
    /// The scene in which it was shown.
    #[serde(borrow, default)]
    pub scene: Option<Id<'a>>,
}

/// A fact of the bulk routes, read from one JSON object.
pub trait Entity<'a>: Deserialize<'a> {
    /// Checks the rules that the types alone do not enforce; [`diagnose`](super::diagnose) reports what breaks them.
    fn holds(&self, limits: &Limits) -> bool;

    /// Returns its time, if it has one.
    fn time(&self) -> Option<Time>;
}

fn within(value: Option<f64>, low: f64, high: f64) -> bool {
    value.is_none_or(|value| (low..=high).contains(&value))
}

fn few_tags(tags: Option<&Tags<'_>>, limits: &Limits) -> bool {
    tags.is_none_or(|tags| tags.0.len() <= limits.tags)
}

impl<'a> Entity<'a> for Item<'a> {
    fn holds(&self, limits: &Limits) -> bool {
        within(self.price, 0.0, MAX_MONEY)
            && within(self.lat, -90.0, 90.0)
            && within(self.lon, -180.0, 180.0)
            && within(self.quality, 0.0, 1.0)
            && within(self.long_term_value, 0.0, 1.0)
            && few_tags(self.tags.as_ref(), limits)
            && self
                .campaigns
                .as_ref()
                .is_none_or(|campaigns| campaigns.len() <= MAX_CAMPAIGNS)
    }

    fn time(&self) -> Option<Time> {
        self.listed_at
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

    fn time(&self) -> Option<Time> {
        self.joined_at
    }
}

impl<'a> Entity<'a> for User<'a> {
    fn holds(&self, limits: &Limits) -> bool {
        few_tags(self.tags.as_ref(), limits)
    }

    fn time(&self) -> Option<Time> {
        None
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

    fn time(&self) -> Option<Time> {
        Some(self.at)
    }
}
