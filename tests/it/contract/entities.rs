//! Upserts, merge patches and the answers of `GET`.

use serde_json::{Value, json};

use super::{PURCHASES_COUNT, did, near, noon};
use crate::service::Service;

#[test]
fn an_upsert_replaces_declared_fields_only() {
    let service = Service::with_config(PURCHASES_COUNT);
    service.items(&[
        json!({"id": "a", "merchant_id": "m", "price": 5, "tags": ["t"], "quality": 0.9}),
    ]);
    service.users(&[json!({"id": "u", "tags": ["t"], "region": "r"})]);
    service.events(&[did("u", "purchase", "a", noon(1))]);
    service.items(&[json!({"id": "a", "title": "now"})]);
    assert_eq!(
        service.declared("/items/a"),
        json!({"id": "a", "title": "now"})
    );
    let history = service.objective("u", "a", "affinity.item");
    near(history["raw"].as_f64().unwrap(), 8.0);
    // The price is gone; what the user paid is not.
    near(
        service.objective("u", "a", "order_value")["raw"]
            .as_f64()
            .unwrap(),
        5.0,
    );
    assert_eq!(service.objective("v", "a", "order_value")["missing"], true);
    service.users(&[json!({"id": "u"})]);
    let user = service.get("/users/u").ok();
    assert_eq!((&user["tags"], user.get("region")), (&json!({}), None));
    near(user["profile"]["tags"]["t"].as_f64().unwrap(), 8.0);
}

#[test]
fn entities_are_returned_as_declared() {
    let service = Service::start();
    let item = json!({
        "id": "i", "merchant_id": "m-9", "kind": "product", "category": "skin-care", "tags": {"hyaluronic": 1.0, "moisture": 0.5},
        "brand": "x", "title": "…", "price": 129.0, "available": true, "region": "CN-33", "lat": 30.2, "lon": 120.1, "creator_id": "c-1",
        "listed_at": "2025-11-01T00:00:00Z", "campaigns": ["double-11"], "quality": 0.9, "long_term_value": 0.4,
    });
    let merchant = json!({
        "id": "m-9", "name": "…", "category": "beauty", "region": "CN-33", "joined_at": "2025-10-20T00:00:00Z", "integrity": 0.97,
        "owner": "o-3", "goal": "acquisition", "campaigns": [],
    });
    service.items(std::slice::from_ref(&item));
    service.merchants(std::slice::from_ref(&merchant));
    assert_eq!(service.declared("/items/i"), item);
    assert_eq!(service.declared("/merchants/m-9"), merchant);
    service.users(&[json!({"id": "u", "tags": {"skin-care": 0.8}, "region": "CN-33-01"})]);
    service.events(&[
        did("u", "view", "i", noon(0)),
        did("u", "purchase", "i", noon(60)),
    ]);
    let user = service.get("/users/u").ok();
    let fields: Vec<&String> = user.as_object().unwrap().keys().collect();
    assert_eq!(fields.len(), 6, "{fields:?}");
    assert_eq!(user["tags"], json!({"skin-care": 0.8}));
    assert_eq!(user["profile"]["as_of"], "2025-06-06T12:00:00Z");
    let tags = user["profile"]["tags"].as_object().unwrap();
    let weights: Vec<f64> = tags
        .values()
        .map(|weight| weight.as_f64().unwrap())
        .collect();
    assert!(weights.is_sorted_by(|a, b| a >= b), "strongest first");
    for (tag, weight) in [
        ("hyaluronic", 8.5),
        ("moisture", 4.25),
        ("category:skin-care", 8.5),
        ("brand:x", 8.5),
        ("kind:product", 8.5),
        ("creator:c-1", 8.5),
    ] {
        near(tags[tag].as_f64().unwrap(), weight);
    }
    near(user["profile"]["merchants"]["m-9"].as_f64().unwrap(), 8.5);
    assert_eq!(user["events"], 2);
    for kind in ["items", "merchants", "users"] {
        service.get(&format!("/{kind}/nobody")).problem(404);
    }
}

#[test]
fn declared_tags_do_not_decay() {
    let service = Service::start();
    service.items(&[
        json!({"id": "a", "tags": {"t": 1, "s": 1}}),
        json!({"id": "b", "tags": {"s": 1}}),
        json!({"id": "c", "tags": {"t": -1}}),
    ]);
    service.users(&[json!({"id": "u", "tags": {"t": 2}})]);
    service.events(&[
        did("u", "view", "b", noon(0)),
        did("v", "view", "b", noon(2_000) - 1_700 * super::DAY),
    ]);
    // Two of three items have each tag, so that both idf are equal and the cosine depends on the weights alone.
    let (t, s) = (48.0, 0.5_f64.powf(300.0 / 60.0));
    let norm = f64::hypot(t, s);
    service.rebuild();
    near(
        service.value("u", "a", "affinity.tags"),
        (t + s) / (2.0_f64.sqrt() * norm),
    );
    near(service.value("u", "b", "affinity.tags"), s / norm);
    near(service.value("u", "c", "affinity.tags"), 0.0);
    near(
        service.objective("u", "c", "affinity.tags")["raw"]
            .as_f64()
            .unwrap(),
        -t / norm,
    );
}

#[test]
fn patches_merge_as_rfc_7386_requires() {
    let service = Service::start();
    service.items(&[
        json!({"id": "a", "tags": ["t", "s"], "price": 5, "title": "old", "campaigns": ["x", "y"]}),
    ]);
    let after = |patch: Value| {
        service.send_facts("PATCH", "/items", &[patch]);
        service.declared("/items/a")
    };
    let start = json!({"id": "a", "tags": {"t": 1.0, "s": 1.0}, "price": 5, "title": "old", "campaigns": ["x", "y"]});
    assert_eq!(after(json!({"id": "a"})), start);
    assert_eq!(
        after(json!({"id": "a", "tags": {"s": null, "r": 0.5}}))["tags"],
        json!({"t": 1.0, "r": 0.5})
    );
    assert_eq!(after(json!({"id": "a", "title": null})).get("title"), None);
    assert_eq!(
        after(json!({"id": "a", "campaigns": ["z"]}))["campaigns"],
        json!(["z"])
    );
    assert_eq!(
        after(json!({"id": "a", "tags": ["q"]}))["tags"],
        json!({"q": 1.0})
    );
    assert_eq!(
        after(json!({"id": "a", "tags": {"p": 2}}))["tags"],
        json!({"q": 1.0, "p": 2})
    );
    assert_eq!(
        after(json!({"id": "a", "tags": null, "price": 7, "title": null})),
        json!({"id": "a", "price": 7, "campaigns": ["z"]})
    );
    assert_eq!(
        after(json!({"id": "a", "tags": {"only": 1, "none": null}}))["tags"],
        json!({"only": 1})
    );
    near(
        service.objective("u", "a", "order_value")["raw"]
            .as_f64()
            .unwrap(),
        7.0,
    );
}

#[test]
fn a_patch_that_breaks_a_rule_changes_nothing() {
    let service = Service::with_config("[limits]\ntags = 2\n");
    service.items(&[json!({"id": "a", "tags": ["t", "s"], "price": 5})]);
    let before = service.declared("/items/a");
    let rejected = |patch: Value| service.rejected("PATCH", "/items", &patch);
    assert_eq!(
        rejected(json!({"id": "a", "price": -1, "colour": 2})),
        ["price", "colour"]
    );
    assert_eq!(
        rejected(json!({"id": "a", "price": 6, "tags": {"r": 1}})),
        ["tags"]
    );
    assert_eq!(rejected(json!({"id": "nobody", "price": 1})), ["id"]);
    assert_eq!(rejected(json!({"price": 1})), ["id"]);
    assert_eq!(service.declared("/items/a"), before);
    service.send_facts(
        "PATCH",
        "/items",
        &[json!({"id": "a", "tags": {"t": null, "r": 1}})],
    );
    for kind in ["merchants", "users"] {
        assert_eq!(
            service.rejected("PATCH", &format!("/{kind}"), &json!({"id": "nobody"})),
            ["id"]
        );
    }
}

#[test]
fn the_next_request_sees_a_patch() {
    let service = Service::start();
    service.merchants(&[json!({"id": "m"})]);
    service.items(&[json!({"id": "a", "merchant_id": "m"}), json!({"id": "b"})]);
    let order = || service.order("u", &["a", "b"]).len();
    for (available, count) in [(false, 1), (true, 2)] {
        service.send_facts(
            "PATCH",
            "/items",
            &[json!({"id": "a", "available": available})],
        );
        assert_eq!(order(), count);
    }
    let figure = |name: &str| service.explain("u", "a")[name].as_f64().unwrap();
    let whole = figure("score");
    near(whole, figure("base"));
    service.send_facts(
        "PATCH",
        "/merchants",
        &[json!({"id": "m", "integrity": 0.25})],
    );
    near(figure("score"), whole / 4.0);
    let factors = service.explain("u", "a")["factors"].clone();
    assert_eq!(
        (factors.as_array().unwrap().len(), &factors[0]["name"]),
        (1, &json!("integrity"))
    );
    near(factors[0]["factor"].as_f64().unwrap(), 0.25);
    assert!(factors[0]["reason"].is_string());
    service.send_facts(
        "PATCH",
        "/merchants",
        &[json!({"id": "m", "integrity": null})],
    );
    near(figure("score"), whole);
    service.send_facts(
        "PATCH",
        "/users",
        &[json!({"id": "u", "tags": ["t"]})].map(|mut user| {
            service.users(&[json!({"id": "u"})]);
            user.take()
        }),
    );
    service.send_facts("PATCH", "/items", &[json!({"id": "b", "tags": ["t"]})]);
    near(service.value("u", "b", "affinity.tags"), 1.0);
}

#[test]
fn integrity_follows_the_configured_curve_and_bounds() {
    let service = Service::with_config("[integrity]\ngamma = 2\nmin = 0.2\nmax = 0.8\n");
    for (integrity, expected) in [(1.0, 0.8), (0.8, 0.64), (0.3, 0.2), (0.0, 0.2)] {
        service.merchants(&[json!({"id": "m", "integrity": integrity})]);
        service.items(&[json!({"id": "a", "merchant_id": "m"})]);
        near(
            service.explain("u", "a")["factors"][0]["factor"]
                .as_f64()
                .unwrap(),
            expected,
        );
    }
}

#[test]
fn integers_are_valid_ids() {
    let service = Service::start();
    service.items(&[json!({"id": 7, "merchant_id": 9, "category": 3, "brand": 4, "tags": [5]})]);
    service.users(&[json!({"id": 1})]);
    let item =
        json!({"id": "7", "merchant_id": "9", "category": "3", "brand": "4", "tags": {"5": 1.0}});
    assert_eq!(service.declared("/items/7"), item);
    service.events(&[json!({"id": 2, "user_id": 1, "item_id": 7, "merchant_id": "9", "kind": "view", "at": noon(1)})]);
    assert_eq!(
        service.get("/users/1").ok()["profile"]["merchants"],
        json!({"9": 1.0})
    );
    for bad in [
        json!(""),
        json!("a\nb"),
        json!("x".repeat(129)),
        json!(1.5),
        json!(true),
        json!(["a"]),
    ] {
        assert_eq!(
            service.rejected("PUT", "/items", &json!({"id": bad})),
            ["id"]
        );
    }
    let long = "店".repeat(42) + "ab";
    service.items(&[json!({"id": long, "title": null, "price": null})]);
    assert_eq!(service.order("u", &[&long]), [long]);
}

#[test]
fn every_fault_of_a_line_is_reported() {
    let service = Service::start();
    let item = json!({"id": "a", "kind": "thing", "price": -1, "lat": 91, "lon": "x", "quality": 1.5, "listed_at": "then", "tags": {"t": "1"}, "colour": 1});
    let mut paths = service.rejected("PUT", "/items", &item);
    paths.sort();
    assert_eq!(
        paths,
        [
            "colour",
            "kind",
            "lat",
            "listed_at",
            "lon",
            "price",
            "quality",
            "tags.t"
        ]
    );
    let tags: Vec<String> = (0..65).map(|n| n.to_string()).collect();
    assert_eq!(
        service.rejected("PUT", "/items", &json!({"id": "a", "tags": tags})),
        ["tags"]
    );
    assert_eq!(
        service.rejected("PUT", "/merchants", &json!({"id": "m", "integrity": 1.1})),
        ["integrity"]
    );
}

#[test]
fn a_user_is_shown_with_audiences() {
    let service = Service::with_config(
        "[audience.buyers]\nwhere = 'user.orders > 0'\n[audience.asking]\nwhere = 'request.query == \"tea\"'\n\
         [audience.people]\nwhere = 'user.known'\n[selection.cheap]\nwhere = 'item.price < 10.0'",
    );
    service.items(&[
        json!({"id": "a", "price": 5}),
        json!({"id": "b", "price": 50}),
    ]);
    service.users(&[json!({"id": "u"})]);
    let audiences = || service.get("/users/u").ok()["audiences"].clone();
    assert_eq!(audiences(), json!(["people"]));
    service.events(&[did("u", "purchase", "a", noon(1))]);
    assert_eq!(audiences(), json!(["buyers", "people"]));
    near(
        service.metric("saima_selection_items{selection=\"cheap\"}"),
        1.0,
    );
    service.send_facts("PATCH", "/items", &[json!({"id": "b", "price": 5})]);
    near(
        service.metric("saima_selection_items{selection=\"cheap\"}"),
        2.0,
    );
}
