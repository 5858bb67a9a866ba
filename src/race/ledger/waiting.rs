//! Refunds that came before their purchase, bounded: the oldest goes first.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Refund;
use crate::id::{ItemRow, MerchantRow};

/// Bytes of one waiting refund in both trees, about.
const BYTES_EACH: usize = 2 * (size_of::<Refund>() + 4 * size_of::<u64>());

/// The waiting refunds.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Waiting {
    /// By purchase, then by arrival.
    refunds: BTreeMap<(u64, u64), Refund>,
    /// The purchases waited for, by arrival.
    arrivals: BTreeMap<u64, u64>,
    arrived: u64,
    bound: usize,
}

impl Waiting {
    pub(super) const fn new(bound: usize) -> Self {
        Self {
            refunds: BTreeMap::new(),
            arrivals: BTreeMap::new(),
            arrived: 0,
            bound,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.refunds.len()
    }

    /// The same with another bound, which holds from the next refund on.
    pub(super) fn bounded(self, bound: usize) -> Self {
        Self { bound, ..self }
    }

    /// Lets a refund wait; how many had to go for it.
    pub(super) fn push(&mut self, refund: Refund) -> u64 {
        self.arrived += 1;
        self.refunds.insert((refund.purchase, self.arrived), refund);
        self.arrivals.insert(self.arrived, refund.purchase);
        let mut evicted = 0;
        while self.refunds.len() > self.bound
            && let Some((arrival, purchase)) = self.arrivals.pop_first()
        {
            self.refunds.remove(&(purchase, arrival));
            evicted += 1;
        }
        evicted
    }

    /// The refunds that waited for a purchase; none for a purchase without an id.
    pub(super) fn take(&mut self, purchase: u64) -> Vec<Refund> {
        if purchase == 0 || self.refunds.is_empty() {
            return Vec::new();
        }
        let range = (purchase, 0)..=(purchase, u64::MAX);
        let taken = self.refunds.extract_if(range, |_, _| true);
        taken
            .map(|((_, arrival), refund)| {
                self.arrivals.remove(&arrival);
                refund
            })
            .collect()
    }

    /// Takes a forgotten item or merchant out of the refunds that name it: its row may become another's.
    pub(super) fn forget(&mut self, item: ItemRow, merchant: MerchantRow) {
        for refund in self.refunds.values_mut() {
            if refund.item == item {
                refund.item = ItemRow::NONE;
            }
            if refund.merchant == merchant {
                refund.merchant = MerchantRow::NONE;
            }
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.refunds.len() * BYTES_EACH
    }
}
