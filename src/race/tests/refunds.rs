//! Refunds with and without their purchase, before and after it.

use super::*;
use crate::race::Outcome;

/// Creates a marketplace with one purchase of 100 by each of twenty buyers in one week, at most three a day; ids from 1.
fn twenty() -> Market {
    let mut market = Market::new(1, 1);
    market.runs_merchant(0).start = Some(LAST.plus(-6));
    market.runs_item(0).start = Some(LAST.plus(-6));
    for id in 1..=20 {
        let day = LAST.plus(-i32::try_from(id % 7).unwrap());
        market.ledger.purchase(day, purchase(id));
    }
    market
}

fn purchase(id: u32) -> Purchase {
    bought(u64::from(id), id, Some(0), Some(0), 100.0)
}

#[test]
fn a_partial_refund_keeps_the_buyer() {
    let mut market = twenty();
    let outcome = market.ledger.refund(returned(&purchase(3), Some(40.0)));
    assert_eq!(outcome, Outcome::Applied);
    near(market.merchant(0).weekly_gmv, 1_960.0);
    near(market.merchant(0).buyers, 20.0);
}

#[test]
fn a_refund_of_a_forgotten_item_counts() {
    for swept in [false, true] {
        let mut market = twenty();
        market.ledger.forget(ItemRow(0));
        if swept {
            market.ledger.expire(LAST);
        }
        // The item was added again under another row.
        let refund = Refund {
            runners: both(1, 0),
            ..returned(&purchase(3), Some(40.0))
        };
        assert_eq!(market.ledger.refund(refund), Outcome::Applied, "{swept}");
        near(market.merchant(0).weekly_gmv, 1_960.0);
    }
}

#[test]
fn a_full_refund_removes_the_buyer() {
    for amounts in [vec![None], vec![Some(100.0)], vec![Some(60.0), Some(60.0)]] {
        let mut market = twenty();
        for amount in amounts {
            market.ledger.refund(returned(&purchase(3), amount));
        }
        near(market.merchant(0).weekly_gmv, 1_900.0);
        near(market.merchant(0).buyers, 19.0);
        near(market.item(0).buyers, 19.0);
    }
}

#[test]
fn a_buyer_counts_on_the_first_kept_day() {
    let mut market = Market::new(0, 1);
    let monday = LAST.plus(-6);
    market.runs_item(0).start = Some(monday.plus(-14));
    let first = bought(1, 7, Some(0), None, 10.0);
    market.ledger.purchase(monday, first);
    market
        .ledger
        .purchase(monday.plus(2), bought(2, 7, Some(0), None, 10.0));
    market.ledger.refund(returned(&first, None));
    near(market.item(0).buyers, 1.0);
    near(market.item(0).weekly_gmv, 10.0 / 3.0);
}

#[test]
fn a_refund_before_its_purchase_counts_the_same() {
    let (mut early, mut late) = (Market::new(1, 1), Market::new(1, 1));
    for market in [&mut early, &mut late] {
        market.runs_item(0).start = Some(LAST.plus(-6));
    }
    let refunds = [Some(30.0), Some(20.0), Some(80.0)].map(|part| returned(&purchase(1), part));
    for refund in refunds {
        assert_eq!(early.ledger.refund(refund), Outcome::Waiting);
    }
    for market in [&mut early, &mut late] {
        market.ledger.purchase(LAST, purchase(1));
        market.ledger.purchase(LAST, purchase(2));
    }
    for refund in refunds {
        assert_eq!(late.ledger.refund(refund), Outcome::Applied);
    }
    assert_eq!(early.ledger.counts().waiting, 0);
    assert_eq!(early.item(0), late.item(0));
    near(early.item(0).weekly_gmv, 100.0);
}

#[test]
fn a_mismatched_refund_does_not_count() {
    let wrong_buyer = Refund {
        buyer: UserRow(99),
        ..returned(&purchase(3), None)
    };
    let wrong_item = Refund {
        runners: both(5, 0),
        ..returned(&purchase(3), None)
    };
    let wrong_merchant = Refund {
        runners: only(MerchantRow(5)),
        ..returned(&purchase(3), None)
    };
    for refund in [wrong_buyer, wrong_item, wrong_merchant] {
        let mut after = twenty();
        assert_eq!(after.ledger.refund(refund), Outcome::Mismatched);
        assert_eq!(after.ledger.counts().mismatched, 1);
        assert_eq!(after.merchant(0), twenty().merchant(0));

        let mut before = Ledger::new(10);
        assert_eq!(before.refund(refund), Outcome::Waiting);
        before.purchase(LAST, purchase(3));
        assert_eq!(before.find(3).unwrap().refunded, Money::ZERO);
        assert_eq!(before.counts().mismatched, 1);
    }
}

#[test]
fn a_refund_may_differ_in_the_merchant() {
    let by_merchant = Refund {
        runners: only(MerchantRow(0)),
        ..returned(&purchase(3), None)
    };
    let moved = Refund {
        runners: both(0, 5),
        ..returned(&purchase(3), None)
    };
    for refund in [by_merchant, moved] {
        assert_eq!(twenty().ledger.refund(refund), Outcome::Applied);
    }
}

#[test]
fn an_unlinked_refund_reduces_its_own_day() {
    let mut market = twenty();
    market.sell(0, LAST.plus(-1), 1, 30.0);
    let (part, much) = (Money::from_units(50.0), Money::from_units(1e6));
    market.ledger.refund_unlinked(LAST, both(0, 0), part);
    near(market.merchant(0).weekly_gmv, 1_980.0);
    near(market.item(0).weekly_gmv, 1_980.0);
    market.ledger.refund_unlinked(LAST, both(0, 0), much);
    near(market.merchant(0).weekly_gmv, 1_830.0);
    near(market.merchant(0).buyers, 21.0);
}

#[test]
fn the_oldest_waiting_refund_is_evicted_first() {
    let mut ledger = Ledger::new(2);
    for id in 1..=3 {
        ledger.refund(returned(&purchase(id), None));
    }
    assert_eq!((ledger.counts().waiting, ledger.counts().evicted), (2, 1));
    for id in 1..=3 {
        ledger.purchase(LAST, purchase(id));
    }
    let refunded = [1, 2, 3].map(|id| ledger.find(id).unwrap().is_refunded());
    assert_eq!(refunded, [false, true, true]);
    assert_eq!(ledger.counts().waiting, 0);
}

#[test]
fn a_free_purchase_counts_its_buyer_until_refunded() {
    let mut market = Market::new(1, 0);
    let gift = bought(9, 1, None, Some(0), 0.0);
    market.ledger.purchase(LAST, gift);
    near(market.merchant(0).buyers, 1.0);
    market.ledger.refund(returned(&gift, None));
    near(market.merchant(0).buyers, 0.0);
}
