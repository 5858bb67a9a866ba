//! Attempts to gain standing that must fail: repeated buyers, giant orders, spikes, changes of integrity.

use super::*;

/// Creates a marketplace of 41 merchants that sell evenly; the tests manipulate number 40.
fn lane() -> Market {
    let mut market = Market::new(41, 0);
    for merchant in 0..41 {
        market.runs_merchant(merchant).start = Some(LAST.plus(-27));
        let size = 7 + merchant % 5;
        market.sell_weekly(merchant, &[size; 4]);
    }
    market
}

#[test]
fn five_accounts_gain_at_most_the_cap() {
    let (before, mut market) = (lane().merchant(40), lane());
    for order in 0..500 {
        let day = LAST.plus(-(order % 4));
        market.buy(40, day, u32::try_from(order % 5).unwrap(), 1_000.0);
    }
    let after = market.merchant(40);
    near(after.growth, before.growth);
    assert!(after.buyers - before.buyers <= 5.0);
    let cap = 5.0 * 100.0;
    let most = before.weekly_gmv + 5.0 * cap / 4.0;
    assert!(after.weekly_gmv <= most * 1.000_001, "{after:?}");
}

#[test]
fn a_giant_order_counts_as_five() {
    let (before, mut market) = (lane().merchant(40), lane());
    market.buy(40, LAST, 1, 1e9);
    let gain = market.merchant(40).weekly_gmv - before.weekly_gmv;
    assert!(gain <= 500.0 / 4.0 + 1e-6, "{gain}");
    near(market.merchant(40).growth, before.growth);
}

#[test]
fn one_buyer_counts_for_three_tenths() {
    let mut market = Market::new(2, 1);
    for week in 0..12 {
        let purchase = bought(0, 1, Some(0), Some(0), 70.0);
        market.ledger.purchase(LAST.plus(-7 * week), purchase);
    }
    near(market.merchant(0).weekly_gmv, 0.3 * 70.0);
    near(market.item(0).weekly_gmv, 70.0);
}

#[test]
fn a_spike_is_clipped_and_a_weekend_kept() {
    let mut market = Market::new(2, 0);
    for week in 0..4 {
        for day in 0..7 {
            let date = LAST.plus(-7 * week - day);
            market.sell(0, date, 10, 10.0);
            market.sell(1, date, if day < 2 { 40 } else { 10 }, 10.0);
        }
    }
    for runner in &mut market.runners[Kind::Merchant] {
        runner.start = Some(LAST.plus(-27));
    }
    near(market.merchant(1).buyers, 4.0 * 130.0);
    market.sell(0, LAST.plus(-3), 1_000, 10.0);
    let spiked = market.merchant(0);
    let cap = 10.0 + 3.0 * 10_f64.sqrt();
    near(spiked.buyers, 270.0 + cap);
    near(spiked.weekly_gmv, (2_700.0 + 10.0 * cap) / 4.0);
}

#[test]
fn a_day_without_neighbours_is_not_clipped() {
    let mut market = Market::new(1, 0);
    market.runs_merchant(0).start = Some(LAST);
    market.sell(0, LAST, 50, 10.0);
    near(market.merchant(0).buyers, 50.0);
}

#[test]
fn integrity_scales_the_window_without_growth() {
    let mut market = lane();
    let before = market.merchant(40);
    market.runs_merchant(40).integrity = 0.5;
    let after = market.merchant(40);
    near(after.weekly_gmv, before.weekly_gmv / 2.0);
    near(after.buyers, before.buyers / 2.0);
    assert!(after.level < before.level);
    assert!(after.slope.unwrap().abs() < 1e-9);
    near(after.growth, 0.0);
}

#[test]
fn zero_integrity_leaves_zeros() {
    for integrity in [0.0, -1.0] {
        let mut market = lane();
        market.runs_merchant(40).integrity = integrity;
        let standing = market.merchant(40);
        near(standing.weekly_gmv, 0.0);
        near(standing.level, 0.5 / 41.0);
        near(standing.growth, 0.0);
        assert!(standing.newcomer);
    }
    let mut market = lane();
    market.runs_merchant(40).integrity = f32::NAN;
    assert_eq!(market.merchant(40), lane().merchant(40));
}
