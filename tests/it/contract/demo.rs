//! The demo marketplace with the user's configuration file.

use std::path::PathBuf;
use std::process::Stdio;

use super::super::service::{Service, program};

/// Candidates of the README's first request.
const CANDIDATES: [&str; 5] = ["i1082185", "i1029743", "i981760", "i916122", "i914190"];
/// Their order under the demo's weights.
const OWN: [&str; 5] = ["i1082185", "i916122", "i914190", "i1029743", "i981760"];

/// Writes a file into a new directory.
fn config(text: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("saima.toml");
    std::fs::write(&file, text).unwrap();
    (dir, file)
}

fn demo(text: &str) -> Service {
    let (dir, file) = config(text);
    let mut command = program();
    command.args(["demo", "--listen", "127.0.0.1:0", "--config"]);
    command.arg(&file).stderr(Stdio::null());
    Service::run(command, Some((dir, file)))
}

#[test]
fn a_weight_in_the_file_changes_the_order() {
    let service = demo("[limits]\ncandidates = 500");
    let order = || service.order("u1890", &CANDIDATES);
    assert_eq!(order(), OWN);
    service.reconfigure("[limits]\ncandidates = 500\n[scene.default.weights]\naffinity.repeat = 0");
    service.wait("the order changes", |_| order() != OWN);
    service.reconfigure("[limits]\ncandidates = 500");
    service.wait("the order changes back", |_| order() == OWN);
}

#[test]
fn the_last_weeks_are_foreseen() {
    let mut command = program();
    command.args([
        "demo",
        "--listen",
        "127.0.0.1:0",
        "--until",
        "2017-12-18T00:00:00Z",
    ]);
    command.stderr(Stdio::null());
    let service = Service::run(command, None);
    let queries = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/config/demo/queries.ndjson.zst"
    );
    let mut command = program();
    command.args(["evaluate", "--url", service.base(), "--json", queries]);
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&found["queries"], &found["unknown"]),
        (&300.into(), &0.into()),
        "{found}"
    );
    let quality = found["ndcg@10"]["mean"].as_f64().unwrap();
    assert!((0.3..0.6).contains(&quality), "{found}");
}

#[test]
fn a_fault_names_the_file() {
    let (_dir, file) = config("[scene.default.weights]\nquality = 1\nqality = 1");
    let output = program()
        .args(["demo", "--listen", "127.0.0.1:0", "--config"])
        .arg(&file)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let place = format!("{}:3: scene.default.weights.qality", file.display());
    let reported = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(reported.starts_with(&place), "{reported}");
}
