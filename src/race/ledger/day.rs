//! One day's sales.

use std::sync::Arc;

use hashbrown::{HashMap, HashTable};
use serde::{Deserialize, Serialize};

use crate::chunked::Chunked;
use crate::id::{ItemRow, MerchantRow, UserRow};

use super::super::money::Money;
use super::forgotten::Forgotten;
use super::{Outcome, Refund};

/// A purchase and what has been refunded of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Purchase {
    /// The hash of its event id, by which refunds name it; 0 where it has none.
    pub id: u64,
    /// What was paid.
    pub amount: Money,
    /// The sum of its refunds, which may exceed the amount.
    pub refunded: Money,
    /// Who bought.
    pub buyer: UserRow,
    /// What was bought; [`ItemRow::NONE`] where only the merchant is known, or the item was forgotten.
    pub item: ItemRow,
    /// Who sold; [`MerchantRow::NONE`] where that is not known, or the merchant was forgotten.
    pub merchant: MerchantRow,
}

impl Purchase {
    /// What is left of the amount.
    #[must_use]
    pub fn net(&self) -> Money {
        self.amount.less(self.refunded)
    }

    /// Whether it was given back in full, so that its buyer does not count through it.
    #[must_use]
    pub fn is_refunded(&self) -> bool {
        self.refunded > Money::ZERO && self.refunded >= self.amount
    }

    /// Counts a refund against this purchase if it agrees with it.
    pub(super) fn refund(&mut self, refund: &Refund) -> Outcome {
        if !self.agrees(refund) {
            return Outcome::Mismatched;
        }
        self.refunded = self.refunded.plus(refund.amount.unwrap_or(Money::MAX));
        Outcome::Applied
    }

    /// Clears what is forgotten of it.
    fn forget(&mut self, forgotten: &Forgotten) {
        if forgotten.items.contains(&self.item) {
            self.item = ItemRow::NONE;
        }
        if forgotten.merchants.contains(&self.merchant) {
            self.merchant = MerchantRow::NONE;
        }
    }

    /// Whether the refund is by the same buyer, of the same item, or of the same merchant where one of the two names no item: an item
    /// may have changed hands in between.
    fn agrees(&self, refund: &Refund) -> bool {
        let same_thing = match (self.item.some(), refund.item.some()) {
            (Some(bought), Some(returned)) => bought == returned,
            _ => self.merchant.is_some() && self.merchant == refund.merchant,
        };
        same_thing && self.buyer == refund.buyer
    }
}

/// Refunds of one day that name no purchase.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(in crate::race) struct Unlinked {
    pub(in crate::race) items: HashMap<ItemRow, Money, foldhash::fast::RandomState>,
    pub(in crate::race) merchants: HashMap<MerchantRow, Money, foldhash::fast::RandomState>,
}

/// What was sold and refunded on one day.
#[derive(Debug, Default)]
pub(super) struct DaySales {
    purchases: Chunked<Purchase>,
    unlinked: Arc<Unlinked>,
    /// Places of the purchases that have an id, by it.
    by_id: HashTable<u32>,
}

impl DaySales {
    /// A day of which only these refunds are known yet.
    pub(super) fn with(unlinked: Arc<Unlinked>) -> Self {
        Self {
            unlinked,
            ..Self::default()
        }
    }

    pub(super) fn len(&self) -> usize {
        self.purchases.len()
    }

    pub(super) fn push(&mut self, purchase: Purchase) {
        let purchases = &mut self.purchases;
        if let (Ok(place), true) = (u32::try_from(purchases.len()), purchase.id != 0) {
            self.by_id.insert_unique(purchase.id, place, |other| {
                purchases
                    .get(*other as usize)
                    .map_or(0, |purchase| purchase.id)
            });
        }
        purchases.push(purchase);
    }

    /// The place of the purchase with that id, which is not 0.
    pub(super) fn locate(&self, id: u64) -> Option<usize> {
        let is_it = |place: &u32| {
            self.get(*place as usize)
                .is_some_and(|purchase| purchase.id == id)
        };
        self.by_id.find(id, is_it).map(|place| *place as usize)
    }

    pub(super) fn get(&self, place: usize) -> Option<&Purchase> {
        self.purchases.get(place)
    }

    /// Refunds a purchase, of which nothing is taken for known that is forgotten.
    pub(super) fn refund(
        &mut self,
        place: usize,
        refund: &Refund,
        forgotten: &Forgotten,
    ) -> Outcome {
        let Some(purchase) = self.purchases.get_mut(place) else {
            return Outcome::Mismatched;
        };
        purchase.forget(forgotten);
        purchase.refund(refund)
    }

    pub(super) fn refund_unlinked(&mut self, item: ItemRow, merchant: MerchantRow, amount: Money) {
        let unlinked = Arc::make_mut(&mut self.unlinked);
        if item.is_some() {
            let sum = unlinked.items.entry(item).or_default();
            *sum = sum.plus(amount);
        }
        if merchant.is_some() {
            let sum = unlinked.merchants.entry(merchant).or_default();
            *sum = sum.plus(amount);
        }
    }

    pub(super) fn drop_item_refunds(&mut self, item: ItemRow) {
        if self.unlinked.items.contains_key(&item) {
            Arc::make_mut(&mut self.unlinked).items.remove(&item);
        }
    }

    pub(super) fn drop_merchant_refunds(&mut self, merchant: MerchantRow) {
        if self.unlinked.merchants.contains_key(&merchant) {
            let unlinked = Arc::make_mut(&mut self.unlinked);
            unlinked.merchants.remove(&merchant);
        }
    }

    /// Clears the forgotten sides of the purchases; copies of the day only what has any.
    pub(super) fn forget(&mut self, forgotten: &Forgotten) {
        let is_concerned = |purchase: &Purchase| forgotten.has(purchase.item, purchase.merchant);
        for place in 0..self.purchases.len() {
            if !self.purchases.get(place).is_some_and(is_concerned) {
                continue;
            }
            if let Some(purchase) = self.purchases.get_mut(place) {
                purchase.forget(forgotten);
            }
        }
    }

    /// The purchases as they are now, to share.
    pub(super) fn purchases(&self) -> Chunked<Purchase> {
        self.purchases.clone()
    }

    /// The refunds that name no purchase as they are now, to share.
    pub(super) fn unlinked(&self) -> Arc<Unlinked> {
        Arc::clone(&self.unlinked)
    }

    /// Gives back room that a day which is over hardly needs, unless a rebuild is reading it.
    pub(super) fn shrink(&mut self) {
        self.purchases.shrink_to_fit();
    }

    pub(super) fn bytes(&self) -> usize {
        let unlinked = self.unlinked.items.allocation_size();
        self.purchases.bytes()
            + unlinked
            + self.unlinked.merchants.allocation_size()
            + self.by_id.allocation_size()
    }
}
