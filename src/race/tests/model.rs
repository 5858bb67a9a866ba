//! A second implementation of the race, in plain loops over plain vectors, compared with the first on random markets.

use super::*;

struct Sold {
    day: usize,
    buyer: u32,
    merchant: usize,
    amount: f64,
    back: f64,
}

struct Plain<'a> {
    /// By merchant.
    sold: &'a [Vec<Sold>],
    unlinked: &'a [(usize, usize, f64)],
    openings: &'a [usize],
    integrity: &'a [f64],
    lanes: &'a [u32],
}

fn middle(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    (n > 0).then(|| (values[(n - 1) / 2] + values[n / 2]) / 2.0)
}

fn calendar_week(day: usize) -> i32 {
    LAST.plus(i32::try_from(day).unwrap() - 83).week()
}

impl Plain<'_> {
    fn of(&self, merchant: usize) -> impl Iterator<Item = &Sold> {
        let opening = self.openings[merchant];
        self.sold[merchant]
            .iter()
            .filter(move |sale| sale.day >= opening)
    }

    fn week_sum(&self, sale: &Sold) -> f64 {
        self.of(sale.merchant)
            .filter(|other| other.buyer == sale.buyer)
            .filter(|other| calendar_week(other.day) == calendar_week(sale.day))
            .map(|other| (other.amount - other.back).max(0.0))
            .sum()
    }

    fn cap(&self, merchants: &[usize]) -> f64 {
        let mut sums = Vec::new();
        for merchant in merchants {
            let mut seen = Vec::new();
            for sale in self.of(*merchant) {
                let key = (sale.buyer, calendar_week(sale.day));
                if !seen.contains(&key) {
                    seen.push(key);
                    sums.push(self.week_sum(sale));
                }
            }
        }
        sums.retain(|sum| *sum > 0.0);
        5.0 * middle(sums).unwrap_or(f64::INFINITY)
    }

    fn raw(&self, merchant: usize) -> [f64; 84] {
        let mut raw = [0.0; 84];
        let kept = |sale: &&Sold| !(sale.back > 0.0 && sale.back >= sale.amount);
        let mut seen = Vec::new();
        for (day, buyers) in raw.iter_mut().enumerate() {
            for sale in self
                .of(merchant)
                .filter(kept)
                .filter(|sale| sale.day == day)
            {
                let key = (sale.buyer, calendar_week(day));
                if !seen.contains(&key) {
                    seen.push(key);
                    *buyers += 1.0;
                }
            }
        }
        raw
    }

    fn clipped(&self, merchant: usize) -> [f64; 84] {
        let raw = self.raw(merchant);
        let mut clipped = raw;
        let opening = self.openings[merchant];
        for day in opening..84 {
            let others = |is: &dyn Fn(usize) -> bool| -> Option<f64> {
                let days = (opening..84).filter(|other| *other != day && is(*other));
                let values: Vec<f64> = days.map(|other| raw[other]).collect();
                let m = middle(values.clone())?;
                let mad = middle(values.iter().map(|value| (value - m).abs()).collect())?;
                Some(m + 3.0 * (1.4826 * mad).max(m.max(1.0).sqrt()))
            };
            let near = others(&|other| other.abs_diff(day) <= 3);
            let same = others(&|other| other % 7 == day % 7);
            let cap = near.into_iter().chain(same).fold(f64::NAN, f64::max);
            clipped[day] = raw[day].min(cap);
        }
        clipped
    }

    fn weeks(&self, merchant: usize) -> usize {
        (84 - self.openings[merchant]) / 7
    }

    fn sells(&self, merchant: usize) -> bool {
        let whole = 84 - 7 * self.weeks(merchant);
        self.of(merchant)
            .filter(|sale| !(sale.back > 0.0 && sale.back >= sale.amount))
            .any(|sale| sale.day >= whole)
    }

    fn weekly_gmv(&self, merchant: usize, cap: f64) -> f64 {
        let (raw, clipped) = (self.raw(merchant), self.clipped(merchant));
        let mut gmv = [0.0; 84];
        let mut buyers = std::collections::BTreeMap::new();
        for sale in self.of(merchant) {
            let scale = (cap / self.week_sum(sale)).min(1.0);
            let net = (sale.amount - sale.back).max(0.0);
            if net > 0.0 {
                gmv[sale.day] += net * scale;
                *buyers.entry(sale.buyer).or_insert(0.0) += net * scale;
            }
        }
        for (day, _, sum) in self.unlinked.iter().filter(|(_, row, _)| *row == merchant) {
            gmv[*day] = f64::max(gmv[*day] - sum, 0.0);
        }
        let whole = 84 - 7 * self.weeks(merchant);
        let total: f64 = buyers.values().sum();
        let kept: f64 = buyers.values().map(|x| f64::min(*x, 0.3 * total)).sum();
        let share = |day: usize| {
            if raw[day] > 0.0 {
                clipped[day] / raw[day]
            } else {
                1.0
            }
        };
        let sum: f64 = (whole..84).map(|day| gmv[day] * share(day)).sum();
        let kept = if total > 0.0 { kept / total } else { 1.0 };
        sum * kept * self.integrity[merchant] / f64::max(1.0, (84.0 - whole as f64) / 7.0)
    }

    fn lane_of(&self, merchant: usize) -> Vec<usize> {
        let all: Vec<usize> = (0..self.openings.len()).collect();
        let same = |other: &usize| self.lanes[*other] == self.lanes[merchant];
        let own: Vec<usize> = all.iter().copied().filter(same).collect();
        let sellers = own.iter().filter(|other| self.sells(**other)).count();
        if sellers < 30 { all } else { own }
    }

    fn check(&self, merchant: usize, standing: &Standing, gmv: &[f64], lane: &[usize]) {
        let own = gmv[merchant];
        assert!(
            (standing.weekly_gmv - own).abs() < 1e-4,
            "{standing:?} {own}"
        );
        let sellers = lane.iter().filter(|row| self.sells(**row));
        let others: Vec<f64> = sellers.map(|row| gmv[*row]).collect();
        let less = others.iter().filter(|other| **other < own - 1e-6).count() as f64;
        let equal = others
            .iter()
            .filter(|other| (**other - own).abs() <= 1e-6)
            .count() as f64;
        let level = (less + equal / 2.0) / others.len() as f64;
        near(
            standing.level,
            if self.sells(merchant) { level } else { 0.0 },
        );
        let buyers: f64 = self.clipped(merchant)[56..].iter().sum();
        near(standing.buyers, buyers * self.integrity[merchant]);
        assert_eq!(standing.weeks, self.weeks(merchant));
    }
}

fn sold(random: &mut Random, merchants: u32) -> Vec<Vec<Sold>> {
    let mut sold: Vec<Vec<Sold>> = (0..merchants).map(|_| Vec::new()).collect();
    for _ in 0..2_500 {
        let merchant = random.below(merchants).min(random.below(merchants)) as usize;
        let amount = f64::from(random.below(10_000)) * f64::from(1 + 99 * random.below(2));
        let spike = random.below(4) == 0;
        sold[merchant].push(Sold {
            day: if spike { 60 } else { random.below(84) as usize },
            buyer: random.below(300),
            merchant,
            amount,
            back: [0.0, 0.0, 0.0, amount / 2.0, amount][random.below(5) as usize],
        });
    }
    sold
}

#[test]
fn random_markets_agree_with_plain_loops() {
    for seed in [1, 2, 3] {
        let mut random = Random::new(seed);
        let sold = sold(&mut random, 60);
        let unlinked: Vec<(usize, usize, f64)> = (0..50)
            .map(|place| (place, place % 60, f64::from(random.below(20_000))))
            .collect();
        let openings: Vec<usize> = (0..60)
            .map(|_| (random.below(2) * random.below(85)) as usize)
            .collect();
        let integrity: Vec<f64> = (0..60).map(|row| [1.0, 0.5][row % 2]).collect();
        let lanes: Vec<u32> = (0..60).map(|row| u32::from(row >= 45)).collect();
        let plain = Plain {
            sold: &sold,
            unlinked: &unlinked,
            openings: &openings,
            integrity: &integrity,
            lanes: &lanes,
        };
        compare(&plain, &real(&plain));
    }
}

fn real(plain: &Plain<'_>) -> Standings {
    let mut market = Market::new(60, 0);
    let date = |day: usize| LAST.plus(i32::try_from(day).unwrap() - 83);
    for row in 0..60 {
        let runner = &mut market.runners[Kind::Merchant][row];
        runner.start = Some(date(plain.openings[row]));
        runner.integrity = if row % 2 == 0 { 1.0 } else { 0.5 };
        runner.lane = LaneId(plain.lanes[row]);
    }
    market.lanes.intern("first");
    market.lanes.intern("second");
    for sale in plain.sold.iter().flatten() {
        let merchant = u32::try_from(sale.merchant).unwrap();
        let mut purchase = bought(0, sale.buyer, None, Some(merchant), sale.amount);
        purchase.refunded = Money::from_units(sale.back);
        market.ledger.purchase(date(sale.day), purchase);
    }
    for (day, row, sum) in plain.unlinked {
        let merchant = only(MerchantRow::at(*row));
        (market.ledger).refund_unlinked(date(*day), merchant, Money::from_units(*sum));
    }
    market.build()
}

fn compare(plain: &Plain<'_>, standings: &Standings) {
    let lanes = [plain.lane_of(0), plain.lane_of(59)];
    let caps = lanes.each_ref().map(|lane| plain.cap(lane));
    let lane = |row: usize| plain.lanes[row] as usize;
    let gmv: Vec<f64> = (0..60)
        .map(|row| plain.weekly_gmv(row, caps[lane(row)]))
        .collect();
    for row in 0..60 {
        let standing = standings.standing(MerchantRow::at(row)).unwrap();
        plain.check(row, &standing, &gmv, &lanes[lane(row)]);
    }
}
