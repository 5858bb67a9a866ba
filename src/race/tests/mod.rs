//! Tests of the race as a whole, through ledger and rebuild.

mod bounds;
mod equal;
mod growth;
mod model;
mod order;
mod refunds;
mod scale;
mod simulation;
mod standings;
mod strangers;
mod trends;
mod trust;

use super::{
    Inputs, ItemStanding, Kind, LaneId, Lanes, Ledger, PerKind, Purchase, Races, Refund, Repeats,
    Runner, RunnerRows, SalesHistory, Standing, Standings,
};
use crate::chunked::Chunked;
use crate::clock::{Day, Time};
use crate::config::Scale;
use crate::corpus::Corpus;
use crate::id::{ItemRow, MerchantRow, UserRow};
use crate::money::Money;
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
    runners: PerKind<Vec<Runner>>,
    lanes: Lanes,
    last: Day,
    next_buyer: u32,
}

impl Market {
    /// Creates a marketplace whose runners are older than the window.
    fn new(merchants: usize, items: usize) -> Self {
        let runner = Runner {
            start: Some(Day(0)),
            ..Runner::default()
        };
        Self {
            ledger: Ledger::new(100),
            runners: PerKind::from_fn(|kind| match kind {
                Kind::Item => vec![runner; items],
                Kind::Merchant => vec![runner; merchants],
                Kind::Creator => Vec::new(),
            }),
            lanes: Lanes::default(),
            last: LAST,
            next_buyer: 1_000_000,
        }
    }

    /// Adds one purchase from a merchant, of the item of the same row.
    fn buy(&mut self, row: u32, day: Day, buyer: u32, amount: f64) {
        let purchase = bought(0, buyer, Some(row), Some(row), amount);
        self.ledger.purchase(day, purchase);
    }

    /// Adds purchases from a merchant on one day, each by a new buyer.
    fn sell(&mut self, merchant: u32, day: Day, count: u32, amount: f64) {
        for _ in 0..count {
            self.next_buyer += 1;
            self.buy(merchant, day, self.next_buyer, amount);
        }
    }

    /// Adds weekly sales of a merchant, oldest week first, spread evenly over the days of each week.
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
            runners: self.runners.clone(),
            lanes: self.lanes.clone(),
            sales: self.ledger.snapshot(self.last),
            item_count: 10,
            corpus: Corpus::default(),
            kinds: Default::default(),
            tag_counts: Chunked::of([1, 10]),
            history: PerKind::from_fn(|_| 40.0),
            evidence: PerKind::default(),
            repeats: Repeats::default(),
            recent: SalesHistory::default(),
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
        self.build().standing(MerchantRow(row)).unwrap()
    }

    fn item(&self, row: u32) -> Standing {
        self.build().standing(ItemRow(row)).unwrap()
    }

    /// Returns the merchant of a row as a runner.
    fn runs_merchant(&mut self, row: u32) -> &mut Runner {
        &mut self.runners[Kind::Merchant][row as usize]
    }

    /// Returns the item of a row as a runner.
    fn runs_item(&mut self, row: u32) -> &mut Runner {
        &mut self.runners[Kind::Item][row as usize]
    }
}

/// Returns the rows of one runner alone.
fn only<R: Races>(row: R) -> RunnerRows {
    RunnerRows::default().with(row)
}

/// Returns the rows of an item and its merchant.
fn both(item: u32, merchant: u32) -> RunnerRows {
    only(ItemRow(item)).with(MerchantRow(merchant))
}

/// Returns a purchase of an item, from a merchant, or both.
fn bought(id: u64, buyer: u32, item: Option<u32>, merchant: Option<u32>, amount: f64) -> Purchase {
    Purchase {
        id,
        buyer: UserRow(buyer),
        runners: both(item.unwrap_or(u32::MAX), merchant.unwrap_or(u32::MAX)),
        amount: Money::from_units(amount),
        refunded: Money::ZERO,
        stamp: super::Stamp::default(),
    }
}

/// Returns the refund of a purchase: of the given amount, or of all of it.
fn returned(purchase: &Purchase, amount: Option<f64>) -> Refund {
    Refund {
        purchase: purchase.id,
        buyer: purchase.buyer,
        runners: purchase.runners,
        amount: amount.map(Money::from_units),
    }
}

fn near(a: f64, b: f64) {
    let scale = a.abs().max(b.abs()).max(1.0);
    assert!((a - b).abs() <= 1e-9 * scale, "{a} is not {b}");
}
