//! A full disk: nothing more is acknowledged, the reason is reported, ranking continues, and nothing acknowledged is lost.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::{Changes, Data, everything, same};

/// A small file system, if the process may mount one.
pub(super) struct Small<'a>(&'a Path);

impl<'a> Small<'a> {
    pub(super) fn mount(path: &'a Path) -> Option<Self> {
        std::fs::create_dir_all(path).unwrap();
        let mut mount = Command::new("mount");
        let mount = mount.args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"]);
        let mounted = mount.arg(path).status().ok()?;
        mounted.success().then_some(Self(path))
    }

    /// Makes the file system read-only.
    pub(super) fn protect(&self) {
        let mut mount = Command::new("mount");
        let mount = mount.args(["-o", "remount,ro"]).arg(self.0);
        assert!(mount.status().unwrap().success());
    }
}

impl Drop for Small<'_> {
    fn drop(&mut self) {
        let _left = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

#[test]
fn a_full_disk_stops_only_acknowledgements() {
    let data = Data::new("");
    let path = data.path();
    // Without permission to mount, the tests of the journal with a failing medium remain.
    let Some(_small) = Small::mount(&path) else {
        return;
    };
    let (service, mut changes) = (data.start(), Changes::new(31));
    assert!(changes.next().send(&service));
    let mut sent = 0;
    let refusal = loop {
        let event = json!([{"id": format!("e{sent}"), "user_id": "u0", "item_id": "i1", "kind": "view", "at": "2025-04-07T00:00:00Z", "request_id": "x".repeat(100)}]);
        let answer = service.json("POST", "/events", &event);
        if answer.status != 200 {
            break answer;
        }
        sent += 1;
    };
    assert_eq!(refusal.problem(503), [""]);
    assert!(
        refusal.text().contains("urn:saima:problem:storage") && refusal.text().contains("No space"),
        "{}",
        refusal.text()
    );
    assert_eq!(service.get("/readyz").status, 503);
    assert!(service.get("/readyz").text().contains("No space"));
    assert!(service.metric("saima_journal_broken ") > 0.0);
    let ranking = service.rank(&json!({"user_id": "u0", "candidates": ["i1", "i2"]}));
    assert_eq!(ranking["items"].as_array().unwrap().len(), 2);
    assert_eq!(service.json("DELETE", "/users/u0", &json!({})).status, 503);
    drop(service);

    // On a disk with space, a service on a copy of the journal continues from the acknowledged data.
    let journal = data.files("journal").pop().unwrap();
    let kept = std::fs::read(&journal).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let again = Data {
        home: elsewhere,
        config: String::new(),
    };
    std::fs::create_dir_all(again.path().join("journal")).unwrap();
    std::fs::write(again.path().join("saima-data"), "1\n").unwrap();
    std::fs::write(
        again
            .path()
            .join("journal")
            .join(journal.file_name().unwrap()),
        kept,
    )
    .unwrap();
    let service = again.start();
    let events = service.get("/users/u0").ok()["events"].as_u64().unwrap();
    assert!(events >= sent && events <= sent + 1, "{events} of {sent}");
    let before = everything(&service);
    drop(service);
    same(&everything(&again.start()), &before);
}
