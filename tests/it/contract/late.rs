//! Late events: older than the race's window as they arrive. They are kept, counted and reported, and change neither race nor profile.

use serde_json::{Value, json};

use super::{DAY, bought, did, near, noon};
use crate::service::Service;

/// Sends events and returns how many of them were accepted, and how many of those were late.
fn taken(service: &Service, events: &[Value]) -> (Value, Value) {
    let answer = service.json("POST", "/events", &json!(events)).ok();
    assert_eq!(answer["rejected_count"], 0, "{answer}");
    (answer["accepted"].clone(), answer["late"].clone())
}

#[test]
fn repeats_are_counted_apart() {
    let service = market("none");
    let view = json!({"id": "v", "user_id": "u", "item_id": "a", "kind": "view", "at": noon(99)});
    let bad = json!({"id": "v", "user_id": "u", "kind": "view", "at": noon(99)});
    let old = json!({"id": "old", "user_id": "u", "item_id": "a", "kind": "view", "at": noon(1)});
    let sent = [view.clone(), view, old.clone(), old, bad];
    let answer = service.json("POST", "/events", &json!(sent)).ok();
    let counts = ["accepted", "repeated", "late", "rejected_count"].map(|name| &answer[name]);
    assert_eq!(json!(counts), json!([4, 2, 1, 1]), "{answer}");
    near(
        service.metric("saima_repeated_events_total{content=\"same\"} "),
        2.0,
    );
    let upsert = service.json("PUT", "/users", &json!([{"id": "u"}, {"id": "u"}]));
    assert_eq!(upsert.ok()["repeated"], 0);
}

/// Starts a service in event time on a data directory, or on `none`.
fn open(data: &str) -> Service {
    Service::launch(None, &["--clock", "event", "--data", data], &[])
}

/// Starts a service in which three weeks of sales end on day 99, and the last event is on day 100.
fn market(data: &str) -> Service {
    let service = open(data);
    service.merchants(&[json!({"id": "m"})]);
    service.items(&[json!({"id": "a", "merchant_id": "m", "price": 10})]);
    let mut events = Vec::new();
    for (week, count) in [(0, 10), (1, 20), (2, 30)] {
        for one in 0..count {
            let (id, day) = (format!("{week}-{one}"), 79 + 7 * week + one % 7);
            events.push(bought(&id, &format!("b{id}"), "a", noon(day), 10.0));
        }
    }
    events.push(did("watchman", "view", "a", noon(100)));
    assert_eq!(taken(&service, &events), (json!(61), json!(0)));
    service.rebuild();
    service
}

fn runner(service: &Service) -> Value {
    service.rebuild();
    let mut board = service.get("/race?kind=merchant").ok();
    board["runners"][0].take()
}

#[test]
fn a_late_event_opens_no_history() {
    let service = market("none");
    let before = runner(&service);
    assert_eq!(before["weeks"], 3);
    assert!(before["growth"].as_f64().unwrap() > 0.4, "{before}");
    let late = [
        did("mallory", "view", "a", noon(100) - 85 * DAY),
        json!({"id": "old", "user_id": "mallory", "item_id": "a", "kind": "purchase", "at": "0001-01-01T00:00:00Z"}),
        json!({"user_id": "mallory", "item_id": "a", "kind": "refund", "at": noon(1)}),
        json!({"user_id": "mallory", "item_id": "a", "kind": "refund", "purchase_id": "old", "at": noon(1)}),
    ];
    assert_eq!(taken(&service, &late), (json!(4), json!(4)));
    assert_eq!(runner(&service), before);
    assert_eq!(service.get("/users/mallory").ok()["events"], 0);
    for (kind, count) in [("view", 1.0), ("purchase", 1.0), ("refund", 2.0)] {
        let name = format!("saima_late_events_total{{kind=\"{kind}\"}}");
        near(service.metric(&name), count);
    }
    // A repeat of a late event is known.
    assert_eq!(taken(&service, &late[1..2]), (json!(1), json!(0)));
}

#[test]
fn the_first_day_of_the_window_is_in_time() {
    let service = market("none");
    let day = noon(100) / DAY - 84;
    let edge = [
        did("u", "view", "a", day * DAY),
        did("u", "view", "a", day * DAY - 1),
    ];
    assert_eq!(taken(&service, &edge), (json!(2), json!(1)));
    assert_eq!(service.get("/users/u").ok()["events"], 1);
    assert_eq!(runner(&service)["weeks"], 12);
}

#[test]
fn follows_are_never_late() {
    let service = market("none");
    let follow = json!({"user_id": "u", "merchant_id": "m", "kind": "follow", "at": noon(0)});
    assert_eq!(taken(&service, &[follow]), (json!(1), json!(0)));
    let user = service.get("/users/u").ok();
    assert_eq!(user["profile"]["merchants"]["m"], 8.0);
}

#[test]
fn event_time_counts_the_event_itself() {
    // The wall clock stands in before the first event, which is far older.
    let service = Service::start();
    service.merchants(&[json!({"id": "m"})]);
    let view = |day| json!({"user_id": "u", "merchant_id": "m", "kind": "view", "at": noon(day)});
    let events = [view(0), view(84), view(0), view(85), view(0)];
    assert_eq!(taken(&service, &events), (json!(5), json!(1)));
}

#[test]
fn the_wall_clock_judges_too() {
    let service = Service::launch(None, &["--clock", "wall"], &[]);
    service.merchants(&[json!({"id": "m"})]);
    let view = json!({"user_id": "u", "merchant_id": "m", "kind": "view", "at": noon(0)});
    assert_eq!(taken(&service, &[view]), (json!(1), json!(1)));
}

#[test]
fn lateness_is_not_judged_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let service = market(data);
    let ordinary = did("u", "view", "a", noon(99));
    let late = json!({"id": "l", "user_id": "u", "item_id": "a", "kind": "view", "at": noon(2)});
    assert_eq!(
        taken(&service, &[late.clone(), ordinary]),
        (json!(2), json!(1))
    );
    // The window of a later day leaves out what was in time.
    let later = did("watchman", "view", "a", noon(170));
    assert_eq!(taken(&service, &[later]), (json!(1), json!(0)));
    let seen = |service: &Service| {
        (
            runner(service),
            service.get("/users/u").ok(),
            service.get("/users/b0-0").ok(),
        )
    };
    let before = seen(&service);
    assert_eq!(before.2["events"], 1);
    drop(service);
    let service = open(data);
    assert_eq!(seen(&service), before);
    assert_eq!(taken(&service, &[late]), (json!(1), json!(0)));
}

#[test]
fn epoch_seconds_are_rejected_with_a_hint() {
    let service = market("none");
    let hint = |method: &str, path: &str, fact: &Value, field: &str| {
        let answer = service.json(method, path, &json!([fact])).ok();
        let fault = &answer["rejected"][0]["errors"][0];
        assert_eq!(fault["path"], *field, "{answer}");
        assert!(
            fault["message"].as_str().unwrap().contains("epoch seconds"),
            "{answer}"
        );
    };
    for seconds in [
        json!(1_743_984_000),
        json!(999_993_599_999_i64),
        json!(0),
        json!(-1),
    ] {
        let view = json!({"user_id": "u", "item_id": "a", "kind": "view", "at": seconds});
        hint("POST", "/events", &view, "at");
        let merchant = json!({"id": "n", "joined_at": seconds});
        hint("PUT", "/merchants", &merchant, "joined_at");
        let patch = json!({"id": "m", "joined_at": seconds});
        hint("PATCH", "/merchants", &patch, "joined_at");
        hint(
            "PUT",
            "/items",
            &json!({"id": "b", "listed_at": seconds}),
            "listed_at",
        );
    }
    service.merchants(&[json!({"id": "n", "joined_at": "1999-01-01T00:00:00Z"})]);
    service.items(&[json!({"id": "b", "listed_at": 999_993_600_000_i64})]);
}
