//! The world: categories, shops with a true quality, their goods, users with a taste, sales in other channels, and cheats.

use saima::number::{real, wide};
use saima::random::Random;

use super::dice::{between, by_sums, gamma, poisson, sums};

/// Dimensions of tastes and goods.
pub(crate) const DIMENSIONS: usize = 8;
/// Days of sales before the first simulated day.
pub(crate) const HISTORY: usize = 84;
/// Accounts that click for each shop with bots.
pub(crate) const BOTS: usize = 8;
/// Weight of a mean match of taste in what a shop is worth.
const USUAL_MATCH: f64 = 0.6;

/// A direction of taste.
pub(crate) type Vector = [f64; DIMENSIONS];

/// How large a world is, and how long it lasts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Categories.
    pub(crate) categories: usize,
    /// Shops that exist from the beginning.
    pub(crate) established: usize,
    /// Shops that open in the first quarter of the days.
    pub(crate) newcomers: usize,
    /// Items.
    pub(crate) items: usize,
    /// Users.
    pub(crate) users: usize,
    /// Simulated days.
    pub(crate) days: usize,
    /// Requests a day.
    pub(crate) requests: usize,
    /// Candidates a request, before those that the user met and the recalled newcomers.
    pub(crate) candidates: usize,
}

/// How a shop behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Honestly.
    Honest,
    /// It buys from itself with a few accounts.
    Wash,
    /// It is new, weak, and has bots that click and buy.
    Bots,
    /// It sold six times as much on one day.
    Spike,
}

/// A shop.
#[derive(Clone, Debug)]
pub(crate) struct Shop {
    pub(crate) category: usize,
    pub(crate) quality: f64,
    pub(crate) kind: Kind,
    pub(crate) is_new: bool,
    /// Day of its opening.
    pub(crate) opens: f64,
    /// Declared integrity.
    pub(crate) integrity: f64,
    /// Orders a week in other channels.
    pub(crate) orders: f64,
    /// Its items.
    pub(crate) items: Vec<usize>,
    /// True if the campaign of the world enrols it.
    pub(crate) is_enrolled: bool,
    /// Mean chance of a click on its goods.
    pub(crate) worth: f64,
}

/// An item.
#[derive(Clone, Debug)]
pub(crate) struct Good {
    pub(crate) shop: usize,
    pub(crate) quality: f64,
    pub(crate) vector: Vector,
    pub(crate) price: f64,
    /// Chance that a click becomes a purchase.
    pub(crate) conversion: f64,
}

/// A user, or a bot.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) categories: [usize; 3],
    /// The true taste.
    pub(crate) taste: Vector,
    /// The taste as the service is told.
    pub(crate) told: Vector,
    /// The shop that a bot works for.
    pub(crate) boss: Option<usize>,
}

/// A sale in another channel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sale {
    pub(crate) item: usize,
    /// The account of the shop itself that buys; `None`: a stranger.
    pub(crate) account: Option<usize>,
}

/// A world.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) size: Size,
    pub(crate) shops: Vec<Shop>,
    pub(crate) goods: Vec<Good>,
    /// Users, then bots.
    pub(crate) people: Vec<Person>,
    /// Sales in other channels by day, from [`HISTORY`] days before the first simulated one.
    pub(crate) sales: Vec<Vec<Sale>>,
    /// Items by category, and those of newcomers.
    pub(crate) shelves: [Vec<Vec<usize>>; 2],
}

impl World {
    /// Creates a world; equal seeds give equal worlds.
    pub(crate) fn new(seed: u64, size: Size) -> Self {
        let mut random = Random::new(seed.wrapping_mul(0x1000_0001));
        let centres: Vec<Vector> = (0..size.categories)
            .map(|_| unit(noise(&mut random)))
            .collect();
        let mut shops = shops(&mut random, &size);
        cheat(&mut random, &mut shops);
        let goods = goods(&mut random, &mut shops, &size, &centres);
        let people = people(&mut random, &shops, &size, &centres);
        let sales = sales(&mut random, &shops, &goods, &size);
        let mut shelves = [(); 2].map(|()| vec![Vec::new(); size.categories]);
        for (item, good) in goods.iter().enumerate() {
            let shop = &shops[good.shop];
            shelves[0][shop.category].push(item);
            if shop.is_new {
                shelves[1][shop.category].push(item);
            }
        }
        Self {
            seed,
            size,
            shops,
            goods,
            people,
            sales,
            shelves,
        }
    }

    /// Returns the newcomers, best first.
    pub(crate) fn newcomers(&self) -> Vec<usize> {
        let mut new: Vec<usize> = (0..self.shops.len())
            .filter(|shop| self.shops[*shop].is_new)
            .collect();
        new.sort_by(|a, b| self.shops[*b].worth.total_cmp(&self.shops[*a].worth));
        new
    }

    /// Returns the weakest fifth of the newcomers.
    pub(crate) fn weakest(&self) -> Vec<usize> {
        let new = self.newcomers();
        new[new.len() - new.len() / 5..].to_vec()
    }

    /// Returns the first day of the campaign and the day after its last.
    pub(crate) fn campaign(&self) -> [usize; 2] {
        [self.size.days / 3, self.size.days / 2]
    }

    /// Returns the exposures of the campaign: about a tenth of all in its days.
    pub(crate) fn budget(&self) -> usize {
        let [from, until] = self.campaign();
        self.size.requests * (until - from) * 10 / 7
    }
}

/// Returns a count as a number.
pub(crate) fn count(count: usize) -> f64 {
    real(wide(count))
}

/// Returns the product of two vectors.
pub(crate) fn dot(a: &Vector, b: &Vector) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn noise(random: &mut Random) -> Vector {
    std::array::from_fn(|_| random.normal())
}

fn unit(vector: Vector) -> Vector {
    let length = dot(&vector, &vector).sqrt();
    vector.map(|part| part / length)
}

/// Returns a vector near another one, of length 1.
fn near(random: &mut Random, vector: &Vector, spread: f64) -> Vector {
    let noise = noise(random);
    unit(std::array::from_fn(|part| {
        vector[part] + spread * noise[part]
    }))
}

fn shops(random: &mut Random, size: &Size) -> Vec<Shop> {
    let shop = |number: usize| {
        let is_new = number >= size.established;
        let quality = 0.5 * random.normal();
        let orders = (6_f64.ln() + 1.2 * random.normal() + 1.6 * quality).exp();
        Shop {
            category: random.index(size.categories),
            quality,
            kind: Kind::Honest,
            is_new,
            opens: if is_new {
                between(random, 0.0, count(size.days) / 4.2)
            } else {
                -400.0
            },
            integrity: 1.0,
            orders: if is_new {
                between(random, 0.0, 3.0)
            } else {
                orders
            },
            items: Vec::new(),
            is_enrolled: false,
            worth: 0.0,
        }
    };
    (0..size.established + size.newcomers).map(shop).collect()
}

/// Chooses who cheats, whose day was a spike, whose integrity is known, and whom the campaign enrols.
fn cheat(random: &mut Random, shops: &mut [Shop]) {
    let mut order: Vec<usize> = (0..shops.len()).collect();
    random.shuffle(&mut order);
    let some = shops.len() * 3 / 100;
    let bots = shops.iter().filter(|shop| shop.is_new).count() / 10;
    let mut choose = |kind: Kind, most: usize, fits: &dyn Fn(&Shop) -> bool| {
        let fitting = order.iter().copied().filter(|shop| fits(&shops[*shop]));
        let chosen: Vec<usize> = fitting.take(most).collect();
        chosen.iter().for_each(|shop| shops[*shop].kind = kind);
    };
    let is_weak = |shop: &Shop| shop.quality < 0.0 && shop.kind == Kind::Honest;
    let is_small = |shop: &Shop| shop.orders > 2.0 && shop.orders < 40.0;
    choose(Kind::Wash, some, &|shop| {
        !shop.is_new && is_weak(shop) && is_small(shop)
    });
    choose(Kind::Bots, bots, &|shop| shop.is_new && is_weak(shop));
    choose(Kind::Spike, some, &|shop| {
        !shop.is_new && shop.kind == Kind::Honest
    });
    for shop in shops.iter_mut() {
        let luck = random.unit();
        shop.integrity = match shop.kind {
            Kind::Wash if luck < 0.7 => between(random, 0.1, 0.5),
            Kind::Bots if luck < 0.5 => between(random, 0.2, 0.6),
            // An honest shop that is distrusted by mistake.
            Kind::Honest if luck < 0.02 => 0.9,
            Kind::Honest | Kind::Wash | Kind::Bots | Kind::Spike => 1.0,
        };
    }
    let honest = order
        .iter()
        .filter(|shop| shops[**shop].kind == Kind::Honest);
    let enrolled: Vec<usize> = honest.copied().take(shops.len() / 20).collect();
    enrolled
        .into_iter()
        .for_each(|shop| shops[shop].is_enrolled = true);
}

fn goods(random: &mut Random, shops: &mut [Shop], size: &Size, centres: &[Vector]) -> Vec<Good> {
    let weight =
        |shop: &Shop, random: &mut Random| gamma(random, 1.5) * if shop.is_new { 0.5 } else { 1.0 };
    let weights: Vec<f64> = shops.iter().map(|shop| weight(shop, random)).collect();
    let prices: Vec<f64> = shops.iter().map(|_| 0.5 * random.normal()).collect();
    let sums = sums(weights);
    let number = size.items.max(shops.len());
    let good = |item: usize| {
        // Each shop has one, the others go by weight.
        let shop = if item < shops.len() {
            item
        } else {
            by_sums(random, &sums)
        };
        let quality = shops[shop].quality + 0.15 * random.normal();
        shops[shop].items.push(item);
        Good {
            shop,
            quality,
            vector: near(random, &centres[shops[shop].category], 0.35),
            price: (60_f64.ln() + prices[shop] + 0.4 * random.normal()).exp(),
            conversion: (0.1 * (0.4 * quality).exp()).clamp(0.01, 0.6),
        }
    };
    let goods: Vec<Good> = (0..number).map(good).collect();
    for shop in shops.iter_mut() {
        let chances = shop.items.iter();
        let chances = chances.map(|item| clicks(USUAL_MATCH, goods[*item].quality, false));
        shop.worth = chances.sum::<f64>() / count(shop.items.len());
    }
    goods
}

/// Returns the chance of a click on an item at the first place.
pub(crate) fn clicks(taste: f64, quality: f64, is_known: bool) -> f64 {
    let bond = if is_known { 0.4 } else { 0.0 };
    let odds = -3.9 + 1.6 * taste + quality + bond;
    1.0 / (1.0 + (-odds).exp())
}

fn people(random: &mut Random, shops: &[Shop], size: &Size, centres: &[Vector]) -> Vec<Person> {
    let user = |_| {
        let categories: [usize; 3] = std::array::from_fn(|_| random.index(size.categories));
        let shares = [2.0, 1.0, 0.7].map(|shape| gamma(random, shape));
        let all: f64 = shares.iter().sum();
        let mean: Vector = std::array::from_fn(|part| {
            let parts = categories.iter().zip(shares);
            parts
                .map(|(c, share)| share / all * centres[*c][part])
                .sum()
        });
        person(random, categories, mean, None)
    };
    let mut people: Vec<Person> = (0..size.users).map(user).collect();
    for (boss, shop) in shops.iter().enumerate() {
        if shop.kind == Kind::Bots {
            let mut bot = || {
                person(
                    random,
                    [shop.category; 3],
                    centres[shop.category],
                    Some(boss),
                )
            };
            people.extend((0..BOTS).map(|_| bot()));
        }
    }
    people
}

fn person(
    random: &mut Random,
    categories: [usize; 3],
    mean: Vector,
    boss: Option<usize>,
) -> Person {
    let spread = if boss.is_some() { 0.0 } else { 0.15 };
    let taste = near(random, &mean, spread);
    Person {
        categories,
        taste,
        told: near(random, &taste, 0.25),
        boss,
    }
}

fn sales(random: &mut Random, shops: &[Shop], goods: &[Good], size: &Size) -> Vec<Vec<Sale>> {
    let mut days = vec![Vec::new(); HISTORY + size.days];
    for shop in shops {
        let luck = if random.unit() < 0.05 { 0.15 } else { 0.0 };
        let slope = luck + 0.03 * random.normal();
        let spike = HISTORY.min(3 + random.index(32));
        let accounts = 3 + random.index(6);
        let shares = shop.items.iter();
        let shares = shares.map(|item| (goods[*item].quality + 0.8 * random.normal()).exp());
        let shares: Vec<f64> = shares.collect();
        let mut best: Vec<usize> = (0..shares.len()).collect();
        best.sort_by(|a, b| shares[*b].total_cmp(&shares[*a]));
        let sums = sums(shares);
        for (day, sold) in days.iter_mut().enumerate() {
            let since = count(day) - count(HISTORY);
            if since < shop.opens {
                continue;
            }
            let is_spike = shop.kind == Kind::Spike && day == spike + 3;
            let spike = if is_spike { 5.0 * shop.orders } else { 0.0 };
            let usual = shop.orders / 7.0 * (slope * since / 7.0).clamp(-1.0, 1.2).exp();
            for _ in 0..poisson(random, usual + spike) {
                let item = shop.items[by_sums(random, &sums)];
                sold.push(Sale {
                    item,
                    account: None,
                });
            }
            if shop.kind == Kind::Wash {
                let weeks = ((since + 14.0) / 7.0).floor() + 1.0;
                let fakes = weeks.clamp(0.0, 4.0) * 2.0 * (shop.orders / 7.0).max(1.0);
                for _ in 0..poisson(random, fakes) {
                    let item = shop.items[best[random.index(best.len().min(3))]];
                    let account = Some(random.index(accounts));
                    sold.push(Sale { item, account });
                }
            }
        }
    }
    days
}
