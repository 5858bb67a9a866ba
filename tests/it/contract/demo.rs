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
    service.reconfigure("[limits]\ncandidates = 500\n[scene.default.weights]\naffinity.item = 0");
    service.wait("the order changes", |_| order() != OWN);
    service.reconfigure("[limits]\ncandidates = 500");
    service.wait("the order changes back", |_| order() == OWN);
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
