//! Accounts that nothing else is known of do not make a race; a lane in which every buyer is a stranger is left as it is.

use super::*;

const SHOPS: u32 = 40;
/// The shop that the accounts buy from; it has sixty honest buyers.
const SHOP: u32 = 20;

/// Creates a lane of shops that sell to 40, 41 … 79 of a few hundred buyers, who buy from other shops too, except for some strangers.
fn honest(seed: u64, strangers: u32) -> Market {
    let mut market = Market::new(SHOPS as usize, SHOPS as usize);
    let mut random = Random::new(seed);
    for shop in 0..SHOPS {
        for one in 0..40 + shop {
            let back = random.below(84);
            let buyer = if one < strangers {
                10_000 + 100 * shop + one
            } else {
                random.below(600)
            };
            let day = LAST.plus(-i32::try_from(back).unwrap());
            market.buy(shop, day, buyer, 50.0 + f64::from(random.below(100)));
        }
    }
    market
}

/// Adds one order of each of the accounts, over the days of a week.
fn attack(market: &mut Market, accounts: u32, amount: f64) {
    for account in 0..accounts {
        let day = LAST.plus(-i32::try_from(account % 7).unwrap());
        market.buy(SHOP, day, 50_000 + account, amount);
    }
}

/// Returns the place of the shop and of its item.
fn places(market: &Market) -> [usize; 2] {
    let standings = market.build();
    [Kind::Merchant, Kind::Item].map(|kind| {
        let board = standings
            .board(kind, None, crate::race::Part::First, 100, |a, b| a.cmp(&b))
            .unwrap();
        let place = board.rows.iter().position(|(row, _)| *row == SHOP);
        place.unwrap()
    })
}

#[test]
fn many_strangers_move_a_shop_three_places() {
    // With any usual share of strangers up to a quarter, for any number of accounts, and for dear and cheap orders too.
    for seed in 1..=4 {
        for strangers in [0, 5, 15] {
            for (accounts, amount) in [(140, 100.0), (140, 1e6), (140, 1.0), (400, 100.0)] {
                let mut market = honest(seed, strangers);
                let before = places(&market);
                attack(&mut market, accounts, amount);
                let after = places(&market);
                let what =
                    format!("{seed}: {accounts} accounts at {amount}, {strangers} strangers");
                for (before, after) in before.into_iter().zip(after) {
                    assert!(before.abs_diff(after) <= 3, "{what}: {before} → {after}");
                }
            }
        }
    }
}

#[test]
fn known_buyers_make_a_shop_grow() {
    let mut market = honest(1, 5);
    let before = places(&market);
    for account in 0..140 {
        let day = LAST.plus(-i32::try_from(account % 7).unwrap());
        market.buy(SHOP, day, 50_000 + account, 100.0);
        market.buy(account % 16, day.plus(-20), 50_000 + account, 100.0);
    }
    let after = places(&market);
    assert!(before[0] > 3 && after[0] < 3, "{before:?} → {after:?}");
    // What was refunded in full makes nobody known.
    let mut market = honest(1, 5);
    attack(&mut market, 140, 100.0);
    for account in 0..140 {
        let mut purchase = bought(0, 50_000 + account, None, Some(account % 16), 100.0);
        purchase.refunded = purchase.amount;
        market.ledger.purchase(LAST.plus(-20), purchase);
    }
    assert!(places(&market)[0].abs_diff(before[0]) <= 3);
}

#[test]
fn a_lane_of_strangers_is_left_as_it_is() {
    // Every buyer of every shop is a stranger, or there are too few shops to know what is usual.
    for shops in [9, 40] {
        let mut market = Market::new(shops, 0);
        let mut random = Random::new(3);
        for shop in 1..u32::try_from(shops).unwrap() {
            for one in 0..30 {
                let buyer = if shops == 9 { one } else { 1_000 * shop + one };
                market.buy(shop, day(&mut random, 84), buyer, 100.0);
            }
        }
        market.sell_weekly(0, &[0, 0, 0, 0, 0, 0, 0, 0, 10, 20, 40, 80]);
        let standing = market.merchant(0);
        near(standing.buyers, 150.0);
        near(standing.weekly_gmv, 150.0 * 100.0 / 12.0);
        assert!(standing.growth > 0.4, "{standing:?}");
    }
}
