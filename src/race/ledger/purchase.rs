//! A purchase and its refunds.

use serde::{Deserialize, Serialize};

use super::super::runner::{Kind, PerKind, RunnerRows};
use super::forgotten::Forgotten;
use super::refund::{Outcome, Refund};
use super::stamp::Stamp;
use crate::clock::Time;
use crate::id::{CreatorRow, ItemRow, MerchantRow, RunnerRow, UserRow};
use crate::money::Money;

/// A purchase and the sum of its refunds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Purchase {
    /// The hash of its event id, by which refunds name it; 0 if it has none.
    pub id: u64,
    /// The amount paid.
    pub amount: Money,
    /// The sum of its refunds, which may exceed the amount.
    pub refunded: Money,
    /// The user who bought.
    pub buyer: UserRow,
    /// The item bought, its merchant and its creator, if known and not forgotten. The creator is kept in a part of its own.
    pub runners: RunnerRows,
    /// When it was on its day, and whether there was a refund; kept in a part of its own.
    #[serde(skip)]
    pub stamp: Stamp,
}

impl Purchase {
    /// Returns the row of the item.
    #[must_use]
    pub fn item(&self) -> ItemRow {
        ItemRow(self.runners[Kind::Item].0)
    }

    /// Returns the row of the merchant.
    #[must_use]
    pub fn merchant(&self) -> MerchantRow {
        MerchantRow(self.runners[Kind::Merchant].0)
    }

    /// Returns the row of the item's creator.
    #[must_use]
    pub fn creator(&self) -> CreatorRow {
        CreatorRow(self.runners[Kind::Creator].0)
    }

    /// Returns the amount left after refunds.
    #[must_use]
    pub fn net(&self) -> Money {
        self.amount.less(self.refunded)
    }

    /// Returns true if it was refunded in full. Such a purchase does not count its buyer.
    #[must_use]
    pub fn is_refunded(&self) -> bool {
        self.refunded > Money::ZERO && self.refunded >= self.amount
    }

    /// Returns the share of the money that was refunded, in [0, 1]. Of a free purchase any refund is all.
    #[must_use]
    pub fn share(&self) -> f64 {
        if self.amount > Money::ZERO {
            (self.refunded.units() / self.amount.units()).min(1.0)
        } else {
            f64::from(u8::from(self.stamp.is_refunded()))
        }
    }

    /// Returns its time, given the start of its day; noon if it is unknown.
    #[must_use]
    pub fn at(&self, start: Time) -> Time {
        start.plus(self.stamp.millis())
    }

    /// Counts a refund against this purchase if the two agree.
    pub(super) fn refund(&mut self, refund: &Refund) -> Outcome {
        if !self.agrees(refund) {
            return Outcome::Mismatched;
        }
        self.stamp.refund();
        self.refunded = self.refunded.plus(refund.amount.unwrap_or(Money::MAX));
        Outcome::Applied
    }

    /// Clears the runners that are forgotten.
    pub(super) fn forget(&mut self, forgotten: &Forgotten) {
        self.runners = PerKind::from_fn(|kind| {
            let row = self.runners[kind];
            if forgotten.has(kind, row) {
                RunnerRow::NONE
            } else {
                row
            }
        });
    }

    /// Returns true if the refund is by the same buyer and does not contradict the purchase: the finest runner that it names is the one
    /// that was bought, or is not known of the purchase, because it was deleted since.
    ///
    /// The merchants of the same item may differ, since an item may change hands between purchase and refund.
    fn agrees(&self, refund: &Refund) -> bool {
        let finest = refund.runners.named().next();
        let contradicts = finest.is_some_and(|(kind, returned)| {
            let bought = self.runners[kind].some();
            bought.is_some_and(|bought| bought != returned)
        });
        self.buyer == refund.buyer && !contradicts
    }
}
