//! Bounds of what is kept: beyond them the least recent goes first, and is forgotten.

use serde_json::json;

use super::{bought, did, near, noon};
use crate::service::Service;

fn entries(service: &Service, structure: &str) -> f64 {
    service.metric(&format!("saima_entries{{structure=\"{structure}\"}} "))
}

fn evictions(service: &Service, structure: &str) -> f64 {
    service.metric(&format!(
        "saima_evictions_total{{structure=\"{structure}\"}} "
    ))
}

#[test]
fn names_that_nothing_uses_are_freed() {
    let service = Service::start();
    let mut most = 0.0_f64;
    for round in 0..4 {
        let id = |n: usize| format!("r{round}-{n}");
        let item =
            |n| json!({"id": id(n), "merchant_id": "m", "tags": [format!("tag{round}-{n}")]});
        service.items(&(0..40).map(item).collect::<Vec<_>>());
        let user = |n| json!({"id": "u", "tags": [format!("own{round}-{n}")]});
        service.users(&(0..40).map(user).collect::<Vec<_>>());
        let creator = format!("creator{round}");
        service.events(&[
            json!({"user_id": format!("u{round}"), "creator_id": creator, "kind": "follow", "at": noon(1)}),
            did("keeps", "view", &id(0), noon(1)),
        ]);
        (0..40).for_each(|n| assert_eq!(service.delete(&format!("/items/{}", id(n))), 204));
        assert_eq!(service.delete(&format!("/users/u{round}")), 204);
        service.rebuild();
        // One tag of `u`, and those that `keeps` has learnt.
        near(entries(&service, "tags"), 2.0 + f64::from(round));
        let bytes = service.metric("saima_bytes{structure=\"tags\"} ");
        if round == 1 {
            most = bytes;
        }
        assert!(round < 1 || bytes <= 1.1 * most, "{bytes} {most}");
    }
    let profile = &service.get("/users/keeps").ok()["profile"]["tags"];
    let tags: Vec<&String> = profile.as_object().unwrap().keys().collect();
    assert_eq!(tags.len(), 4, "{tags:?}");
    assert!(tags.iter().all(|tag| tag.ends_with("-0")), "{tags:?}");
    assert!(evictions(&service, "tags") > 300.0);
}

#[test]
fn merchants_that_nothing_names_are_evicted() {
    let service = Service::with_config("[store]\nbare_merchants = 10\n");
    service.merchants(&[json!({"id": "declared"})]);
    service.items(&[json!({"id": "i", "merchant_id": "sells"})]);
    let named = |id: String, kind: &str| json!({"user_id": "u", "merchant_id": id, "kind": kind, "at": noon(1)});
    let mut events = vec![
        named("viewed".to_owned(), "view"),
        named("followed".to_owned(), "follow"),
        json!({"user_id": "gone", "merchant_id": "sold", "kind": "purchase", "at": noon(1), "amount": 1}),
    ];
    events.extend((0..100).map(|n| named(format!("m{n}"), "impression")));
    service.events(&events);
    assert_eq!(service.delete("/users/gone"), 204);
    service.rebuild();
    near(entries(&service, "bare_merchants"), 10.0);
    near(evictions(&service, "bare_merchants"), 93.0);
    for id in ["declared", "sells", "viewed", "followed", "sold"] {
        assert_eq!(service.get(&format!("/merchants/{id}")).status, 200, "{id}");
    }
    service.get("/merchants/m0").problem(404);
    service.rebuild();
    service.events(&[named("m0".to_owned(), "view")]);
    assert_eq!(service.get("/merchants/m0").status, 200);
}

#[test]
fn unknown_ids_beyond_the_bounds_are_rejected() {
    let config = "[store]\nunknown_items = \"stub\"\nstub_items = 10\nbare_merchants = 10\n";
    let service = Service::with_config(config);
    service.merchants(&[json!({"id": "declared"})]);
    for (field, key) in [("item_id", "stub_items"), ("merchant_id", "bare_merchants")] {
        let sold = |n: usize| json!({"user_id": format!("u{n}"), field: format!("n{n}"), "kind": "purchase", "at": noon(1), "amount": 1});
        let events: Vec<_> = (0..1_100).map(sold).collect();
        let answer = service.json("POST", "/events", &json!(events)).ok();
        assert_eq!(answer["accepted"], 1_034, "{key}");
        let fault = &answer["rejected"][0]["errors"][0];
        assert_eq!(fault["path"], field);
        assert!(fault["message"].as_str().unwrap().contains(key), "{fault}");
        // Purchases name all of them: a sweep finds nothing to evict.
        service.rebuild();
        near(entries(&service, key), 1_034.0);
        service.events(&[sold(0)]);
        assert_eq!(service.rejected("POST", "/events", &sold(1_200)), [field]);
    }
    near(service.metric("saima_beyond_bounds_total "), 134.0);
    let unknown = json!({"user_id": "u", "merchant_id": "n1200", "kind": "view", "at": noon(1)});
    service.merchants(&[json!({"id": "n1200"})]);
    service.events(&[unknown]);
}

#[test]
fn stub_items_that_nothing_names_are_evicted() {
    let config = "[store]\nunknown_items = \"stub\"\nstub_items = 10\n";
    let service = Service::with_config(config);
    service.items(&[json!({"id": "declared", "merchant_id": "m"})]);
    let mut events = vec![
        did("u", "view", "viewed", noon(1)),
        bought("p", "gone", "sold", noon(1), 3.0),
    ];
    events.extend((0..100).map(|n| did("u", "impression", &format!("i{n}"), noon(1))));
    service.events(&events);
    assert_eq!(service.delete("/users/gone"), 204);
    service.rebuild();
    near(entries(&service, "stub_items"), 10.0);
    near(evictions(&service, "stub_items"), 92.0);
    near(entries(&service, "items"), 1.0);
    let viewed = &service.get("/users/u").ok()["profile"]["items"];
    assert_eq!(viewed.as_object().unwrap().len(), 1, "{viewed}");
    service.rebuild();
    service.items(&[json!({"id": "i0", "merchant_id": "m"})]);
    near(entries(&service, "items"), 2.0);
    near(entries(&service, "stub_items"), 10.0);
}

#[test]
fn the_least_recent_users_are_evicted() {
    let service = Service::with_config("[store]\nusers = 50\n");
    service.items(&[json!({"id": "i", "merchant_id": "m", "tags": ["t"]})]);
    let user = |n: usize| format!("u{n}");
    for n in 0..50 {
        service.events(&[bought(&format!("p{n}"), &user(n), "i", noon(1), 5.0)]);
    }
    // Declared fields count as a sign of the user, a ranking does not.
    service.users(&[json!({"id": "u0", "tags": ["t"]})]);
    service.order("u1", &["i"]);
    let more: Vec<_> = (50..60)
        .map(|n| did(&user(n), "view", "i", noon(2)))
        .collect();
    service.events(&more);
    near(entries(&service, "users"), 50.0);
    near(evictions(&service, "users"), 10.0);
    for n in 0..60 {
        let status = service.get(&format!("/users/u{n}")).status;
        let is_evicted = (1..11).contains(&n);
        assert_eq!(status, if is_evicted { 404 } else { 200 }, "u{n}");
    }
    service.events(&[did("u5", "view", "i", noon(2))]);
    let again = service.get("/users/u5").ok();
    assert_eq!(again["events"], 1, "{again}");
    assert_eq!(service.delete("/users/u7"), 404);
}
