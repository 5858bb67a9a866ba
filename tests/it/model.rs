//! A second, plain implementation of the formulas, compared with the explanations of the service on a small random marketplace.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use saima::objective::{Objective, TABLE};
use saima::random::Random;
use serde_json::{Value, json};

use super::service::Service;
use super::siphash::lot;

const FIRST: i64 = 1_743_984_000_000;
const HOUR: i64 = 3_600_000;
const DAYS: i64 = 84;
/// Number of items of equal score.
const TWINS: u32 = 12;
const HALF_LIFE: f64 = 60.0;
const CONFIG: &str = "
[profile]
max_items = 1000
max_tags = 1000
max_merchants = 1000
[profile.gains_for_item]
purchase = 8
[profile.item_gains.c1]
purchase = -8
[predictions.margin]
normaliser = \"log\"
reference = 50
neutral = 0.25
[exposure]
clicks = 1000
[scene.default.weights]
affinity.tags = 0.3
affinity.item = 0.25
affinity.repeat = 0.07
affinity.merchant = 0.2
affinity.creator = 0.09
race.level = 0.1
race.growth = -0.05
item.level = 0.1
item.growth = 0.03
item.trend = 0.02
creator.level = 0.05
order_value = -0.07
freshness = 0.04
quality = 0.06
long_term_value = -0.02
item.appeal = 0.05
merchant.appeal = -0.04
item.conversion = 0.03
goal = 0.06
text = 0.11
proximity = 0.12
format = 0.13
margin = 0.08
";

/// Names, and the words that they are split into.
const NAMES: [(&str, &[&str]); 6] = [
    ("Serum", &["serum"]),
    ("精华液", &["精华", "精华液"]),
    ("skin-care", &["skin", "care"]),
    ("ＢＩＧ", &["big"]),
    ("补水面膜", &["补水", "面膜"]),
    ("🎁", &[]),
];

/// The search query, and its distinct words.
const QUERY: (&str, &[&str]) = (
    "SERUM 精华液 serum t3 c1 care nothing",
    &["serum", "精华", "精华液", "t3", "c1", "care", "nothing"],
);

/// Where users with an odd number are.
const HERE: [f64; 2] = [30.27, 120.05];

/// Returns the context of a user's request.
fn context(user: usize) -> Value {
    let mut context = json!({"query": QUERY.0, "region": "CN-33-01"});
    if user % 2 == 1 {
        context["lat"] = HERE[0].into();
        context["lon"] = HERE[1].into();
    }
    context
}

/// The goals of some merchants.
const GOALS: [(&str, &str); 5] = [
    ("m0", "acquisition"),
    ("m1", "win-back"),
    ("m2", "repurchase"),
    ("m3", "exposure"),
    ("m4", "acquisition"),
];

struct Item {
    id: String,
    merchant: Option<String>,
    category: String,
    brand: Option<String>,
    /// Places in `NAMES`.
    title: Option<Vec<usize>>,
    kind: Option<&'static str>,
    creator: Option<String>,
    tags: BTreeMap<String, f64>,
    /// Latitude and longitude.
    point: Option<[f64; 2]>,
    region: Option<&'static str>,
    price: Option<f64>,
    listed_at: Option<i64>,
    quality: Option<f64>,
    long_term_value: Option<f64>,
    margin: Option<f64>,
}

struct Event {
    user: usize,
    item: usize,
    kind: &'static str,
    at: i64,
    amount: f64,
    /// The merchant that the event names instead of the item's.
    seller: Option<String>,
    /// True if the user had not logged in yet, and had another id.
    is_visit: bool,
    /// The place at which the item was shown.
    position: Option<u32>,
}

/// A random marketplace.
struct World {
    items: Vec<Item>,
    events: Vec<Event>,
    /// Declared tags by user.
    declared: Vec<BTreeMap<String, f64>>,
    /// Followed merchants by user.
    follows: Vec<BTreeSet<String>>,
    /// Followed creator by user.
    creators: Vec<Option<&'static str>>,
    /// Integrity by merchant.
    integrity: BTreeMap<String, f64>,
    as_of: i64,
    shows: OnceCell<Shows>,
}

fn gain(kind: &str) -> f64 {
    match kind {
        "view" | "click" => 1.0,
        "favourite" => 3.0,
        "cart" | "share" => 4.0,
        "purchase" => 8.0,
        "dislike" => -8.0,
        "remove_from_cart" => -3.0,
        _ => 0.0,
    }
}

fn log_scale(x: f64, reference: f64) -> f64 {
    ((1.0 + x.max(0.0)).ln() / (1.0 + reference).ln()).min(1.0)
}

fn some<T>(numbers: &mut Random, value: T) -> Option<T> {
    (numbers.below(3) > 0).then_some(value)
}

fn random_world(seed: u64) -> World {
    let mut numbers = Random::new(seed);
    let mut items: Vec<Item> = (0..25).map(|n| random_item(&mut numbers, n)).collect();
    items.extend((0..TWINS).map(twin));
    let kinds = [
        "view",
        "click",
        "favourite",
        "cart",
        "purchase",
        "purchase",
        "share",
        "dislike",
        "impression",
        "refund",
        "remove_from_cart",
    ];
    let events = (0..400)
        .map(|n: u32| {
            let event = Event {
                user: numbers.below(6) as usize,
                item: numbers.below(20) as usize,
                kind: kinds[numbers.below(11) as usize],
                at: FIRST + i64::from(numbers.below(84 * 24)) * HOUR + 1,
                amount: f64::from(1 + numbers.below(300)),
                seller: None,
                is_visit: false,
                position: (!n.is_multiple_of(5)).then_some(n % 13),
            };
            elsewhere(event, &mut numbers)
        })
        .collect();
    let mut tags = || {
        (0..3)
            .map(|_| (format!("t{}", numbers.below(8)), 0.5))
            .collect()
    };
    let declared = vec![
        tags(),
        BTreeMap::new(),
        tags(),
        BTreeMap::new(),
        BTreeMap::new(),
        tags(),
    ];
    let follow = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let follows = vec![
        follow(&[]),
        follow(&["m1"]),
        follow(&["m0", "m3"]),
        follow(&[]),
        follow(&["m2"]),
        follow(&[]),
    ];
    World {
        items,
        events,
        declared,
        follows,
        creators: vec![None, Some("k0"), None, Some("k2"), Some("k0"), None],
        integrity: [("m0", 0.9), ("m1", 1.0), ("m2", 0.35)]
            .map(|(id, p)| (id.to_owned(), p))
            .into(),
        as_of: FIRST + DAYS * 24 * HOUR,
        shows: OnceCell::new(),
    }
}

fn random_item(numbers: &mut Random, n: u32) -> Item {
    let count = if n == 7 { 20 } else { numbers.below(5) };
    let tags = (0..count).map(|_| {
        (
            format!("t{}", numbers.below(8 + count)),
            f64::from(numbers.below(9)) / 4.0 - 0.5,
        )
    });
    let tags = tags.filter(|(_, weight)| weight.abs() > 0.0).collect();
    let kind = ["video", "product", "live"][n as usize % 3];
    let (merchant, brand) = (
        format!("m{}", numbers.below(5)),
        format!("b{}", numbers.below(3)),
    );
    let creator = format!("k{}", numbers.below(3));
    let price = f64::from(numbers.below(3_000)) / 2.0;
    let words = numbers.below(9);
    let title = (0..words).map(|_| numbers.below(6) as usize).collect();
    let listed_at = FIRST - i64::from(numbers.below(100 * 24)) * HOUR;
    Item {
        id: format!("i{n}"),
        merchant: some(numbers, merchant),
        category: format!("c{}", n % 3),
        brand: some(numbers, brand),
        title: some(numbers, title),
        kind: some(numbers, kind),
        creator: some(numbers, creator),
        tags,
        point: (n % 4 < 2).then(|| [30.0 + f64::from(n) / 70.0, 120.0 + f64::from(n % 7) / 90.0]),
        region: [Some("CN-33-01"), Some("CN-44"), None, Some("US-33-01")][n as usize % 4],
        price: some(numbers, price),
        listed_at: some(numbers, listed_at),
        quality: some(numbers, f64::from(n) / 25.0),
        long_term_value: some(numbers, 0.125),
        margin: some(numbers, f64::from(n * 3)),
    }
}

/// Lets some events be of another merchant, or of a visitor who logs in later.
fn elsewhere(event: Event, numbers: &mut Random) -> Event {
    let (seller, is_visit) = (format!("m{}", numbers.below(6)), numbers.below(2) > 0);
    let is_of_other = numbers.below(4) == 0 && !matches!(event.kind, "purchase" | "refund");
    Event {
        seller: is_of_other.then_some(seller),
        is_visit,
        ..event
    }
}

/// Returns an item of which nothing tells it from its twins, so that their scores tie.
fn twin(n: u32) -> Item {
    Item {
        id: format!("twin{n}"),
        merchant: None,
        category: "c0".to_owned(),
        brand: None,
        title: None,
        kind: None,
        creator: None,
        tags: BTreeMap::new(),
        point: None,
        region: None,
        price: None,
        listed_at: None,
        quality: None,
        long_term_value: None,
        margin: None,
    }
}

impl Item {
    fn declared(&self) -> Value {
        let name = |place: &usize| NAMES[*place].0;
        let title = self.title.as_ref();
        let title = title.map(|title| title.iter().map(name).collect::<Vec<_>>().join(", "));
        json!({
            "id": self.id, "title": title, "region": self.region,
            "lat": self.point.map(|point| point[0]), "lon": self.point.map(|point| point[1]), "merchant_id": self.merchant, "category": self.category, "brand": self.brand, "kind": self.kind,
            "creator_id": self.creator, "tags": self.tags, "price": self.price, "listed_at": self.listed_at, "quality": self.quality,
            "long_term_value": self.long_term_value,
        })
    }

    /// Returns the weighted count of each word of its texts.
    fn words(&self) -> BTreeMap<&str, f64> {
        let title = self.title.iter().flatten();
        let title = title
            .flat_map(|place| NAMES[*place].1)
            .map(|word| (*word, 3.0));
        let tags = self.tags.iter().filter(|(_, weight)| **weight > 0.0);
        let tags = tags.map(|(tag, _)| (tag.as_str(), 1.0));
        let brand = self.brand.iter().map(|brand| (brand.as_str(), 2.0));
        let mut words = BTreeMap::from([(self.category.as_str(), 2.0)]);
        for (word, weight) in title.chain(tags).chain(brand) {
            *words.entry(word).or_default() += weight;
        }
        words
    }

    /// Returns its tags with those of the name spaces.
    fn all_tags(&self) -> BTreeMap<String, f64> {
        let mut all = self.tags.clone();
        let spaces = [
            ("category", Some(self.category.as_str())),
            ("brand", self.brand.as_deref()),
            ("kind", self.kind),
            ("creator", self.creator.as_deref()),
        ];
        for (space, name) in spaces {
            all.extend(name.map(|name| (format!("{space}:{name}"), 1.0)));
        }
        all
    }
}

impl World {
    fn send(&self, service: &Service) {
        let merchants: Vec<Value> = GOALS
            .iter()
            .map(|(id, goal)| json!({"id": id, "integrity": self.integrity.get(*id), "goal": goal, "region": "CN-33"}))
            .collect();
        service.merchants(&merchants);
        service.items(&self.items.iter().map(Item::declared).collect::<Vec<_>>());
        let users: Vec<Value> = self
            .declared
            .iter()
            .zip(0..)
            .map(|(tags, n)| json!({"id": format!("u{n}"), "tags": tags}))
            .collect();
        service.users(&users);
        let mut events: Vec<Value> = self
            .events
            .iter()
            .map(|event| {
                let name = if event.is_visit { "visit" } else { "u" };
                let mut event_sent = json!({"user_id": format!("{name}{}", event.user), "merchant_id": event.seller, "item_id": self.items[event.item].id, "kind": event.kind, "at": event.at, "position": event.position});
                if event.kind == "purchase" {
                    event_sent["amount"] = json!(event.amount);
                }
                event_sent
            })
            .collect();
        for (user, follows) in self.follows.iter().enumerate() {
            let follow = |merchant: &String| json!({"user_id": format!("u{user}"), "merchant_id": merchant, "kind": "follow", "at": FIRST});
            events.extend(follows.iter().map(follow));
        }
        for (user, creator) in self.creators.iter().enumerate() {
            let follow = creator.map(|creator| json!({"user_id": format!("u{user}"), "creator_id": creator, "kind": "follow", "at": FIRST}));
            events.extend(follow);
        }
        events.push(
            json!({"user_id": "last", "merchant_id": "m0", "kind": "impression", "at": self.as_of}),
        );
        // Users log in while their events come.
        let (before, after) = events.split_at(events.len() / 2);
        service.events(before);
        for user in 0..self.declared.len() {
            let pair = json!({"from": format!("visit{user}"), "into": format!("u{user}")});
            let merged = service.json("POST", "/users/merge", &pair);
            assert!(matches!(merged.status, 200 | 404), "{}", merged.text());
        }
        service.events(after);
        service.rebuild();
    }

    /// Returns a user's events, each with the share of its gain that is left at `as_of`.
    fn fading(&self, user: usize) -> impl Iterator<Item = (&Event, f64)> {
        let left =
            |event: &Event| 0.5_f64.powf((self.as_of - event.at) as f64 / 86_400_000.0 / HALF_LIFE);
        self.events
            .iter()
            .filter(move |event| event.user == user)
            .map(move |event| (event, left(event)))
    }

    fn item_history(&self, user: usize, item: usize) -> f64 {
        let gain = |event: &Event| match (event.kind, self.items[item].category.as_str()) {
            ("purchase", "c1") => -8.0,
            (kind, _) => gain(kind),
        };
        let own = self.fading(user).filter(|(event, _)| event.item == item);
        let learnt: f64 = own.map(|(event, left)| gain(event) * left).sum();
        let purchase = if self.items[item].category == "c1" {
            -8.0
        } else {
            8.0
        };
        learnt - purchase * self.returned(user, item)
    }

    /// Returns how many purchases of an item a user's refunds take back: all of each, but not more than were bought.
    fn returned(&self, user: usize, item: usize) -> f64 {
        let of = |kind: &str| -> f64 {
            let own = self
                .fading(user)
                .filter(|(event, _)| event.item == item && event.kind == kind);
            own.map(|(_, left)| left).sum()
        };
        of("refund").min(of("purchase"))
    }

    fn merchant_history(&self, user: usize, merchant: &str) -> f64 {
        let sold = |event: &Event| {
            let sells = self.items[event.item].merchant.as_deref();
            event.seller.as_deref().or(sells) == Some(merchant)
        };
        let own = self.fading(user).filter(|(event, _)| sold(event));
        let learnt: f64 = own.map(|(event, left)| gain(event.kind) * left).sum();
        let items = self.items.iter().enumerate();
        let sold = items.filter(|(_, item)| item.merchant.as_deref() == Some(merchant));
        let returned: f64 = sold.map(|(item, _)| self.returned(user, item)).sum();
        learnt - 8.0 * returned
            + if self.follows[user].contains(merchant) {
                8.0
            } else {
                0.0
            }
    }

    fn creator_history(&self, user: usize, creator: &str) -> f64 {
        let tag = format!("creator:{creator}");
        self.taste(user).get(&tag).copied().unwrap_or(0.0)
    }

    fn taste(&self, user: usize) -> BTreeMap<String, f64> {
        let mut taste: BTreeMap<String, f64> = BTreeMap::new();
        for (event, left) in self.fading(user) {
            for (tag, weight) in self.items[event.item].all_tags() {
                *taste.entry(tag).or_default() += gain(event.kind) * weight * left;
            }
        }
        for (number, item) in self.items.iter().enumerate() {
            for (tag, weight) in item.all_tags() {
                if let Some(known) = taste.get_mut(&tag) {
                    *known -= 8.0 * weight * self.returned(user, number);
                }
            }
        }
        if let Some(creator) = self.creators[user] {
            *taste.entry(format!("creator:{creator}")).or_default() += 8.0;
        }
        for (tag, weight) in &self.declared[user] {
            *taste.entry(tag.clone()).or_default() += 24.0 * weight;
        }
        taste
    }

    fn idf(&self, tag: &str) -> f64 {
        let carry = |item: &&Item| item.all_tags().contains_key(tag);
        let (all, with) = (
            self.items.len() as f64,
            self.items.iter().filter(carry).count() as f64,
        );
        1.0 + ((1.0 + all) / (1.0 + with)).ln()
    }

    /// Returns r of the kind of an item for a user, and its value.
    fn format(&self, user: usize, item: usize) -> (Option<f64>, f64) {
        let liking = |user: usize| {
            let taste = self.taste(user);
            ["product", "live", "video", "article", "page"].map(|kind| {
                let weight = taste.get(&format!("kind:{kind}"));
                (kind, weight.map_or(0.0, |weight| weight.max(0.0)))
            })
        };
        let sum = |liking: &[(&str, f64)]| liking.iter().map(|it| it.1).sum::<f64>();
        let all: Vec<_> = (0..self.declared.len()).flat_map(liking).collect();
        let own = liking(user);
        let share = |kind: &str| {
            let of_kind = all.iter().filter(|it| it.0 == kind);
            of_kind.map(|it| it.1).sum::<f64>() / sum(&all)
        };
        let Some((kind, gain)) = own.iter().find(|it| Some(it.0) == self.items[item].kind) else {
            return (None, 0.5);
        };
        let taste = (gain + 8.0 * share(kind)) / (sum(&own) + 8.0);
        let r = taste / share(kind);
        (Some(r), r / (1.0 + r))
    }

    /// Returns how near an item is to the place of odd users, who have coordinates, or to the region of even ones.
    fn proximity(&self, user: usize, item: usize) -> (Option<f64>, f64) {
        let item = &self.items[item];
        if let (true, Some(point)) = (user % 2 == 1, item.point) {
            let [lat, lon, there_lat, there_lon] =
                [HERE[0], HERE[1], point[0], point[1]].map(f64::to_radians);
            let h = ((there_lat - lat) / 2.0).sin().powi(2)
                + lat.cos() * there_lat.cos() * ((there_lon - lon) / 2.0).sin().powi(2);
            let km = 2.0 * 6_371.0 * h.sqrt().asin();
            return (Some(km), 0.5_f64.powf(km / 5.0));
        }
        // Merchants declare the region CN-33.
        let region = item.region.or(item.merchant.as_ref().map(|_| "CN-33"));
        let value = region.map(|region| match region {
            "CN-33-01" => 1.0,
            "CN-33" => 0.6,
            "CN-44" => 0.3,
            _ => 0.0,
        });
        (value, value.unwrap_or(0.5))
    }

    /// Returns the BM25F score of an item for the query, and its value.
    fn text(&self, item: usize) -> (Option<f64>, f64) {
        let all: Vec<BTreeMap<&str, f64>> = self.items.iter().map(Item::words).collect();
        let length = |words: &BTreeMap<&str, f64>| words.values().sum::<f64>();
        let mean = all.iter().map(length).sum::<f64>() / all.len() as f64;
        let (mut score, mut most) = (0.0, 0.0);
        for word in QUERY.1 {
            let with = all.iter().filter(|words| words.contains_key(word)).count() as f64;
            let idf = 1.0 + ((1.0 + all.len() as f64) / (1.0 + with)).ln();
            let f = all[item].get(word).copied().unwrap_or(0.0);
            let saturation = 1.2 * (0.25 + 0.75 * length(&all[item]) / mean);
            score += idf * 2.2 * f / (f + saturation);
            most += idf * 2.2;
        }
        (Some(score), score / most)
    }

    /// Returns the cosine; `None` without a taste or tags.
    fn cosine(&self, user: usize, item: usize) -> Option<f64> {
        let (taste, tags) = (self.taste(user), self.items[item].all_tags());
        let weighed = |tags: &BTreeMap<String, f64>| -> BTreeMap<String, f64> {
            tags.iter()
                .map(|(tag, weight)| (tag.clone(), weight * self.idf(tag)))
                .collect()
        };
        let (taste, tags) = (weighed(&taste), weighed(&tags));
        let norm =
            |weights: &BTreeMap<String, f64>| weights.values().map(|w| w * w).sum::<f64>().sqrt();
        let dot: f64 = tags
            .iter()
            .filter_map(|(tag, weight)| Some(weight * taste.get(tag)?))
            .sum();
        let norms = norm(&taste) * norm(&tags);
        (norms > 0.0).then(|| dot / norms)
    }

    /// Returns the factor for what the user turned away from.
    fn aversion(&self, user: usize, item: usize) -> f64 {
        let declared = &self.items[item];
        let against = |strength: f64, history: f64, reference| {
            1.0 - strength * log_scale(-history, reference)
        };
        let merchant = declared.merchant.as_ref();
        let merchant = merchant.map_or(0.0, |id| self.merchant_history(user, id));
        let creator = declared.creator.as_ref();
        let creator = creator.map_or(0.0, |id| self.creator_history(user, id));
        let cosine = self.cosine(user, item).unwrap_or(0.0);
        let factor = against(0.8, self.item_history(user, item), 40.0)
            * against(0.5, merchant, 100.0)
            * against(0.5, creator, 100.0)
            * (1.0 - 0.3 * (-cosine).clamp(0.0, 1.0));
        factor.clamp(0.1, 1.0)
    }

    /// Returns the number of purchases of an item that a user kept, the sum of what is left of each, and the ages of the first and the
    /// last purchase; `None` for one that the user does not have. A refund without a purchase takes one back.
    fn bought(&self, user: usize, item: usize) -> Option<(f64, f64, [f64; 2])> {
        let of = |kind: &'static str| {
            let own = self.fading(user);
            own.filter(move |(event, _)| event.item == item && event.kind == kind)
        };
        let count = of("purchase").count() as f64 - of("refund").count() as f64;
        let left = |kind| of(kind).map(|(_, left)| left).sum::<f64>();
        let days = || of("purchase").map(|(event, _)| self.age(event));
        let ages = [days().fold(0.0, f64::max), days().fold(f64::MAX, f64::min)];
        (count > 0.0).then(|| (count, left("purchase") - left("refund"), ages))
    }

    fn age(&self, event: &Event) -> f64 {
        (self.as_of - event.at) as f64 / 86_400_000.0
    }

    /// Returns N and E of a user and an item.
    fn repeats(&self, user: usize, item: usize) -> [f64; 2] {
        let Some((count, left, [first, _])) = self.bought(user, item) else {
            return [0.0; 2];
        };
        let faded = 0.5_f64.powf(first / HALF_LIFE);
        let watched = HALF_LIFE / std::f64::consts::LN_2 * (1.0 - faded);
        [(left.min(count) - faded).max(0.0), watched]
    }

    /// Returns the usual rate of repeats of an item.
    fn usual_rate(&self, item: usize) -> f64 {
        let sums = |is: &dyn Fn(usize) -> bool| {
            let items = (0..self.items.len()).filter(|item| is(*item));
            let pairs = items.flat_map(|item| (0..6).map(move |user| self.repeats(user, item)));
            pairs.fold([0.0, 0.0], |[n, e], [one, more]| [n + one, e + more])
        };
        let rate = |[n, e]: [f64; 2], coarser: f64| (n + 1_000.0 * coarser) / (e + 1_000.0);
        let all = rate(sums(&|_| true), 0.004);
        let category = &self.items[item].category;
        let coarser = rate(sums(&|other| self.items[other].category == *category), all);
        rate(sums(&|other| other == item), coarser)
    }

    /// Returns the chance that a user buys an item again within 14 days.
    fn repeat(&self, user: usize, item: usize) -> f64 {
        let Some((_, _, [_, last])) = self.bought(user, item) else {
            return 0.0;
        };
        let [n, e] = self.repeats(user, item);
        let rate = (n + HALF_LIFE * 0.4 * self.usual_rate(item)) / (e + HALF_LIFE);
        let overdue = (last * rate - 0.5).max(0.0);
        1.0 - (-14.0 * rate * (-0.5 * overdue).exp()).exp()
    }

    /// Returns the median amount of the window's purchases, or the listed price without any.
    fn worth(&self, item: usize) -> Option<f64> {
        let sold = self
            .events
            .iter()
            .filter(|event| event.item == item && event.kind == "purchase");
        let mut amounts: Vec<f64> = sold.map(|event| event.amount).collect();
        amounts.sort_by(f64::total_cmp);
        let n = amounts.len();
        let median = || f64::midpoint(amounts[(n - 1) / 2], amounts[n / 2]);
        if n > 0 {
            Some(median())
        } else {
            self.items[item].price
        }
    }

    /// Returns ln((10·s + 4)/(l + 4)).
    fn trend(&self, item: usize) -> f64 {
        let mut first: BTreeMap<(usize, i64), i64> = BTreeMap::new();
        let is_sale = |event: &&Event| event.item == item && event.kind == "purchase";
        for event in self.events.iter().filter(is_sale) {
            let day = event.at.div_euclid(24 * HOUR);
            let at = first.entry((event.user, day)).or_insert(event.at);
            *at = (*at).min(event.at);
        }
        let sum = |half_life| -> f64 { first.values().map(|at| self.left(*at, half_life)).sum() };
        ((10.0 * sum(3.0) + 4.0) / (sum(30.0) + 4.0)).ln()
    }

    /// Returns what one order is usually worth to a user.
    fn own_worth(&self, user: usize, item: usize) -> Option<f64> {
        let usual = self.worth(item);
        let Some((count, ..)) = self.bought(user, item) else {
            return usual;
        };
        let own = self.fading(user).filter(|(event, _)| event.item == item);
        let spent = own.map(|(event, _)| match event.kind {
            "purchase" => event.amount,
            "refund" => -self.items[item].price.unwrap_or(0.0),
            _ => 0.0,
        });
        let sum = spent.sum::<f64>().max(0.0);
        Some(usual.map_or(sum / count, |m| (sum + 3.0 * m) / (count + 3.0)))
    }

    /// Returns the raw figure and the value of an objective by the plain formulas.
    ///
    /// The match lists every objective, so a new one does not compile until it is modelled. Figures of the race have a model of
    /// their own beside the race: `shown` is the raw figure of the explanation.
    fn objective(
        &self,
        (user, item): (usize, usize),
        objective: Objective,
        shown: Option<f64>,
        races: &Races,
    ) -> (Option<f64>, f64) {
        let declared = &self.items[item];
        let neutral = |raw: Option<f64>| (raw, raw.unwrap_or(0.5));
        let merchant = declared.merchant.as_ref();
        let history = |raw: Option<f64>| (raw, raw.map_or(0.0, |it| log_scale(it, 100.0)));
        match objective {
            Objective::AffinityTags => {
                let cosine = self.cosine(user, item);
                (cosine, cosine.map_or(0.0, |cosine| cosine.max(0.0)))
            }
            Objective::AffinityItem => {
                let history = self.item_history(user, item);
                (Some(history), log_scale(history, 40.0))
            }
            Objective::AffinityRepeat => {
                let chance = self.repeat(user, item);
                (Some(chance), (1.0 + 100.0 * chance).ln() / 101.0_f64.ln())
            }
            Objective::AffinityMerchant => {
                history(merchant.map(|id| self.merchant_history(user, id)))
            }
            Objective::AffinityCreator => {
                let creator = declared.creator.as_ref();
                history(creator.map(|id| self.creator_history(user, id)))
            }
            Objective::CreatorLevel => (shown, races.level(declared.creator.as_ref())),
            Objective::RaceLevel => (shown, races.level(merchant)),
            Objective::RaceGrowth => (shown, races.growth(merchant)),
            Objective::ItemLevel => (shown, shown.map_or(0.0, |buyers| log_scale(buyers, 100.0))),
            Objective::ItemGrowth => (shown, races.growth(Some(&declared.id))),
            Objective::ItemTrend => {
                let trend = self.trend(item);
                (Some(trend), (0.5 + 0.25 * trend).clamp(0.0, 1.0))
            }
            Objective::OrderValue => {
                let worth = self.own_worth(user, item);
                (worth, worth.map_or(0.5, |worth| log_scale(worth, 1_000.0)))
            }
            Objective::Freshness => {
                let age = declared
                    .listed_at
                    .map(|at| (self.as_of - at) as f64 / 86_400_000.0);
                (age, age.map_or(0.5, |age| 0.5_f64.powf(age / 30.0)))
            }
            Objective::Quality => neutral(declared.quality),
            Objective::LongTermValue => neutral(declared.long_term_value),
            Objective::ItemAppeal => self.ratio(item, [1, 0]),
            Objective::ItemConversion => self.ratio(item, [2, 1]),
            Objective::Goal => self.goal(user, merchant),
            Objective::Text => self.text(item),
            Objective::Proximity => self.proximity(user, item),
            Objective::Format => self.format(user, item),
            Objective::MerchantAppeal => {
                let shows = self.shows.get_or_init(|| self.count_shows());
                let lane = shows.0.iter().filter(|(id, _)| id.starts_with('m'));
                let own = merchant.map(|id| shows.of(id));
                appeal(own, lane.map(|(_, sums)| *sums), [1, 0])
            }
        }
    }

    /// Returns c − π of a merchant for a user, and its value.
    fn goal(&self, user: usize, merchant: Option<&String>) -> (Option<f64>, f64) {
        let goal = GOALS
            .iter()
            .find(|(id, _)| Some(*id) == merchant.map(String::as_str));
        let (Some((_, goal)), Some(merchant)) = (goal, merchant) else {
            return (None, 0.5);
        };
        if *goal == "exposure" {
            return (Some(0.0), 0.5);
        }
        let (mut shown, mut held) = (0.0, 0.0);
        for (n, event) in self.events.iter().enumerate() {
            if event.kind == "impression" && self.seller(event) == Some(merchant) {
                let left = self.left(event.at, 28.0);
                shown += left;
                let is_same = |other: &Event| self.is_same(n, event, other);
                let before = self.events[..n].iter().filter(|other| is_same(other));
                held += if holds(goal, &self.known(before, merchant), event.at) {
                    left
                } else {
                    0.0
                };
            }
        }
        if merchant == "m0" {
            // The last event is of somebody who is new to it.
            (shown, held) = (shown + 1.0, held + 1.0);
        }
        if shown <= 0.0 {
            return (None, 0.5);
        }
        let own = self.events.iter().filter(|event| event.user == user);
        let mut known = self.known(own, merchant);
        known.0 |= self.follows[user].contains(merchant);
        let c = if holds(goal, &known, self.as_of) {
            1.0
        } else {
            0.0
        };
        (Some(c - held / shown), 0.5 + 0.5 * (c - held / shown))
    }

    fn seller<'w>(&'w self, event: &'w Event) -> Option<&'w String> {
        event
            .seller
            .as_ref()
            .or(self.items[event.item].merchant.as_ref())
    }

    /// Returns whether another event is by the same user, as far as that is known when event `n` arrives.
    fn is_same(&self, n: usize, event: &Event, other: &Event) -> bool {
        other.user == event.user && (n >= self.before_login() || other.is_visit == event.is_visit)
    }

    /// Returns whether there is a history with a merchant, and the days of purchases from it.
    fn known<'w>(
        &'w self,
        events: impl Iterator<Item = &'w Event>,
        merchant: &String,
    ) -> (bool, Vec<i64>) {
        let own = events.filter(|event| self.seller(event) == Some(merchant));
        let own: Vec<&Event> = own.collect();
        let bought = own.iter().filter(|event| event.kind == "purchase");
        let days: BTreeSet<i64> = bought.map(|event| event.at.div_euclid(24 * HOUR)).collect();
        let is_known = own.iter().any(|event| gain(event.kind).abs() > 0.0);
        (is_known, days.into_iter().rev().take(8).rev().collect())
    }

    /// Returns the number of events before users log in.
    fn before_login(&self) -> usize {
        let follows: usize = self.follows.iter().map(BTreeSet::len).sum();
        let creators = self.creators.iter().flatten().count();
        // And the last event of all.
        (self.events.len() + follows + creators).div_ceil(2)
    }

    /// Returns r and the value of an item in its lane: sums 0 to 2 are weights of exposures, clickers and buyers.
    fn ratio(&self, item: usize, which: [usize; 2]) -> (Option<f64>, f64) {
        let shows = self.shows.get_or_init(|| self.count_shows());
        let category = &self.items[item].category;
        let lane = self.items.iter().filter(|it| it.category == *category);
        let own = Some(shows.of(&self.items[item].id));
        appeal(own, lane.map(|it| shows.of(&it.id)), which)
    }

    /// Goes through the events as the service received them.
    fn count_shows(&self) -> Shows {
        let mut shows = Shows::default();
        let mut last = BTreeMap::new();
        let before_login = self.before_login();
        for (n, event) in self.events.iter().enumerate() {
            if n == before_login {
                last = logged_in(last);
            }
            let is_visit = event.is_visit && n < before_login;
            let user = if is_visit {
                event.user + 100
            } else {
                event.user
            };
            let item = &self.items[event.item];
            let merchant = event.seller.as_ref().or(item.merchant.as_ref());
            let left = self.left(event.at, 28.0);
            let mut count = |runner: &str, kind: &str, sum: usize, gain: f64, clicks: bool| {
                let seen = last
                    .entry((user, format!("{kind}{runner}")))
                    .or_insert(None);
                shows.count(runner, (event.at, left, sum, gain), seen, clicks);
            };
            for runner in std::iter::once(&item.id).chain(merchant) {
                match event.kind {
                    "impression" => count(runner, "", 0, weight_of(event.position), false),
                    "click" => count(runner, "", 1, 1.0, true),
                    "purchase" if *runner == item.id => count(runner, "bought ", 2, 1.0, true),
                    _ => {}
                }
            }
        }
        shows.0.entry("m0".to_owned()).or_default()[0] += weight_of(None);
        shows
    }

    fn left(&self, at: i64, half_life: f64) -> f64 {
        0.5_f64.powf((self.as_of - at) as f64 / 86_400_000.0 / half_life)
    }

    /// Returns the raw figure and the value of the prediction.
    fn margin(&self, item: usize) -> (Option<f64>, f64) {
        let margin = self.items[item].margin;
        (
            margin,
            margin.map_or(0.25, |margin| log_scale(margin, 50.0)),
        )
    }
}

/// Returns whether a goal holds at an instant for a user with a history, or without, who bought on these days.
fn holds(goal: &str, (is_known, days): &(bool, Vec<i64>), at: i64) -> bool {
    let away = days.last().map(|last| at.div_euclid(24 * HOUR) - last);
    let mut gaps: Vec<i64> = days.windows(2).map(|pair| pair[1] - pair[0]).collect();
    gaps.sort_unstable();
    match goal {
        "acquisition" => !is_known,
        "win-back" => away.is_some_and(|away| away > 60),
        _ => {
            let n = gaps.len();
            n > 0 && {
                let usual = f64::midpoint(gaps[(n - 1) / 2] as f64, gaps[n / 2] as f64);
                let away = away.unwrap() as f64;
                away >= 0.8 * usual && away <= 1.5 * usual
            }
        }
    }
}

/// The weights of exposures, clickers and buyers of each runner, with a half-life of 28 days.
#[derive(Default)]
struct Shows(BTreeMap<String, [f64; 3]>);

impl Shows {
    fn of(&self, id: &str) -> [f64; 3] {
        self.0.get(id).copied().unwrap_or_default()
    }

    /// Counts an event if it is evidence: the user's last click on the runner is 28 days ago, or, for an exposure, was later.
    fn count(
        &mut self,
        runner: &str,
        (at, left, sum, gain): (i64, f64, usize, f64),
        seen: &mut Option<i64>,
        clicks: bool,
    ) {
        let since = seen.map(|last| at / 1_000 - last);
        let is_first = since.is_none_or(|since| since > 28 * 86_400);
        if is_first || (!clicks && since.is_some_and(|since| since < 0)) {
            self.0.entry(runner.to_owned()).or_default()[sum] += gain * left;
        }
        if clicks {
            *seen = Some(seen.map_or(at / 1_000, |last| last.max(at / 1_000)));
        }
    }
}

type LastClicks = BTreeMap<(usize, String), Option<i64>>;

/// Gives the clicks of each visit to its user.
fn logged_in(clicks: LastClicks) -> LastClicks {
    let mut users = LastClicks::new();
    for ((user, runner), at) in clicks {
        let last = users.entry((user % 100, runner)).or_default();
        *last = (*last).max(at);
    }
    users
}

/// Returns 1/log2(1 + place), from 1 on; 10 for an unknown place.
fn weight_of(position: Option<u32>) -> f64 {
    1.0 / (1.0 + f64::from(position.unwrap_or(10).max(1))).log2()
}

/// Returns r of a runner and its value, from two of the sums of its lane.
fn appeal(
    own: Option<[f64; 3]>,
    lane: impl Iterator<Item = [f64; 3]>,
    [x, e]: [usize; 2],
) -> (Option<f64>, f64) {
    let (clicks, shown) = lane.fold((0.0, 0.0), |(a, b), sums| (a + sums[x], b + sums[e]));
    let Some(own) = own.filter(|_| shown > 0.0) else {
        return (None, 0.5);
    };
    let r = (4.0 + own[x]) / (4.0 + clicks / shown * own[e]);
    (Some(r), r / (1.0 + r))
}

/// Asserts equality up to single precision and the digits written.
fn near(a: f64, b: f64, what: &str) {
    assert!(
        (a - b).abs() <= 1e-5 * (1.0 + a.abs()),
        "{what}: {a} is not {b}"
    );
}

fn weight(name: &str) -> f64 {
    let line = CONFIG
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "));
    line.unwrap().parse().unwrap()
}

/// Compares the explanation of one item with the formulas.
fn check(world: &World, user: usize, item: usize, explain: &Value, races: &Races) {
    let (mut base, mut sizes) = (0.0, 0.0);
    let parts = explain["objectives"].as_array().unwrap();
    assert_eq!(parts.len(), TABLE.len() + 1, "every objective is weighed");
    for part in parts {
        let name = part["name"].as_str().unwrap();
        let what = format!("{name} of i{item} for u{user}");
        let value = part["value"].as_f64().unwrap();
        let shown = part["raw"].as_f64();
        let (raw, expected) = match Objective::named(name) {
            Some(objective) => world.objective((user, item), objective, shown, races),
            None => world.margin(item),
        };
        near(expected, value, &what);
        assert_eq!(raw.is_none(), shown.is_none(), "{what}: {raw:?}");
        near(raw.unwrap_or(0.0), shown.unwrap_or(0.0), &what);
        let weight = weight(name);
        near(weight, part["weight"].as_f64().unwrap(), &what);
        sizes += weight.abs();
        base += if weight < 0.0 {
            -weight * (1.0 - value)
        } else {
            weight * value
        };
    }
    near(base / sizes, explain["base"].as_f64().unwrap(), "base");
    let merchant = world.items[item].merchant.as_ref();
    let integrity = merchant
        .and_then(|id| world.integrity.get(id))
        .copied()
        .unwrap_or(1.0);
    let aversion = world.aversion(user, item);
    let factors = explain["factors"].as_array().unwrap();
    let shown = factors.iter().find(|factor| factor["name"] == "aversion");
    let shown = shown.map_or(1.0, |factor| factor["factor"].as_f64().unwrap());
    near(aversion, shown, &format!("aversion of i{item} for u{user}"));
    near(
        base / sizes * integrity * aversion,
        explain["score"].as_f64().unwrap(),
        "score",
    );
}

/// Level and growth by runner, from the boards.
struct Races(BTreeMap<String, (f64, f64)>);

impl Races {
    fn shown(service: &Service) -> Self {
        let mut shown = BTreeMap::new();
        for kind in ["merchant", "item", "creator"] {
            let board = service.get(&format!("/race?kind={kind}")).ok();
            for runner in board["runners"].as_array().unwrap() {
                let figure = |name: &str| runner[name].as_f64().unwrap();
                shown.insert(
                    runner["id"].as_str().unwrap().to_owned(),
                    (figure("level"), figure("growth")),
                );
            }
        }
        Self(shown)
    }

    fn level(&self, id: Option<&String>) -> f64 {
        id.map_or(0.0, |id| self.0[id].0)
    }

    fn growth(&self, id: Option<&String>) -> f64 {
        id.map_or(0.0, |id| self.0[id].1)
    }
}

/// Checks that scores do not rise, and that the twins are in the order of their lots.
fn check_order(world: &World, user: &str, ranked: &[Value]) {
    let scores = ranked
        .iter()
        .map(|placed| placed["score"].as_f64().unwrap());
    assert!(scores.is_sorted_by(|a, b| a >= b), "{user}");
    let ids = ranked.iter().map(|placed| placed["id"].as_str().unwrap());
    let twins: Vec<&str> = ids.filter(|id| id.starts_with("twin")).collect();
    let day = world.as_of.div_euclid(24 * HOUR);
    let mut by_lot = twins.clone();
    by_lot.sort_by_key(|id| (lot(user, day, id), id.as_bytes()));
    assert_eq!(twins, by_lot, "{user}");
    assert_eq!(twins.len(), TWINS as usize);
}

#[test]
fn explanations_match_the_formulas() {
    for seed in [1, 2, 3] {
        let world = random_world(seed);
        let service = Service::with_config(CONFIG);
        world.send(&service);
        let races = Races::shown(&service);
        let candidate = |item: &Item| match item.margin {
            Some(margin) => json!({"id": item.id, "predictions": {"margin": margin}}),
            None => json!(item.id),
        };
        let candidates: Vec<Value> = world.items.iter().map(candidate).collect();
        for user in 0..world.declared.len() {
            let request = json!({"user_id": format!("u{user}"), "candidates": candidates, "explain": true, "context": context(user)});
            let ranking = service.rank(&request);
            let ranked = ranking["items"].as_array().unwrap();
            assert_eq!(ranked.len(), world.items.len());
            check_order(&world, &format!("u{user}"), ranked);
            for placed in ranked {
                let id = placed["id"].as_str().unwrap();
                let item = world.items.iter().position(|item| item.id == id).unwrap();
                check(&world, user, item, &placed["explain"], &races);
            }
        }
    }
}
