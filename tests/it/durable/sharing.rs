//! `kill -9` in the middle of edits, rollbacks and planned changes: nothing acknowledged is lost, and nothing is applied twice.

use std::collections::BTreeMap;
use std::time::Duration;

use saima::random::Random;
use serde_json::{Value, json};
use ureq::http::Request;
use ureq::tls::TlsConfig;

use super::{Data, FIRST};
use crate::service::{JSON, Service, agent, program};

/// Number of kills.
const ROUNDS: u32 = 50;
const HOUR: i64 = 3_600_000;

const FILE: &str = "[scene.default]\nlimit = 50\n[scene.feed]\nlimit = 10\n";

/// What is known of the changes by their reasons.
#[derive(Default)]
struct Known {
    /// Number of changes so far, which numbers the next.
    made: u64,
    /// How often each acknowledged change must be in the history, by its reason.
    acknowledged: BTreeMap<String, usize>,
    /// The newest acknowledged generation.
    newest: u64,
    hour: i64,
}

/// Sends a change. `None` if the service ended before it answered.
fn send(service: &Service, call: (&str, &str), generation: u64, body: &Value) -> Option<Value> {
    let request = Request::builder()
        .method(call.0)
        .uri(format!("{}{}", service.base(), call.1))
        .header("Content-Type", JSON)
        .header("If-Match", generation.to_string())
        .body(body.to_string())
        .unwrap();
    let mut response = agent(TlsConfig::default()).run(request).ok()?;
    let answer = response.body_mut().read_to_vec().ok()?;
    assert_eq!(
        response.status(),
        200,
        "{}",
        String::from_utf8_lossy(&answer)
    );
    Some(serde_json::from_slice(&answer).unwrap())
}

impl Known {
    /// Makes changes until the service is gone.
    fn change_until_killed(&mut self, service: &Service, dice: &mut Random) {
        while let Some(generation) = self.change(service, dice) {
            self.newest = self.newest.max(generation);
        }
    }

    /// Makes one change; returns the generation that is acknowledged.
    fn change(&mut self, service: &Service, dice: &mut Random) -> Option<u64> {
        self.made += 1;
        let reason = format!("c{}", self.made);
        // The thread of the plans may be faster: an unused number of generation is asked for each time.
        let live = self.live(service)?;
        let answer = match dice.below(4) {
            0 => {
                let to = 1 + u64::from(dice.below(u32::try_from(live).unwrap()));
                let body = json!({"to": to, "reason": reason});
                self.try_change(service, ("POST", "/config/rollback"), live, &body)?
            }
            1 => {
                self.hour += 2;
                let at = |hour: i64| FIRST + hour * HOUR;
                let body = json!({
                    "set": {"scene": {"planned": {"limit": self.made % 1_000 + 1}}}, "reason": reason,
                    "from": at(self.hour), "until": at(self.hour + 1),
                });
                let answer = self.try_change(service, ("PUT", "/config"), live, &body)?;
                if answer.get("plan").is_some() {
                    self.acknowledged.insert(reason.clone(), 2);
                }
                for hour in [self.hour, self.hour + 1] {
                    self.pass(service, hour)?;
                }
                answer
            }
            _ => {
                let body = json!({"set": {"scene": {"feed": {"limit": self.made % 1_000 + 1}}}, "reason": reason});
                self.try_change(service, ("PUT", "/config"), live, &body)?
            }
        };
        let generation = answer["generation"].as_u64().unwrap();
        if answer.get("plan").is_none() && generation > live {
            self.acknowledged.insert(reason, 1);
        }
        Some(generation)
    }

    /// Sends a change; one that comes too late for its generation is dropped.
    fn try_change(
        &self,
        service: &Service,
        call: (&str, &str),
        live: u64,
        body: &Value,
    ) -> Option<Value> {
        let request = Request::builder()
            .method(call.0)
            .uri(format!("{}{}", service.base(), call.1))
            .header("Content-Type", JSON)
            .header("If-Match", live.to_string())
            .body(body.to_string())
            .unwrap();
        let mut response = agent(TlsConfig::default()).run(request).ok()?;
        let answer = response.body_mut().read_to_vec().ok()?;
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        match response.status().as_u16() {
            200 => Some(answer),
            409 => Some(json!({"generation": self.newest, "diff": []})),
            other => panic!("{other}: {answer}"),
        }
    }

    /// Moves the clock of the service to an hour, if it is later.
    fn pass(&self, service: &Service, hour: i64) -> Option<u16> {
        let at = FIRST + hour * HOUR;
        let event = json!({"user_id": "u", "merchant_id": "m", "kind": "impression", "at": at});
        service.attempt("POST", "/events", event.to_string().as_bytes())
    }

    fn live(&self, service: &Service) -> Option<u64> {
        let url = format!("{}/config", service.base());
        let mut response = agent(TlsConfig::default()).get(url).call().ok()?;
        let shown: Value =
            serde_json::from_slice(&response.body_mut().read_to_vec().ok()?).unwrap();
        shown["generation"].as_u64()
    }

    /// Checks the history of a service that just started.
    fn check(&mut self, service: &Service) {
        let shown = service.get("/config").ok();
        let live = shown["generation"].as_u64().unwrap();
        assert!(live >= self.newest, "{live} after {}", self.newest);
        self.newest = live;
        let page = service.get("/config/history?limit=10000").ok();
        let generations = page["generations"].as_array().unwrap();
        let numbers: Vec<u64> = generations
            .iter()
            .map(|it| it["number"].as_u64().unwrap())
            .collect();
        assert_eq!(numbers, (1..=live).rev().collect::<Vec<u64>>());
        let newest = service.get(&format!("/config/history/{live}")).ok();
        assert_eq!(newest["effective"], shown["config"]);
        let mut counts = BTreeMap::<&str, usize>::new();
        for generation in generations {
            if let Some(reason) = generation["reason"].as_str() {
                *counts.entry(reason).or_default() += 1;
            }
        }
        for (reason, most) in &counts {
            let planned = generations
                .iter()
                .any(|it| it["reason"] == *reason && it["source"] == "plan");
            assert!(
                *most <= if planned { 2 } else { 1 },
                "{reason} is there {most} times"
            );
        }
        for (reason, right) in &self.acknowledged {
            let count = counts.get(&**reason).copied().unwrap_or(0);
            let missed = *right == 2 && count < 2;
            assert!(
                missed || count == *right,
                "{reason} is there {count} times, not {right}"
            );
        }
    }
}

#[test]
fn acknowledged_changes_count_exactly_once() {
    let data = Data::new(&format!("[scene.planned]\nlimit = 5\n{FILE}"));
    let (mut known, mut dice) = (Known::default(), Random::new(23));
    for _ in 0..ROUNDS {
        let service = data.start();
        known.check(&service);
        known.pass(&service, 0);
        let patience = Duration::from_micros(u64::from(dice.below(300_000)));
        let killer = service.kill_after(patience);
        known.change_until_killed(&service, &mut dice);
        killer.join().unwrap();
    }
    let service = data.start();
    known.check(&service);
    assert!(known.newest > 10, "only {} generations", known.newest);
    known.pass(&service, known.hour + 9);
    service.wait("no plan is left", |it| {
        it.get("/config/plans").ok()["plans"] == json!([])
    });
    let live = service.get("/config").ok();
    let body = json!({"to": 1, "reason": "the end"});
    let generation = live["generation"].as_u64().unwrap();
    let answer = send(&service, ("POST", "/config/rollback"), generation, &body).unwrap();
    assert_eq!(answer["overrides"], json!({}));
    let first = service.get("/config/history/1").ok()["effective"].clone();
    assert_eq!(service.get("/config").ok()["config"], first);
}

#[test]
fn a_restore_keeps_the_overrides() {
    let data = Data::new(FILE);
    let service = data.start();
    service.users(&[json!({"id": "u"})]);
    let body = json!({"set": {"scene": {"feed": {"limit": 7}}}});
    send(&service, ("PUT", "/config"), 1, &body).unwrap();
    let before = service.get("/config").ok();
    let (backup, path) = (data.home.path().join("backup"), data.path());
    let run = |args: &[&str]| {
        let output = program().args(args).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    let [backup, path] = [&backup, &path].map(|path| path.to_str().unwrap());
    run(&["backup", backup, "--url", service.base()]);
    drop(service);
    run(&["restore", backup, path, "--replace"]);
    assert_eq!(data.start().get("/config").ok(), before);
}
