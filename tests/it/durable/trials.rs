//! Experiments under `kill -9`: nobody who was answered is lost, and nothing counts twice.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Data, FIRST, SMALL};
use crate::service::{JSON, LINES, Service};
use saima::random::Random;

/// Number of kills.
const ROUNDS: u32 = 40;

const EXPERIMENT: &str = r#"
[experiment.turned]
layer = "ranking"
range = [0.0, 1.0]
primary = "orders_per_user"
find = 0.1
control = "as-is"
gmv_cap = 5.0
[experiment.turned.arms]
as-is = { share = 0.5 }
more = { share = 0.5, set = { weights = { quality = -1 } } }
"#;

fn total(experiment: &Value, metric: &str) -> (f64, f64) {
    let arms = experiment["arms"].as_array().unwrap().iter();
    let figures = arms.map(|arm| {
        let mut metrics = arm["metrics"].as_array().unwrap().iter();
        let figure = metrics.find(|it| it["name"] == metric).unwrap();
        [&figure["numerator"], &figure["denominator"]].map(|sum| sum.as_f64().unwrap())
    });
    figures.fold((0.0, 0.0), |(n, d), [more_n, more_d]| {
        (n + more_n, d + more_d)
    })
}

fn wait_until_begun(service: &Service) {
    service.wait("the begin", |service| {
        service.get("/experiments/turned").ok()["state"] == "running"
    });
    // What is acknowledged after the begin is durable, and so is the begin.
    service.events(&[json!({"user_id": "watchman", "item_id": "i1", "kind": "view", "at": FIRST})]);
}

/// Answers a user, then sends a purchase of the user. Returns whether it was acknowledged.
fn shop(service: &Service, number: u32) -> bool {
    let user = format!("u{number}");
    let request = json!({"user_id": user, "candidates": ["i1"]}).to_string();
    let answered = service.attempt_as(JSON, ("POST", "/rank"), request.as_bytes());
    let event = json!({"id": format!("e{number}"), "user_id": user, "item_id": "i1", "kind": "purchase", "amount": 7, "at": FIRST + 1});
    answered == Some(200)
        && service.attempt_as(LINES, ("POST", "/events"), event.to_string().as_bytes()) == Some(200)
}

#[test]
fn enrolment_survives_kills() {
    let data = Data::new(&format!("{SMALL}{EXPERIMENT}"));
    let (mut moments, mut users) = (Random::new(5), 0);
    {
        let service = data.start();
        service.items(&[json!({"id": "i1", "quality": 0.5})]);
        service.events(&[
            json!({"user_id": "watchman", "item_id": "i1", "kind": "view", "at": FIRST}),
        ]);
        wait_until_begun(&service);
    }
    for _ in 0..ROUNDS {
        let service = data.start();
        let patience = Duration::from_micros(u64::from(moments.below(60_000)));
        let killer = service.kill_after(patience);
        // The shopper who was not acknowledged comes again, as a client would.
        while shop(&service, users) {
            users += 1;
        }
        killer.join().unwrap();
    }
    let service = data.start();
    assert!(shop(&service, users));
    users += 1;
    let found = service.get("/experiments/turned").ok();
    let right = f64::from(users);
    assert_eq!(found["users"], users, "{found}");
    assert_eq!(total(&found, "orders_per_user"), (right, right), "{found}");
    assert_eq!(total(&found, "gmv_per_user"), (right * 5.0, right));
    assert!(users > ROUNDS / 2, "{users}");
    service.terminate();
    let mut service = service;
    assert_eq!(service.ended(), Some(0));
    let again = data.start().get("/experiments/turned").ok();
    for key in ["users", "begun", "sample_ratio_p"] {
        assert_eq!(again[key], found[key], "{key}");
    }
    assert_eq!(
        total(&again, "orders_per_user"),
        total(&found, "orders_per_user")
    );
}

#[test]
fn ended_results_and_deleted_users_survive_a_restart() {
    let data = Data::new(&format!("{SMALL}{EXPERIMENT}"));
    let service = data.start();
    service.items(&[json!({"id": "i1", "quality": 0.5})]);
    service.events(&[json!({"user_id": "watchman", "item_id": "i1", "kind": "view", "at": FIRST})]);
    wait_until_begun(&service);
    (0..30).for_each(|number| assert!(shop(&service, number)));
    let is_enrolled = |service: &Service, user: &str| {
        let place = service.get(&format!("/experiments/turned/assignment?user={user}"));
        place.ok()["enrolled"] == true
    };
    assert!(is_enrolled(&service, "u3") && !is_enrolled(&service, "u99"));
    assert_eq!(service.delete("/users/u3"), 204);
    assert!(!is_enrolled(&service, "u3"));
    drop(service);
    let service = data.start();
    assert!(!is_enrolled(&service, "u3") && is_enrolled(&service, "u4"));
    service.reconfigure(SMALL);
    service.wait("the end", |service| {
        service.get("/experiments/turned").ok()["state"] == "ended"
    });
    service.events(&[json!({"user_id": "watchman", "item_id": "i1", "kind": "view", "at": FIRST})]);
    let ended = service.get("/experiments/turned").ok();
    assert_eq!(ended["users"], 30);
    assert_eq!(total(&ended, "orders_per_user"), (30.0, 30.0));
    drop(service);
    let data = Data {
        config: SMALL.to_owned(),
        ..data
    };
    assert_eq!(data.start().get("/experiments/turned").ok(), ended);
}

#[test]
fn enrolment_needs_no_event_to_be_durable() {
    let data = Data::new(&format!("{SMALL}{EXPERIMENT}"));
    let service = data.start();
    service.items(&[json!({"id": "i1", "quality": 0.5})]);
    service.events(&[json!({"user_id": "watchman", "item_id": "i1", "kind": "view", "at": FIRST})]);
    let durable = |service: &Service| service.metric("saima_journal_sequence ");
    let before = durable(&service);
    let shown = |service: &Service| service.get("/experiments/turned").ok();
    service.wait("the begin", |service| shown(service)["state"] == "running");
    for number in 0..20 {
        service.rank(&json!({"user_id": format!("u{number}"), "candidates": ["i1"]}));
    }
    service.wait("all are enrolled, on disk", |service| {
        shown(service)["users"] == 20 && durable(service) >= before + 2.0
    });
    let known = shown(&service);
    // Several records may have enrolled them, each of which is on disk within a second.
    std::thread::sleep(Duration::from_secs(1));
    service.kill_after(Duration::ZERO).join().unwrap();
    drop(service);
    let again = shown(&data.start());
    for key in ["users", "begun"] {
        assert_eq!(again[key], known[key], "{key}");
    }
}

#[test]
fn terms_changed_while_stopped_are_refused() {
    let data = Data::new(&format!("{SMALL}{EXPERIMENT}"));
    let service = data.start();
    service.items(&[json!({"id": "i1", "quality": 0.5})]);
    service.events(&[json!({"user_id": "watchman", "item_id": "i1", "kind": "view", "at": FIRST})]);
    wait_until_begun(&service);
    (0..5).for_each(|number| assert!(shop(&service, number)));
    drop(service);
    for (old, new, path) in [
        ("find = 0.1", "find = 0.2", "find"),
        ("quality = -1", "quality = -2", "arms"),
        ("range = [0.0, 1.0]", "range = [0.0, 0.5]", "range"),
    ] {
        let config = data.config.replace(old, new);
        let changed = Data {
            home: tempfile::tempdir().unwrap(),
            config,
        };
        let service = changed.serve(&data.path());
        let ready = service.get("/readyz").text();
        let named = format!("experiment.turned.{path}");
        assert!(ready.contains(&named), "{ready}");
        let all = service.get("/experiments").ok();
        assert_eq!(all["experiments"].as_array().unwrap().len(), 1);
        let shown = &all["experiments"][0];
        assert_eq!((&shown["users"], &shown["find"]), (&json!(5), &json!(0.1)));
        drop(service);
    }
    let config = data.config.replace("experiment.turned", "experiment.other");
    let data = Data { config, ..data };
    let service = data.start();
    service.wait("a new name begins anew", |service| {
        service.get("/experiments/other").ok()["state"] == "running"
    });
    assert_eq!(service.get("/experiments/turned").ok()["state"], "ended");
}
