//! The worked examples of the guide `market`, each with small data: the page is arranged as the text promises.

use serde_json::{Value, json};

use super::block::{Page, pages};
use crate::service::{Service, ids};

/// Ranks by quality alone, and looks for due targets ten times a second.
const PLAIN: &str =
    "\n[scene.default]\nweights = { quality = 1 }\n[market]\ninterval_seconds = 0.1\n";
/// Noon of the day of the examples, in UTC: four hours before the dated ones begin.
const NOON: i64 = 1_744_286_400_000;
const HOUR: i64 = 3_600_000;

/// Starts a service with the example of a scene as the guide shows it, on a day of the past.
fn start(scene: &str) -> Service {
    let pages = pages();
    let guide = pages.iter().find(|page| page.path.ends_with("market.md"));
    let blocks = guide.map(Page::blocks).unwrap_or_default();
    let header = format!("[scene.{scene}]");
    let mut examples = blocks
        .iter()
        .filter(|block| block.language == "toml" && block.text.contains(&header));
    let text = &examples
        .next()
        .unwrap_or_else(|| panic!("no example of {scene}"))
        .text;
    let dated = text
        .replace("2026-11-10", "2025-04-10")
        .replace("2026-11-11", "2025-04-11");
    Service::with_config(&format!("{dated}{PLAIN}"))
}

fn item(id: &str, merchant: &str, quality: f64) -> Value {
    json!({"id": id, "merchant_id": merchant, "quality": quality, "kind": "product"})
}

fn with(mut item: Value, field: &str, value: Value) -> Value {
    item[field] = value;
    item
}

/// Moves the clock to an instant, with enough impressions of an item that the scene is not blind.
fn show(service: &Service, scene: &str, item: &str, at: i64) {
    let impression = |user: u32| json!({"user_id": format!("w{user}"), "item_id": item, "kind": "impression", "scene": scene, "at": at});
    service.events(&(0..120).map(impression).collect::<Vec<_>>());
}

fn explained(service: &Service, scene: &str, user: &str, items: &[Value]) -> Value {
    let candidates: Vec<&Value> = items.iter().map(|item| &item["id"]).collect();
    service
        .rank(&json!({"user_id": user, "candidates": candidates, "scene": scene, "explain": true}))
}

fn page(service: &Service, scene: &str, user: &str, items: &[Value]) -> Vec<String> {
    ids(&explained(service, scene, user, items))
}

#[test]
fn a_home_feed_has_caps_newcomers_and_a_sale_day() {
    let service = start("home");
    let big = (0..8).map(|n| item(&format!("big{n}"), "big", 0.99 - 0.01 * f64::from(n)));
    let others = (0..30).map(|n| {
        item(
            &format!("i{n}"),
            &format!("m{}", n % 6),
            0.90 - 0.01 * f64::from(n),
        )
    });
    let mut items: Vec<Value> = big.chain(others).collect();
    let snack = items.iter_mut().find(|item| item["id"] == "i20").unwrap();
    snack["category"] = "snack".into();
    items.push(item("fresh", "new", 0.55));
    service.items(&items);
    service.merchants(&[json!({"id": "new", "joined_at": NOON - 24 * HOUR})]);
    show(&service, "home", "i0", NOON);
    let shown = || page(&service, "home", "u", &items);
    service.wait("the newcomer has the first support place", |_| {
        shown()[4] == "fresh"
    });
    let before = shown();
    assert_eq!(before.len(), 20);
    assert_eq!(before[..4], ["big0", "big1", "big2", "big3"]);
    let of_big = before.iter().filter(|id| id.starts_with("big")).count();
    assert_eq!(of_big, 4, "no more than four of a shop: {before:?}");
    assert!(
        !before.contains(&"i20".to_owned()),
        "the snack is not worth a place on other days"
    );
    show(&service, "home", "i0", NOON + 8 * HOUR);
    service.wait("the snack is lifted on its day", |_| {
        shown().get(5).is_some_and(|id| id == "i20")
    });
    assert_eq!(shown()[4], "fresh");
    show(&service, "home", "i0", NOON + 30 * HOUR);
    service.wait("the day is over", |_| !shown().contains(&"i20".to_owned()));
}

#[test]
fn a_shop_front_picks_its_page_for_the_audience() {
    let service = start("shop-front");
    let of_kind = |item: Value| with(item, "kind", "page".into());
    let items = [
        with(
            of_kind(item("for-regulars", "m", 0.9)),
            "tags",
            json!(["regulars"]),
        ),
        of_kind(item("welcome", "m", 0.5)),
    ];
    service.items(&items);
    let bought = json!({"user_id": "regular", "item_id": "welcome", "kind": "purchase", "at": NOON, "amount": 3});
    let viewed = json!({"user_id": "looks", "item_id": "welcome", "kind": "view", "at": NOON});
    service.events(&[bought, viewed]);
    for (user, template) in [
        ("regular", "for-regulars"),
        ("looks", "welcome"),
        ("stranger", "welcome"),
    ] {
        assert_eq!(
            page(&service, "shop-front", user, &items),
            [template],
            "{user}"
        );
    }
}

#[test]
fn a_mixed_feed_has_a_quota_for_each_kind() {
    let service = start("mixed");
    let mixed = |n: u32| {
        let kind = ["product", "product", "product", "product", "live", "video"][n as usize / 2];
        with(
            item(
                &format!("{kind}{n}"),
                &format!("m{n}"),
                0.9 - 0.01 * f64::from(n),
            ),
            "kind",
            kind.into(),
        )
    };
    let mut items: Vec<Value> = (0..12).map(mixed).collect();
    items.push(with(
        item("holiday-hours", "m", 0.1),
        "kind",
        "article".into(),
    ));
    service.items(&items);
    show(&service, "mixed", "product0", NOON);
    let kind = |id: &String| id.trim_end_matches(char::is_numeric).to_owned();
    let check = |shown: &[String]| {
        let kinds: Vec<String> = shown.iter().map(kind).collect();
        for three in kinds.windows(3) {
            assert!(three[0] != three[1] || three[1] != three[2], "{shown:?}");
        }
        assert!(kinds[..6].contains(&"live".to_owned()), "{shown:?}");
        assert!(kinds.contains(&"video".to_owned()), "{shown:?}");
    };
    let before = page(&service, "mixed", "u", &items);
    check(&before);
    assert_eq!(before[0], "product0");
    show(&service, "mixed", "product0", NOON + 8 * HOUR);
    let pinned = page(&service, "mixed", "u", &items);
    check(&pinned[1..]);
    assert_eq!(pinned[..2], ["holiday-hours", "product0"]);
}

#[test]
fn a_promotion_races_for_its_slots() {
    let service = start("promotion");
    let mut items: Vec<Value> = (0..12)
        .map(|n| {
            item(
                &format!("x{n}"),
                &format!("m{n}"),
                0.9 - 0.01 * f64::from(n),
            )
        })
        .collect();
    for (id, merchant, price) in [
        ("i1", "a", 10),
        ("i2", "b", 300),
        ("i3", "c", 40),
        ("i4", "d", 900),
        ("i5", "d", 800),
    ] {
        items.push(with(item(id, merchant, 0.6), "price", price.into()));
    }
    service.items(&items);
    let answer = explained(&service, "promotion", "u", &items);
    let shown = ids(&answer);
    assert_eq!(
        (shown[2].as_str(), shown[8].as_str()),
        ("i4", "i2"),
        "the dearest, and the dearest of another shop"
    );
    assert_eq!(shown[0], "x0");
    let races: Vec<[&Value; 4]> = answer["slots"]
        .as_array()
        .unwrap()
        .iter()
        .map(|race| {
            [
                &race["name"],
                &race["place"],
                &race["winner"],
                &race["runner_up"],
            ]
        })
        .collect();
    assert_eq!(
        json!(races),
        json!([["deal", 3, "i4", "i2"], ["deal", 9, "i2", "i3"]])
    );
    let second = "saima_slot_races_total{slot=\"deal\",merchant=\"c\",result=\"second\"} ";
    assert!((service.metric(second) - 1.0).abs() < 1e-9);
}

#[test]
fn a_sale_lifts_its_items_and_gives_one_a_place() {
    let service = start("sale");
    let mut items: Vec<Value> = (0..6)
        .map(|n| {
            item(
                &format!("x{n}"),
                &format!("m{n}"),
                0.9 - 0.01 * f64::from(n),
            )
        })
        .collect();
    for (id, quality) in [("s1", 0.72), ("s2", 0.5)] {
        items.push(with(item(id, "s", quality), "category", "snack".into()));
    }
    service.items(&items);
    show(&service, "sale", "x0", NOON);
    assert_eq!(
        page(&service, "sale", "u", &items)[..3],
        ["x0", "x1", "s1"],
        "the slot"
    );
    show(&service, "sale", "x0", NOON + 8 * HOUR);
    let day = explained(&service, "sale", "u", &items);
    let lifted = day["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["id"] == "s1")
        .unwrap();
    assert!(
        (lifted["score"].as_f64().unwrap() - 0.72 * 1.3).abs() < 1e-5,
        "{lifted}"
    );
    assert_eq!(ids(&day)[0], "x0", "nothing lifted stands first");
}

#[test]
fn a_feed_spreads_its_shops() {
    let service = start("feed");
    let items = [
        item("a1", "a", 0.9),
        item("a2", "a", 0.89),
        item("b1", "b", 0.86),
        item("a3", "a", 0.85),
    ];
    service.items(&items);
    assert_eq!(
        page(&service, "feed", "u", &items),
        ["a1", "b1", "a2", "a3"],
        "0.89 · 0.925 is less than 0.86"
    );
}
