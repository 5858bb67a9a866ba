//! Ties are ordered by the CRC-32 of the id's bytes, then by the bytes, also across the limit.

use serde_json::json;

use saima::random::Random;

use crate::service::{Service, ids};

fn by_the_rule(mut names: Vec<String>) -> Vec<String> {
    names.sort_by_key(|name| (crc32fast::hash(name.as_bytes()), name.clone().into_bytes()));
    names
}

#[test]
fn ties_have_one_order_at_every_limit() {
    let service = Service::start();
    let mut numbers = Random::new(7);
    // Two ids have the same checksum, so that the bytes decide.
    let mut names = vec!["plumless".to_owned(), "buckeroo".to_owned()];
    assert_eq!(
        crc32fast::hash(names[0].as_bytes()),
        crc32fast::hash(names[1].as_bytes())
    );
    names.extend((0..300).map(|_| format!("店-{}", numbers.below(1_000_000))));
    names.sort();
    names.dedup();
    service.items(&names.iter().map(|id| json!({"id": id})).collect::<Vec<_>>());
    let expected = by_the_rule(names.clone());
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
    assert_eq!(runners, expected);
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
    expected.extend(by_the_rule(equal));
    expected.push("cheap".to_owned());
    for limit in 1..=42 {
        let request = json!({"user_id": "u", "candidates": candidates, "limit": limit});
        assert_eq!(ids(&service.rank(&request)), expected[..limit]);
    }
}
