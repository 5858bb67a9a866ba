//! Restores to every kind of place: a trailing slash, a symbolic link, a mount point.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::full::Small;
use super::{Data, program};
use crate::service::Service;

/// Runs `saima restore` and returns its message.
fn restore(backup: &Path, target: &str, more: &[&str]) -> String {
    let output = program()
        .arg("restore")
        .arg(backup)
        .arg(target)
        .args(more)
        .output()
        .unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{message}");
    message
}

/// Creates a data directory, and a back-up of it that lacks the item `late`.
fn backed_up() -> (Data, PathBuf) {
    let data = Data::new("");
    let service = data.start();
    service.items(&[json!({"id": "i1"})]);
    let backup = data.home.path().join("backup");
    let mut command = program();
    let command = command
        .arg("backup")
        .arg(&backup)
        .args(["--url", service.base()]);
    assert!(command.output().unwrap().status.success());
    service.items(&[json!({"id": "late"})]);
    (data, backup)
}

/// Checks that a directory holds what the back-up holds.
fn holds_backup(path: &str) {
    let service = Service::launch(None, &["--data", path], &[]);
    assert_eq!(service.get("/items/i1").status, 200);
    assert_eq!(service.get("/items/late").status, 404);
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_trailing_slash_changes_nothing() {
    let (data, backup) = backed_up();
    let path = text(&data.path()) + "/";
    restore(&backup, &path, &["--replace"]);
    holds_backup(&path);
    assert!(data.home.path().join("data.before-1/journal").is_dir());
    assert!(!data.home.path().join("data.restoring").exists());
    for fresh in ["fresh/", "fresh2/.", "a/b/c//"] {
        let path = text(&data.home.path().join(fresh));
        restore(&backup, &path, &[]);
        holds_backup(&path);
    }
}

#[test]
fn a_symbolic_link_stays() {
    let (data, backup) = backed_up();
    let link = data.home.path().join("link");
    symlink(data.path(), &link).unwrap();
    for path in [text(&link), text(&link) + "/"] {
        restore(&backup, &path, &["--replace"]);
        holds_backup(&path);
        assert!(link.is_symlink());
    }
    assert!(data.home.path().join("data.before-2").is_dir());
    let dangling = data.home.path().join("dangling");
    symlink(data.home.path().join("nothing"), &dangling).unwrap();
    for path in [text(&dangling), text(&dangling) + "/"] {
        let output = program().arg("restore").arg(&backup).arg(path).output();
        let output = output.unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.contains("symbolic link"), "{message}");
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
fn a_mount_point_is_refilled() {
    let (data, backup) = backed_up();
    let mounted = data.home.path().join("mounted");
    let Some(_small) = Small::mount(&mounted) else {
        return;
    };
    let path = text(&mounted);
    restore(&backup, &path, &[]);
    holds_backup(&path);
    let service = Service::launch(None, &["--data", &path], &[]);
    service.items(&[json!({"id": "late"})]);
    let output = program()
        .arg("restore")
        .arg(&backup)
        .args([&path, "--replace"])
        .output();
    let message = String::from_utf8(output.unwrap().stderr).unwrap();
    assert!(message.contains("is in use"), "{message}");
    drop(service);
    let message = restore(&backup, &(path.clone() + "/"), &["--replace"]);
    assert!(message.contains("mounted/before-1"), "{message}");
    holds_backup(&path);
    assert!(mounted.join("before-1/saima-data").exists());
    assert!(!mounted.join("restoring").exists());

    // Interrupted, it can be repeated, and no service starts in between.
    fs::create_dir(mounted.join("restoring")).unwrap();
    fs::rename(mounted.join("saima-data"), mounted.join("before-1/mark")).unwrap();
    assert!(super::start_error(&mounted).contains("not a data directory"));
    restore(&backup, &path, &["--replace"]);
    holds_backup(&path);
}
