//! The bounds of the window, late events and forgotten runners.

use super::*;

#[test]
fn the_window_is_the_84_complete_days() {
    let mut market = Market::new(1, 1);
    for (day, buyer) in [(-84, 1), (-83, 2), (0, 3), (1, 4)] {
        market.buy(0, LAST.plus(day), buyer, 12.0);
    }
    let standing = market.item(0);
    near(standing.weekly_gmv, 2.0);
    near(standing.buyers, 1.0);
    assert_eq!(standing.weeks, 12);
}

#[test]
fn a_history_begins_as_declared_or_first_seen() {
    let mut market = Market::new(0, 2);
    for row in [0, 1] {
        market.buy(row, LAST.plus(-20), row, 10.0);
        market.buy(row, LAST, row, 10.0);
    }
    market.runs_item(0).start = Some(LAST.plus(-13));
    market.runs_item(1).start = None;
    let (declared, seen) = (market.item(0), market.item(1));
    assert_eq!((declared.weeks, seen.weeks), (2, 3));
    near(declared.weekly_gmv, 5.0);
    near(seen.weekly_gmv, 20.0 / 3.0);
    market.ledger.seen(only(ItemRow(1)), LAST.plus(-27));
    assert_eq!(market.item(1).weeks, 4);
    near(market.item(1).weekly_gmv, 5.0);
}

#[test]
fn partial_weeks_of_a_history_do_not_count() {
    let mut market = Market::new(1, 0);
    market.runs_merchant(0).start = Some(LAST.plus(-26));
    market.sell(0, LAST.plus(-22), 3, 100.0);
    let standing = market.merchant(0);
    assert_eq!(standing.weeks, 3);
    near(standing.weekly_gmv, 0.0);
    near(standing.level, 0.0);
    near(standing.buyers, 3.0);
    market.runs_merchant(0).start = Some(LAST.plus(-27));
    near(market.merchant(0).level, 0.5);
}

#[test]
fn level_needs_one_week_and_slope_three() {
    let mut market = Market::new(1, 0);
    market.sell_weekly(0, &[10, 10, 10]);
    for (days, weeks) in [(5, 0), (6, 1), (13, 2), (20, 3)] {
        market.runs_merchant(0).start = Some(LAST.plus(-days));
        let standing = market.merchant(0);
        assert_eq!(standing.weeks, weeks);
        assert_eq!(standing.level > 0.0, weeks > 0);
        assert_eq!(standing.slope.is_some(), weeks >= 3);
        assert_eq!(standing.newcomer, weeks < 3);
    }
}

#[test]
fn late_events_count_while_their_day_is_held() {
    let mut market = Market::new(1, 1);
    market.ledger.expire(LAST);
    market.buy(0, LAST.plus(-83), 1, 12.0);
    market.buy(0, LAST.plus(-84), 2, 12.0);
    near(market.item(0).weekly_gmv, 1.0);
    assert_eq!(market.ledger.counts().late, 1);
    let first = market.ledger.first_day(MerchantRow(0));
    assert_eq!(first, Some(LAST.plus(-84)));
    market.ledger.expire(LAST.plus(1));
    assert_eq!(market.ledger.counts().expired, 1);
    assert_eq!(market.ledger.counts().purchases, 0);
    market.ledger.expire(LAST);
    market.buy(0, LAST.plus(-83), 1, 12.0);
    assert_eq!(market.ledger.counts().late, 2);
}

#[test]
fn only_changes_of_complete_days_need_a_rebuild() {
    let mut market = Market::new(1, 0);
    let built = |market: &Market| market.ledger.last_change(LAST);
    market.buy(0, LAST, 1, 1.0);
    let revision = built(&market);
    assert_eq!(market.ledger.last_change(LAST), revision);
    market.buy(0, LAST.plus(1), 1, 1.0);
    assert_eq!(market.ledger.last_change(LAST), revision);
    assert!(market.ledger.last_change(LAST.plus(1)) > revision);
    market.buy(0, LAST.plus(-5), 1, 1.0);
    assert!(market.ledger.last_change(LAST) > revision);
    let revision = built(&market);
    market.ledger.seen(only(MerchantRow(0)), LAST.plus(-9));
    assert!(market.ledger.last_change(LAST) > revision);
    let revision = built(&market);
    market.ledger.forget(MerchantRow(0));
    assert!(market.ledger.last_change(LAST) > revision);
    market.ledger.expire(LAST.plus(1));
    assert!(market.ledger.last_change(LAST) > revision);
}

#[test]
fn a_snapshot_does_not_change_with_the_ledger() {
    let mut market = Market::new(1, 0);
    let first = bought(5, 1, None, Some(0), 70.0);
    market.ledger.purchase(LAST, first);
    let inputs = market.inputs();
    let before = market.build().standing(MerchantRow(0));
    market.sell(0, LAST, 10, 70.0);
    market.ledger.refund(returned(&first, None));
    market.ledger.forget(MerchantRow(0));
    market.ledger.expire(LAST.plus(50));
    let after = Standings::build(inputs).standing(MerchantRow(0));
    assert_eq!(before, after);
}

#[test]
fn a_forgotten_runner_stays_forgotten() {
    let mut market = Market::new(1, 1);
    let sell = |market: &mut Market, id: u64, buyer| {
        let purchase = bought(id, buyer, Some(0), Some(0), 84.0);
        market.ledger.purchase(LAST, purchase);
    };
    sell(&mut market, 1, 1);
    market.ledger.forget(ItemRow(0));
    near(market.item(0).buyers, 0.0);
    near(market.merchant(0).buyers, 1.0);
    assert_eq!(market.ledger.first_day(ItemRow(0)), None);
    sell(&mut market, 2, 2);
    near(market.item(0).buyers, 1.0);
    near(market.merchant(0).buyers, 2.0);
    market.ledger.forget(MerchantRow(0));
    market.ledger.expire(LAST);
    near(market.item(0).buyers, 1.0);
    near(market.merchant(0).buyers, 0.0);
    assert!(market.ledger.find(1).is_some());
}

#[test]
fn bytes_follow_the_purchases_held() {
    let mut ledger = Ledger::new(10);
    for id in 1..10_000 {
        ledger.purchase(LAST, bought(id, 1, Some(0), None, 1.0));
    }
    let held = ledger.bytes();
    assert!((400_000..1_500_000).contains(&held), "{held}");
    ledger.expire(LAST.plus(84));
    assert!(ledger.bytes() < 10_000);
}

/// Returns the purchases held by day, counted back from the last.
fn held(ledger: &Ledger) -> Vec<(i32, usize)> {
    let history = ledger.snapshot(LAST);
    let days = history.days.iter();
    days.map(|day| (LAST.since(day.day), day.purchases.len()))
        .collect()
}

#[test]
fn the_oldest_day_is_evicted_first() {
    let mut ledger = Ledger::new(10).holding(6);
    let mut sell = |day: i32, id| {
        ledger.purchase(LAST.plus(-day), bought(id, 1, Some(0), None, 1.0));
        (held(&ledger), ledger.evicted())
    };
    (0..6).for_each(|id| drop(sell(3 - i32::try_from(id / 2).unwrap(), id)));
    assert_eq!(sell(0, 7), (vec![(2, 2), (1, 2), (0, 1)], 2));
    assert_eq!(sell(0, 8), (vec![(2, 2), (1, 2), (0, 2)], 2));
    assert_eq!(sell(3, 9), (vec![(2, 2), (1, 2), (0, 2)], 2), "it is late");
    assert_eq!(
        sell(2, 10),
        (vec![(1, 2), (0, 2)], 4),
        "it left with its day"
    );
    (11..20).for_each(|id| drop(sell(0, id)));
    assert_eq!(sell(0, 20), (vec![(0, 6)], 12), "one day alone is full");
}

#[test]
fn a_history_begins_on_the_first_day_held() {
    let weekly = |most: usize| {
        let mut market = Market::new(1, 1);
        market.ledger = Ledger::new(10).holding(most);
        for week in (0..12).rev() {
            let buyers = 0..u32::try_from(12 - week).unwrap();
            buyers.for_each(|_| market.sell(0, LAST.plus(-7 * week), 1, 10.0));
        }
        market.merchant(0)
    };
    let whole = weekly(usize::MAX);
    assert_eq!(whole.weeks, 12);
    // 9 + 10 + 11 + 12 purchases of the last four weeks.
    let short = weekly(42);
    assert_eq!(short.weeks, 4);
    near(short.weekly_gmv, 105.0);
}
