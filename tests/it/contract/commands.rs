//! The program: its output, its listener, its errors and its exit.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Output, Stdio};

use serde_json::json;

use crate::service::{JSON, Service, program};

fn run(args: &[&str]) -> Output {
    program().args(args).stdin(Stdio::null()).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn file(text: &str) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("saima.toml");
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (dir, path)
}

#[test]
fn check_reports_every_fault_with_its_line() {
    let text = "\
[server]
listen = \"nowhere\"
[limits]
candidates = 0
colour = 1
[profile]
half_life_days = -1
[race]
lane = [\"size\"]
[scene.default.weights]
race.growth = nan
affinity.taste = 1
[scene.feed]
parent = \"nobody\"
limit = 1000000000
";
    let (_dir, path) = file(text);
    for args in [
        vec!["check", &path],
        vec![
            "serve",
            "--config",
            &path,
            "--listen",
            "127.0.0.1:0",
            "--data",
            "none",
        ],
    ] {
        let output = run(&args);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(output.stdout.is_empty());
        let errors = stderr(&output);
        for (line, key) in [
            (2, "server.listen"),
            (4, "limits.candidates"),
            (5, "limits.colour"),
            (7, "profile.half_life_days"),
            (9, "race.lane"),
            (11, "race.growth"),
            (12, "affinity.taste"),
            (14, "scene.feed.parent"),
            (15, "scene.feed.limit"),
        ] {
            let place = format!("{path}:{line}: ");
            let found = errors
                .lines()
                .any(|line| line.starts_with(&place) && line.contains(key));
            assert!(found, "no fault of {key} at line {line} in:\n{errors}");
        }
    }
}

#[test]
fn check_accepts_valid_files_and_rejects_missing_ones() {
    let reference = concat!(env!("CARGO_MANIFEST_DIR"), "/config/saima.toml");
    let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/config/demo/saima.toml");
    let (_dir, empty) = file("");
    for path in [reference, demo, &empty] {
        assert_eq!(run(&["check", path]).status.code(), Some(0), "{path}");
    }
    let (_dir, broken) = file("[server\n");
    for path in ["/nowhere/saima.toml", &broken] {
        let output = run(&["check", path]);
        assert_eq!(output.status.code(), Some(1));
        assert!(!stderr(&output).is_empty());
    }
}

#[test]
fn wrong_usage_has_its_own_exit_code() {
    for args in [
        &[][..],
        &["run"],
        &["serve", "--port", "1"],
        &["serve", "--clock", "sun"],
        &["serve", "--listen", "here"],
        &["check"],
        &["demo", "--synthetic", "many"],
    ] {
        let output = run(args);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{args:?}: {}",
            stderr(&output)
        );
        assert!(output.stdout.is_empty(), "{args:?}");
    }
    assert_eq!(run(&["--help"]).status.code(), Some(0));
}

#[test]
fn serve_reports_why_it_cannot_start() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let output = run(&["serve", "--listen", address, "--data", "none"]);
        assert_eq!(output.status.code(), Some(1), "{address}");
        let errors = stderr(&output);
        assert!(
            errors.contains("SAIMA_TOKEN") && errors.contains("loopback"),
            "{errors}"
        );
        assert!(output.stdout.is_empty());
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(&["serve", "--listen", &address, "--data", "none"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains(&address));
}

#[test]
fn serve_rejects_a_weak_environment() {
    let serve = |env: [(&str, &str); 1], listen: &str| {
        let args = ["serve", "--data", "none", "--listen", listen];
        let output = program().args(args).envs(env).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{env:?}");
        stderr(&output)
    };
    let short = serve([("SAIMA_TOKEN_OPS", "fifteen-letters")], "0.0.0.0:0");
    assert!(short.contains("fewer than 16 characters"), "{short}");
    let unknown = serve(
        [("SAIMA_TOKEN_OPPS", "a-token-of-the-operator")],
        "127.0.0.1:0",
    );
    assert!(
        unknown.contains("did you mean SAIMA_TOKEN_OPS?"),
        "{unknown}"
    );
    let program = env!("CARGO_BIN_EXE_saima");
    let limited = format!("ulimit -n 64; exec {program} serve --data none --listen 127.0.0.1:0");
    let output = Command::new("sh").args(["-c", &limited]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let files = stderr(&output);
    assert!(files.contains("is 64; at least 128 are needed"), "{files}");
}

#[test]
fn check_opens_the_named_files() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("saima.toml");
    let missing = dir.path().join("missing.pem");
    let text = format!("[tls]\ncertificate = {missing:?}\nkey = {missing:?}\n");
    std::fs::write(&path, text).unwrap();
    let output = run(&["check", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let errors = stderr(&output);
    assert!(errors.contains("missing.pem: cannot be read"), "{errors}");
}

#[test]
fn serve_prints_one_line_and_stops_on_signal() {
    for args in [
        &["serve", "--listen", "127.0.0.1:0", "--data", "none"][..],
        &["demo", "--listen", "127.0.0.1:0", "--synthetic", "100"],
    ] {
        let mut child = program()
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let base = line.strip_prefix("saima listening on ").unwrap().trim_end();
        let answer = ureq::get(format!("{base}/healthz")).call().unwrap();
        assert_eq!(answer.status().as_u16(), 200);
        drop(answer);
        let killed = Command::new("kill").arg(child.id().to_string()).status();
        assert!(killed.unwrap().success());
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
        assert_eq!(child.wait().unwrap().code(), Some(0), "{args:?}");
    }
}

#[test]
fn a_role_allows_only_what_it_includes() {
    let env = [
        ("SAIMA_TOKEN_RANK", "rank-token"),
        ("SAIMA_TOKEN_WRITE", "write-token"),
        ("SAIMA_TOKEN_OPS", "ops-token"),
    ];
    let mut service = Service::launch(None, &[], &env);
    let tokens = [
        None,
        Some("wrong"),
        Some("rank-token"),
        Some("write-token"),
        Some("ops-token"),
    ];
    let request = json!({"user_id": "u", "candidates": []}).to_string();
    for (method, path, body, statuses) in [
        ("GET", "/healthz", "", [200; 5]),
        ("POST", "/rank", &*request, [401, 401, 200, 200, 200]),
        ("GET", "/users/u", "", [401, 401, 403, 404, 404]),
        ("GET", "/race", "", [401, 401, 403, 200, 200]),
        ("GET", "/metrics", "", [401, 401, 403, 200, 200]),
        ("PUT", "/items", "[]", [401, 401, 403, 200, 200]),
        ("DELETE", "/items/a", "", [401, 401, 403, 404, 404]),
        ("GET", "/config", "", [401, 401, 403, 403, 200]),
        ("POST", "/race/rebuild", "", [401, 401, 403, 403, 200]),
        ("POST", "/clock/confirm", "", [401, 401, 403, 403, 200]),
    ] {
        for (token, status) in tokens.iter().zip(statuses) {
            service.token(*token);
            let headers: &[(&str, &str)] = if body.is_empty() {
                &[]
            } else {
                &[("Content-Type", JSON)]
            };
            let answer = service.send(method, path, headers, body.as_bytes());
            assert_eq!(answer.status, status, "{method} {path} with {token:?}");
            if status >= 400 {
                answer.problem(status);
            }
        }
    }
    service.token(Some("ops-token"));
    let shown = service.get("/config").text() + &service.get("/metrics").text();
    assert!(!shown.contains("-token"));
}

#[test]
fn a_token_file_allows_other_addresses() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("token");
    std::fs::write(&path, "from-a-long-file\n").unwrap();
    let env = [("SAIMA_TOKEN_OPS_FILE", path.to_str().unwrap())];
    let mut service = Service::launch(None, &[], &env);
    assert_eq!(service.get("/config").status, 401);
    service.token(Some("from-a-long-file"));
    assert_eq!(service.get("/config").status, 200);
    let args = ["serve", "--data", "none", "--listen", "0.0.0.0:0"];
    let mut child = program()
        .args(args)
        .envs(env)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    child.kill().unwrap();
    let errors = stderr(&child.wait_with_output().unwrap());
    assert!(
        line.starts_with("saima listening on http://0.0.0.0:"),
        "{line}"
    );
    assert!(errors.contains("clear text"), "{errors}");
}

#[test]
fn a_reader_that_has_gone_stops_no_command() {
    let service = Service::with_config("[scene.default]\n[decisions]\nthin = 1\n");
    let commands = [
        vec!["experiments", "--url", service.base()],
        vec!["config", "show", "--url", service.base()],
        vec![
            "config",
            "set",
            "scene.default.limit = 7",
            "--url",
            service.base(),
        ],
        vec![
            "preview",
            "--set",
            "scene.default.limit = 3",
            "--url",
            service.base(),
        ],
    ];
    for args in commands {
        let mut command = program();
        let command = command
            .args(&args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success() && output.stderr.is_empty(),
            "{args:?}: {output:?}"
        );
    }
    assert_eq!(
        service.get("/config").ok()["config"]["scene"]["default"]["limit"],
        7
    );
}
