//! The objective `proximity`: by distance, by region, and with places that are odd, unknown or missing.

use serde_json::{Value, json};

use super::near;
use crate::service::{Service, ids};

const NEAR: &str = "[scene.default.weights]\nproximity = 1\n[proximity]\nhalf_km = 10\n";

fn catalogue(service: &Service) {
    service.merchants(&[json!({"id": "m", "region": "CN-33"})]);
    service.items(&[
        json!({"id": "here", "lat": 30.27, "lon": 120.15}),
        json!({"id": "near", "lat": 30.2, "lon": 120.1, "region": "US"}),
        json!({"id": "far", "lat": -30.27, "lon": -59.85}),
        json!({"id": "same", "region": "CN-33-01"}),
        json!({"id": "shop", "merchant_id": "m"}),
        json!({"id": "other", "region": "CN-44-01"}),
        json!({"id": "half", "lat": 30.27}),
        json!({"id": "none"}),
    ]);
}

fn ranked(service: &Service, context: &Value) -> Value {
    let items = [
        "here", "near", "far", "same", "shop", "other", "half", "none",
    ];
    service.rank(&json!({"user_id": "u", "candidates": items, "explain": true, "context": context}))
}

fn part(ranking: &Value, item: &str) -> Value {
    let mut items = ranking["items"].as_array().unwrap().iter();
    let found = items.find(|it| it["id"] == item).unwrap();
    found["explain"]["objectives"][0].clone()
}

fn values(ranking: &Value) -> Vec<Option<f64>> {
    let items = [
        "here", "near", "far", "same", "shop", "other", "half", "none",
    ];
    let value = |item| {
        let part = part(ranking, item);
        assert_eq!(part["name"], "proximity");
        let value = part["value"].as_f64().unwrap();
        if part["missing"] == true {
            near(value, 0.5);
        }
        (part["missing"] != true).then_some(value)
    };
    items.map(value).to_vec()
}

fn assert_values(ranking: &Value, right: [Option<f64>; 8]) {
    for (found, right) in values(ranking).into_iter().zip(right) {
        assert_eq!(found.is_some(), right.is_some(), "{ranking}");
        near(found.unwrap_or(0.0), right.unwrap_or(0.0));
    }
}

#[test]
fn what_is_near_counts_more() {
    let service = Service::with_config(NEAR);
    catalogue(&service);
    let point = ranked(&service, &json!({"lat": 30.27, "lon": 120.15}));
    // 9.146483 km by the haversine formula.
    let near_by = 0.5_f64.powf(0.914_648_3);
    assert_values(
        &point,
        [
            Some(1.0),
            Some(near_by),
            Some(0.0),
            None,
            None,
            None,
            None,
            None,
        ],
    );
    near(part(&point, "near")["raw"].as_f64().unwrap(), 9.146_483);
    assert_eq!(part(&point, "near")["reason"], "9.1 km away");
    let antipode = part(&point, "far")["raw"].as_f64().unwrap();
    assert!(
        (antipode - 6_371.0 * std::f64::consts::PI).abs() < 0.01,
        "{antipode}"
    );
    assert_eq!(ids(&point)[..2], ["here", "near"]);

    let region = ranked(&service, &json!({"region": "CN-33-01"}));
    assert_values(
        &region,
        [
            None,
            Some(0.0),
            None,
            Some(1.0),
            Some(0.6),
            Some(0.3),
            None,
            None,
        ],
    );
    assert_eq!(
        part(&region, "shop")["reason"],
        "in CN-33, asked for CN-33-01"
    );
    let both = ranked(
        &service,
        &json!({"region": "CN-33-01", "lat": 30.27, "lon": 120.15}),
    );
    assert_values(
        &both,
        [
            Some(1.0),
            Some(near_by),
            Some(0.0),
            Some(1.0),
            Some(0.6),
            Some(0.3),
            None,
            None,
        ],
    );
}

#[test]
fn places_that_are_unknown_or_missing_are_no_fault() {
    let service = Service::with_config(NEAR);
    catalogue(&service);
    // Nobody is in a region that nobody knows.
    let unknown = ranked(&service, &json!({"region": "Atlantis-1"}));
    assert_values(
        &unknown,
        [
            None,
            Some(0.0),
            None,
            Some(0.0),
            Some(0.0),
            Some(0.0),
            None,
            None,
        ],
    );
    for context in [
        json!(null),
        json!({}),
        json!({"lat": 30.27}),
        json!({"query": "x"}),
    ] {
        assert_values(&ranked(&service, &context), [None; 8]);
    }
    assert!(service.metric("saima_missing_total{objective=\"proximity\"}") > 0.0);
    for (field, number) in [
        ("lat", "90.1"),
        ("lat", "-1e3"),
        ("lon", "180.5"),
        ("lon", "\"x\""),
    ] {
        let request =
            format!(r#"{{"user_id":"u","candidates":["a"],"context":{{"{field}":{number}}}}}"#);
        let request: Value = serde_json::from_str(&request).unwrap();
        assert_eq!(
            service.json("POST", "/rank", &request).problem(422),
            [format!("context.{field}")]
        );
        let item: Value =
            serde_json::from_str(&format!(r#"{{"id":"a","{field}":{number}}}"#)).unwrap();
        assert_eq!(service.rejected("PUT", "/items", &item), [field]);
    }
    for (number, status, path) in [("NaN", 400, ""), ("1e999", 422, "context.lat")] {
        let request =
            format!(r#"{{"user_id":"u","candidates":["a"],"context":{{"lat":{number}}}}}"#);
        let answer = service.send(
            "POST",
            "/rank",
            &[("content-type", crate::service::JSON)],
            request.as_bytes(),
        );
        assert_eq!(answer.problem(status), [path]);
    }
}

#[test]
fn places_follow_changes_and_survive_restarts() {
    let data = tempfile::tempdir().unwrap();
    let launch = |config: &str| {
        let data = data.path().to_str().unwrap();
        Service::launch(Some(config), &["--clock", "event", "--data", data], &[])
    };
    let service = launch("");
    catalogue(&service);
    service.rebuild();
    assert!(service.metric("saima_bytes{structure=\"item_places\"}") < 1.0);
    service.reconfigure(NEAR);
    service.wait("the change is live", |it| {
        it.metric("saima_config_generation ") > 1.0
    });
    let context = json!({"lat": 30.27, "lon": 120.15, "region": "CN-33-01"});
    let move_to =
        |lat: Value| service.send_facts("PATCH", "/items", &[json!({"id": "here", "lat": lat})]);
    move_to(30.2.into());
    near(
        part(&ranked(&service, &context), "here")["raw"]
            .as_f64()
            .unwrap(),
        7.783_645,
    );
    move_to(Value::Null);
    assert_eq!(part(&ranked(&service, &context), "here")["missing"], true);
    let right = ranked(&service, &context)["items"].clone();
    drop(service);
    let again = launch(NEAR);
    again.rebuild();
    assert_eq!(ranked(&again, &context)["items"], right);
}
