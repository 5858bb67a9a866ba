//! The objective `goal`: for whom a merchant wants its traffic.

use serde_json::{Value, json};

use super::{DAY, did, near, noon, weighing};
use crate::service::Service;

fn service() -> Service {
    let service = Service::with_config(&weighing("goal = 1"));
    let merchants = ["acquisition", "win-back", "repurchase", "exposure", "fame"];
    let merchant = |goal: &&str| json!({"id": goal, "goal": goal});
    service.merchants(&merchants.iter().map(merchant).collect::<Vec<_>>());
    let item = |goal: &&str| json!({"id": format!("i-{goal}"), "merchant_id": goal});
    service.items(&merchants.iter().map(item).collect::<Vec<_>>());
    service
}

fn goal(service: &Service, user: &str, merchant: &str) -> Value {
    service.objective(user, &format!("i-{merchant}"), "goal")
}

fn value(service: &Service, user: &str, merchant: &str) -> f64 {
    goal(service, user, merchant)["value"].as_f64().unwrap()
}

/// Shows an item of a merchant to ten users, of whom the goal of these holds for the first `held`.
fn show(service: &Service, merchant: &str, held: u32) {
    let item = format!("i-{merchant}");
    let shows = (0..10).map(|n| {
        let name = if n < held { "who" } else { "who-not" };
        did(name, "impression", &item, noon(80))
    });
    service.events(&shows.collect::<Vec<_>>());
}

#[test]
fn values_are_the_golden_ones() {
    let service = service();
    for (held, yes, no) in [(8, 0.6, 0.1), (0, 1.0, 0.5)] {
        let service = if held == 8 {
            &service
        } else {
            &self::service()
        };
        service.events(&[did("who-not", "view", "i-acquisition", noon(79))]);
        show(service, "acquisition", held);
        near(value(service, "who", "acquisition"), yes);
        near(value(service, "stranger", "acquisition"), yes);
        near(value(service, "who-not", "acquisition"), no);
    }
    let shown = goal(&service, "who", "acquisition");
    near(shown["raw"].as_f64().unwrap(), 0.2);
    assert_eq!(
        shown["reason"],
        "acquisition: has no history with the merchant; held at 80 % of its exposures"
    );
    let shown = goal(&service, "who-not", "acquisition");
    assert_eq!(
        shown["reason"],
        "acquisition: has a history with the merchant; held at 80 % of its exposures"
    );
}

#[test]
fn purchases_decide_of_coming_back() {
    let service = service();
    let buys = |user: &str, merchant: &str, days: &[i64]| {
        let item = format!("i-{merchant}");
        let buy = |day: &i64| did(user, "purchase", &item, noon(*day));
        service.events(&days.iter().map(buy).collect::<Vec<_>>());
    };
    buys("who", "win-back", &[18]);
    buys("who-not", "win-back", &[17, 20]);
    // Every ten days; the last one was ten days ago, or two.
    buys("who", "repurchase", &[70, 50, 60]);
    buys("who-not", "repurchase", &[78, 68, 58]);
    show(&service, "win-back", 5);
    show(&service, "repurchase", 5);
    for merchant in ["win-back", "repurchase"] {
        near(value(&service, "who", merchant), 0.75);
        near(value(&service, "who-not", merchant), 0.25);
        near(value(&service, "stranger", merchant), 0.25);
    }
    let reason = |user: &str, merchant: &str| goal(&service, user, merchant)["reason"].clone();
    assert_eq!(
        reason("who", "win-back"),
        "win-back: last bought 62 days ago; held at 50 % of its exposures"
    );
    assert_eq!(
        reason("who", "repurchase"),
        "repurchase: last bought 10 days ago, usually every 10 days; held at 50 % of its exposures"
    );
    assert_eq!(
        reason("stranger", "repurchase"),
        "repurchase: never bought; held at 50 % of its exposures"
    );
    near(service.metric("saima_entries{structure=\"goals\"} "), 2.0);
}

#[test]
fn without_a_known_goal_or_exposures_the_value_is_neutral() {
    let service = service();
    show(&service, "exposure", 0);
    show(&service, "fame", 0);
    for merchant in ["exposure", "fame", "win-back"] {
        let shown = goal(&service, "who", merchant);
        near(shown["value"].as_f64().unwrap(), 0.5);
        assert_eq!(shown.get("missing").is_some(), merchant != "exposure");
    }
    // Another goal begins anew.
    show(&service, "acquisition", 10);
    near(value(&service, "who", "acquisition"), 0.5);
    assert!(
        goal(&service, "who", "acquisition")
            .get("missing")
            .is_none()
    );
    service.merchants(&[json!({"id": "acquisition", "goal": "win-back"})]);
    assert_eq!(goal(&service, "who", "acquisition")["missing"], true);
    assert_eq!(service.delete("/merchants/acquisition"), 204);
    near(service.metric("saima_entries{structure=\"goals\"} "), 0.0);
}

#[test]
fn nothing_is_remembered_unless_a_scene_weighs_it() {
    let service = Service::with_config(&weighing("quality = 1"));
    service.merchants(&[json!({"id": "m", "goal": "acquisition"})]);
    service.items(&[json!({"id": "i", "merchant_id": "m"})]);
    service.events(&[
        did("u", "impression", "i", noon(80)),
        did("u", "purchase", "i", noon(80) - 9 * DAY),
    ]);
    near(service.metric("saima_entries{structure=\"goals\"} "), 0.0);
}
