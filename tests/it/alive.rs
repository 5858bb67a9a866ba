//! Nothing stops silently: the service goes on when its log, a thread or its environment fails.

use std::process::{ChildStderr, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::service::{Service, program};

/// Time within which the service ends after SIGTERM, with `drain_seconds = 1`.
const END: Duration = Duration::from_secs(2);

/// The metric of log lines that were dropped.
const DROPPED: &str = "saima_log_lines_dropped_total";

/// Starts with the log in a pipe and with a data directory.
fn logging(config: &str) -> (Service, ChildStderr, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("saima.toml");
    std::fs::write(&file, config).unwrap();
    let data = tempfile::tempdir().unwrap();
    let mut command = program();
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]);
    command.arg(data.path()).arg("--config").arg(&file);
    command.stderr(Stdio::piped());
    let mut service = Service::run(command, Some((dir, file)));
    let log = service.log();
    (service, log, data)
}

fn with_limit(head: &str, limit: u64) -> String {
    format!(
        "server.drain_seconds = 1\nstore.checkpoint_seconds = 0.2\n{head}\n[scene.default]\nlimit = {limit}\n"
    )
}

fn limit_is(service: &Service, limit: u64) -> bool {
    service.get("/config").ok()["config"]["scene"]["default"]["limit"] == limit
}

/// Asserts that reloads, checkpoints, erasure, back-up and SIGTERM go on.
fn goes_on(mut service: Service, head: &str) {
    for limit in 12..15 {
        service.reconfigure(&with_limit(head, limit));
        service.wait("the limit is live", |service| limit_is(service, limit));
    }
    for round in 0..3 {
        let item = json!([{"id": format!("i{round}")}]);
        assert_eq!(service.json("PUT", "/items", &item).status, 200);
        let user = json!([{"id": "victim"}]);
        assert_eq!(service.json("PUT", "/users", &user).status, 200);
        assert_eq!(service.delete("/users/victim"), 204);
        let sequence = service.metric("saima_journal_sequence");
        service.wait("a checkpoint is written", |service| {
            service.metric("saima_checkpoint_sequence") >= sequence
        });
    }
    assert_eq!(service.json("POST", "/backup", &json!({})).status, 200);
    assert_eq!(service.get("/readyz").status, 200);
    assert!(service.metric(DROPPED) > 0.0);
    let begun = Instant::now();
    service.terminate();
    assert_eq!(service.ended(), Some(0));
    assert!(begun.elapsed() < END, "{:?}", begun.elapsed());
}

#[test]
fn a_closed_log_stops_nothing() {
    let (service, log, _data) = logging(&with_limit("", 11));
    drop(log);
    goes_on(service, "");
}

#[test]
fn a_stuck_log_stops_nothing() {
    let head = "log.waiting_bytes = 65536";
    let (service, _unread, _data) = logging(&with_limit(head, 11));
    let junk: String = (0..3_000)
        .map(|key| format!("unknown-{key} = 1\n"))
        .collect();
    for round in 1..6 {
        service.reconfigure(&format!("round = {round}\n{junk}"));
        service.wait("a file is rejected", |service| {
            service.metric("saima_config_refused_total") >= f64::from(round)
        });
    }
    goes_on(service, head);
}
