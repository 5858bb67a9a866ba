//! Ties are ordered by lot, another lot for each user and day, also across the limit.

use serde_json::{Value, json};
use siphasher::sip::SipHasher24;

use saima::clock::{DAY, Time};
use saima::random::Random;

use crate::service::{Service, ids};

/// Orders names by their lots for a user at the time `as_of` of an answer, with days that begin `offset` milliseconds before UTC's.
fn by_lot(mut names: Vec<String>, user: &str, as_of: &Value, offset: i64) -> Vec<String> {
    let at = Time::parse(as_of.as_str().unwrap()).unwrap().millis();
    let day = (at + offset).div_euclid(DAY);
    let first = SipHasher24::new_with_keys(0, 0).hash(user.as_bytes());
    let lot = SipHasher24::new_with_keys(first, day.cast_unsigned());
    names.sort_by_key(|name| (lot.hash(name.as_bytes()), name.clone().into_bytes()));
    names
}

#[test]
fn ties_have_one_order_at_every_limit() {
    let service = Service::start();
    let mut numbers = Random::new(7);
    let mut names: Vec<String> = Vec::new();
    names.extend((0..300).map(|_| format!("店-{}", numbers.below(1_000_000))));
    names.sort();
    names.dedup();
    service.items(&names.iter().map(|id| json!({"id": id})).collect::<Vec<_>>());
    let as_of = &service.rank(&json!({"user_id": "u", "candidates": []}))["as_of"];
    let expected = by_lot(names.clone(), "u", as_of, 0);
    for limit in [
        1,
        2,
        3,
        50,
        149,
        150,
        expected.len() - 1,
        expected.len(),
        10_000,
    ] {
        numbers.shuffle(&mut names);
        let request = json!({"user_id": "u", "candidates": names, "limit": limit});
        let got = ids(&service.rank(&request));
        assert_eq!(got, expected[..limit.min(expected.len())], "limit {limit}");
    }
    // The board can be requested before the first rebuild.
    service.get("/race?kind=item&limit=10000");
    service.rebuild();
    let board = service.get("/race?kind=item&limit=10000").ok();
    let runners = board["runners"].as_array().unwrap();
    let runners: Vec<&str> = runners
        .iter()
        .map(|runner| runner["id"].as_str().unwrap())
        .collect();
    assert_eq!(runners, by_lot(names, "", &board["as_of"], 0));
}

#[test]
fn ties_differ_by_user_and_day() {
    let service = Service::with_config("[race]\nutc_offset = \"+08:00\"\n");
    let names: Vec<String> = (0..40).map(|n| format!("i{n}")).collect();
    service.items(&names.iter().map(|id| json!({"id": id})).collect::<Vec<_>>());
    let mut orders = Vec::new();
    // The second instant is still the same day in UTC, and the next day in Shanghai.
    for at in ["2025-06-01T15:00:00Z", "2025-06-01T16:00:00Z"] {
        service.events(&[json!({"user_id": "x", "item_id": "i0", "kind": "impression", "at": at})]);
        for asked in ["u-1", "u-2", "x"] {
            let answer = service.rank(&json!({"user_id": asked, "candidates": names}));
            assert_eq!(answer["as_of"], *at);
            let order = ids(&answer);
            assert_eq!(
                order,
                by_lot(names.clone(), asked, &answer["as_of"], 8 * 3_600_000)
            );
            assert!(!orders.contains(&order), "{asked} at {at}");
            orders.push(order);
        }
    }
}

#[test]
fn the_tie_rule_orders_only_equal_scores() {
    let service = Service::start();
    let equal: Vec<String> = (0..40).map(|n| format!("e{n}")).collect();
    let mut items: Vec<_> = equal
        .iter()
        .map(|id| json!({"id": id, "price": 10}))
        .collect();
    items.push(json!({"id": "dear", "price": 900}));
    items.push(json!({"id": "cheap", "price": 1}));
    service.items(&items);
    let mut candidates = equal.clone();
    candidates.extend(["cheap".to_owned(), "dear".to_owned()]);
    let mut expected = vec!["dear".to_owned()];
    let as_of = &service.rank(&json!({"user_id": "u", "candidates": []}))["as_of"];
    expected.extend(by_lot(equal, "u", as_of, 0));
    expected.push("cheap".to_owned());
    for limit in 1..=42 {
        let request = json!({"user_id": "u", "candidates": candidates, "limit": limit});
        assert_eq!(ids(&service.rank(&request)), expected[..limit]);
    }
}
