//! Trade: what a runner sold in 28 days, as it was sold.
//!
//! Buyers, orders and money net of refunds, without caps, winsorising or integrity: the report shows a merchant its own sales, and the race
//! what counts of them. An order is a purchase that was not refunded in full. A refund that names no purchase reduces the money of its
//! own day, not below zero.

use std::ops::Range;

use super::group::Sale;
use super::window::{RECENT, WINDOW};
use crate::money::Money;

/// What a runner sold in one window of 28 days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trade {
    /// Distinct buyers with an order.
    pub buyers: u32,
    /// Purchases that were not refunded in full.
    pub orders: u32,
    /// Money net of refunds.
    pub gmv: Money,
}

/// The trade of the last 28 complete days, and of the 28 before.
pub type Trades = [Trade; 2];

/// Places of the days of both windows.
const DAYS: Range<usize> = WINDOW - 2 * RECENT_DAYS..WINDOW;
const RECENT_DAYS: usize = RECENT.end - RECENT.start;

/// Returns the window of a place, 0 for the recent one; `None` if it is in neither.
fn window(place: usize) -> Option<usize> {
    DAYS.contains(&place)
        .then(|| usize::from(!RECENT.contains(&place)))
}

/// Returns the trades of a runner from its sales, sorted by buyer and day, and its refunds that name no purchase, by place.
pub(super) fn trades(sales: &[Sale], unlinked: impl Iterator<Item = (usize, Money)>) -> Trades {
    let mut trades = Trades::default();
    let mut money = [Money::ZERO; WINDOW];
    for of_buyer in sales.chunk_by(|a, b| a.buyer == b.buyer) {
        let mut orders = [0; 2];
        for sale in of_buyer {
            let place = usize::from(sale.day);
            money[place] = money[place].plus(sale.net);
            if let Some(window) = window(place).filter(|_| !sale.refunded) {
                orders[window] += 1;
            }
        }
        for (trade, orders) in trades.iter_mut().zip(orders) {
            trade.orders += orders;
            trade.buyers += u32::from(orders > 0);
        }
    }
    for (place, refund) in unlinked {
        money[place] = money[place].less(refund);
    }
    for (place, money) in money.into_iter().enumerate() {
        if let Some(window) = window(place) {
            trades[window].gmv = trades[window].gmv.plus(money);
        }
    }
    trades
}
