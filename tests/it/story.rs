//! The race from purchase events to the order of `/rank`, on the embedded configuration and for an unknown user: a growing shop passes
//! a far larger one that does not grow, and neither a shop with six orders nor one with a day of sales to its own accounts passes either.

use serde_json::{Value, json};

use saima::random::Random;

use super::service::Service;

/// Midnight before the first day. The 84th day is a Sunday.
const FIRST: i64 = 1_743_984_000_000;
const DAY: i64 = 86_400_000;
/// Days of a month. Three months are the window.
const MONTH: u32 = 28;

/// The orders, each from another buyer.
struct Orders {
    events: Vec<Value>,
    numbers: Random,
}

impl Orders {
    /// Adds an order of a shop's only item on a day, by a new buyer.
    fn order(&mut self, shop: &str, day: u32) {
        let buyer = format!("buyer-{}", self.events.len());
        self.order_by(shop, day, &buyer);
    }

    fn order_by(&mut self, shop: &str, day: u32, buyer: &str) {
        let second = self.numbers.below(86_400);
        let at = FIRST + i64::from(day) * DAY + i64::from(second) * 1_000;
        let id = format!("order-{}", self.events.len());
        self.events.push(json!({
            "id": id, "user_id": buyer, "item_id": format!("item-{shop}"), "kind": "purchase", "at": at, "amount": 100.0,
        }));
    }

    /// Adds the orders of three months, spread evenly over each.
    fn months(&mut self, shop: &str, counts: [u32; 3]) {
        for (month, count) in (0..).zip(counts) {
            for one in 0..count {
                let day = (2 * one + 1) * MONTH / (2 * count);
                self.order(shop, month * MONTH + day);
            }
        }
    }

    /// Adds the orders of three equal months, on pseudo-random days.
    fn steady(&mut self, shop: &str, monthly: u32) {
        for _ in 0..3 * monthly {
            let day = self.numbers.below(3 * MONTH);
            self.order(shop, day);
        }
    }
}

fn send_orders(service: &Service) {
    let mut orders = Orders {
        events: Vec::new(),
        numbers: Random::new(1),
    };
    orders.months("a", [10_000; 3]);
    orders.months("b", [1_000, 2_000, 3_000]);
    orders.months("c", [1, 2, 3]);
    orders.months("d", [900; 3]);
    for one in 0..10 * 900 / MONTH {
        orders.order_by("d", 3 * MONTH - 4, &format!("account-{}", one % 5));
    }
    let mut shops: Vec<String> = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
    for one in 0..200 {
        let monthly = 240.0 * (1.3 * orders.numbers.normal()).exp();
        let shop = format!("lane-{one}");
        orders.steady(&shop, format!("{monthly:.0}").parse().unwrap());
        shops.push(shop);
    }
    let merchant = |shop: &String| json!({"id": shop, "category": "beauty"});
    service.merchants(&shops.iter().map(merchant).collect::<Vec<_>>());
    let item = |shop: &String| json!({"id": format!("item-{shop}"), "merchant_id": shop, "category": "beauty", "price": 100});
    service.items(&shops.iter().map(item).collect::<Vec<_>>());
    service.events(&orders.events);
}

#[test]
fn a_growing_shop_passes_a_larger_stagnant_one() {
    let service = Service::start();
    send_orders(&service);
    let next_day = FIRST + 84 * DAY;
    service.events(&[
        json!({"user_id": "passer-by", "merchant_id": "a", "kind": "view", "at": next_day}),
    ]);
    service.rebuild();
    let request = json!({
        "user_id": "nobody knows", "candidates": ["item-d", "item-c", "item-a", "item-b"], "explain": true,
    });
    let ranking = service.rank(&request);
    let order = super::service::ids(&ranking);
    assert_eq!(order[..2], ["item-b", "item-a"], "{ranking:#}");
    let board = service.get("/race?lane=beauty&limit=300").ok();
    assert_eq!(board["size"], 204);
    let place = |shop: &str| {
        let runners = board["runners"].as_array().unwrap();
        runners
            .iter()
            .position(|runner| runner["id"] == shop)
            .unwrap()
    };
    assert!(place("b") < place("a"), "{board:#}");
    assert!(place("a") < place("d") && place("d") < place("c"));
    let weekly = board["runners"][place("a")]["weekly_gmv"].as_f64().unwrap();
    assert!((weekly - 250_000.0).abs() < 25_000.0, "{weekly}");
}

/// A lane of forty shops whose buyers buy from other shops too, so that nobody is a stranger.
fn send_honest(service: &Service, orders: &mut Orders) {
    let shops: Vec<String> = (0..40).map(|one| format!("shop-{one}")).collect();
    let merchant = |shop: &String| json!({"id": shop, "category": "tea"});
    service.merchants(&shops.iter().map(merchant).collect::<Vec<_>>());
    let item = |shop: &String| json!({"id": format!("item-{shop}"), "merchant_id": shop, "category": "tea", "price": 100});
    service.items(&shops.iter().map(item).collect::<Vec<_>>());
    for (count, shop) in (40..).zip(&shops) {
        for _ in 0..count {
            let (day, buyer) = (orders.numbers.below(84), orders.numbers.below(500));
            orders.order_by(shop, day, &format!("honest-{buyer}"));
        }
    }
}

/// Returns the places of a shop on the board of its lane, and of its item in a ranking for an unknown user.
fn places(service: &Service, shop: &str) -> [usize; 2] {
    service.events(&[
        json!({"user_id": "passer-by", "merchant_id": "shop-0", "kind": "view", "at": FIRST + 84 * DAY}),
    ]);
    service.rebuild();
    let board = service.get("/race?lane=tea").ok();
    let runners = board["runners"].as_array().unwrap();
    let place = runners.iter().position(|runner| runner["id"] == shop);
    let candidates: Vec<String> = (0..40).map(|one| format!("item-shop-{one}")).collect();
    let request = json!({"user_id": "nobody knows", "candidates": candidates});
    let order = super::service::ids(&service.rank(&request));
    let ranked = order.iter().position(|id| *id == format!("item-{shop}"));
    [place.unwrap(), ranked.unwrap()]
}

#[test]
fn accounts_of_one_order_move_nobody() {
    let service = Service::start();
    let mut orders = Orders {
        events: Vec::new(),
        numbers: Random::new(2),
    };
    send_honest(&service, &mut orders);
    service.events(&orders.events);
    let before = places(&service, "shop-20");
    orders.events.clear();
    for account in 0..140 {
        orders.order_by("shop-20", 77 + account % 7, &format!("account-{account}"));
    }
    for event in &mut orders.events {
        event["id"] = json!(format!("bought-{}", event["user_id"].as_str().unwrap()));
    }
    service.events(&orders.events);
    let after = places(&service, "shop-20");
    for (before, after) in before.into_iter().zip(after) {
        assert!(before.abs_diff(after) <= 3, "{before} → {after}");
    }
}
