//! Durability: the real program is killed or its files damaged, and it starts again from what is left.

mod damage;
mod decisions;
mod erasure;
mod exposure;
mod format;
mod full;
mod killed;
mod missing;
mod places;
mod repeats;
mod restart;
mod sharing;
mod targets;
mod tools;
mod trials;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use saima::random::Random;

use super::service::{JSON, LINES, Service, program};

/// Files so small that a few hundred facts fill many segments and checkpoints.
const SMALL: &str = "[store]\nsegment_bytes = 4096\ncheckpoint_bytes = 16384\n";

/// A data directory that several services use in turn.
struct Data {
    home: tempfile::TempDir,
    config: String,
}

impl Data {
    fn new(config: &str) -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            config: config.to_owned(),
        }
    }

    fn path(&self) -> PathBuf {
        self.home.path().join("data")
    }

    fn start(&self) -> Service {
        self.serve(&self.path())
    }

    /// Starts a service on another directory.
    fn serve(&self, path: &Path) -> Service {
        let args = ["--clock", "event", "--data", path.to_str().unwrap()];
        Service::launch(Some(&self.config), &args, &[])
    }

    /// Returns the error message of a start that must fail.
    fn start_error(&self) -> String {
        start_error(&self.path())
    }

    /// Returns the files of one kind, sorted.
    fn files(&self, kind: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path().join(kind)).unwrap();
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }
}

/// Returns the error message of a start on a directory that must fail.
fn start_error(path: &Path) -> String {
    let mut command = program();
    let command = command
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(path);
    let piped = || std::process::Stdio::piped();
    let mut child = command.stdout(piped()).stderr(piped()).spawn().unwrap();
    let begun = std::time::Instant::now();
    while child.try_wait().unwrap().is_none() && begun.elapsed().as_secs() < 20 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    // A start that succeeds must not run for ever.
    let _ended_already = child.kill();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

const USERS: u32 = 12;
const ITEMS: u32 = 40;
const MERCHANTS: u32 = 5;
const FIRST: i64 = 1_743_984_000_000;

/// One request that changes facts.
#[derive(Clone, Debug)]
struct Change {
    method: &'static str,
    path: String,
    facts: Vec<Value>,
}

impl Change {
    fn of(method: &'static str, path: &str, facts: Vec<Value>) -> Self {
        let path = path.to_owned();
        Self {
            method,
            path,
            facts,
        }
    }

    /// Sends the change; returns whether it was acknowledged.
    fn send(&self, service: &Service) -> bool {
        let lines: String = self.facts.iter().map(|fact| format!("{fact}\n")).collect();
        let media = if self.path == "/users/merge" {
            JSON
        } else {
            LINES
        };
        let status = service.attempt_as(media, (self.method, &self.path), lines.as_bytes());
        let is_known = matches!(status, None | Some(200 | 204 | 404 | 409));
        assert!(is_known, "{status:?}");
        status.is_some()
    }
}

/// Changes of every kind in random order, after the catalogue: events, prices, tags, deletions and new declarations.
struct Changes {
    numbers: Random,
    made: u32,
}

impl Changes {
    fn new(seed: u64) -> Self {
        Self {
            numbers: Random::new(seed),
            made: 0,
        }
    }

    fn item(&mut self, number: u32) -> Value {
        json!({
            "id": format!("i{number}"), "merchant_id": format!("m{}", number % MERCHANTS), "category": format!("c{}", number % 3),
            "creator_id": format!("k{}", (number + self.made) % 6), "price": 5 + self.numbers.below(90), "tags": {format!("t{}", self.numbers.below(9)): 1.0, format!("s{}", number % 4): 0.5},
        })
    }

    fn event(&mut self, number: u32) -> Value {
        let kinds = [
            "view",
            "click",
            "cart",
            "favourite",
            "purchase",
            "purchase",
            "refund",
            "dislike",
            "remove_from_cart",
        ];
        let kind = kinds[self.numbers.below(9) as usize];
        let minute = i64::from(self.made) * 600 + i64::from(self.numbers.below(3_000));
        let mut event = json!({
            "id": format!("e{}-{number}", self.made), "user_id": format!("u{}", self.numbers.below(USERS)),
            "item_id": format!("i{}", self.numbers.below(ITEMS)), "kind": kind, "at": FIRST + minute * 60_000,
        });
        if kind == "refund" && self.numbers.below(2) == 0 {
            let earlier = self.numbers.below(self.made.max(1));
            event["purchase_id"] = json!(format!("e{earlier}-{}", self.numbers.below(30)));
        }
        event
    }

    fn next(&mut self) -> Change {
        self.made += 1;
        if self.made == 1 {
            let items = (0..ITEMS).map(|number| self.item(number)).collect();
            return Change::of("PUT", "/items", items);
        }
        let number = self.numbers.below(ITEMS);
        match self.numbers.below(17) {
            0 => Change::of("PUT", "/items", vec![self.item(number)]),
            1 => Change::of(
                "PATCH",
                "/items",
                vec![
                    json!({"id": format!("i{number}"), "price": self.numbers.below(100), "tags": {"t1": null}}),
                ],
            ),
            2 => Change::of(
                "PUT",
                "/merchants",
                vec![json!({"id": format!("m{}", number % MERCHANTS), "integrity": 0.5})],
            ),
            3 => Change::of(
                "PUT",
                "/users",
                vec![json!({"id": format!("u{}", number % USERS), "tags": ["t2"]})],
            ),
            4 => Change::of("DELETE", &format!("/items/i{number}"), Vec::new()),
            5 => Change::of("DELETE", &format!("/users/u{}", number % USERS), Vec::new()),
            6 => Change::of(
                "DELETE",
                &format!("/merchants/m{}", number % MERCHANTS),
                Vec::new(),
            ),
            7 => {
                let [from, into] = [number % USERS, (number + 5) % USERS].map(|n| format!("u{n}"));
                let pair = json!({"from": from, "into": into});
                Change::of("POST", "/users/merge", vec![pair])
            }
            _ => {
                let count = 1 + self.numbers.below(30);
                let events = (0..count).map(|number| self.event(number)).collect();
                Change::of("POST", "/events", events)
            }
        }
    }
}

/// Compares two lists of answers and shows only the first difference.
fn same(found: &[String], right: &[String]) {
    for (found, right) in found.iter().zip(right) {
        assert_eq!(found, right);
    }
    assert_eq!(found.len(), right.len());
}

/// Returns every answer of a service, without the numbers of standings and configuration.
fn everything(service: &Service) -> Vec<String> {
    service.rebuild();
    let candidates: Vec<String> = (0..ITEMS + 2).map(|number| format!("i{number}")).collect();
    let mut answers = Vec::new();
    for user in 0..USERS {
        let request = json!({"user_id": format!("u{user}"), "candidates": candidates, "explain": true, "request_id": "r"});
        let mut ranking = service.rank(&request);
        for number in ["standings", "generation"] {
            ranking.as_object_mut().unwrap().remove(number);
        }
        answers.push(ranking.to_string());
        answers.push(service.get(&format!("/users/u{user}")).text());
    }
    answers.extend(
        candidates
            .iter()
            .map(|id| service.get(&format!("/items/{id}")).text()),
    );
    for kind in ["merchant", "item", "creator"] {
        let mut race = service.get(&format!("/race?kind={kind}&limit=1000")).ok();
        race.as_object_mut().unwrap().remove("standings");
        answers.push(race.to_string());
    }
    // Problems contain generated request ids.
    answers.retain(|answer| !answer.contains("urn:saima:problem"));
    answers
}
