//! Events in any order give the same rankings, profiles and standings.

use serde_json::{Map, Value, json};

use saima::random::Random;

use super::service::Service;

const FIRST: i64 = 1_743_984_000_000;
const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;
const USERS: u32 = 9;
const ITEMS: u32 = 30;
const MERCHANTS: u32 = 6;
/// Bounds high enough that nothing is evicted.
const CONFIG: &str = "[profile]\nmax_items = 100\nmax_tags = 100\nmax_merchants = 50\n";

fn catalogue(service: &Service) {
    let merchants: Vec<Value> = (0..MERCHANTS)
        .map(|m| json!({"id": format!("m{m}"), "category": format!("c{}", m % 2), "integrity": 1.0 - f64::from(m) / 20.0}))
        .collect();
    service.merchants(&merchants);
    let items: Vec<Value> = (0..ITEMS)
        .map(|i| {
            json!({
                "id": format!("i{i}"), "merchant_id": format!("m{}", i % MERCHANTS), "category": format!("c{}", i % 3), "price": 10 + i,
                "tags": {format!("t{}", i % 5): 1.0, format!("s{}", i % 4): 0.3}, "creator_id": format!("k{}", i % 3),
            })
        })
        .collect();
    service.items(&items);
}

/// Returns 84 days of events of every kind from a day on, with partial and full refunds, with and without the id of their purchase.
fn history(numbers: &mut Random, from: i64) -> Vec<Value> {
    let mut events = Vec::new();
    for number in 0..750 {
        let user = format!("u{}", numbers.below(USERS));
        let item = format!("i{}", numbers.below(ITEMS));
        let at = FIRST + from * DAY + i64::from(numbers.below(83 * 24 * 60)) * MINUTE;
        let kinds = [
            "view",
            "click",
            "favourite",
            "cart",
            "remove_from_cart",
            "share",
            "dislike",
            "impression",
            "purchase",
            "purchase",
            "follow",
            "unfollow",
            "refund",
        ];
        let kind = kinds[numbers.below(13) as usize];
        let mut event =
            json!({"id": format!("e{from}-{number}"), "user_id": user, "kind": kind, "at": at});
        match kind {
            "follow" | "unfollow" if number % 2 == 0 => {
                event["creator_id"] = json!(format!("k{}", numbers.below(3)))
            }
            "follow" | "unfollow" => {
                event["merchant_id"] = json!(format!("m{}", numbers.below(MERCHANTS)))
            }
            _ => event["item_id"] = json!(item),
        }
        if kind == "purchase" {
            event["amount"] = json!(f64::from(1 + numbers.below(20_000)) / 100.0);
            refund(numbers, &event, &mut events);
        }
        events.push(event);
    }
    let last = FIRST + (from + 84) * DAY;
    events.push(json!({"id": format!("last-{from}"), "user_id": "u0", "item_id": "i0", "kind": "view", "at": last}));
    events
}

/// Refunds a third of the purchases, in part or in full.
fn refund(numbers: &mut Random, purchase: &Value, events: &mut Vec<Value>) {
    let whole = match numbers.below(6) {
        0 => Value::Null,
        1 => json!(purchase["amount"].as_f64().unwrap() / 4.0),
        _ => return,
    };
    let id = format!("r-{}", purchase["id"].as_str().unwrap());
    events.push(json!({
        "id": id, "user_id": purchase["user_id"], "item_id": purchase["item_id"], "kind": "refund", "purchase_id": purchase["id"],
        "at": purchase["at"].as_i64().unwrap() + DAY, "amount": whole,
    }));
}

/// Returns everything that a client can read: rankings byte for byte, profiles and standings.
fn seen(service: &Service) -> (Vec<String>, Vec<Value>, Vec<Value>) {
    service.rebuild();
    let candidates: Vec<String> = (0..ITEMS).map(|i| format!("i{i}")).collect();
    let users = (0..USERS).map(|user| format!("u{user}"));
    let rankings = users.clone().chain(["nobody".to_owned()]).map(|user| {
        let ask = json!({"user_id": user, "candidates": candidates, "explain": true});
        let ranking = service.rank(&ask);
        ranking["items"].to_string() + &ranking["as_of"].to_string()
    });
    let profiles = users.map(|user| service.get(&format!("/users/{user}")).ok());
    let boards = ["kind=merchant", "kind=item", "kind=merchant&lane=c1"]
        .map(|query| service.get(&format!("/race?{query}")).ok()["runners"].clone());
    (rankings.collect(), profiles.collect(), boards.to_vec())
}

/// Rounds every number to nine decimals: profiles are sums of floats, whose last bits depend on the order of addition.
/// Rounded values can tie in another order, so keys are sorted by name.
fn rounded(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(
            format!("{:.9}", number.as_f64().unwrap() + 0.0).replace("-0.000000000", "0.000000000")
        ),
        Value::Array(list) => list.iter().map(rounded).collect(),
        Value::Object(fields) => {
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort();
            let pair = |name: &String| (name.clone(), rounded(&fields[name]));
            Value::Object(names.into_iter().map(pair).collect::<Map<_, _>>())
        }
        Value::Null | Value::Bool(_) | Value::String(_) => value.clone(),
    }
}

#[test]
fn the_order_of_events_does_not_matter() {
    let mut numbers = Random::new(11);
    // Whether an event is late depends on what arrived before it, so no event comes more than 84 days after a later one.
    let mut halves = [0, 84].map(|from| history(&mut numbers, from));
    let mut expected = None;
    for round in 0..6 {
        let service = Service::with_config(CONFIG);
        catalogue(&service);
        let pieces = 1 + numbers.below(5) as usize;
        for events in &halves {
            for piece in events.chunks(events.len() / pieces + 1) {
                service.events(piece);
            }
        }
        assert!(service.metric("saima_late_events_total{kind=\"view\"}") < 1.0);
        let (rankings, profiles, boards) = seen(&service);
        let profiles: Vec<Value> = profiles.iter().map(rounded).collect();
        let all = (rankings, profiles, boards);
        match &expected {
            None => expected = Some(all),
            Some(expected) => assert_same(expected, &all, round),
        }
        halves.iter_mut().for_each(|half| numbers.shuffle(half));
    }
}

fn assert_same(
    (rankings, profiles, boards): &(Vec<String>, Vec<Value>, Vec<Value>),
    (other_rankings, other_profiles, other_boards): &(Vec<String>, Vec<Value>, Vec<Value>),
    round: usize,
) {
    for (one, other) in profiles.iter().zip(other_profiles) {
        assert_eq!(one, other, "a profile, round {round}");
    }
    for (one, other) in boards.iter().zip(other_boards) {
        assert_eq!(one, other, "a board, round {round}");
    }
    for (one, other) in rankings.iter().zip(other_rankings) {
        assert_eq!(one, other, "a ranking, round {round}");
    }
}
