//! Nothing stops silently: the service goes on when its log, a thread or its environment fails.

use std::io::Write;
use std::process::{ChildStderr, Command, Stdio};
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
    ends_in_time(&mut service);
}

/// Asserts that SIGTERM ends the service with exit code 0 within the drain time and a second.
fn ends_in_time(service: &mut Service) {
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

/// Replaces the configuration file by a named pipe, which nobody writes to.
fn replace_by_pipe(service: &Service) {
    let pipe = service.config_file().with_extension("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    std::fs::rename(pipe, service.config_file()).unwrap();
}

#[test]
fn a_pipe_as_file_is_rejected() {
    let mut service = Service::with_config(&with_limit("", 11));
    replace_by_pipe(&service);
    service.wait("the pipe is rejected", |service| {
        service.metric("saima_config_refused_total") > 0.0
    });
    service.reconfigure(&with_limit("", 12));
    service.wait("the limit is live", |service| limit_is(service, 12));
    replace_by_pipe(&service);
    ends_in_time(&mut service);
}

#[test]
fn an_emptied_file_changes_nothing() {
    let service = Service::with_config(&with_limit("", 11));
    service.reconfigure("");
    service.wait("the empty file is rejected", |service| {
        service.metric("saima_config_refused_total") > 0.0
    });
    assert!(limit_is(&service, 11));
}

#[test]
fn a_piped_configuration_is_read_once() {
    let mut command = program();
    let (config, mut write) = std::io::pipe().unwrap();
    write.write_all(with_limit("", 11).as_bytes()).unwrap();
    drop(write);
    command.args(["serve", "--listen", "127.0.0.1:0", "--data", "none"]);
    command.args(["--config", "/dev/stdin"]).stdin(config);
    command.stderr(Stdio::null());
    let mut service = Service::run(command, None);
    assert!(limit_is(&service, 11));
    service.signal("HUP");
    ends_in_time(&mut service);
}

#[test]
fn a_hangup_rereads_every_file() {
    let tokens = tempfile::tempdir().unwrap();
    let token = tokens.path().join("ops");
    std::fs::write(&token, "the-first-long-token").unwrap();
    let env = [("SAIMA_TOKEN_OPS_FILE", token.to_str().unwrap())];
    let mut service = Service::launch(Some(&with_limit("", 11)), &[], &env);
    std::fs::write(&token, "the-other-long-token").unwrap();
    service.signal("HUP");
    let begun = Instant::now();
    service.token(Some("the-other-long-token"));
    service.wait("the token is live", |service| {
        service.get("/config").status == 200
    });
    // Without the signal, two equal reads one second apart are needed.
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
    ends_in_time(&mut service);
}

#[test]
fn a_scene_in_use_is_retired_first() {
    let service = Service::with_config("[scene.feed]\nlimit = 1\n");
    let request = json!({"user_id": "u", "candidates": [], "scene": "feed"});
    assert_eq!(service.rank(&request)["scene"], "feed");
    service.reconfigure("# no scene\n");
    service.wait("the removal is rejected", |service| {
        service.metric("saima_config_refused_total") > 0.0
    });
    assert_eq!(service.rank(&request)["scene"], "feed");
    service.reconfigure("scene.feed.retired = true\n");
    service.wait("default answers", |service| {
        let ranking = service.rank(&request);
        ranking["scene"] == "default" && ranking["scene_asked"] == "feed"
    });
    assert!(service.metric("saima_retired_scene_requests_total") > 0.0);
}
