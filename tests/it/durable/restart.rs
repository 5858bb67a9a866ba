//! Clean shutdowns, changed settings, and starts from checkpoints.

use serde_json::json;

use super::{Changes, Data, SMALL, everything, same};
use crate::service::Service;

#[test]
fn a_restart_restores_every_answer() {
    let evicting = format!("{SMALL}users = 6\n");
    for config in ["", SMALL, &evicting] {
        let (data, mut changes) = (Data::new(config), Changes::new(3));
        let service = data.start();
        for _ in 0..150 {
            assert!(changes.next().send(&service));
        }
        let before = everything(&service);
        drop(service);
        same(&everything(&data.start()), &before);
    }
}

#[test]
fn learnt_state_survives_changed_settings() {
    let (data, mut changes) = (Data::new(""), Changes::new(4));
    let service = data.start();
    (0..40).for_each(|_| assert!(changes.next().send(&service)));
    let other = "[profile]\nhalf_life_days = 60\n[profile.gains]\nview = 7\npurchase = 0.5\n";
    service.reconfigure(other);
    service.wait("the change is live", |it| {
        it.metric("saima_config_generation ") > 1.0
    });
    (0..40).for_each(|_| assert!(changes.next().send(&service)));
    let before = everything(&service);
    drop(service);
    let again = Data {
        config: other.to_owned(),
        ..data
    };
    same(&everything(&again.start()), &before);
}

#[test]
fn a_new_half_life_applies_from_now_on() {
    let with = |days: f64, data: Data| Data {
        config: format!("[profile]\nhalf_life_days = {days}\n"),
        ..data
    };
    let event = |number: u32, at: &str| json!({"id": format!("e{number}"), "user_id": "u1", "item_id": format!("i{}", number % 3), "kind": "view", "at": at});
    let worth = |service: &Service| {
        let profile = service.get("/users/u1").ok()["profile"]["items"].clone();
        ["i0", "i1", "i2"].map(|item| profile[item].as_f64().unwrap())
    };
    let near = |one: [f64; 3], other: [f64; 3]| {
        for (one, other) in one.iter().zip(other) {
            // Weights are rounded to six digits.
            assert!((one - other).abs() < 2e-6, "{one} {other}");
        }
    };
    let data = with(60.0, Data::new(""));
    let service = data.start();
    service.items(&[
        json!({"id": "i0"}),
        json!({"id": "i1"}),
        json!({"id": "i2"}),
    ]);
    let days = ["2025-01-01", "2025-02-01", "2025-03-01", "2025-04-01"];
    let old: Vec<_> = (0..)
        .zip(days)
        .map(|(number, day)| event(number, &format!("{day}T00:00:00Z")))
        .collect();
    service.events(&old);
    let learnt = worth(&service);
    drop(service);

    let data = with(7.0, data);
    let service = data.start();
    near(worth(&service), learnt);
    service.events(&[event(4, "2025-04-08T00:00:00Z")]);
    let halved = learnt.map(|worth| worth / 2.0);
    near(worth(&service), [halved[0], halved[1] + 1.0, halved[2]]);
    let before = everything(&service);
    drop(service);
    let service = data.start();
    same(&everything(&service), &before);
    drop(service);
    let service = with(1_000.0, data).start();
    near(worth(&service), [halved[0], halved[1] + 1.0, halved[2]]);
}

#[test]
fn a_repeated_event_counts_once_after_restart() {
    let data = Data::new(SMALL);
    let event = json!([{"id": "e1", "user_id": "u1", "item_id": "i1", "kind": "purchase", "at": "2025-04-07T00:00:00Z", "amount": 5}]);
    let service = data.start();
    service.items(&[json!({"id": "i1"})]);
    for _ in 0..3 {
        assert_eq!(service.json("POST", "/events", &event).ok()["accepted"], 1);
    }
    drop(service);
    let service = data.start();
    assert_eq!(service.json("POST", "/events", &event).ok()["accepted"], 1);
    assert_eq!(service.get("/users/u1").ok()["events"], 1);
    assert!(service.metric("saima_repeated_events_total{content=\"same\"} ") >= 1.0);
    let mut altered = event;
    altered[0]["amount"] = json!(6);
    let answer = service.json("POST", "/events", &altered).ok();
    assert_eq!(answer["repeats"][0]["id"], "e1");
}

#[test]
fn a_known_repeat_stays_a_repeat_on_replay() {
    let data = Data::new("");
    let service = data.start();
    service.items(&[json!({"id": "i1"})]);
    let event = |number: u32| json!({"id": format!("e{number}"), "user_id": "u1", "item_id": "i1", "kind": "view", "at": "2025-04-07T00:00:00Z"});
    service.events(&(0..200).map(event).collect::<Vec<_>>());
    service.events(&[event(0)]);
    let before = service.get("/users/u1").text();
    drop(service);
    let fewer = Data {
        config: "[store]\nevent_ids = 100\n".to_owned(),
        ..data
    };
    assert_eq!(fewer.start().get("/users/u1").text(), before);
}

#[test]
fn checkpoints_keep_the_journal_short() {
    let config = format!("{SMALL}history_days = 0\n");
    let (data, mut changes) = (Data::new(&config), Changes::new(5));
    let service = data.start();
    (0..400).for_each(|_| assert!(changes.next().send(&service)));
    service.wait("a checkpoint is written", |it| {
        it.metric("saima_checkpoint_sequence ") > 0.0
    });
    service.wait("covered segments are deleted", |_| {
        let bytes = |path: &std::path::PathBuf| std::fs::metadata(path).map_or(0, |it| it.len());
        data.files("journal").iter().map(bytes).sum::<u64>() < 64 << 10
    });
    service.wait("old checkpoints are deleted", |_| {
        let mut files = data.files("checkpoint");
        files.retain(|path| path.extension().is_some_and(|end| end == "ckpt"));
        files.len() == 1
    });
    let before = everything(&service);
    drop(service);
    same(&everything(&data.start()), &before);
}
