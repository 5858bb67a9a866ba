//! `kill -9` while the traffic targets are at work: newcomers, a budget and the tail count what a service counts that was never killed.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Change, Data, SMALL, same};
use crate::service::Service;
use saima::random::Random;

/// One stage that nobody ends, so that every figure is a sum over the events, whenever the snapshots were built.
const TARGETS: &str = r#"
[scene.feed]
limit = 20
[support]
scenes = ["feed"]
places = [5, 11]
kinds = ["merchant", "item"]
quotas = [1_000_000]
days = [30]
bars = []
[tail]
scenes = { feed = 0.3 }
[campaign.sale]
scenes = ["feed"]
boost = 1.3
budget = 20_000
from = 2025-04-01T00:00:00Z
until = 2025-04-20T00:00:00Z
[market]
interval_seconds = 0.1
"#;
const FIRST: i64 = 1_743_984_000_000;
const ROUNDS: u32 = 25;
const ITEMS: u32 = 12;
const MERCHANTS: u32 = 4;

/// Returns the changes before the first kill: an event, which sets the clock, and the catalogue of newcomers.
fn catalogue() -> [Change; 3] {
    let first =
        json!({"id": "first", "user_id": "u0", "item_id": "i0", "kind": "view", "at": FIRST});
    let merchant = |n: u32| json!({"id": format!("m{n}"), "joined_at": FIRST - 86_400_000});
    [
        Change::of("PUT", "/merchants", (0..MERCHANTS).map(merchant).collect()),
        Change::of("PUT", "/items", (0..ITEMS).map(item).collect()),
        Change::of("POST", "/events", vec![first]),
    ]
}

fn item(n: u32) -> Value {
    let campaigns = if n.is_multiple_of(3) {
        json!(["sale"])
    } else {
        json!([])
    };
    json!({
        "id": format!("i{n}"), "merchant_id": format!("m{}", n % MERCHANTS), "category": format!("c{}", n % 2),
        "listed_at": FIRST - 3_600_000, "campaigns": campaigns,
    })
}

/// Returns the next change: mostly events of a few users, at times a deletion or a merge of users, or an item declared again.
fn change(number: u32, random: &mut Random) -> Change {
    let user = random.below(9);
    match random.below(25) {
        0 => Change::of("DELETE", &format!("/users/u{user}"), Vec::new()),
        1 => Change::of("PUT", "/items", vec![item(random.below(ITEMS))]),
        2 => {
            let pair = json!({"from": format!("u{user}"), "into": format!("u{}", (user + 1) % 9)});
            Change::of("POST", "/users/merge", vec![pair])
        }
        _ => {
            let count = 1 + random.below(20);
            let events = (0..count).map(|n| event((number, n), random)).collect();
            Change::of("POST", "/events", events)
        }
    }
}

fn event((number, n): (u32, u32), random: &mut Random) -> Value {
    let kind = [
        "impression",
        "impression",
        "impression",
        "click",
        "purchase",
    ];
    let minute = i64::from(number) * 2 + i64::from(random.below(30));
    json!({
        "id": format!("e{number}-{n}"), "user_id": format!("u{}", random.below(9)), "item_id": format!("i{}", random.below(ITEMS)),
        "kind": kind[random.below(5) as usize], "at": FIRST + minute * 60_000, "amount": 5, "position": random.below(20), "scene": "feed",
    })
}

/// Returns where every newcomer stands, and what the campaign has used.
fn targets(service: &Service) -> Vec<String> {
    let merchants = (0..MERCHANTS).map(|n| format!("/merchants/m{n}"));
    let newcomers = merchants.chain((0..ITEMS).map(|n| format!("/items/i{n}")));
    let ladders = newcomers.map(|path| service.get(&path).ok()["learnt"]["ladder"].to_string());
    let used = service.get("/campaigns").ok()["campaigns"][0]["used"].to_string();
    ladders.chain([used]).collect()
}

/// Returns whether the snapshot holds every impression: each is one of some merchant, and those of the enrolled items are used.
fn is_whole(service: &Service, found: &[String]) -> bool {
    let served =
        |ladder: &String| serde_json::from_str::<Value>(ladder).unwrap()["served"].as_f64();
    let (merchants, items) = found.split_at(MERCHANTS as usize);
    let (items, used) = items.split_at(ITEMS as usize);
    let shown: f64 = merchants.iter().filter_map(served).sum();
    let enrolled: f64 = items.iter().step_by(3).filter_map(served).sum();
    let all = service.metric("saima_events_total{kind=\"impression\"} ");
    (shown - all).abs() < 0.5 && (used[0].parse::<f64>().unwrap() - enrolled).abs() < 0.5
}

/// Waits until the snapshot is as it should be.
fn settled(service: &Service, is_settled: impl Fn(&[String]) -> bool) -> Vec<String> {
    let begun = Instant::now();
    loop {
        let found = targets(service);
        if is_settled(&found) || begun.elapsed() > Duration::from_secs(20) {
            return found;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Sends the catalogue, and waits until all that climbs has entered, durably: what is acknowledged later is on disk later.
fn enter(service: &Service) {
    assert!(catalogue().iter().all(|change| change.send(service)));
    let has_entered = |found: &[String]| !found[..found.len() - 1].contains(&"null".to_owned());
    let found = settled(service, has_entered);
    assert!(has_entered(&found), "{found:?}");
    assert!(Change::of("PUT", "/items", vec![item(0)]).send(service));
}

#[test]
fn targets_survive_kills() {
    let data = Data::new(&format!("{SMALL}{TARGETS}"));
    enter(&data.start());
    let (mut random, mut moments) = (Random::new(15), Random::new(16));
    let (mut done, mut number, mut under_way) = (Vec::new(), 0, None);
    for _ in 0..ROUNDS {
        let service = data.start();
        let patience = Duration::from_micros(u64::from(moments.below(300_000)));
        let killer = service.kill_after(patience);
        loop {
            let next = under_way.take().unwrap_or_else(|| {
                number += 1;
                change(number, &mut random)
            });
            if !next.send(&service) {
                under_way = Some(next);
                break;
            }
            done.push(next);
        }
        killer.join().unwrap();
    }
    done.extend(under_way);
    let service = data.start();
    assert!(done.last().unwrap().send(&service));
    let model = Service::with_config(TARGETS);
    enter(&model);
    done.iter().for_each(|change| assert!(change.send(&model)));
    let right = settled(&model, |found| is_whole(&model, found));
    assert!(is_whole(&model, &right), "{right:?}");
    assert!(
        right.iter().all(|it| it != "0" && it != "null"),
        "{right:?}"
    );
    same(&settled(&service, |found| found == right), &right);
    drop(service);
    let again = data.start();
    same(&settled(&again, |found| found == right), &right);
}
