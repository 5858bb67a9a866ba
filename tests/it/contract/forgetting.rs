//! `DELETE` removes learnt state too; the same id starts again without it.

use serde_json::json;

use super::{DAY, PURCHASES_COUNT, bought, did, end_of_window, near, noon};
use crate::service::Service;

fn learn(service: &Service) {
    service.merchants(&[json!({"id": "m", "integrity": 0.5, "joined_at": noon(0) - 200 * DAY})]);
    service.items(&["a", "b"].map(
        |id| json!({"id": id, "merchant_id": "m", "tags": ["t"], "listed_at": noon(0) - 200 * DAY}),
    ));
    let purchases: Vec<_> = (0..30)
        .map(|n| {
            bought(
                &format!("p{n}"),
                &format!("u{}", n % 10),
                "a",
                noon(60 + n % 20),
                10.0,
            )
        })
        .collect();
    service.events(&purchases);
    service.events(&[
        did("u1", "view", "b", noon(1)),
        json!({"user_id": "u1", "merchant_id": "m", "kind": "follow", "at": noon(1)}),
    ]);
    end_of_window(service);
}

fn raw(service: &Service, name: &str) -> Option<f64> {
    service.objective("u1", "a", name)["raw"].as_f64()
}

#[test]
fn a_deleted_item_leaves_histories_and_race() {
    let service = Service::with_config(PURCHASES_COUNT);
    learn(&service);
    near(raw(&service, "item.level").unwrap(), 10.0);
    assert!(raw(&service, "affinity.item").unwrap() > 1.0);
    let bond = raw(&service, "affinity.merchant").unwrap();
    assert_eq!(service.delete("/items/a"), 204);
    assert_eq!(service.delete("/items/a"), 404);
    service.get("/items/a").problem(404);
    let ranking = service.rank(&json!({"user_id": "u1", "candidates": ["a", "b"]}));
    assert_eq!(ranking["unknown"], json!(["a"]));
    assert!(
        service.get("/users/u1").ok()["profile"]["items"]
            .get("a")
            .is_none()
    );
    assert_eq!(
        service.rejected("POST", "/events", &did("u1", "view", "a", noon(80))),
        ["item_id"]
    );
    service.rebuild();
    assert_eq!(service.get("/race?kind=item").ok()["size"], 1);
    service.items(&[json!({"id": "a", "merchant_id": "m", "listed_at": noon(0) - 200 * DAY})]);
    near(raw(&service, "affinity.item").unwrap(), 0.0);
    service.rebuild();
    near(raw(&service, "item.level").unwrap(), 0.0);
    near(raw(&service, "affinity.merchant").unwrap(), bond);
    assert_eq!(service.objective("u1", "a", "order_value")["missing"], true);
}

#[test]
fn a_reused_row_inherits_nothing() {
    let service = Service::start();
    learn(&service);
    assert_eq!(service.delete("/items/a"), 204);
    service.items(&[json!({"id": "x"}), json!({"id": "y"})]);
    let before = service.rank(&json!({"user_id": "u1", "candidates": ["x", "y"], "explain": true}));
    service.rebuild();
    let after = service.rank(&json!({"user_id": "u1", "candidates": ["x", "y"], "explain": true}));
    for ranking in [before, after] {
        for item in ranking["items"].as_array().unwrap() {
            for part in item["explain"]["objectives"].as_array().unwrap() {
                let expected = match part["name"].as_str().unwrap() {
                    "order_value" | "freshness" => 0.5,
                    _ => 0.0,
                };
                near(part["value"].as_f64().unwrap(), expected);
            }
        }
    }
}

#[test]
fn a_deleted_merchant_may_return_without_history() {
    let service = Service::start();
    learn(&service);
    assert!(raw(&service, "affinity.merchant").unwrap() > 8.0);
    assert!(raw(&service, "race.level").unwrap() > 0.0);
    assert_eq!(service.delete("/merchants/m"), 204);
    assert_eq!(service.delete("/merchants/m"), 404);
    service.get("/merchants/m").problem(404);
    assert_eq!(
        service.get("/users/u1").ok()["profile"]["merchants"],
        json!({})
    );
    assert!(service.order("u1", &["a", "b"]).is_empty());
    service.rebuild();
    let watched = service.get("/race").ok();
    assert_eq!(watched["size"], 1, "{watched}");
    // An event on one of its items creates it again, without declared fields.
    service.events(&[bought("again", "u1", "a", noon(82), 10.0)]);
    assert_eq!(service.declared("/merchants/m"), json!({"id": "m"}));
    assert!(service.order("u1", &["a", "b"]).is_empty(), "still hidden");
    service.merchants(&[json!({"id": "m"})]);
    near(raw(&service, "race.level").unwrap_or(0.0), 0.0);
    near(
        raw(&service, "affinity.merchant").unwrap(),
        8.0 * 0.5_f64.powf(36.0 / 24.0 / 60.0),
    );
    service.rebuild();
    let board = service.get("/race").ok();
    assert_eq!(board["size"], 2);
    let runners = board["runners"].as_array().unwrap();
    let runner = runners.iter().find(|runner| runner["id"] == "m").unwrap();
    assert!(runner["weeks"].as_u64().unwrap() <= 1, "{runner}");
}

#[test]
fn a_deleted_user_is_unknown() {
    let service = Service::start();
    learn(&service);
    service.users(&[json!({"id": "u1", "tags": ["t"]})]);
    let buyers = raw(&service, "item.level").unwrap();
    assert_eq!(service.delete("/users/u1"), 204);
    assert_eq!(service.delete("/users/u1"), 404);
    service.get("/users/u1").problem(404);
    let as_stranger = service
        .rank(&json!({"user_id": "u1", "candidates": ["a", "b"], "explain": true}))["items"]
        .clone();
    let stranger = service
        .rank(&json!({"user_id": "nobody", "candidates": ["a", "b"], "explain": true}))["items"]
        .clone();
    assert_eq!(as_stranger, stranger);
    service.events(&[
        did("u1", "view", "b", noon(81)),
        did("new", "view", "b", noon(81)),
    ]);
    for id in ["u1", "new"] {
        let user = service.get(&format!("/users/{id}")).ok();
        assert_eq!((&user["events"], &user["tags"]), (&json!(1), &json!({})));
        assert_eq!(user["profile"]["items"].as_object().unwrap().len(), 1);
        assert_eq!(user["profile"]["merchants"].as_object().unwrap().len(), 1);
    }
    service.rebuild();
    near(raw(&service, "item.level").unwrap(), buyers);
}
