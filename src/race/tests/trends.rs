//! Trends of items: a buyer counts once a day, refunds and merges are seen through, and today counts.

use proptest::prelude::*;

use super::*;
use crate::clock::DAY;
use crate::race::Stamp;
use crate::random::Random;

/// Midnight after the day that has not ended.
fn now() -> Time {
    LAST.plus(2).start(0)
}

/// Returns a purchase of item 0 so many quarters of a day after the start of its day.
fn at(id: u64, buyer: u32, quarter: i64) -> Purchase {
    Purchase {
        stamp: Stamp::new(quarter * DAY / 4),
        ..bought(id, buyer, Some(0), Some(0), 10.0)
    }
}

/// Returns the counts s and l of item 0 by the raw trend at two instants, as one number.
fn raw(market: &Market, at: Time) -> f64 {
    let inputs = Inputs {
        as_of: now(),
        recent: market.ledger.snapshot_with_today(LAST),
        ..market.inputs()
    };
    let standings = Standings::build(inputs);
    f64::from(standings.trend(at)(standings.item(ItemRow(0)).unwrap())).ln()
}

/// Returns the raw trend of purchases so many days before [`now`].
fn expected(days: &[f64]) -> f64 {
    let sum = |half_life: f64| -> f64 { days.iter().map(|day| (-day / half_life).exp2()).sum() };
    ((10.0 * sum(3.0) + 4.0) / (sum(30.0) + 4.0)).ln()
}

fn close(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-6, "{a} is not {b}");
}

#[test]
fn a_buyer_counts_once_a_day() {
    let mut market = Market::new(1, 1);
    close(raw(&market, now()), 0.0);
    for (id, buyer, quarter) in [(1, 1, 3), (2, 1, 1), (3, 2, 2)] {
        market.ledger.purchase(LAST, at(id, buyer, quarter));
    }
    market.ledger.purchase(LAST.plus(1), at(4, 1, 0));
    close(raw(&market, now()), expected(&[1.75, 1.5, 1.0]));
    let later = now().plus(5 * DAY);
    close(raw(&market, later), expected(&[6.75, 6.5, 6.0]));
    // The earliest one that was not returned in full.
    market.ledger.refund(returned(&at(2, 1, 1), None));
    close(raw(&market, now()), expected(&[1.25, 1.5, 1.0]));
    market.ledger.refund(returned(&at(3, 2, 2), Some(9.0)));
    close(raw(&market, now()), expected(&[1.25, 1.5, 1.0]));
    market.ledger.forget(ItemRow(0));
    close(raw(&market, now()), 0.0);
}

#[test]
fn what_comes_after_the_rebuild_counts_as_now() {
    let mut market = Market::new(1, 1);
    market.ledger.purchase(LAST.plus(1), at(1, 1, 3));
    close(raw(&market, now().plus(-DAY)), expected(&[0.25]));
}

#[test]
fn days_that_left_the_window_still_count() {
    let mut market = Market::new(1, 1);
    let sales = [
        (1, 1, 500),
        (2, 1, 500),
        (3, 2, 500),
        (4, 1, 130),
        (5, 1, 84),
        (6, 1, 83),
    ];
    for (id, buyer, back) in sales {
        market.ledger.purchase(LAST.plus(-back), at(id, buyer, 2));
    }
    market.ledger.refund(returned(&at(3, 2, 2), None));
    let right = expected(&[501.5, 131.5, 85.5, 84.5]);
    for last in [-400, -90, -1, 0, 0] {
        market.ledger.expire(LAST.plus(last));
    }
    close(raw(&market, now()), right);
    let image = market.ledger.image();
    let mut restored = Market::new(1, 1);
    restored.ledger.purchase(LAST.plus(-83), at(6, 1, 2));
    for part in 0.. {
        let Some(part) = image.tail(part) else { break };
        restored.ledger.restore_tail(part);
    }
    close(raw(&restored, now()), right);
    market.ledger.forget(ItemRow(0));
    close(raw(&market, now()), 0.0);
    market.ledger.expire(LAST.plus(1));
    close(raw(&market, now()), 0.0);
}

proptest! {
    #![proptest_config(crate::tests::cases(64))]

    #[test]
    fn trends_follow_the_formula_in_any_order(
        sales in prop::collection::vec((0u32..4, 0i32..40, 0i64..4, prop::option::of(1u32..12)), 0..40), seed in any::<u64>(),
    ) {
        let mut first = std::collections::BTreeMap::new();
        for (buyer, back, quarter, refund) in &sales {
            if refund.is_none_or(|refund| refund < 10) {
                let age = f64::from(*back) + 2.0 - f64::from(i32::try_from(*quarter).unwrap()) / 4.0;
                let oldest = first.entry((*buyer, *back)).or_insert(age);
                *oldest = oldest.max(age);
            }
        }
        let days: Vec<f64> = first.into_values().collect();
        let mut facts: Vec<(usize, bool)> = (0..sales.len()).flat_map(|sale| [(sale, false), (sale, true)]).collect();
        Random::new(seed).shuffle(&mut facts);
        let mut market = Market::new(1, 1);
        for (sale, is_refund) in facts {
            let (buyer, back, quarter, refund) = sales[sale];
            let purchase = at(sale as u64 + 1, buyer, quarter);
            match refund {
                Some(refund) if is_refund => {
                    market.ledger.refund(returned(&purchase, Some(f64::from(refund))));
                }
                None if is_refund => {}
                _ => market.ledger.purchase(LAST.plus(-back), purchase),
            }
        }
        prop_assert!((raw(&market, now()) - expected(&days)).abs() < 1e-6);
    }
}
