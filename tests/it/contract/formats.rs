//! The objective `format`: the user's taste for kinds against that of all users.

use serde_json::{Value, json};

use super::{did, near, noon};
use crate::service::{Service, ids};

const FORMAT: &str = "[scene.default.weights]\nformat = 1\n";
const ITEMS: [&str; 5] = ["film", "shoe", "show", "none", "page"];

fn send(service: &Service) {
    service.items(&[
        json!({"id": "film", "kind": "video"}),
        json!({"id": "shoe", "kind": "product"}),
        json!({"id": "show", "kind": "live"}),
        json!({"id": "none"}),
        json!({"id": "page", "kind": "page"}),
    ]);
    let now = noon(80);
    let mut events = vec![
        did("fan", "favourite", "film", now),
        did("fan", "view", "shoe", now),
        did("hater", "dislike", "film", now),
        did("hater", "view", "show", now),
    ];
    events.extend((0..4).map(|n| did(&format!("u{n}"), "purchase", "shoe", now)));
    events.extend((0..4).map(|n| did(&format!("u{n}"), "view", "none", now)));
    service.events(&events);
    service.rebuild();
}

fn ranked(service: &Service, user: &str) -> Value {
    service.rank(&json!({"user_id": user, "candidates": ITEMS, "explain": true}))
}

fn part(ranking: &Value, item: &str) -> Value {
    let mut items = ranking["items"].as_array().unwrap().iter();
    let found = items.find(|it| it["id"] == item).unwrap();
    found["explain"]["objectives"][0].clone()
}

#[test]
fn friends_of_videos_get_videos() {
    let data = tempfile::tempdir().unwrap();
    let launch = |config: &str| {
        let data = data.path().to_str().unwrap();
        Service::launch(Some(config), &["--clock", "event", "--data", data], &[])
    };
    let service = launch(FORMAT);
    send(&service);
    // Gains of all: video 3, product 1 + 4 · 8 = 33, live 1, nothing below 0.
    let [video, product, live] = [3.0, 33.0, 1.0].map(|gain| gain / 37.0);
    let value = |gain: f64, all: f64, share: f64| {
        let r = (gain + 8.0 * share) / (all + 8.0) / share;
        (r, r / (1.0 + r))
    };
    let fan = ranked(&service, "fan");
    for (item, gain, share) in [
        ("film", 3.0, video),
        ("shoe", 1.0, product),
        ("show", 0.0, live),
    ] {
        let (r, value) = value(gain, 4.0, share);
        near(part(&fan, item)["raw"].as_f64().unwrap(), r);
        near(part(&fan, item)["value"].as_f64().unwrap(), value);
    }
    assert_eq!(ids(&fan)[0], "film");
    assert_eq!(
        part(&fan, "film")["reason"],
        "video: 30 % of this user's taste, 8 % of all users'"
    );
    let hater = ranked(&service, "hater");
    near(
        part(&hater, "film")["value"].as_f64().unwrap(),
        value(0.0, 1.0, video).1,
    );
    // Nobody has to do with pages, and an item may have no kind.
    for item in ["none", "page"] {
        assert_eq!(part(&fan, item)["missing"], true);
        near(part(&fan, item)["value"].as_f64().unwrap(), 0.5);
    }
    // Of a stranger nothing is known, which is not missing.
    let stranger = ranked(&service, "stranger");
    for item in ["film", "shoe", "show"] {
        near(part(&stranger, item)["value"].as_f64().unwrap(), 0.5);
        assert_eq!(part(&stranger, item)["missing"], Value::Null);
    }
    // An event counts at once, the share of all users at the rebuild.
    service.events(&[did("fan", "view", "show", noon(80))]);
    near(
        part(&ranked(&service, "fan"), "show")["value"]
            .as_f64()
            .unwrap(),
        value(1.0, 5.0, live).1,
    );
    service.rebuild();
    let right = ranked(&service, "fan")["items"].clone();
    drop(service);
    let again = launch(FORMAT);
    again.rebuild();
    assert_eq!(ranked(&again, "fan")["items"], right);
}

/// The example of the guide.
#[test]
fn a_value_is_the_ratio_of_shares() {
    let service = Service::with_config(FORMAT);
    service.items(&[
        json!({"id": "film", "kind": "video"}),
        json!({"id": "shoe", "kind": "product"}),
    ]);
    let now = noon(80);
    let mut events: Vec<Value> = (0..3).map(|_| did("u", "purchase", "film", now)).collect();
    events.push(did("u", "purchase", "shoe", now));
    events.extend((0..26).map(|n| did(&format!("u{n}"), "purchase", "shoe", now)));
    service.events(&events);
    service.rebuild();
    let ranking = ranked(&service, "u");
    near(part(&ranking, "film")["value"].as_f64().unwrap(), 6.2 / 7.2);
    near(part(&ranking, "shoe")["value"].as_f64().unwrap(), 0.296_875);
}
