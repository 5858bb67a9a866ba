//! Equal money gives equal levels, however it came in; every runner that sells is ranked among those that sell.

use super::*;

#[test]
fn any_sale_in_whole_weeks_makes_a_seller() {
    let mut market = Market::new(3, 0);
    // The history has one whole week, from Wednesday on. Its buyer was counted on the Tuesday before.
    market.last = LAST.plus(-5);
    for row in 0..3 {
        market.runs_merchant(row).start = Some(market.last.plus(-7));
    }
    market.buy(0, market.last.plus(-7), 1, 10.0);
    market.buy(0, market.last.plus(-6), 1, 150.0);
    market.buy(1, market.last.plus(-6), 2, 15.0);
    let standings = market.build();
    let standing = |row| standings.standing(MerchantRow(row)).unwrap();
    assert!(standing(0).weekly_gmv > standing(1).weekly_gmv);
    near(standing(0).level, 0.75);
    near(standing(1).level, 0.25);
    near(standing(2).level, 0.0);
}

#[test]
fn a_refunded_sale_makes_no_seller() {
    let mut market = Market::new(2, 0);
    market.buy(0, LAST, 1, 10.0);
    let purchase = bought(7, 2, None, Some(1), 10.0);
    market.ledger.purchase(LAST, purchase);
    market.ledger.refund(returned(&purchase, None));
    near(market.merchant(0).level, 0.5);
    near(market.merchant(1).level, 0.0);
}

#[test]
fn equal_money_ties_exactly() {
    // The same money in other portions, other orders, other weeks and with another trust.
    let mut market = Market::new(6, 0);
    let amounts: [&[f64]; 3] = [
        &[0.1, 0.2, 0.3, 0.000_001, 0.599_999],
        &[0.599_999, 0.3, 0.000_001, 0.2, 0.1],
        &[0.4, 0.4, 0.4],
    ];
    for (row, amounts) in (0..).zip(amounts) {
        for (back, amount) in (0..).zip(amounts) {
            // Four buyers, so that nobody has more than three tenths.
            for buyer in 0..4 {
                market.buy(row, LAST.plus(-9 * back), 100 * row + buyer, *amount);
            }
        }
    }
    market.runs_merchant(3).start = Some(LAST.plus(-6));
    market.runs_merchant(4).integrity = 0.8;
    for buyer in 0..4 {
        market.buy(3, LAST, 300 + buyer, 0.1);
        market.buy(4, LAST.plus(-1), 400 + buyer, 0.75);
        market.buy(4, LAST.plus(-8), 400 + buyer, 0.75);
    }
    let standings = market.build();
    let figures = [0, 1, 2, 3, 4].map(|row| {
        let standing = standings.standing(MerchantRow(row)).unwrap();
        (standing.weekly_gmv.to_bits(), standing.level.to_bits())
    });
    assert_eq!(figures, [figures[0]; 5]);
}

#[test]
fn capped_money_ties_exactly() {
    let mut market = Market::new(40, 0);
    (2..40).for_each(|row| market.sell_weekly(row, &[30; 12]));
    for row in 0..2 {
        for buyer in 0..3 {
            // Both reach the cap, one with a single order, the other with seven.
            let orders = if row == 0 { 1 } else { 7 };
            for order in 0..orders {
                market.buy(row, LAST.plus(-order % 3), 10 * row + buyer, 4_321.99);
            }
        }
    }
    let [one, many] = [0, 1].map(|row| market.merchant(row).weekly_gmv.to_bits());
    assert_eq!(one, many);
}
