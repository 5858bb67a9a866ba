//! The rule `seen`: what a user was shown and did not click is hidden, or counts for less.

use serde_json::{Value, json};

use super::{DAY, HOUR, did, near, noon};
use crate::service::{Service, ids};

const CONFIG: &str = r#"
[scene.default]
limit = 10
weights = { quality = 1 }
[scene.plain]
[audience.regulars]
where = 'user.id == "regular"'
[[scene.feed.rules]]
name = "tired"
rule = "seen"
after = 2
days = 3
factor = 0.5
[[scene.feed.rules]]
name = "worn"
rule = "seen"
after = 3
days = 7
then = "hide"
[[scene.regulars.rules]]
name = "once"
rule = "seen"
after = 1
days = 1
then = "hide"
audience = "regulars"
"#;

fn service(config: &str) -> Service {
    let service = Service::with_config(config);
    service.items(&[
        json!({"id": "a", "quality": 0.8}),
        json!({"id": "b", "quality": 0.6}),
        json!({"id": "c", "quality": 0.3}),
    ]);
    service
}

fn ranked(service: &Service, user: &str, scene: &str) -> Value {
    service.rank(
        &json!({"user_id": user, "candidates": ["a", "b", "c"], "scene": scene, "explain": true}),
    )
}

fn order(service: &Service, user: &str, scene: &str) -> String {
    ids(&ranked(service, user, scene)).concat()
}

#[test]
fn an_item_shown_often_counts_for_less_and_is_hidden() {
    let service = service(CONFIG);
    let now = noon(80);
    service.events(&[
        did("u", "impression", "a", now - 2 * DAY),
        did("u", "impression", "a", now),
    ]);
    assert_eq!(order(&service, "u", "plain"), "abc");
    assert_eq!(order(&service, "other", "feed"), "abc");
    let lowered = ranked(&service, "u", "feed");
    assert_eq!(ids(&lowered).concat(), "bac");
    near(lowered["items"][1]["score"].as_f64().unwrap(), 0.4);
    let factors = &lowered["items"][1]["explain"]["factors"];
    assert_eq!(factors.as_array().unwrap().len(), 2, "{factors}");
    assert_eq!(
        factors[1],
        json!({"name": "seen", "factor": 0.5, "reason": "tired: shown at least 2 times in 3 days without a click"})
    );
    let others = &lowered["items"][0]["explain"]["factors"];
    assert_eq!(others.as_array().unwrap().len(), 1, "{others}");

    // A third one, of another day, hides it.
    service.events(&[did("u", "impression", "a", now - 6 * DAY)]);
    let hidden = ranked(&service, "u", "feed");
    assert_eq!(ids(&hidden).concat(), "bc");
    assert_eq!(hidden["dropped"], json!([{"id": "a", "rule": "seen"}]));
    near(service.metric("saima_dropped_total{rule=\"seen\"} "), 1.0);
    near(service.metric("saima_rule_acts_total{rule=\"seen\"} "), 1.0);

    // A click in between counts for what was shown before it, whenever it arrives.
    service.events(&[did("u", "click", "a", now - DAY)]);
    assert_eq!(order(&service, "u", "feed"), "abc");
}

#[test]
fn days_and_audiences_bound_the_rule() {
    let service = service(CONFIG);
    let now = noon(80);
    for user in ["regular", "other"] {
        service.events(&[did(user, "impression", "a", now)]);
    }
    assert_eq!(order(&service, "other", "regulars"), "abc");
    assert_eq!(order(&service, "regular", "regulars"), "bc");
    service.events(&[did("other", "view", "b", now + 23 * HOUR)]);
    assert_eq!(order(&service, "regular", "regulars"), "bc");
    service.events(&[did("other", "view", "b", now + 25 * HOUR)]);
    assert_eq!(order(&service, "regular", "regulars"), "abc");
}

#[test]
fn impressions_are_forgotten_with_the_last_rule() {
    let service = service(CONFIG);
    let generation = || service.get("/config").ok()["generation"].as_u64().unwrap();
    service.events(&[did("regular", "impression", "a", noon(80))]);
    assert_eq!(order(&service, "regular", "regulars"), "bc");
    for (config, number) in [(retired(CONFIG), 2), (CONFIG.to_owned(), 3)] {
        service.reconfigure(&config);
        service.wait("the change is live", |_| generation() == number);
    }
    assert_eq!(order(&service, "regular", "regulars"), "abc");
    service.events(&[did("regular", "impression", "b", noon(80))]);
    assert_eq!(order(&service, "regular", "regulars"), "ac");
}

/// Returns a configuration in which nothing asks for a rule any more.
fn retired(config: &str) -> String {
    let config = config.replace(
        "[[scene.feed.rules]]\nname = \"tired\"",
        "[scene.feed]\nretired = true\n[[scene.feed.rules]]\nname = \"tired\"",
    );
    config.replace(
        "[[scene.regulars.rules]]",
        "[scene.regulars]\nretired = true\n[[scene.regulars.rules]]",
    )
}
