//! The shoppers and the shelves: who may come, what there is, and how much each likes what.

use std::collections::HashMap;

use serde::Deserialize;

use crate::clock::Time;
use crate::random::{Random, mixed};

/// Everything that shoppers know. Nothing in it changes while they shop.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct World {
    /// The items, in the order in which they were declared.
    pub(super) shelf: Vec<Ware>,
    /// The shoppers, in the order in which they were first seen.
    pub(super) shoppers: Vec<Shopper>,
    /// The latest event that the marketplace begins with.
    pub(super) latest: Option<Time>,
    items: HashMap<String, usize>,
    users: HashMap<String, usize>,
}

/// An item as a shopper sees it.
#[derive(Clone, Debug)]
pub(super) struct Ware {
    pub(super) id: String,
    pub(super) price: f64,
    /// Number of purchases of it before.
    pub(super) sales: u32,
    category: u64,
}

/// A shopper, with what was bought before.
#[derive(Clone, Debug, Default)]
pub(super) struct Shopper {
    pub(super) id: String,
    /// Numbers of purchases, by place on the shelf.
    pub(super) bought: HashMap<usize, u32>,
}

#[derive(Deserialize)]
struct Item {
    id: String,
    #[serde(default)]
    price: Option<f64>,
    #[serde(default)]
    category: Option<String>,
}

#[derive(Deserialize)]
struct Purchase {
    user_id: String,
    item_id: String,
    at: Time,
}

impl World {
    /// Creates a marketplace of N synthetic items and users without purchases, with the ids of `saima demo --synthetic N`.
    pub(in crate::cli) fn synthetic(items: u32) -> Self {
        let mut world = Self::default();
        for number in 0..items {
            let category = mixed(u64::from(number % 64));
            world.offer(format!("item-{number:07}"), 20.0, category);
            world.shoppers.push(Shopper {
                id: format!("u{number}"),
                ..Shopper::default()
            });
        }
        world
    }

    /// Puts the item of a JSON line on the shelf.
    ///
    /// # Errors
    /// If the line is not an item.
    pub(in crate::cli) fn declare(&mut self, line: &[u8]) -> serde_json::Result<()> {
        let item: Item = serde_json::from_slice(line)?;
        let category = hashed(item.category.as_deref().unwrap_or_default());
        self.offer(item.id, item.price.unwrap_or(1.0), category);
        Ok(())
    }

    /// Learns the purchase of a JSON line. One of an item that is not on the shelf only introduces the shopper.
    ///
    /// # Errors
    /// If the line is not a purchase.
    pub(in crate::cli) fn learn(&mut self, line: &[u8]) -> serde_json::Result<()> {
        let purchase: Purchase = serde_json::from_slice(line)?;
        let user = *self.users.entry(purchase.user_id).or_insert_with_key(|id| {
            self.shoppers.push(Shopper {
                id: id.clone(),
                ..Shopper::default()
            });
            self.shoppers.len() - 1
        });
        if let Some(&item) = self.items.get(&purchase.item_id) {
            *self.shoppers[user].bought.entry(item).or_default() += 1;
            self.shelf[item].sales += 1;
        }
        self.latest = self.latest.max(Some(purchase.at));
        Ok(())
    }

    /// Returns how much a shopper likes an item: the log of the odds that a click on it becomes a purchase.
    pub(super) fn liking(&self, shopper: &Shopper, item: usize) -> f64 {
        let ware = &self.shelf[item];
        let times = shopper.bought.get(&item).copied().unwrap_or_default();
        let user = hashed(&shopper.id);
        1.5 * f64::from(times).ln_1p() + 0.2 * f64::from(ware.sales).ln_1p() - 4.0
            + 0.5 * taste(user ^ ware.category)
            + 0.5 * taste(mixed(user) ^ hashed(&ware.id))
    }

    /// Returns the place of an item on the shelf.
    pub(super) fn place(&self, id: &str) -> Option<usize> {
        self.items.get(id).copied()
    }

    fn offer(&mut self, id: String, price: f64, category: u64) {
        self.items.insert(id.clone(), self.shelf.len());
        self.shelf.push(Ware {
            id,
            price,
            sales: 0,
            category,
        });
    }
}

/// Returns a number that looks drawn from the standard normal distribution, and is the same for the same key.
fn taste(key: u64) -> f64 {
    Random::new(key).normal()
}

fn hashed(text: &str) -> u64 {
    let fold = |sum: u64, byte: u8| mixed(sum ^ u64::from(byte));
    text.bytes().fold(0, fold)
}
