//! The decision log on disk: read by `saima decisions`, damaged, on a full disk, and without deleted users.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::Data;
use super::full::Small;
use crate::service::{JSON, Service, program};
use saima::random::Random;

const CONFIG: &str =
    "[decisions]\nwhole = 0.5\nthin = 1\n[scene.default]\nlimit = 3\nweights = { quality = 1 }\n";
/// Number of kills.
const ROUNDS: u32 = 12;
/// Noon of a day, in milliseconds.
const NOON: i64 = 1_744_027_200_000;

fn fill(service: &Service) {
    let item = |n: u32| json!({"id": format!("i{n}"), "merchant_id": format!("m{}", n % 3), "quality": 0.9 - 0.01 * f64::from(n)});
    service.items(&(0..9).map(item).collect::<Vec<_>>());
    let view =
        |n: u32| json!({"user_id": format!("u{n}"), "item_id": "i1", "kind": "view", "at": NOON});
    service.events(&(0..4).map(view).collect::<Vec<_>>());
}

fn rank(service: &Service, requests: std::ops::Range<u32>) {
    for number in requests {
        service.rank(&request(number));
    }
}

fn request(number: u32) -> Value {
    let candidates: Vec<String> = (0..9).map(|n| format!("i{}", (n + number) % 11)).collect();
    json!({"user_id": format!("u{}", number % 4), "candidates": candidates, "request_id": format!("r-{number}")})
}

/// Runs `saima decisions`. Returns what it prints, and its messages.
fn decisions(data: &Path, args: &[&str]) -> (String, String) {
    let mut command = program();
    command
        .args(["decisions", args[0]])
        .arg(data)
        .args(&args[1..]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

fn records(data: &Path, args: &[&str]) -> Vec<Value> {
    let all: Vec<&str> = ["export"].iter().chain(args).copied().collect();
    let (lines, _) = decisions(data, &all);
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn decisions_are_shown_filtered_and_joined() {
    let data = Data::new(CONFIG);
    let service = data.start();
    fill(&service);
    rank(&service, 0..40);
    service.wait("a second is over", |_| {
        records(&data.path(), &[]).len() == 40
    });
    let all = records(&data.path(), &[]);
    let whole = all.iter().filter(|it| it.get("values").is_some()).count();
    assert!((8..33).contains(&whole), "{whole} of 40");
    assert!(
        all.iter()
            .all(|it| it["shown"].as_array().unwrap().len() == 3 && it["v"] == 1)
    );
    let text = serde_json::to_string(&all).unwrap();
    assert!(!text.contains("\"u1\""), "plain ids are never written");
    assert_eq!(records(&data.path(), &["--user", "u1"]).len(), 10);
    assert_eq!(records(&data.path(), &["--request", "r-7"]).len(), 1);
    assert!(records(&data.path(), &["--scene", "feed"]).is_empty());
    assert!(records(&data.path(), &["--until", "2025-04-07T12:00:00Z"]).is_empty());
    let (table, _) = decisions(&data.path(), &["show", "--limit", "5"]);
    assert_eq!(table.lines().count(), 6, "{table}");
    assert!(table.contains("r-39") && !table.contains("r-30"));

    let events = data.home.path().join("events.ndjson");
    let event = |kind: &str, item: &Value, request: Option<&str>, hours: i64| {
        let mut event = json!({"user_id": "u3", "item_id": item, "kind": kind, "at": NOON + hours * 3_600_000, "amount": 5.0});
        if let Some(request) = request {
            event["request_id"] = request.into();
        }
        format!("{event}\n")
    };
    let shown = all.iter().find(|it| it["request_id"] == "r-39").unwrap();
    let (first, second) = (&shown["shown"][0][0], &shown["shown"][1][0]);
    let lines = [
        event("click", first, Some("r-39"), 100),
        event("purchase", first, Some("r-39"), 200),
        event("click", second, None, 23),
        event("click", second, None, 25),
        event("view", first, Some("r-39"), 1),
    ];
    fs::write(&events, lines.concat()).unwrap();
    let path = events.to_str().unwrap();
    let joined = records(&data.path(), &["--events", path, "--request", "r-39"]);
    let outcomes = joined[0]["outcomes"].as_array().unwrap();
    let kinds: Vec<(&str, bool)> = outcomes
        .iter()
        .map(|it| (it["kind"].as_str().unwrap(), it.get("guess").is_some()))
        .collect();
    // 200 hours are more than 7 days, and 25 more than a day.
    assert_eq!(kinds, [("click", true), ("click", false)]);
    // A list, in which an event is repeated.
    let click = |id: &str| {
        event("click", first, Some("r-39"), 1).replacen('{', &format!("{{\"id\":{id:?},"), 1)
    };
    let list = [click("e-1"), click("e-2"), click("e-1")].join(",");
    let path_of_list = data.home.path().join("events.json");
    fs::write(&path_of_list, format!("[{list}]")).unwrap();
    let args = [
        "--events",
        path_of_list.to_str().unwrap(),
        "--request",
        "r-39",
    ];
    let joined = records(&data.path(), &args);
    assert_eq!(joined[0]["outcomes"].as_array().unwrap().len(), 2);
    let file = data.home.path().join("log.parquet");
    let (_, said) = decisions(
        &data.path(),
        &["export", "--events", path, "--out", file.to_str().unwrap()],
    );
    assert!(said.contains("120 places"), "{said}");
    assert!(fs::read(&file).unwrap().starts_with(b"PAR1"));
}

#[test]
fn a_damaged_file_of_decisions_is_skipped() {
    let data = Data::new(CONFIG);
    let service = data.start();
    fill(&service);
    rank(&service, 0..10);
    service.wait("the first frame is written", |_| {
        records(&data.path(), &[]).len() == 10
    });
    rank(&service, 10..20);
    service.wait("the second frame is written", |_| {
        records(&data.path(), &[]).len() == 20
    });
    service.terminate();
    drop(service);
    let logs = data.files("decisions");
    let log = logs
        .iter()
        .find(|it| it.to_str().unwrap().ends_with(".zst"))
        .unwrap();
    let mut bytes = fs::read(log).unwrap();
    bytes[20] ^= 64;
    fs::write(log, bytes).unwrap();
    let (lines, said) = decisions(&data.path(), &["export"]);
    let left = lines.lines().count();
    assert!(left > 0 && left < 20, "{left}");
    assert!(
        said.contains(log.to_str().unwrap()) && said.contains("frame 1"),
        "{said}"
    );
    let service = data.start();
    rank(&service, 20..30);
    service.wait("the log goes on", |_| {
        records(&data.path(), &[]).len() == left + 10
    });
}

#[test]
fn a_full_disk_drops_decisions_and_ranks_on() {
    let data = Data::new("[decisions]\nwhole = 1\n");
    let path = data.path();
    // Without permission to mount, this cannot be tried.
    let Some(_small) = Small::mount(&path) else {
        return;
    };
    let service = data.start();
    fill(&service);
    fs::write(path.join("ballast"), vec![0; 400 << 10]).unwrap_err();
    rank(&service, 0..20);
    let dropped = "saima_decisions_dropped_total{reason=\"disk\"} ";
    service.wait("records are dropped and counted", |service| {
        service.metric(dropped) >= 20.0
    });
    rank(&service, 20..21);
    fs::remove_file(path.join("ballast")).unwrap();
    service.wait("the log goes on when there is space", |service| {
        rank(service, 30..31);
        service.metric("saima_decisions_written_total ") > 0.0
    });
}

#[test]
fn deleted_users_leave_the_files() {
    let data = Data::new(CONFIG);
    let service = data.start();
    fill(&service);
    rank(&service, 0..20);
    service.wait("a second is over", |_| {
        records(&data.path(), &[]).len() == 20
    });
    let own = records(&data.path(), &["--user", "u2"]);
    assert_eq!(own.len(), 5);
    let gone = own[0]["user"].as_str().unwrap().to_owned();
    assert_eq!(service.delete("/users/u2"), 204);
    assert!(
        records(&data.path(), &["--user", "u2"]).is_empty(),
        "readers skip them"
    );
    drop(service);
    // A start looks at the files.
    let service = data.start();
    let has = || {
        let files = data.files("decisions").into_iter();
        let mut logs = files.filter(|it| it.to_str().unwrap().ends_with(".zst"));
        logs.any(|path| {
            let lines = zstd::decode_all(fs::File::open(path).unwrap()).unwrap();
            String::from_utf8(lines).unwrap().contains(&gone)
        })
    };
    service.wait("the files are written without them", |_| !has());
    rank(&service, 20..21);
    service.wait("the log goes on", |_| {
        records(&data.path(), &[]).len() == 16
    });
}

#[test]
fn records_are_reproduced_after_restart_and_rebuild() {
    let data = Data::new(
        "[decisions]\nwhole = 1\n[scene.default]\nlimit = 3\nweights = { quality = 1, \"race.level\" = 0.3 }\n",
    );
    let service = data.start();
    fill(&service);
    rank(&service, 0..20);
    service.wait("a second is over", |_| {
        records(&data.path(), &[]).len() == 20
    });
    drop(service);
    let service = data.start();
    service.rebuild();
    let preview = || {
        service
            .json(
                "POST",
                "/config/preview",
                &json!({"set": {}, "requests": 2_000}),
            )
            .ok()
    };
    service.wait("the records are read", |_| preview()["replayed"] == 20);
    let seen = preview();
    assert_eq!(
        (&seen["reproduced"], &seen["unknown_generation"]),
        (&json!(1.0), &json!(0))
    );
    assert_eq!(
        service.get("/decisions/r-3").ok()["items"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
}

/// Ranks until the service ends. Returns the number of the first request that was never sent.
fn rank_until_killed(service: &Service, from: u32) -> u32 {
    for number in from.. {
        let body = request(number).to_string();
        let answered = service.attempt_as(JSON, ("POST", "/rank"), body.as_bytes());
        if answered.is_none() {
            return number + 1;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    from
}

#[test]
fn kills_lose_no_written_decision_and_log_none_twice() {
    let data = Data::new(CONFIG);
    let (mut sent, mut kept, mut moments) = (0, BTreeSet::new(), Random::new(5));
    for _ in 0..ROUNDS {
        let service = data.start();
        if sent == 0 {
            fill(&service);
        }
        // A frame is written each second.
        let patience = 800_000 + moments.below(600_000);
        let killer = service.kill_after(Duration::from_micros(patience.into()));
        sent = rank_until_killed(&service, sent);
        killer.join().unwrap();
        drop(service);
        let all = records(&data.path(), &[]);
        let id = |record: &Value| record["request_id"].as_str().unwrap().to_owned();
        let ids: BTreeSet<String> = all.iter().map(id).collect();
        assert_eq!(ids.len(), all.len(), "a decision is logged twice");
        assert!(ids.is_superset(&kept), "a written decision is lost");
        let is_sent = |id: &String| id[2..].parse::<u32>().unwrap() < sent;
        assert!(ids.iter().all(is_sent));
        kept = ids;
    }
    assert!(!kept.is_empty(), "no frame was written");
    let service = data.start();
    let preview = || {
        let body = json!({"set": {}, "requests": 2_000});
        service.json("POST", "/config/preview", &body).ok()
    };
    service.wait("the records are read", |_| {
        preview()["replayed"].as_u64().unwrap() > 0
    });
    let seen = preview();
    let found = (&seen["reproduced"], &seen["unknown_generation"]);
    assert_eq!(found, (&json!(1.0), &json!(0)));
}

#[test]
fn a_damaged_salt_degrades_the_service() {
    let data = Data::new(CONFIG);
    drop(data.start());
    let salt = data.path().join("decisions/salt");
    fs::create_dir_all(salt.parent().unwrap()).unwrap();
    fs::write(&salt, "zz").unwrap();
    let service = data.start();
    fill(&service);
    let ready = service.get("/readyz");
    assert_eq!(ready.status, 200);
    for part in ["degraded", "decisions are not written", "salt"] {
        assert!(ready.text().contains(part), "{}", ready.text());
    }
    rank(&service, 0..7);
    let dropped = service.metric("saima_decisions_dropped_total{reason=\"disk\"} ");
    assert!((dropped - 7.0).abs() < 0.5, "{dropped}");
    assert_eq!(
        fs::read_to_string(&salt).unwrap(),
        "zz",
        "it is not replaced"
    );
}

#[test]
fn a_missing_directory_is_named() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("nowhere");
    let output = program()
        .args(["decisions", "show"])
        .arg(&path)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said.contains(&format!("there is no directory {}", path.display())),
        "{said}"
    );
}
