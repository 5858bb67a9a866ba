//! `POST /events`: visible to the next request, once per id, in any order, and rejected with a reason.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::{DAY, PURCHASES_COUNT, bought, did, end_of_window, near, noon, weighing};
use crate::service::Service;

fn one_item(service: &Service) {
    service.merchants(&[json!({"id": "m"}), json!({"id": "other"})]);
    service.items(&[json!({
        "id": "a", "merchant_id": "m", "category": "c", "tags": ["t"], "price": 30, "listed_at": noon(0) - 200 * DAY,
    })]);
}

fn raw(service: &Service, user: &str, name: &str) -> f64 {
    service.objective(user, "a", name)["raw"].as_f64().unwrap()
}

#[test]
fn the_next_request_sees_an_event() {
    let service = Service::with_config(PURCHASES_COUNT);
    one_item(&service);
    assert!(service.objective("u", "a", "affinity.item")["missing"] == true);
    for (count, kind, gain) in [
        (1, "view", 1.0),
        (2, "click", 2.0),
        (3, "favourite", 5.0),
        (4, "cart", 9.0),
        (5, "purchase", 17.0),
        (6, "share", 21.0),
        (7, "refund", 13.0),
        (8, "dislike", 5.0),
        (9, "remove_from_cart", 2.0),
        (10, "impression", 2.0),
    ] {
        let mut event = did("u", kind, "a", noon(1));
        event["quantity"] = json!(7);
        service.events(&[event]);
        near(raw(&service, "u", "affinity.item"), gain);
        near(raw(&service, "u", "affinity.merchant"), gain);
        let user = service.get("/users/u").ok();
        assert_eq!(user["events"], count);
        near(user["profile"]["items"]["a"].as_f64().unwrap(), gain);
        near(
            user["profile"]["tags"]["category:c"].as_f64().unwrap(),
            gain,
        );
        near(service.value("u", "a", "affinity.tags"), 1.0);
    }
    near(
        service.value("u", "a", "affinity.item"),
        3.0_f64.ln() / 41.0_f64.ln(),
    );
}

#[test]
fn a_history_halves_in_a_half_life() {
    let service = Service::with_config(PURCHASES_COUNT);
    one_item(&service);
    service.events(&[
        did("u", "purchase", "a", noon(0)),
        did("v", "view", "a", noon(60)),
    ]);
    near(raw(&service, "u", "affinity.item"), 4.0);
    service.events(&[
        did("u", "view", "a", noon(0)),
        did("w", "view", "a", noon(120)),
    ]);
    near(raw(&service, "u", "affinity.item"), 2.25);
}

#[test]
fn the_first_event_of_an_id_counts() {
    let service = Service::start();
    one_item(&service);
    let first = json!({"id": "e", "user_id": "u", "item_id": "a", "kind": "view", "at": noon(1)});
    let other = json!({"id": "e", "user_id": "v", "item_id": "a", "kind": "purchase", "at": noon(1), "amount": 5});
    service.events(&[first.clone(), first.clone(), other]);
    let spelt = json!([{"scene": null, "at": noon(1), "kind": "view", "item_id": "a", "user_id": "u", "id": "e"}]);
    let answer = service.json("POST", "/events", &spelt).ok();
    assert_eq!(answer["repeated"], 1);
    assert_eq!(answer.get("repeats"), None);
    near(raw(&service, "u", "affinity.item"), 1.0);
    assert_eq!(service.get("/users/u").ok()["events"], 1);
    service.get("/users/v").problem(404);
    let repeated = |content: &str| {
        service.metric(&format!(
            "saima_repeated_events_total{{content=\"{content}\"}}"
        ))
    };
    near(repeated("same"), 2.0);
    near(repeated("other"), 1.0);
    near(repeated("unknown"), 0.0);
    service.events(&[
        did("u", "view", "a", noon(1)),
        did("u", "view", "a", noon(1)),
    ]);
    near(raw(&service, "u", "affinity.item"), 3.0);
    let rejected =
        json!({"id": "f", "user_id": "u", "item_id": "none", "kind": "view", "at": noon(1)});
    assert_eq!(service.rejected("POST", "/events", &rejected), ["item_id"]);
    let mended = json!({"id": "f", "user_id": "u", "item_id": "a", "kind": "view", "at": noon(1)});
    service.events(&[mended]);
    near(raw(&service, "u", "affinity.item"), 4.0);
}

#[test]
fn a_repeat_with_other_content_is_named() {
    let service = Service::start();
    one_item(&service);
    let event = |id: &str, amount: u32| json!({"id": id, "user_id": "u", "item_id": "a", "kind": "purchase", "at": noon(1), "amount": amount});
    let sent = json!([event("e", 1), event("f", 1), event("e", 2), event("f", 1)]);
    for path in ["/events?dry_run=true", "/events"] {
        let answer = service.json("POST", path, &sent).ok();
        assert_eq!(
            (&answer["accepted"], &answer["repeated"]),
            (&json!(4), &json!(2))
        );
        assert_eq!(answer["repeats_count"], 1);
        let repeat = &answer["repeats"][0];
        assert_eq!((&repeat["index"], &repeat["id"]), (&json!(2), &json!("e")));
    }
    let many: Vec<Value> = (0..1_100).map(|_| event("e", 3)).collect();
    let answer = service.json("POST", "/events", &json!(many)).ok();
    assert_eq!(answer["repeats_count"], 1_100);
    assert_eq!(answer["repeats"].as_array().unwrap().len(), 1_000);
}

#[test]
fn new_ids_of_other_normal_forms_are_counted() {
    let service = Service::start();
    let [composed, decomposed] = ["caf\u{e9}", "cafe\u{301}"];
    let items = json!([{"id": composed}, {"id": decomposed, "merchant_id": decomposed}, {"id": decomposed}]);
    for path in ["/items?dry_run=true", "/items"] {
        let answer = service.json("PUT", path, &items).ok();
        assert_eq!(answer["ids_not_normalised"], 2, "{path}");
    }
    let again = service.json("PUT", "/items", &items).ok();
    assert_eq!(again.get("ids_not_normalised"), None);
    let view = json!([{"id": decomposed, "user_id": "u", "item_id": composed, "kind": "view", "at": noon(1)}]);
    service.json("POST", "/events", &view).ok();
    for (kind, count) in [
        ("item", 1.0),
        ("merchant", 1.0),
        ("user", 0.0),
        ("event", 1.0),
    ] {
        near(
            service.metric(&format!(
                "saima_ids_not_normalised_total{{kind=\"{kind}\"}}"
            )),
            count,
        );
    }
}

#[test]
fn price_times_quantity_has_the_bound_of_amounts() {
    let service = Service::start();
    service.items(&[json!({"id": "a", "merchant_id": "m", "price": 2_000_000})]);
    let of = |kind: &str, quantity: f64| json!({"user_id": "u", "item_id": "a", "kind": kind, "at": noon(1), "quantity": quantity});
    for kind in ["purchase", "refund"] {
        service.events(&[of(kind, 500_000.0)]);
        let rejected = service.rejected("POST", "/events", &of(kind, 500_001.0));
        assert_eq!(rejected, ["quantity"]);
    }
    let mut given = of("purchase", 500_001.0);
    given["amount"] = json!(1e12);
    service.events(&[given, of("cart", 1e9)]);
}

#[test]
fn contradictions_are_rejected() {
    let service = Service::launch(None, &["--clock", "wall"], &[]);
    one_item(&service);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = i64::try_from(now.as_millis()).unwrap();
    let rejected = |event: Value| service.rejected("POST", "/events", &event);
    assert_eq!(rejected(did("u", "view", "a", now + 360_000)), ["at"]);
    service.events(&[did("u", "view", "a", now + 240_000)]);
    assert_eq!(rejected(did("u", "view", "none", now)), ["item_id"]);
    let here =
        json!({"user_id": "u", "item_id": "a", "merchant_id": "m", "kind": "view", "at": now});
    service.events(&[here]);
    assert!(!rejected(json!({"user_id": "u", "kind": "view", "at": now})).is_empty());
    assert!(
        !rejected(json!({"user_id": "u", "kind": "follow", "item_id": "a", "at": now})).is_empty()
    );
    assert_eq!(rejected(json!({"item_id": "a"})), ["user_id", "kind", "at"]);
    assert_eq!(
        rejected(
            json!({"user_id": "u", "item_id": "a", "kind": "buy", "at": "soon", "amount": -1, "colour": 1})
        ),
        ["kind", "at", "amount", "colour"]
    );
    assert_eq!(
        rejected(
            json!({"user_id": "u", "item_id": "a", "kind": "view", "at": now, "purchase_id": "e"})
        ),
        ["purchase_id"]
    );
    assert_eq!(service.get("/users/u").ok()["events"], 2);
}

#[test]
fn an_unknown_merchant_is_created_and_counted() {
    let service = Service::start();
    service.items(&[json!({"id": "a", "merchant_id": "new"})]);
    service
        .events(&[json!({"user_id": "u", "merchant_id": "newer", "kind": "view", "at": noon(1)})]);
    for id in ["new", "newer"] {
        assert_eq!(service.get(&format!("/merchants/{id}")).ok()["id"], id);
    }
    near(service.metric("saima_unknown_merchants_total"), 2.0);
}

#[test]
fn an_undeclared_item_keeps_its_learnt_state() {
    let stubs = format!("[store]\nunknown_items = \"stub\"\n{PURCHASES_COUNT}");
    let service = Service::with_config(&stubs);
    service.events(&[did("u", "purchase", "a", noon(1))]);
    service.get("/items/a").problem(404);
    assert_eq!(
        service.rank(&json!({"user_id": "u", "candidates": ["a"]}))["unknown"],
        json!(["a"])
    );
    assert_eq!(service.delete("/items/a"), 404);
    let patch = json!({"id": "a", "price": 3});
    assert_eq!(service.rejected("PATCH", "/items", &patch), ["id"]);
    service.items(&[json!({"id": "a", "price": 3})]);
    near(raw(&service, "u", "affinity.item"), 8.0);
}

#[test]
fn the_latest_follow_or_unfollow_by_time_holds() {
    let service = Service::start();
    one_item(&service);
    let bond = |kind: &str, hour: i64| json!({"user_id": "u", "merchant_id": "m", "kind": kind, "at": noon(1) + hour * 60_000});
    let history = || raw(&service, "u", "affinity.merchant");
    for (kind, minute, expected) in [
        ("follow", 5, 8.0),
        ("follow", 3, 8.0),
        ("unfollow", 4, 8.0),
        ("unfollow", 6, 0.0),
        ("follow", 6, 0.0),
        ("follow", 7, 8.0),
        ("unfollow", 7, 0.0),
        ("follow", 8, 8.0),
    ] {
        service.events(&[bond(kind, minute)]);
        near(history(), expected);
    }
    service.events(&[did("v", "view", "a", noon(100))]);
    near(history(), 8.0);
    near(
        service.get("/users/u").ok()["profile"]["merchants"]["m"]
            .as_f64()
            .unwrap(),
        8.0,
    );
}

#[test]
fn a_followed_creator_counts_as_taste() {
    let service = Service::start();
    service.items(&[
        json!({"id": "a", "creator_id": "c"}),
        json!({"id": "b", "creator_id": "d"}),
    ]);
    let bond = |kind: &str, minute: i64| json!({"user_id": "u", "creator_id": "c", "kind": kind, "at": noon(1) + minute * 60_000});
    service.events(&[bond("follow", 1)]);
    near(service.value("u", "a", "affinity.tags"), 1.0);
    near(service.value("u", "b", "affinity.tags"), 0.0);
    assert_eq!(service.order("u", &["b", "a"]), ["a", "b"]);
    service.events(&[bond("unfollow", 2)]);
    near(service.value("u", "a", "affinity.tags"), 0.0);
}

/// Returns the buyers of the item in the window and the weekly GMV of its merchant.
fn race(service: &Service) -> (f64, f64) {
    end_of_window(service);
    let weekly = raw(service, "nobody", "race.level") * 12.0;
    (raw(service, "nobody", "item.level"), weekly)
}

/// Sends purchases of 30 by ten buyers on the window's last days, and the refunds, before or after them; returns [`race`].
fn after_refunds(refunds: &[Value], first: bool) -> (f64, f64) {
    let service = Service::start();
    service.merchants(&[json!({"id": "m", "joined_at": noon(0) - 200 * DAY})]);
    one_item_of_old_merchant(&service);
    if first {
        service.events(refunds);
    }
    let purchases: Vec<Value> = (0..10)
        .map(|n| bought(&format!("p{n}"), &format!("u{n}"), "a", noon(70 + n), 30.0))
        .collect();
    service.events(&purchases);
    if !first {
        service.events(refunds);
    }
    race(&service)
}

fn one_item_of_old_merchant(service: &Service) {
    service.items(&[
        json!({"id": "a", "merchant_id": "m", "price": 30, "listed_at": noon(0) - 200 * DAY}),
    ]);
}

fn refund(purchase: Value, at: i64, amount: Value) -> Value {
    json!({"user_id": "u3", "item_id": "a", "kind": "refund", "at": at, "purchase_id": purchase, "amount": amount})
}

#[test]
fn refunds_cancel_named_purchases_and_reduce_money_otherwise() {
    for first in [false, true] {
        let same = |refunds: &[Value], buyers: f64, money: f64| {
            let (got_buyers, got_money) = after_refunds(refunds, first);
            near(got_buyers, buyers);
            near(got_money, money);
        };
        same(&[], 10.0, 300.0);
        same(&[refund(json!("p3"), noon(80), Value::Null)], 9.0, 270.0);
        same(&[refund(json!("p3"), noon(80), json!(30))], 9.0, 270.0);
        same(&[refund(json!("p3"), noon(80), json!(12))], 10.0, 288.0);
        let halves = [
            refund(json!("p3"), noon(80), json!(18)),
            refund(json!("p3"), noon(81), json!(12)),
        ];
        same(&halves, 9.0, 270.0);
        same(&[refund(Value::Null, noon(73), json!(12))], 10.0, 288.0);
        same(&[refund(Value::Null, noon(73), json!(1_000))], 10.0, 270.0);
        same(&[refund(Value::Null, noon(82), json!(1_000))], 10.0, 300.0);
        same(&[refund(Value::Null, noon(73), Value::Null)], 10.0, 270.0);
    }
}

#[test]
fn a_purchase_without_amount_uses_price_times_quantity() {
    let service = Service::start();
    service.merchants(&[json!({"id": "m", "joined_at": noon(0) - 200 * DAY})]);
    one_item_of_old_merchant(&service);
    let purchase = |user: &str, more: Value| {
        let mut event = did(user, "purchase", "a", noon(72));
        event
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        event
    };
    service.events(&[
        purchase("u", json!({})),
        purchase("v", json!({"quantity": 3})),
        purchase("w", json!({"quantity": 3, "amount": 45})),
    ]);
    let (buyers, money) = race(&service);
    near(buyers, 3.0);
    let all = 30.0 + 90.0 + 45.0;
    near(money, 30.0 + 0.3 * all + 45.0);
    near(raw(&service, "nobody", "order_value"), 45.0);
}

#[test]
fn a_category_may_invert_the_gain_of_purchases() {
    let service = Service::with_config("[profile.item_gains.c]\npurchase = -8\n");
    one_item(&service);
    service.events(&[did("u", "purchase", "a", noon(1))]);
    near(raw(&service, "u", "affinity.item"), -8.0);
    near(service.value("u", "a", "affinity.item"), 0.0);
    near(raw(&service, "u", "affinity.merchant"), 8.0);
}

#[test]
fn bounds_evict_the_weakest_sums() {
    let config = format!(
        "{}[profile]\nmax_items = 2\n{PURCHASES_COUNT}",
        weighing("affinity.item = 1")
    );
    let service = Service::with_config(&config);
    service.items(&["a", "b", "c"].map(|id| json!({"id": id})));
    service.events(&[
        did("u", "purchase", "a", noon(1)),
        did("u", "view", "b", noon(1)),
        did("u", "cart", "c", noon(1)),
    ]);
    let items = service.get("/users/u").ok()["profile"]["items"].clone();
    assert_eq!(
        items.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["a", "c"]
    );
}

#[test]
fn a_sale_by_another_merchant_counts_for_both() {
    let sale = json!({"id": "p", "user_id": "u", "item_id": "a", "merchant_id": "other", "kind": "purchase", "at": noon(60), "amount": 9});
    let service = Service::with_config(PURCHASES_COUNT);
    one_item(&service);
    let earlier =
        json!({"user_id": "v", "merchant_id": "other", "kind": "impression", "at": noon(1)});
    service.events(&[earlier, sale.clone()]);
    let profile = service.get("/users/u").ok()["profile"].clone();
    assert!(profile["merchants"].get("other").is_some(), "{profile}");
    assert!(profile["merchants"].get("m").is_none(), "{profile}");
    assert!(profile["items"].get("a").is_some(), "{profile}");
    super::end_of_window(&service);
    service.rebuild();
    let money = |query: &str, id: &str| {
        let board = service.get(query).ok();
        let runners = board["runners"].as_array().unwrap().clone();
        let runner = runners.iter().find(|runner| runner["id"] == id);
        runner.map(|runner| runner["weekly_gmv"].as_f64().unwrap())
    };
    let (item, other) = (money("/race?kind=item", "a"), money("/race", "other"));
    assert!(item > Some(0.0) && other > Some(0.0), "{item:?} {other:?}");
    assert_eq!(money("/race", "m"), Some(0.0));

    let strict = Service::with_config("[store]\nother_merchants = \"reject\"\n");
    one_item(&strict);
    assert_eq!(strict.rejected("POST", "/events", &sale), ["merchant_id"]);
}
