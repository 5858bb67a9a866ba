//! `POST /users/merge`: two ids become one user on every route.

use serde_json::{Value, json};

use super::{DAY, PURCHASES_COUNT, bought, did, end_of_window, near, noon};
use crate::service::Service;

fn catalogue(service: &Service) {
    let since = noon(0) - 200 * DAY;
    service.merchants(&["m", "n"].map(|id| json!({"id": id, "joined_at": since})));
    service.items(&[
        json!({"id": "a", "merchant_id": "m", "tags": ["x"], "listed_at": since}),
        json!({"id": "b", "merchant_id": "n", "listed_at": since}),
    ]);
}

fn merge(service: &Service, from: &str, into: &str) -> Value {
    let pair = json!({"from": from, "into": into});
    let answer = service.json("POST", "/users/merge", &pair).ok();
    assert_eq!(answer, pair);
    answer
}

fn profile(service: &Service, user: &str) -> Value {
    service.get(&format!("/users/{user}")).ok()
}

#[test]
fn a_visitor_becomes_a_user() {
    let service = Service::start();
    catalogue(&service);
    service.users(&[
        json!({"id": "42", "region": "CN"}),
        json!({"id": "cookie", "region": "US", "tags": ["y"]}),
    ]);
    service.events(&[
        did("cookie", "cart", "a", noon(1)),
        did("42", "view", "a", noon(2)),
    ]);
    merge(&service, "cookie", "42");
    let one = profile(&service, "42");
    assert_eq!(profile(&service, "cookie"), one);
    assert_eq!((&one["id"], &one["region"]), (&json!("42"), &json!("CN")));
    assert_eq!(
        (&one["tags"], &one["events"]),
        (&json!({"y": 1.0}), &json!(2))
    );

    // The same as if all events had been the user's.
    let other = Service::start();
    catalogue(&other);
    other.users(&[json!({"id": "42", "region": "CN", "tags": ["y"]})]);
    other.events(&[
        did("42", "cart", "a", noon(1)),
        did("42", "view", "a", noon(2)),
    ]);
    assert_eq!(profile(&other, "42")["profile"], one["profile"]);

    for (from, into) in [("cookie", "42"), ("42", "cookie")] {
        merge(&service, from, into);
        assert_eq!(profile(&service, "42"), one, "a repeat");
    }
    service.events(&[did("cookie", "click", "b", noon(3))]);
    service.send_facts(
        "PATCH",
        "/users",
        &[json!({"id": "cookie", "region": "DE"})],
    );
    let one = profile(&service, "42");
    assert_eq!((&one["region"], &one["events"]), (&json!("DE"), &json!(3)));
    assert_eq!(
        service.rank(&json!({"user_id": "cookie", "candidates": ["a", "b"]}))["items"],
        service.rank(&json!({"user_id": "42", "candidates": ["a", "b"]}))["items"]
    );
    service.users(&[json!({"id": "cookie"})]);
    assert_eq!(profile(&service, "42")["id"], "42");
}

#[test]
fn a_refund_before_a_merge_is_taken_back() {
    let service = Service::with_config(PURCHASES_COUNT);
    catalogue(&service);
    service.events(&[
        bought("p", "42", "a", noon(1), 10.0),
        did("42", "view", "a", noon(1)),
        did("cookie", "refund", "a", noon(2)),
        bought("q", "other", "a", noon(2), 10.0),
        did("third", "refund", "b", noon(2)),
    ]);
    merge(&service, "cookie", "42");
    merge(&service, "third", "other");
    let learnt = |user: &str| profile(&service, user)["profile"].clone();
    let left = 0.5_f64.powf(1.0 / 60.0);
    for kind in ["items", "merchants", "tags"] {
        let name = ["a", "m", "x"].into_iter();
        let weights = learnt("42")[kind].clone();
        let weight = name.filter_map(|name| weights[name].as_f64()).next();
        near(weight.unwrap(), left);
    }
    near(learnt("other")["items"]["a"].as_f64().unwrap(), 8.0);
    // The same purchase is not taken back again.
    service.events(&[did("42", "refund", "a", noon(2))]);
    near(learnt("42")["items"]["a"].as_f64().unwrap(), left);
}

#[test]
fn merges_that_cannot_be_are_rejected() {
    let service = Service::start();
    catalogue(&service);
    service.events(&[
        did("a1", "view", "a", noon(1)),
        did("b1", "view", "a", noon(1)),
        did("c1", "view", "b", noon(1)),
    ]);
    let attempt = |from: &str, into: &str| {
        let pair = json!({"from": from, "into": into});
        service.json("POST", "/users/merge", &pair)
    };
    attempt("a1", "a1").ok();
    attempt("nobody", "a1").problem(404);
    assert_eq!(
        service
            .json("POST", "/users/merge", &json!({"from": "a1", "to": "b1"}))
            .problem(422),
        ["to", "into"]
    );
    merge(&service, "a1", "b1");
    attempt("a1", "c1").problem(409);
    assert_eq!(profile(&service, "c1")["events"], 1);
    merge(&service, "b1", "c1");
    assert_eq!(profile(&service, "a1")["events"], 3);
    merge(&service, "a1", "c1");
    near(
        service.metric("saima_entries{structure=\"user_names\"} "),
        2.0,
    );
    near(service.metric("saima_entries{structure=\"users\"} "), 1.0);
}

#[test]
fn the_names_of_one_user_are_bounded() {
    let service = Service::start();
    catalogue(&service);
    let seen: Vec<Value> = (0..1_003)
        .map(|user| did(&format!("u{user}"), "view", "a", noon(1)))
        .collect();
    service.events(&seen);
    for user in 0..1_000 {
        merge(&service, &format!("u{user}"), &format!("u{}", user + 1));
    }
    let beyond = json!({"from": "u1000", "into": "u1001"});
    service.json("POST", "/users/merge", &beyond).problem(409);
    assert_eq!(profile(&service, "u0")["events"], 1_001);
    merge(&service, "u1001", "u1002");
}

#[test]
fn deleting_one_name_deletes_all() {
    for gone in ["cookie", "42"] {
        let service = Service::start();
        catalogue(&service);
        service.events(&[did("cookie", "cart", "a", noon(1))]);
        merge(&service, "cookie", "42");
        assert_eq!(service.delete(&format!("/users/{gone}")), 204);
        for id in ["cookie", "42"] {
            service.get(&format!("/users/{id}")).problem(404);
        }
        service.events(&[did("cookie", "view", "b", noon(2))]);
        assert_eq!(profile(&service, "cookie")["events"], 1);
        service.get("/users/42").problem(404);
    }
}

#[test]
fn merged_buyers_count_as_one() {
    let service = Service::start();
    catalogue(&service);
    let buys = |n: i64, user: &str| bought(&format!("p{n}"), user, "a", noon(70), 10.0);
    service.events(&[buys(0, "cookie"), buys(1, "42"), buys(2, "other")]);
    end_of_window(&service);
    let buyers = || {
        service.rebuild();
        let raw = service.objective("x", "a", "item.level")["raw"].clone();
        raw.as_f64().unwrap()
    };
    near(buyers(), 3.0);
    merge(&service, "cookie", "42");
    near(buyers(), 2.0);
    let returned = |purchase: &str, user: &str| json!({"user_id": user, "item_id": "a", "kind": "refund", "at": noon(71), "purchase_id": purchase});
    service.events(&[returned("p0", "42")]);
    near(buyers(), 2.0);
    service.events(&[returned("p1", "cookie")]);
    near(buyers(), 1.0);
    service.events(&[buys(3, "cookie"), buys(4, "42")]);
    near(buyers(), 2.0);
    assert_eq!(service.delete("/users/42"), 204);
    near(buyers(), 2.0);
}

#[test]
fn the_number_of_names_is_bounded() {
    let service = Service::with_config("[store]\nuser_names = 2\n");
    catalogue(&service);
    for n in 0..4 {
        service.events(&[did(&format!("c{n}"), "view", "a", noon(1))]);
        merge(&service, &format!("c{n}"), "42");
    }
    near(
        service.metric("saima_entries{structure=\"user_names\"} "),
        2.0,
    );
    near(
        service.metric("saima_evictions_total{structure=\"user_names\"} "),
        2.0,
    );
    assert_eq!(profile(&service, "42")["events"], 4);
    service.get("/users/c0").problem(404);
    assert_eq!(profile(&service, "c3")["events"], 4);
}
