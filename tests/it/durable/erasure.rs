//! Deleted users: removed from answers at once, and from disk after the next checkpoint.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{Change, Data, everything, program, same};
use saima::random::Random;

use crate::service::Service;

/// Counts the occurrences of an id in all files of a directory.
pub(super) fn mentions(directory: &Path, id: &str) -> usize {
    let mut found = 0;
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found += mentions(&path, id);
        } else if let Ok(bytes) = fs::read(&path) {
            found += bytes
                .windows(id.len())
                .filter(|it| *it == id.as_bytes())
                .count();
        }
    }
    found
}

fn event(number: u32, user: &str) -> Value {
    let at = 1_743_984_000_000_i64 + i64::from(number) * 60_000;
    json!({"id": format!("e{number}"), "user_id": user, "item_id": "i1", "kind": "purchase", "at": at, "amount": 3})
}

#[test]
fn a_checkpoint_erases_deleted_users_from_disk() {
    const GONE: &str = "the-user-who-left";
    let data = Data::new(
        "[store]\nsegment_bytes = 4096\ncheckpoint_bytes = 1000000\ncheckpoint_seconds = 1\n",
    );
    let service = data.start();
    service.items(&[json!({"id": "i1", "price": 2})]);
    service.users(&[json!({"id": GONE, "tags": ["t1"]}), json!({"id": "stays"})]);
    for number in 0..120 {
        service.events(&[event(number, if number % 3 == 0 { GONE } else { "stays" })]);
    }
    // The same id, and a numeric one, spelled with other bytes.
    for number in ["987654321.0", "9.87654321e8"] {
        let event = event(600, "n")
            .to_string()
            .replace("\"n\"", number)
            .replace("e600", number);
        assert_eq!(
            service.attempt("POST", "/events", event.as_bytes()),
            Some(200)
        );
    }
    service.users(&[json!({"id": 987654321.0})]);
    let escaped = event(500, GONE)
        .to_string()
        .replace("the-user", "the\\u002duser");
    assert_eq!(
        service.attempt("POST", "/events", escaped.as_bytes()),
        Some(200)
    );
    assert!(mentions(&data.path(), GONE) > 20);

    let deleted = Change {
        method: "DELETE",
        path: format!("/users/{GONE}"),
        facts: Vec::new(),
    };
    assert!(deleted.send(&service));
    assert_eq!(service.delete("/users/987654321"), 204);
    service.wait("the user is erased from the disk", |_| {
        let written = [
            GONE,
            "\\u002duser",
            "987654321.0",
            "9.87654321e8",
            "987654321",
        ];
        written.iter().all(|id| mentions(&data.path(), id) == 0)
    });
    assert!(
        mentions(&data.path(), "stays") > 70,
        "the rest of the journal remains"
    );
    assert_eq!(service.get(&format!("/users/{GONE}")).status, 404);
    let before = everything(&service);
    drop(service);
    let service = data.start();
    assert_eq!(service.get(&format!("/users/{GONE}")).status, 404);
    same(&everything(&service), &before);
}

#[test]
fn an_erasure_that_no_checkpoint_covers_has_not_begun() {
    let data = Data::new("[store]\ncheckpoint_seconds = 1\n");
    let service = data.start();
    let checkpoints = data.path().join("checkpoint");
    fs::remove_dir_all(&checkpoints).unwrap();
    service.items(&[json!({"id": "i1", "merchant_id": "m1", "price": 2})]);
    for number in 0..20 {
        let mut event = event(number, if number % 3 == 0 { "gone" } else { "stays" });
        event["kind"] = json!(["impression", "click", "purchase", "view"][number as usize % 4]);
        service.events(&[event]);
    }
    assert_eq!(service.delete("/users/gone"), 204);
    let noted = data.path().join("erasing");
    service.wait("a list of erasures, and no checkpoint", |_| noted.exists());
    service.events(&[event(9_999, "stays")]);
    let answers = |service: &Service| {
        let mut answers = everything(service);
        let report = service.get("/merchants/m1/report").ok();
        answers.push(format!("{}{}", report["revenue"], report["exposure"]));
        answers
    };
    let before = answers(&service);
    drop(service);
    same(&answers(&data.start()), &before);
}

#[test]
fn names_of_a_deleted_user_leave_the_checkpoint() {
    let data = Data::new("[store]\ncheckpoint_seconds = 1\nunknown_items = \"stub\"\n");
    let service = data.start();
    service.users(&[
        json!({"id": "gone", "tags": ["only-theirs", "shared"]}),
        json!({"id": "stays", "tags": ["shared"]}),
    ]);
    let follow = json!({"user_id": "gone", "creator_id": "their-creator", "kind": "follow", "at": 1_743_984_000_000_i64});
    let view = json!({"user_id": "gone", "merchant_id": "their-shop", "kind": "view", "at": 1_743_984_000_000_i64});
    let other = json!({"user_id": "gone", "item_id": "their-item", "merchant_id": "their-stall", "kind": "view", "at": 1_743_984_000_000_i64});
    service.events(&[follow, view, other]);
    assert_eq!(service.delete("/users/gone"), 204);
    let checkpoints = data.path().join("checkpoint");
    service.wait("files without the names", |_| {
        let names = [
            "only-theirs",
            "their-creator",
            "their-shop",
            "their-item",
            "their-stall",
        ];
        mentions(&checkpoints, "shared") > 0
            && names.iter().all(|name| mentions(&data.path(), name) == 0)
    });
    assert_eq!(
        service.get("/users/stays").ok()["tags"],
        json!({"shared": 1.0})
    );
}

#[test]
fn an_evicted_user_is_erased_on_deletion() {
    const GONE: &str = "the-user-who-left";
    let data = Data::new("[store]\nsegment_bytes = 4096\ncheckpoint_seconds = 1\nusers = 20\n");
    let service = data.start();
    service.items(&[json!({"id": "i1", "price": 2})]);
    for number in 0..30 {
        service.events(&[event(number, GONE)]);
    }
    let others: Vec<Value> = (0..60).map(|n| event(100 + n, &format!("o{n}"))).collect();
    service.events(&others);
    assert_eq!(service.get(&format!("/users/{GONE}")).status, 404);
    assert!(
        mentions(&data.path(), GONE) > 0,
        "the journal keeps its history"
    );
    let before = everything(&service);
    assert_eq!(service.delete(&format!("/users/{GONE}")), 404);
    service.wait("the user is erased from the disk", |_| {
        mentions(&data.path(), GONE) == 0
    });
    drop(service);
    same(&everything(&data.start()), &before);
    let rebuilt = program().arg("rebuild").arg(data.path()).output().unwrap();
    assert!(rebuilt.status.success(), "{rebuilt:?}");
    same(&everything(&data.start()), &before);
}

#[test]
fn an_erasure_survives_restart_and_rebuild() {
    const GONE: &str = "the-user-who-left";
    let small = "[store]\nsegment_bytes = 4096\n";
    let data = Data::new(small);
    let service = data.start();
    service.items(&[json!({"id": "i1", "price": 2})]);
    for number in 0..60 {
        service.events(&[event(number, GONE), event(1_000 + number, "stays")]);
    }
    assert_eq!(service.delete(&format!("/users/{GONE}")), 204);
    drop(service);
    let rebuilt = program().arg("rebuild").arg(data.path()).output().unwrap();
    assert!(rebuilt.status.success(), "{rebuilt:?}");
    let service = data.start();
    service.wait("the user is erased from the disk", |_| {
        mentions(&data.path(), GONE) == 0
    });
    assert!(mentions(&data.path(), "stays") > 50);
}

/// Sends weeks of purchases and refunds at six merchants. The largest buyer is `gone`, who is deleted once and returns; `gone` also sends
/// the first and the last event of all.
fn trade(service: &Service, gone: &str) {
    let mut numbers = Random::new(5);
    let item = |number: u32| json!({"id": format!("i{number}"), "merchant_id": format!("m{}", number % 6), "price": 4 + number});
    service.items(&(0..18).map(item).collect::<Vec<_>>());
    for day in 0..45_i64 {
        let mut events = Vec::new();
        for number in 0..12 {
            let user = match numbers.below(5) {
                0 => gone.to_owned(),
                other => format!("u{other}"),
            };
            let kind = ["purchase", "purchase", "refund", "view"][numbers.below(4) as usize];
            let mut event = json!({
                "id": format!("{user}-{day}-{number}"), "user_id": user, "item_id": format!("i{}", numbers.below(17)), "kind": kind,
                "at": 1_743_984_000_000_i64 + day * 86_400_000 + number * 60_000,
            });
            match numbers.below(4) {
                0 => event["amount"] = json!(if user == gone { 900 } else { 7 }),
                1 => event["quantity"] = json!(3),
                2 if kind == "purchase" => {
                    event.as_object_mut().unwrap().remove("item_id");
                    event["merchant_id"] = json!(format!("m{}", numbers.below(6)));
                }
                _ => {}
            }
            if kind == "purchase" && numbers.below(3) == 0 {
                let mut back = event.clone();
                back["kind"] = json!("refund");
                back["id"] = json!(format!("{user}-{day}-{number}-back"));
                back["purchase_id"] = event["id"].clone();
                back["amount"] = json!(2);
                if day % 3 == 0 {
                    // Older than the window, which takes from the purchase all the same.
                    back["at"] = json!(event["at"].as_i64().unwrap() - 100 * 86_400_000);
                }
                // The refund may precede its purchase.
                let place = numbers.below(u32::try_from(events.len()).unwrap() + 1);
                events.insert(place as usize, back);
            }
            events.push(event);
        }
        service.events(&events);
        service.items(&[item(numbers.below(17))]);
        if day == 20 {
            assert_eq!(service.delete(&format!("/users/{gone}")), 204);
        }
    }
    let mut last = json!({"id": format!("{gone}-last"), "user_id": gone, "item_id": "i17", "kind": "view", "at": 1_743_984_000_000_i64});
    service.events(&[last.clone()]);
    last["id"] = json!(format!("{gone}-end"));
    last["at"] = json!(1_748_736_000_000_i64);
    service.events(&[last]);
}

#[test]
fn purchases_of_deleted_users_stay_anonymously() {
    const GONE: &str = "the-user-who-left";
    let config = "[store]\nsegment_bytes = 4096\ncheckpoint_seconds = 1\n";
    let data = Data::new(config);
    let of_events = data.home.path().join("events.toml");
    fs::write(&of_events, format!("{config}[clock]\nmode = \"event\"\n")).unwrap();
    let saima = |args: &[&str]| {
        let done = program().args(args).arg(data.path()).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    let rebuild = || saima(&["rebuild", "--config", of_events.to_str().unwrap()]);
    let erased = |service: &Service, id: &str| {
        service.wait("the user is erased from the disk", |_| {
            mentions(&data.path(), id) == 0
        });
    };
    let service = data.start();
    trade(&service, GONE);
    let known = everything(&service);
    assert_eq!(service.delete(&format!("/users/{GONE}")), 204);
    erased(&service, GONE);
    let right = everything(&service);
    // The last two answers are the boards.
    same(&right[right.len() - 2..], &known[known.len() - 2..]);
    drop(service);

    rebuild();
    let service = data.start();
    same(&everything(&service), &right);
    assert_eq!(service.get(&format!("/users/{GONE}")).status, 404);

    // Another user leaves; purchases of a deleted item or merchant are dropped with it.
    let gone = ["/users/u1", "/items/i3", "/merchants/m2"].map(|path| service.delete(path));
    assert_eq!(gone, [204; 3]);
    erased(&service, "u1-");
    let right = everything(&service);
    assert_ne!(right, known);
    drop(service);
    rebuild();
    let service = data.start();
    same(&everything(&service), &right);
    drop(service);

    for checkpoint in data.files("checkpoint") {
        fs::write(checkpoint, "gone").unwrap();
    }
    saima(&["repair", "--apply"]);
    fs::remove_dir_all(data.path().join("damaged")).unwrap();
    same(&everything(&data.start()), &right);
    assert_eq!(
        mentions(&data.path(), GONE) + mentions(&data.path(), "u1-"),
        0
    );
}

#[test]
fn a_refund_after_deletion_cancels_the_sale() {
    let data = Data::new("");
    let service = data.start();
    service.items(&[
        json!({"id": "i0", "merchant_id": "m0"}),
        json!({"id": "i1", "merchant_id": "m1"}),
    ]);
    let day = |day: i64| 1_743_984_000_000_i64 + day * 86_400_000;
    let mut events = Vec::new();
    for number in 0..12 {
        for item in 0..2 {
            events.push(json!({"id": format!("p{item}-{number}"), "user_id": format!("u{number}"), "item_id": format!("i{item}"), "kind": "purchase", "at": day(number), "amount": 100}));
        }
    }
    events.push(json!({"user_id": "end", "item_id": "i1", "kind": "view", "at": day(14)}));
    service.events(&events);
    for number in 0..12 {
        assert_eq!(service.delete(&format!("/users/u{number}")), 204);
    }
    let back = |number: i64, name: &str| json!({"user_id": format!("u{number}"), name: name.replace("item_id", "i0").replace("merchant_id", "m0"), "kind": "refund", "purchase_id": format!("p0-{number}"), "at": day(13)});
    service.events(
        &(0..6)
            .map(|number| back(number, "item_id"))
            .collect::<Vec<_>>(),
    );
    drop(service);
    let service = data.start();
    service.events(
        &(6..12)
            .map(|number| back(number, "merchant_id"))
            .collect::<Vec<_>>(),
    );
    service.rebuild();
    let race = service.get("/race?kind=merchant").ok();
    let gmv = |id: &str| {
        let runners = race["runners"].as_array().unwrap();
        let found = runners.iter().find(|runner| runner["id"] == id).unwrap();
        found["weekly_gmv"].as_f64().unwrap()
    };
    assert!(gmv("m1") > 0.0, "{race}");
    assert!(gmv("m0").abs() < 1e-9, "{race}");
    assert!(service.metric("saima_mismatched_refunds_total ") < 1.0);
}

#[test]
fn a_merged_user_is_erased_under_all_names() {
    let config = "[store]\nsegment_bytes = 4096\ncheckpoint_seconds = 1\n";
    let data = Data::new(config);
    let of_events = data.home.path().join("events.toml");
    fs::write(&of_events, format!("{config}[clock]\nmode = \"event\"\n")).unwrap();
    let service = data.start();
    service.items(&[json!({"id": "i1", "price": 2, "merchant_id": "m"})]);
    let names = ["the-visit-before", "the-visit-after", "the-user-who-left"];
    for (number, name) in (0..).zip(names) {
        service.events(&[event(number, name), event(10 + number, "stays")]);
    }
    for from in [names[0], names[1]] {
        let pair = json!({"from": from, "into": names[2]});
        service.json("POST", "/users/merge", &pair).ok();
        service.events(&[event(20, from)]);
    }
    let pair = json!({"from": "stays", "into": "stays-too"});
    service.json("POST", "/users/merge", &pair).ok();
    assert_eq!(service.delete(&format!("/users/{}", names[1])), 204);
    service.wait("the user is erased from the disk", |_| {
        names.iter().all(|name| mentions(&data.path(), name) == 0)
    });
    service.events(&[event(200_000, "later")]);
    let before = everything(&service);
    drop(service);
    let service = data.start();
    same(&everything(&service), &before);
    drop(service);
    let mut rebuild = program();
    let rebuild = rebuild.args(["rebuild", "--config"]).arg(&of_events);
    let rebuilt = rebuild.arg(data.path()).output().unwrap();
    assert!(rebuilt.status.success(), "{rebuilt:?}");
    let service = data.start();
    same(&everything(&service), &before);
    assert_eq!(service.get("/users/stays").ok()["id"], "stays-too");
    for name in names {
        assert_eq!(service.get(&format!("/users/{name}")).status, 404);
    }
}
