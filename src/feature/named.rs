//! The tags, items, merchants and users that other kept state names, found by a walk, so that those that nothing names can be forgotten.

use super::bond::Bond;
use crate::bits::Bits;
use crate::id::{ItemRow, MerchantRow, TagId, UserRow};

/// The tags, items, merchants and users that are named.
#[derive(Clone, Debug, Default)]
pub struct Named {
    tags: Bits,
    items: Bits,
    merchants: Bits,
    users: Bits,
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
