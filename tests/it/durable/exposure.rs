//! `kill -9` between impressions and clicks: the exposures and the evidence are those of a service that was never killed.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Change, Data, SMALL, same};
use crate::service::Service;
use saima::random::Random;

const WEIGHED: &str = r#"
[scene.feed]
[scene.default.weights]
item.appeal = 0.5
merchant.appeal = 0.3
item.conversion = 0.2
goal = 0.1
[[scene.feed.rules]]
name = "tired"
rule = "seen"
after = 2
days = 9
factor = 0.5
[[scene.feed.rules]]
name = "worn"
rule = "seen"
after = 4
days = 20
then = "hide"
"#;
const FIRST: i64 = 1_743_984_000_000;
const ROUNDS: u32 = 25;
const ITEMS: u32 = 12;

/// Returns the next change: mostly events of a few users, at times a deletion or a merge.
fn change(number: u32, random: &mut Random) -> Change {
    if number == 1 {
        let goals = ["acquisition", "repurchase", "win-back"];
        let merchant = |(n, goal): (usize, &&str)| json!({"id": format!("m{n}"), "goal": goal});
        let merchants = goals.iter().enumerate().map(merchant).collect();
        return Change::of("PUT", "/merchants", merchants);
    }
    if number == 0 {
        let item = |n: u32| json!({"id": format!("i{n}"), "merchant_id": format!("m{}", n % 3), "category": format!("c{}", n % 2), "creator_id": format!("k{}", n % 2)});
        return Change::of("PUT", "/items", (0..ITEMS).map(item).collect());
    }
    let (user, item) = (random.below(6), random.below(ITEMS));
    match random.below(25) {
        0 => Change::of("DELETE", &format!("/items/i{item}"), Vec::new()),
        1 => Change::of("DELETE", &format!("/users/u{user}"), Vec::new()),
        2 => {
            let item = json!({"id": format!("i{item}"), "merchant_id": "m0", "category": "c0"});
            Change::of("PUT", "/items", vec![item])
        }
        4 => Change::of("DELETE", &format!("/creators/k{}", item % 2), Vec::new()),
        3 => {
            let pair = json!({"from": format!("u{user}"), "into": format!("u{}", (user + 1) % 6)});
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
    let kind = ["impression", "impression", "click", "purchase"][random.below(4) as usize];
    let scene = ["feed", "default", "nowhere"][random.below(3) as usize];
    let minute = i64::from(number) * 300 + i64::from(random.below(300));
    json!({
        "id": format!("e{number}-{n}"), "user_id": format!("u{}", random.below(6)), "item_id": format!("i{}", random.below(ITEMS)),
        "kind": kind, "at": FIRST + minute * 60_000, "amount": 5, "position": random.below(20),
        "scene": scene,
    })
}

/// Returns the explanations of all items, in a scene that counts impressions too, and the number of counts.
fn appeals(service: &Service) -> Vec<String> {
    service.rebuild();
    let candidates: Vec<String> = (0..ITEMS).map(|number| format!("i{number}")).collect();
    let request = json!({"user_id": "u0", "candidates": candidates, "explain": true});
    let ranking = service.rank(&request);
    let feed = |user: u32| {
        let request = json!({"user_id": format!("u{user}"), "candidates": candidates, "scene": "feed", "explain": true, "request_id": "r"});
        service.rank(&request)["items"].to_string()
    };
    let feeds: String = (0..6).map(feed).collect();
    let entries = service.metric("saima_entries{structure=\"exposures\"} ");
    let mut found = vec![ranking["items"].to_string(), entries.to_string(), feeds];
    for path in [
        "/merchants/m0/report",
        "/merchants/m1/report",
        "/creators/k0/report",
    ] {
        let report = service.get(path);
        let parts = |report: Value| format!("{}{}", report["revenue"], report["exposure"]);
        found.push(if report.status == 200 {
            parts(report.ok())
        } else {
            path.to_owned()
        });
    }
    found
}

#[test]
fn exposures_survive_kills() {
    let data = Data::new(&format!("{SMALL}{WEIGHED}"));
    let (mut random, mut moments) = (Random::new(5), Random::new(6));
    let (mut done, mut number, mut under_way) = (Vec::new(), 0, None);
    for _ in 0..ROUNDS {
        let service = data.start();
        let patience = Duration::from_micros(u64::from(moments.below(60_000)));
        let killer = service.kill_after(patience);
        loop {
            let next = under_way.take().unwrap_or_else(|| {
                number += 1;
                change(number - 1, &mut random)
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
    let model = Service::with_config(WEIGHED);
    done.iter().for_each(|change| assert!(change.send(&model)));
    let right = appeals(&model);
    assert!(right[0].contains("item.appeal"), "{}", right[0]);
    assert!(right[2].contains("\"seen\""), "{}", right[2]);
    same(&appeals(&service), &right);
    drop(service);
    same(&appeals(&data.start()), &right);
}
