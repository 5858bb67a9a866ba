//! `?dry_run=true` on the bulk routes: what would happen is reported, and nothing changes.

use serde_json::{Value, json};

use super::{did, end_of_window, noon};
use crate::service::Service;

fn rehearsed(service: &Service, method: &str, path: &str, facts: &Value) -> Value {
    service
        .json(method, &format!("{path}?dry_run=true"), facts)
        .ok()
}

#[test]
fn a_dry_run_of_events_changes_nothing() {
    let service = Service::start();
    service.items(&[json!({"id": "a", "merchant_id": "m", "price": 30})]);
    let sale = |id: &str, user: &str, item: &str| json!({"id": id, "user_id": user, "item_id": item, "kind": "purchase", "at": noon(1)});
    service.events(&[sale("known", "u", "a")]);
    end_of_window(&service);
    let facts = json!([
        sale("known", "u", "a"),
        sale("new", "v", "a"),
        sale("new", "v", "a"),
        did("w", "view", "a", noon(2)),
        did("v", "view", "none", noon(2)),
        {"user_id": "v", "item_id": "a", "kind": "buy", "at": noon(1)},
        did("v", "view", "a", noon(-3)),
    ]);
    let before = service.get("/race").bytes;
    let report = rehearsed(&service, "POST", "/events", &facts);
    assert_eq!(report["accepted"], 5, "{report}");
    assert_eq!(
        (&report["repeated"], &report["late"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(report["rejected_count"], 2);
    assert_eq!(report["rejected"][0]["errors"][0]["path"], "item_id");
    let effects = &report["effects"];
    assert_eq!(
        effects["kinds"],
        json!([{"kind": "view", "events": 2, "money": 0.0}, {"kind": "purchase", "events": 1, "money": 30.0}])
    );
    assert_eq!(
        (&effects["new_users"], &effects["unknown_items"]),
        (&json!(2), &json!(1))
    );
    assert!(effects["first"].as_str() < effects["last"].as_str());
    for user in ["v", "w"] {
        service.get(&format!("/users/{user}")).problem(404);
    }
    service.rebuild();
    let strip = |bytes: &[u8]| {
        let mut race: Value = serde_json::from_slice(bytes).unwrap();
        race["standings"] = Value::Null;
        race
    };
    assert_eq!(strip(&service.get("/race").bytes), strip(&before));
    assert_eq!(service.json("POST", "/events", &facts).ok()["accepted"], 5);
}

#[test]
fn a_dry_run_names_the_fields_that_it_empties() {
    let service = Service::start();
    service.items(&[
        json!({"id": "a", "merchant_id": "m", "tags": ["x"], "price": 10}),
        json!({"id": "b", "tags": ["x"], "price": 10}),
        json!({"id": "c", "price": 10}),
    ]);
    let facts = json!([{"id": "a", "price": 11}, {"id": "b", "price": 11}, {"id": "c", "price": 10}, {"id": "d"}, {"id": "d", "price": 1}, {"id": "d"}]);
    let expected = json!({"created": 1, "changed": 4, "unchanged": 1, "emptied": 3, "kinds": [], "new_users": 0, "unknown_items": 0,
        "emptied_fields": [{"field": "merchant_id", "entities": 1}, {"field": "price", "entities": 1}, {"field": "tags", "entities": 2}]});
    let report = rehearsed(&service, "PUT", "/items", &facts);
    assert_eq!(report["effects"], expected);
    assert_eq!(service.get("/items/a").ok()["merchant_id"], "m");
    service.get("/items/d").problem(404);
    let report = service.json("PUT", "/items?effects=true", &facts).ok();
    assert_eq!(report["effects"], expected);
    assert!(service.get("/items/a").ok().get("merchant_id").is_none());
}

#[test]
fn a_dry_run_of_patches_checks_their_result() {
    let service = Service::start();
    service.items(&[json!({"id": "a", "price": 10})]);
    let facts = json!([{"id": "a", "price": 11}, {"id": "none", "price": 1}, {"id": "a", "quality": 7}, {"id": "a", "price": 11}]);
    let report = rehearsed(&service, "PATCH", "/items", &facts);
    assert_eq!(
        (&report["accepted"], &report["rejected_count"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(
        (
            &report["effects"]["changed"],
            &report["effects"]["unchanged"]
        ),
        (&json!(1), &json!(1))
    );
    assert_eq!(service.get("/items/a").ok()["price"], 10);
    let odd = service.json("PATCH", "/items?dry_run=yes", &facts);
    assert_eq!(odd.status, 422);
}
