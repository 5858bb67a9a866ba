//! The synthetic marketplace of `saima demo --synthetic N`, for load tests: N items, N users and one merchant for every ten items.
//!
//! Ids are `item-0000000` …, `m0` … and `u0` …. An item has 6 to 10 tags, drawn by Zipf's law from 10,000, and one of 64 categories. A
//! user has 30 learnt tags, 50 items and 20 merchants in its histories. Every merchant sells on most of the last 84 days, and one item
//! in ten sold in that time. All numbers come from one seed, so that every run serves the same marketplace.

use crate::clock::{Clock, DAY, Day};
use crate::config::Config;
use crate::feature::Space;
use crate::id::{ItemRow, MerchantRow, TagId, UserRow};
use crate::ingest::{Fact, Facts, Moment};
use crate::model::{Id, Item, Merchant, Tags};
use crate::money::Money;
use crate::number::{narrow, short};
use crate::race::{Purchase, RunnerRows, Stamp};
use crate::random::Random;
use crate::state::Books;

const TAGS: u32 = 10_000;
const CATEGORIES: u32 = 64;
const ITEMS_A_MERCHANT: u32 = 10;
const USER_TAGS: u32 = 30;
const USER_ITEMS: u32 = 50;
const USER_MERCHANTS: u32 = 20;
const SOLD_ONE_IN: u32 = 10;
const DAYS: u32 = 84;

/// Fills an empty state with a marketplace of `items` items.
pub fn fill(facts: &mut Facts, items: u32, config: &Config) {
    let items = items.max(1);
    let merchants = items.div_ceil(ITEMS_A_MERCHANT);
    let now = Clock::machine();
    let last_complete = now.day(config.race.utc_offset).plus(-1);
    let moment = Moment { config, wall: now };
    let mut random = Random::new(7);
    let zipf = Zipf::new(TAGS);
    (0..merchants).for_each(|m| declare_merchant(facts, m, &moment, &mut random));
    (0..items).for_each(|i| declare_item(facts, i, &zipf, &moment, &mut random));
    (0..items).for_each(|u| learn_user(facts, u, (items, merchants), &zipf, &moment, &mut random));
    sell(facts, (items, merchants), last_complete, &mut random);
}

fn declare_merchant(facts: &mut Facts, m: u32, moment: &Moment<'_>, random: &mut Random) {
    let (id, category) = (format!("m{m}"), format!("c{:02}", random.below(CATEGORIES)));
    let integrity = if random.below(10) == 0 {
        0.5 + random.unit() / 2.0
    } else {
        1.0
    };
    let text = format!(r#"{{"id":"{id}","category":"{category}","integrity":{integrity:.2}}}"#);
    let merchant = Merchant {
        id: id_of(&id),
        name: None,
        category: Some(id_of(&category)),
        region: None,
        joined_at: Some(moment.wall.plus(-400 * DAY)),
        integrity: Some(integrity),
        available: None,
        owner: None,
        goal: None,
        campaigns: None,
    };
    let _always_accepted = facts.apply(Fact::Merchant(merchant, text.into()), moment);
}

fn declare_item(facts: &mut Facts, i: u32, zipf: &Zipf, moment: &Moment<'_>, random: &mut Random) {
    let (id, merchant) = (format!("item-{i:07}"), format!("m{}", i / ITEMS_A_MERCHANT));
    let category = format!("c{:02}", random.below(CATEGORIES));
    let tags = zipf.distinct(6 + random.below(5), random);
    let weighed = tags
        .iter()
        .map(|&tag| (format!("t{tag}"), hundredths(1 + random.below(100))));
    let weighed: Vec<(String, f32)> = weighed.collect();
    let price = (random.unit() * 6.0).exp();
    let listed_at = moment.wall.plus(-i64::from(random.below(365)) * DAY);
    let quality = f64::from(hundredths(random.below(101)));
    let listed: Vec<String> = weighed
        .iter()
        .map(|(tag, weight)| format!(r#""{tag}":{weight}"#))
        .collect();
    let text = format!(
        r#"{{"id":"{id}","merchant_id":"{merchant}","category":"{category}","tags":{{{}}},"title":"synthetic item number {i:07} of the market","price":{price:.2},"listed_at":"{listed_at}","quality":{quality}}}"#,
        listed.join(","),
    );
    let item = Item {
        id: id_of(&id),
        merchant_id: Some(id_of(&merchant)),
        kind: None,
        category: Some(id_of(&category)),
        tags: Some(Tags(
            weighed
                .iter()
                .map(|(tag, weight)| (tag.as_str().into(), *weight))
                .collect(),
        )),
        brand: None,
        title: None,
        price: Some((price * 100.0).round() / 100.0),
        available: None,
        region: None,
        lat: None,
        lon: None,
        creator_id: None,
        listed_at: Some(listed_at),
        campaigns: None,
        quality: Some(quality),
        long_term_value: None,
    };
    let _always_accepted = facts.apply(Fact::Item(item, text.into()), moment);
}

/// Creates a user with a profile like one that is learnt from events of the last 60 days.
fn learn_user(
    facts: &mut Facts,
    u: u32,
    (items, merchants): (u32, u32),
    zipf: &Zipf,
    moment: &Moment<'_>,
    random: &mut Random,
) {
    let books = &mut facts.books;
    let id = format!("u{u}");
    let row = books.users.touch(&books.hasher, &id, moment.wall);
    books.users.figures.presence.get_mut(row).buys = true;
    let tags: Vec<TagId> = zipf
        .distinct(USER_TAGS, random)
        .into_iter()
        .filter_map(|tag| tag_of(books, tag))
        .collect();
    let profile = books.users.figures.profile.get_mut(row);
    let learn = moment.learn();
    let age = -i64::from(random.below(60)) * DAY;
    let growth = profile.open(&learn, moment.wall.plus(age));
    for tag in tags {
        let weight = growth * (1.0 + 50.0 * random.unit());
        profile.add_tag(&learn, tag, weight);
    }
    for _ in 0..USER_ITEMS {
        let item = ItemRow(random.below(items));
        let weight = growth * (1.0 + 20.0 * random.unit());
        profile.add_item(&learn, item, weight);
    }
    for _ in 0..USER_MERCHANTS {
        let merchant = MerchantRow(random.below(merchants));
        let weight = growth * (1.0 + 30.0 * random.unit());
        profile.add_merchant(&learn, merchant, weight);
    }
    profile.events = 70;
}

fn tag_of(books: &Books, tag: u32) -> Option<TagId> {
    let name = format!("t{tag}");
    books.tags.find(&books.hasher, Space::Plain, &name)
}

/// Adds the sales of the last 84 days: each merchant sells on five days of six, and only few of its items sell at all.
fn sell(
    facts: &mut Facts,
    (items, merchants): (u32, u32),
    last_complete: Day,
    random: &mut Random,
) {
    for m in 0..merchants {
        let first = m * ITEMS_A_MERCHANT;
        let seller = first + random.below(ITEMS_A_MERCHANT.min(items - first));
        let price = 1.0 + random.unit() * 100.0;
        for back in 0..DAYS {
            if random.below(6) == 0 {
                continue;
            }
            let purchase = Purchase {
                id: 0,
                amount: Money::from_units(price),
                refunded: Money::default(),
                buyer: UserRow(random.below(items)),
                runners: RunnerRows::default()
                    .with(ItemRow(if random.below(SOLD_ONE_IN) == 0 {
                        first
                    } else {
                        seller
                    }))
                    .with(MerchantRow(m)),
                stamp: Stamp::default(),
            };
            facts.books.sales.purchase(
                last_complete.plus(-i32::try_from(back).unwrap_or(0)),
                purchase,
            );
        }
    }
}

fn id_of(text: &str) -> Id<'_> {
    Id(text.into())
}

fn hundredths(number: u32) -> f32 {
    narrow(f64::from(number) / 100.0)
}

/// Zipf's law with exponent 1 over tag numbers: tag k has a probability proportional to 1/(k + 1).
struct Zipf {
    sums: Vec<f64>,
}

impl Zipf {
    fn new(tags: u32) -> Self {
        let mut sum = 0.0;
        let add = |tag: u32| {
            sum += 1.0 / f64::from(tag + 1);
            sum
        };
        Self {
            sums: (0..tags).map(add).collect(),
        }
    }

    fn draw(&self, random: &mut Random) -> u32 {
        let at = random.unit() * self.sums.last().copied().unwrap_or(0.0);
        short(self.sums.partition_point(|&sum| sum <= at))
    }

    /// Draws `count` different tags.
    fn distinct(&self, count: u32, random: &mut Random) -> Vec<u32> {
        let mut tags = Vec::new();
        while short(tags.len()) < count {
            let tag = self.draw(random);
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        tags
    }
}
