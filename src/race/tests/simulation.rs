//! A simulation of 20,000 sellers over four weeks: some grow, some have a spike, some buy from themselves.

use super::*;

const SELLERS: u32 = 20_000;
const DAYS: i32 = 28;
const WEEKDAYS: [f64; 7] = [0.9, 0.85, 0.9, 0.95, 1.1, 1.2, 1.1];
/// Number of sellers with the highest lower bounds, which the test examines.
const BEST: usize = 500;

#[derive(Clone, Copy, PartialEq)]
enum Trick {
    None,
    Spike,
    Wash,
}

struct Seller {
    slope: f64,
    weekly: f64,
    trick: Trick,
    orders: u32,
}

impl Seller {
    fn new(random: &mut Random) -> Self {
        let (grows, trick) = match random.unit() {
            share if share < 0.05 => (true, Trick::None),
            share if share < 0.08 => (false, Trick::Spike),
            share if share < 0.11 => (false, Trick::Wash),
            _ => (false, Trick::None),
        };
        Self {
            slope: 0.05 * random.normal() + if grows { 0.35 } else { 0.0 },
            weekly: (6_f64.ln() + 1.6 * random.normal()).exp(),
            trick,
            orders: 0,
        }
    }

    /// Draws the ordinary orders of a day: Poisson, with a rate of trend × weekday × gamma noise of variance 0.1.
    fn ordinary(&self, day: i32, random: &mut Random) -> u32 {
        let weeks = (f64::from(day) - f64::from(DAYS - 1) / 2.0) / 7.0;
        let weekday = WEEKDAYS[usize::try_from(day % 7).unwrap()];
        let rate = self.weekly / 7.0 * weekday * (self.slope * weeks).exp();
        poisson(rate * gamma(random), random)
    }
}

/// Draws a gamma variate of mean 1 and variance 0.1: the mean of ten exponential variates.
fn gamma(random: &mut Random) -> f64 {
    let product: f64 = (0..10).map(|_| random.unit()).product();
    -product.ln() / 10.0
}

fn poisson(rate: f64, random: &mut Random) -> u32 {
    if rate > 50.0 {
        let near = (rate + rate.sqrt() * random.normal()).round().max(0.0);
        return format!("{near}").parse().unwrap();
    }
    let (end, mut product, mut count) = ((-rate).exp(), random.unit(), 0);
    while product > end {
        product *= random.unit();
        count += 1;
    }
    count
}

fn simulate(seed: u64) -> (Market, Vec<Seller>) {
    let mut random = Random::new(seed);
    let mut market = Market::new(SELLERS as usize, 0);
    let start = LAST.plus(1 - DAYS);
    let mut sellers: Vec<Seller> = (0..SELLERS).map(|_| Seller::new(&mut random)).collect();
    for (row, seller) in (0..).zip(&mut sellers) {
        market.runs_merchant(row).start = Some(start);
        for day in 0..DAYS {
            let orders = seller.ordinary(day, &mut random);
            seller.orders += orders;
            market.sell(row, start.plus(day), orders, 100.0);
        }
        match seller.trick {
            Trick::None => {}
            Trick::Spike => spike(&mut market, row, seller, &mut random),
            Trick::Wash => wash(&mut market, row, seller, &mut random),
        }
    }
    (market, sellers)
}

/// Adds five weeks' orders on one day of the last week, each by another buyer.
fn spike(market: &mut Market, row: u32, seller: &mut Seller, random: &mut Random) {
    let orders: u32 = format!("{}", (5.0 * seller.weekly).round())
        .parse()
        .unwrap();
    seller.orders += orders;
    market.sell(row, day(random, 7), orders, 100.0);
}

/// Adds two, four and six orders a day in the last three weeks, by three to eight accounts.
fn wash(market: &mut Market, row: u32, seller: &mut Seller, random: &mut Random) {
    let accounts = 3 + random.below(6);
    for (week, daily) in (0..).zip([6, 4, 2]) {
        for order in 0..7 * daily {
            let day = LAST.plus(-7 * week - order % 7);
            market.buy(row, day, row * 10 + random.below(accounts), 100.0);
            seller.orders += 1;
        }
    }
}

#[test]
fn the_highest_lower_bounds_are_true_growers() {
    for seed in [1, 2, 3] {
        let (market, sellers) = simulate(seed);
        let standings = market.build();
        let lower = |row: usize| {
            let standing = standings.standing(MerchantRow::at(row));
            standing.unwrap().lower.unwrap()
        };
        let mut rows: Vec<(f64, usize)> = (0..sellers.len()).map(|row| (lower(row), row)).collect();
        rows.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        let best: Vec<&Seller> = rows[..BEST].iter().map(|(_, row)| &sellers[*row]).collect();
        let share = |is: &dyn Fn(&Seller) -> bool| {
            best.iter().filter(|seller| is(seller)).count() as f64 / BEST as f64
        };
        let shares = [
            share(&|seller| seller.slope >= 0.10),
            share(&|seller| seller.trick == Trick::Spike),
            share(&|seller| seller.trick == Trick::Wash),
            share(&|seller| seller.orders < 10),
        ];
        assert!(
            shares[0] >= 0.55 && shares[1] <= 0.10 && shares[2] <= 0.05 && shares[3] <= 0.0,
            "seed {seed}: {shares:?}"
        );
    }
}
