//! What users buy again: the story of a monthly coffee and of a phone bought once, through refunds, a restart and a rebuild.

use serde_json::{Value, json};

use super::{Data, program};
use crate::service::Service;

/// Midnight UTC of the first day.
const FIRST: i64 = 1_743_984_000_000;
const DAY: i64 = 86_400_000;
const CONFIG: &str = "
[profile]
half_life_days = 120
[scene.default.weights]
affinity.repeat = 1
";

fn bought(id: &str, user: &str, item: &str, day: i64) -> Value {
    json!({"id": id, "user_id": user, "item_id": item, "kind": "purchase", "at": FIRST + day * DAY, "amount": 10})
}

fn refund(of: &str, user: &str, item: &str) -> Value {
    json!({"user_id": user, "item_id": item, "kind": "refund", "at": FIRST + 76 * DAY, "purchase_id": of})
}

/// Returns the raw figure and the reason of each item for the user.
fn shown(service: &Service) -> Vec<(f64, String)> {
    service.rebuild();
    let of = |item: &str| {
        let part = service.objective("ann", item, "affinity.repeat");
        let reason = part["reason"].as_str().unwrap().to_owned();
        assert_eq!(part["missing"], Value::Null, "{part}");
        (part["raw"].as_f64().unwrap(), reason)
    };
    ["coffee", "phone", "tea"].map(of).to_vec()
}

/// Returns P of purchases so many days ago, at the usual rate of the item.
fn chance(days: &[f64], usual: f64) -> f64 {
    let [n, e] = repeats(days);
    let rate = (n + 48.0 * usual) / (e + 120.0);
    let last = days.iter().copied().fold(f64::MAX, f64::min);
    1.0 - (-14.0 * rate * (-0.5 * (last * rate - 0.5).max(0.0)).exp()).exp()
}

fn repeats(days: &[f64]) -> [f64; 2] {
    let left: f64 = days.iter().map(|day| (-day / 120.0).exp2()).sum();
    let first = (-days.iter().copied().fold(0.0, f64::max) / 120.0).exp2();
    [left - first, 120.0 / std::f64::consts::LN_2 * (1.0 - first)]
}

#[test]
fn what_is_bought_again_survives_all() {
    let data = Data::new(CONFIG);
    let service = data.start();
    service.items(&[
        json!({"id": "coffee"}),
        json!({"id": "phone"}),
        json!({"id": "tea"}),
    ]);
    // A refund that comes before its purchase, and one of another purchase later.
    for (id, day) in [("c-0", 0), ("c-30", 30), ("c-60", 60), ("c-90", 90)] {
        if day == 30 {
            service.events(&[refund("c-twice", "ann", "coffee")]);
        }
        service.events(&[bought(id, "ann", "coffee", day)]);
    }
    service.events(&[
        bought("c-twice", "ann", "coffee", 75),
        bought("p", "ann", "phone", 70),
        bought("t", "ann", "tea", 95),
        refund("t", "ann", "tea"),
        json!({"user_id": "watchman", "item_id": "tea", "kind": "impression", "at": FIRST + 100 * DAY}),
    ]);
    let (coffee, phone) = ([100.0, 70.0, 40.0, 10.0], [30.0]);
    let all = [coffee.as_slice(), &phone].map(repeats);
    let rate = |[n, e]: [f64; 2], usual: f64| (n + 1_000.0 * usual) / (e + 1_000.0);
    let usual = rate([all[0][0], all[0][1] + all[1][1]], 0.004);
    let learnt = shown(&service);
    for (place, days) in [coffee.as_slice(), &phone].iter().enumerate() {
        let expected = chance(days, rate(all[place], usual));
        let (raw, reason) = &learnt[place];
        assert!((raw - expected).abs() < 1.5e-6, "{raw} {expected} {reason}");
    }
    let words = [
        "bought 4 times, about every 30 days, last 10 days ago: 18 % within 14 days",
        "bought once, last 30 days ago: 3 % within 14 days",
        "never bought",
    ];
    let reasons: Vec<&str> = learnt.iter().map(|(_, reason)| reason.as_str()).collect();
    assert_eq!(reasons, words);
    assert!(service.metric("saima_entries{structure=\"bought_items\"} ") >= 3.0);
    drop(service);
    let service = data.start();
    assert_eq!(shown(&service), learnt, "after a restart");
    drop(service);
    let config = data.home.path().join("rebuild.toml");
    std::fs::write(&config, format!("{CONFIG}[clock]\nmode = \"event\"\n")).unwrap();
    let mut rebuild = program();
    rebuild.arg("rebuild").arg(data.path()).arg("--config");
    let rebuilt = rebuild.arg(&config).output().unwrap();
    assert!(rebuilt.status.success(), "{rebuilt:?}");
    let service = data.start();
    assert_eq!(shown(&service), learnt, "after a rebuild");
    assert_eq!(service.delete("/items/coffee"), 204);
    service.items(&[json!({"id": "coffee"})]);
    service.wait("the coffee is forgotten", |it| shown(it)[0].1 == words[2]);
}
