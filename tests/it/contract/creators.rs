//! Creators: they race by the sales of their items, users have histories with them, and they exist as long as an item names them.

use serde_json::{Value, json};

use super::{DAY, bought, did, end_of_window, near, noon, weighing};
use crate::service::Service;

fn item(id: &str, creator: Option<&str>) -> Value {
    json!({"id": id, "merchant_id": "m", "creator_id": creator, "listed_at": noon(0) - 30 * DAY, "price": 10})
}

/// Returns the weekly GMV of each creator, by id.
fn board(service: &Service) -> Vec<(String, f64)> {
    service.rebuild();
    let board = service.get("/race?kind=creator").ok();
    let runners = board["runners"].as_array().unwrap().iter();
    let figures = runners.map(|it| {
        let id = it["id"].as_str().unwrap().to_owned();
        (id, it["weekly_gmv"].as_f64().unwrap())
    });
    let mut figures: Vec<(String, f64)> = figures.collect();
    figures.sort_by(|a, b| a.0.cmp(&b.0));
    figures
}

fn names(figures: &[(String, f64)]) -> Vec<&str> {
    figures.iter().map(|(id, _)| id.as_str()).collect()
}

/// Sends one sale a day of an item in two weeks.
fn sell(service: &Service, name: &str, item: &str) {
    let sale = |day: i64| {
        bought(
            &format!("{name}{day}"),
            &format!("u{name}{day}"),
            item,
            noon(day),
            7.0,
        )
    };
    service.events(&(1..15).map(sale).collect::<Vec<_>>());
}

#[test]
fn creators_race_by_the_sales_of_their_items() {
    let service = Service::start();
    service.items(&[
        item("a", Some("c")),
        item("b", Some("c")),
        item("d", Some("e")),
        item("f", None),
    ]);
    for (name, of) in [("x", "a"), ("y", "b"), ("z", "d"), ("w", "f")] {
        sell(&service, name, of);
    }
    end_of_window(&service);
    let figures = board(&service);
    assert_eq!(names(&figures), ["c", "e"]);
    near(figures[0].1, 2.0 * figures[1].1);
    let shown = service.get("/creators/c").ok();
    assert_eq!((&shown["id"], &shown["items"]), (&json!("c"), &json!(2)));
    near(
        shown["learnt"]["weekly_gmv"].as_f64().unwrap(),
        figures[0].1,
    );
    assert_eq!(shown["learnt"]["standing"], 1);
    service.get("/creators/none").problem(404);
    // A sale stays with the creator of its time.
    service.items(&[item("b", Some("e"))]);
    assert_eq!(board(&service), figures);
}

#[test]
fn creators_exist_while_an_item_names_them() {
    let service = Service::start();
    service.items(&[item("a", Some("c")), item("b", Some("e"))]);
    sell(&service, "x", "a");
    sell(&service, "y", "b");
    end_of_window(&service);
    assert_eq!(names(&board(&service)), ["c", "e"]);
    assert_eq!(service.delete("/items/a"), 204);
    assert_eq!(names(&board(&service)), ["e"]);
    service.get("/creators/c").problem(404);
    let request = json!({"user_id": "u", "candidates": ["b"]});
    assert_eq!(service.rank(&request)["items"][0]["id"], "b");
}

#[test]
fn a_deleted_creator_begins_anew() {
    let service = Service::with_config(&weighing("affinity.creator = 1\naffinity.tags = 1"));
    service.items(&[item("a", Some("c")), item("b", Some("e"))]);
    sell(&service, "x", "a");
    sell(&service, "y", "b");
    service.events(&[
        did("u", "cart", "a", noon(1)),
        did("u", "cart", "b", noon(1)),
        json!({"user_id": "u", "creator_id": "c", "kind": "follow", "at": noon(1)}),
    ]);
    end_of_window(&service);
    let raw = |item: &str| service.objective("u", item, "affinity.creator")["raw"].as_f64();
    let before = [raw("a"), raw("b")].map(Option::unwrap);
    near(before[0], before[1] + 8.0);
    assert_eq!(service.delete("/creators/c"), 204);
    near(raw("a").unwrap(), 0.0);
    near(raw("b").unwrap(), before[1]);
    let figures = board(&service);
    near(
        figures
            .iter()
            .find(|(id, _)| id == "c")
            .map_or(0.0, |it| it.1),
        0.0,
    );
    assert!(figures.iter().any(|(id, gmv)| id == "e" && *gmv > 0.0));
    // The item is as it was, and what it sells from now on counts.
    assert_eq!(service.declared("/items/a")["creator_id"], "c");
    assert_eq!(service.get("/creators/c").ok()["items"], 1);
    service.events(&[did("u", "view", "a", noon(83))]);
    assert!(raw("a").unwrap() > 0.0);
    for absent in ["/creators/none", "/creators/a"] {
        assert_eq!(service.delete(absent), 404);
    }
}

#[test]
fn an_unlinked_refund_is_the_creators_too() {
    let service = Service::start();
    service.items(&[item("a", Some("c"))]);
    sell(&service, "x", "a");
    end_of_window(&service);
    let before = board(&service)[0].1;
    let refund =
        json!({"user_id": "ux8", "item_id": "a", "kind": "refund", "at": noon(8), "amount": 7});
    service.events(&[refund]);
    assert!(board(&service)[0].1 < before);
}

#[test]
fn a_history_with_a_creator_counts() {
    let service = Service::with_config(&weighing("affinity.creator = 1\ncreator.level = 0.5"));
    service.items(&[item("a", Some("c")), item("b", Some("c")), item("d", None)]);
    service.events(&[
        did("u", "view", "a", noon(1)),
        did("u", "cart", "a", noon(1)),
    ]);
    let raw =
        |user: &str, item: &str| service.objective(user, item, "affinity.creator")["raw"].as_f64();
    near(raw("u", "b").unwrap(), 5.0);
    assert_eq!(raw("u", "d"), None);
    assert_eq!(raw("stranger", "b"), None);
    near(
        service.value("u", "b", "affinity.creator"),
        6.0_f64.ln() / 101.0_f64.ln(),
    );
    let follow =
        |kind: &str, at: i64| json!({"user_id": "u", "creator_id": "c", "kind": kind, "at": at});
    service.events(&[follow("follow", noon(1))]);
    near(raw("u", "b").unwrap(), 13.0);
    service.events(&[follow("unfollow", noon(1) + 1)]);
    near(raw("u", "b").unwrap(), 5.0);
    near(service.value("u", "b", "creator.level"), 0.0);
}
