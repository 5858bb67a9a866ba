//! Lanes, boards and the columns that scoring reads.

use std::cmp::Ordering;

use super::*;
use crate::id::TagId;
use crate::race::{MerchantStanding, Part};

#[test]
fn equal_runners_share_the_middle_level() {
    let mut market = Market::new(1, 0);
    market.sell_weekly(0, &[10; 12]);
    let alone = market.merchant(0);
    near(alone.level, 0.5);
    near(alone.slope.unwrap(), 0.0);
    near(alone.growth, 0.0);
    let mut market = Market::new(3, 0);
    (0..3).for_each(|row| market.sell_weekly(row, &[10; 12]));
    near(market.merchant(2).level, 0.5);
}

#[test]
fn runners_without_sales_are_newcomers_with_zeros() {
    let market = Market::new(2, 2);
    for standing in [market.merchant(1), market.item(1)] {
        near(standing.score, 0.0);
        near(standing.weekly_gmv, 0.0);
        assert_eq!((standing.weeks, standing.newcomer), (12, true));
        assert_eq!(standing.order, None);
        near(standing.slope.unwrap(), 0.0);
        assert!(standing.lower.unwrap() < 0.0);
    }
    let empty = Market::new(0, 0).build();
    assert_eq!(empty.standing(ItemRow(0)), None);
    assert_eq!(
        empty
            .board(Kind::Item, None, Part::First, 10, |_, _| unreachable!())
            .unwrap()
            .size,
        0
    );
}

#[test]
fn unknown_and_deleted_runners_have_no_standing() {
    let mut market = Market::new(3, 1);
    (0..3).for_each(|row| market.sell_weekly(row, &[10 + 10 * row; 12]));
    market.buy(77, LAST, 1, 10.0);
    market.runs_merchant(2).present = false;
    let standings = market.build();
    assert_eq!(standings.standing(MerchantRow(77)), None);
    assert_eq!(standings.standing(MerchantRow(2)), None);
    let absent = standings.merchant(MerchantRow(2));
    assert_eq!(absent, Some(&MerchantStanding::NONE));
    assert_eq!(standings.merchant(MerchantRow(77)), None);
    near(market.merchant(1).level, 0.75);
    assert_eq!(standings.size(Kind::Merchant), 2);
}

#[test]
fn a_lane_needs_thirty_sellers() {
    for (sellers, level) in [(30, 0.5), (29, 0.5 * 29.0 / 69.0)] {
        let mut market = Market::new(70, 0);
        let (small, big) = (market.lanes.intern("small"), market.lanes.intern("big"));
        for row in 0..70 {
            let runner = market.runs_merchant(row);
            runner.lane = if row < 30 { small } else { big };
            if row < sellers || row >= 30 {
                let size = if row < 30 { 3 } else { 30 };
                market.sell_weekly(row, &[size; 12]);
            }
        }
        near(market.merchant(0).level, level);
        near(market.merchant(69).level, 0.5);
    }
}

fn all_in_lane(standings: &Standings, tie: impl Fn(u32, u32) -> Ordering) -> Vec<u32> {
    let board = standings.board(Kind::Merchant, Some("even"), Part::First, 1_000, tie);
    board.unwrap().rows.iter().map(|(row, _)| *row).collect()
}

#[test]
fn the_board_is_sorted_by_score_then_tie() {
    let mut market = Market::new(50, 0);
    let lane = market.lanes.intern("even");
    for row in 0..50_u32 {
        if row % 2 == 0 {
            market.runs_merchant(row).lane = lane;
        }
        market.sell_weekly(row, &[row / 10; 12]);
    }
    let standings = market.build();
    let falling = |a: u32, b: u32| b.cmp(&a);
    for (lane, size) in [(None, 50), (Some("even"), 25)] {
        let all = standings
            .board(Kind::Merchant, lane, Part::First, 1_000, falling)
            .unwrap();
        assert_eq!((all.size, all.rows.len()), (size, size));
        assert!(
            all.rows
                .is_sorted_by(|(a, first), (b, second)| { (second.score, b) < (first.score, a) })
        );
        for limit in [0, 1, 7, size] {
            let some = standings
                .board(Kind::Merchant, lane, Part::First, limit, falling)
                .unwrap();
            assert_eq!(some.rows, all.rows[..limit]);
        }
        for (before, limit) in [(1, 7), (9, 2), (size - 1, 5), (size, 5)] {
            let after = Part::After(all.rows[before - 1].0);
            let page = standings.board(Kind::Merchant, lane, after, limit, falling);
            let page = page.unwrap();
            let end = size.min(before + limit);
            assert_eq!((page.size, page.before), (size, before));
            assert_eq!(page.rows, all.rows[before..end]);
        }
        for (place, limit, start) in [
            (0, 5, 0),
            (1, 5, 0),
            (9, 5, 7),
            (9, 4, 8),
            (9, 1, 9),
            (size - 1, 5, size - 3),
        ] {
            let around = Part::Around(all.rows[place].0);
            let page = standings.board(Kind::Merchant, lane, around, limit, falling);
            let page = page.unwrap();
            assert_eq!((page.size, page.before), (size, start));
            assert_eq!(page.rows, all.rows[start..size.min(start + limit)]);
        }
    }
    let row = MerchantRow(all_in_lane(&standings, falling)[3]);
    assert_eq!(standings.place(row, falling), Some((Some("even"), 4)));
    assert_eq!(standings.weekly(row).len(), 12);
    assert_eq!(
        standings.board(Kind::Merchant, Some("odd"), Part::First, 1, falling),
        None
    );
    assert_eq!(
        standings.board(Kind::Item, Some("even"), Part::First, 1, falling),
        None
    );
    assert_eq!(
        standings.lanes(Kind::Merchant).collect::<Vec<_>>(),
        [("even", 25)]
    );
}

#[test]
fn columns_and_full_standings_agree() {
    let mut market = Market::new(5, 5);
    for row in 0..5_u32 {
        for week in 0..12 {
            let purchase = bought(0, week, Some(row), Some(row), f64::from(row) * 10.0);
            let day = LAST.plus(-7 * i32::try_from(week).unwrap());
            market.ledger.purchase(day, purchase);
        }
    }
    let standings = market.build();
    for row in 0..5 {
        let full = standings.standing(ItemRow(row)).unwrap();
        let &ItemStanding {
            level,
            growth,
            order_value,
            lately,
        } = standings.item(ItemRow(row)).unwrap();
        near(
            level.into(),
            standings.references.item_buyers.value(full.buyers).into(),
        );
        assert!((f64::from(growth) - full.growth).abs() < 1e-6);
        let order = full
            .order
            .map(|order| standings.references.price.value(order));
        assert_eq!(order.unwrap_or(f32::NAN).to_bits(), order_value.to_bits());
        assert!(
            lately.iter().all(|count| count.abs() <= 0.0),
            "nothing weighs trends"
        );
        let full = standings.standing(MerchantRow(row)).unwrap();
        let column = standings.merchant(MerchantRow(row)).unwrap();
        assert!((f64::from(column.level) - full.level).abs() < 1e-6);
        assert!((f64::from(column.growth) - full.growth).abs() < 1e-6);
    }
}

#[test]
fn the_order_value_is_the_median_kept_amount() {
    let mut market = Market::new(0, 1);
    let amounts = [10.0, 20.0, 40.0, 1_000.0, 0.0];
    for (id, amount) in (1..).zip(amounts) {
        market
            .ledger
            .purchase(LAST.plus(-80), bought(id, 1, Some(0), None, amount));
    }
    near(market.item(0).order.unwrap(), 30.0);
    market
        .ledger
        .refund(returned(&bought(4, 1, Some(0), None, 1_000.0), None));
    near(market.item(0).order.unwrap(), 20.0);
    market
        .ledger
        .refund(returned(&bought(3, 1, Some(0), None, 40.0), Some(39.0)));
    near(market.item(0).order.unwrap(), 20.0);
}

#[test]
fn idf_is_highest_for_unknown_tags() {
    let standings = Market::new(0, 0).build();
    let expected = [11.0 / 2.0, 1.0, 11.0].map(|ratio: f64| 1.0 + ratio.ln());
    for (tag, expected) in (0..).zip(expected) {
        assert!((f64::from(standings.idf.of(TagId(tag))) - expected).abs() < 1e-6);
    }
}

#[test]
fn saturated_money_gives_finite_standings() {
    let mut market = Market::new(2, 0);
    (0..100).for_each(|buyer| market.buy(0, LAST, buyer, 1e12));
    (0..100).for_each(|day| market.buy(1, LAST.plus(-day), 1, 1e12));
    for row in [0, 1] {
        let standing = market.merchant(row);
        assert!(standing.weekly_gmv.is_finite() && standing.weekly_gmv > 0.0);
        assert!((0.0..=1.0).contains(&standing.score));
    }
}
