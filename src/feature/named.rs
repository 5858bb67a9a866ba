//! The tags, items, merchants and users that other kept state names, found by a walk, so that those that nothing names can be forgotten.

use super::bond::Bond;
use crate::id::{ItemRow, MerchantRow, TagId, UserRow};

/// A growing set of numbers, one bit each.
#[derive(Clone, Debug, Default)]
pub struct Marks(Vec<u64>);

impl Marks {
    /// Adds a number.
    pub fn add(&mut self, number: usize) {
        let word = number / 64;
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (number % 64);
    }

    /// Removes a number.
    pub fn remove(&mut self, number: usize) {
        if let Some(word) = self.0.get_mut(number / 64) {
            *word &= !(1 << (number % 64));
        }
    }

    /// Returns whether the set never had a number.
    #[inline]
    #[must_use]
    pub fn is_unused(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether the set has a number.
    #[inline]
    #[must_use]
    pub fn has(&self, number: usize) -> bool {
        let word = self.0.get(number / 64).copied().unwrap_or(0);
        word >> (number % 64) & 1 == 1
    }
}

/// The tags, items, merchants and users that are named.
#[derive(Clone, Debug, Default)]
pub struct Named {
    tags: Marks,
    items: Marks,
    merchants: Marks,
    users: Marks,
}

impl Named {
    /// Adds a tag; ignores [`TagId::NONE`].
    pub fn tag(&mut self, tag: TagId) {
        if tag.is_some() {
            self.tags.add(tag.index());
        }
    }

    /// Adds an item; ignores [`ItemRow::NONE`].
    pub fn item(&mut self, item: ItemRow) {
        if item.is_some() {
            self.items.add(item.index());
        }
    }

    /// Adds a merchant; ignores [`MerchantRow::NONE`].
    pub fn merchant(&mut self, merchant: MerchantRow) {
        if merchant.is_some() {
            self.merchants.add(merchant.index());
        }
    }

    /// Adds a user; ignores [`UserRow::NONE`].
    pub fn user(&mut self, user: UserRow) {
        if user.is_some() {
            self.users.add(user.index());
        }
    }

    /// Adds the merchant or creator of a bond.
    pub fn bond(&mut self, bond: Bond) {
        match bond {
            Bond::Merchant(merchant) => self.merchant(merchant),
            Bond::Creator(tag) => self.tag(tag),
        }
    }

    /// Returns whether a tag is named.
    #[must_use]
    pub fn has_tag(&self, tag: TagId) -> bool {
        self.tags.has(tag.index())
    }

    /// Returns whether an item is named.
    #[must_use]
    pub fn has_item(&self, item: ItemRow) -> bool {
        self.items.has(item.index())
    }

    /// Returns whether a merchant is named.
    #[must_use]
    pub fn has_merchant(&self, merchant: MerchantRow) -> bool {
        self.merchants.has(merchant.index())
    }

    /// Returns whether a user is named.
    #[must_use]
    pub fn has_user(&self, user: UserRow) -> bool {
        self.users.has(user.index())
    }
}
