//! The race as a whole, through ledger and rebuild.

mod bounds;
mod growth;
mod model;
mod order;
mod refunds;
mod scale;
mod simulation;
mod standings;
mod trust;

use super::{
    Inputs, ItemStanding, LaneId, Lanes, Ledger, Money, Purchase, Refund, Runner, Standing,
    Standings,
};
use crate::clock::{Day, Time};
use crate::config::Scale;
use crate::id::{ItemRow, MerchantRow, UserRow};
use crate::random::Random;

/// The last complete day: a Sunday, so that whole weeks are calendar weeks.
const LAST: Day = Day(20_002);

/// Draws a day: the last one or one of the `days` - 1 before it.
fn day(random: &mut Random, days: u32) -> Day {
    LAST.plus(-i32::try_from(random.below(days)).unwrap())
}

/// A small marketplace: a ledger and the runners of both kinds.
struct Market {
    ledger: Ledger,
    merchants: Vec<Runner>,
    items: Vec<Runner>,
    lanes: Lanes,
    last: Day,
    next_buyer: u32,
}

impl Market {
    /// Runners that have been there for ever.
    fn new(merchants: usize, items: usize) -> Self {
        let runner = Runner {
            start: Some(Day(0)),
            ..Runner::default()
        };
        Self {
            ledger: Ledger::new(100),
            merchants: vec![runner; merchants],
            items: vec![runner; items],
            lanes: Lanes::default(),
            last: LAST,
            next_buyer: 1_000_000,
        }
    }

    /// One purchase from a merchant, of the item of the same row.
    fn buy(&mut self, row: u32, day: Day, buyer: u32, amount: f64) {
        let purchase = bought(0, buyer, Some(row), Some(row), amount);
        self.ledger.purchase(day, purchase);
    }

    /// So many purchases from a merchant on a day, each by a buyer who never comes again.
    fn sell(&mut self, merchant: u32, day: Day, count: u32, amount: f64) {
        for _ in 0..count {
            self.next_buyer += 1;
            self.buy(merchant, day, self.next_buyer, amount);
        }
    }

    /// Weekly sales of a merchant, the last week the last, as evenly over its days as they go.
    fn sell_weekly(&mut self, merchant: u32, weeks: &[u32]) {
        for (before, count) in weeks.iter().rev().enumerate() {
            for one in 0..*count {
                let back = i32::try_from(before * 7).unwrap() + i32::try_from(one % 7).unwrap();
                self.sell(merchant, self.last.plus(-back), 1, 100.0);
            }
        }
    }

    fn inputs(&self) -> Inputs {
        Inputs {
            number: 1,
            as_of: Time::default(),
            last_complete: self.last,
            utc_offset: 0,
            merchants: self.merchants.clone(),
            items: self.items.clone(),
            lanes: self.lanes.clone(),
            sales: self.ledger.snapshot(self.last),
            item_count: 10,
            tag_counts: vec![1, 10],
            item_history: 40.0,
            merchant_history: 100.0,
            scale: Scale {
                item_history: 40.0,
                merchant_history: 100.0,
                item_buyers: 100.0,
                price: 1_000.0,
            },
            level_weight: 0.6,
            growth_weight: 0.4,
        }
    }

    fn build(&self) -> Standings {
        Standings::build(self.inputs())
    }

    fn merchant(&self, row: u32) -> Standing {
        let standing = self.build().standing_of_merchant(MerchantRow(row));
        standing.unwrap()
    }

    fn item(&self, row: u32) -> Standing {
        self.build().standing_of_item(ItemRow(row)).unwrap()
    }
}

/// A purchase of an item, from a merchant, or both.
fn bought(id: u64, buyer: u32, item: Option<u32>, merchant: Option<u32>, amount: f64) -> Purchase {
    Purchase {
        id,
        buyer: UserRow(buyer),
        item: item.map_or(ItemRow::NONE, ItemRow),
        merchant: merchant.map_or(MerchantRow::NONE, MerchantRow),
        amount: Money::from_units(amount),
        refunded: Money::ZERO,
    }
}

/// The refund of a purchase: all of it, or so much.
fn returned(purchase: &Purchase, amount: Option<f64>) -> Refund {
    Refund {
        purchase: purchase.id,
        buyer: purchase.buyer,
        item: purchase.item,
        merchant: purchase.merchant,
        amount: amount.map(Money::from_units),
    }
}

fn near(a: f64, b: f64) {
    let scale = a.abs().max(b.abs()).max(1.0);
    assert!((a - b).abs() <= 1e-9 * scale, "{a} is not {b}");
}
