//! What a crash never leaves: missing segments, unreadable notes, a directory that goes while the service runs, a disk that is full.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::full::Small;
use super::{Changes, Data, program};
use crate::service::Service;

/// Creates a data directory with facts, with a checkpoint if asked for.
fn filled(checkpoint: bool) -> Data {
    let data = Data::new("[store]\nsegment_bytes = 4096\n");
    let (service, mut changes) = (data.start(), Changes::new(6));
    for _ in 0..40 {
        assert!(changes.next().send(&service));
    }
    if checkpoint {
        assert_eq!(service.json("POST", "/backup", &json!({})).status, 200);
        assert!(changes.next().send(&service));
    }
    data
}

fn repaired(path: &Path) {
    let mut command = program();
    let output = command.arg("repair").arg(path).arg("--apply").output();
    let output = output.unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_missing_journal_prevents_the_start() {
    for checkpoint in [false, true] {
        let data = filled(checkpoint);
        let journal = data.path().join("journal");
        let kept = data.home.path().join("kept");
        fs::rename(&journal, &kept).unwrap();
        for emptied in [false, true] {
            if emptied {
                fs::create_dir_all(&journal).unwrap();
            }
            let message = data.start_error();
            let numbers = if checkpoint {
                "a checkpoint of record"
            } else {
                "ends with record 0, but record"
            };
            assert!(message.contains(numbers), "{message}");
        }
        fs::remove_dir(&journal).unwrap();
        fs::rename(&kept, &journal).unwrap();
        data.start();
    }
}

#[test]
fn missing_newest_segments_prevent_the_start() {
    let data = filled(false);
    let files = data.files("journal");
    for file in &files[files.len() - 2..] {
        fs::remove_file(file).unwrap();
    }
    let message = data.start_error();
    assert!(
        message.contains("the newest segments are missing"),
        "{message}"
    );
    repaired(&data.path());
    let service = data.start();
    assert!(Changes::new(3).next().send(&service));
}

#[test]
fn a_shutdown_notes_the_last_record() {
    let data = filled(false);
    let mut service = data.start();
    let mut changes = Changes::new(6);
    for _ in 0..7 {
        assert!(changes.next().send(&service));
    }
    let last = service.metric("saima_journal_sequence");
    service.terminate();
    assert_eq!(service.ended(), Some(0));
    let newest = data.files("journal").pop().unwrap();
    let begin: u64 = newest
        .file_stem()
        .unwrap()
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    fs::remove_file(newest).unwrap();
    let message = data.start_error();
    let numbers = format!(
        "ends with record {}, but record {last} was durable and a segment began with record {begin}",
        begin - 1
    );
    assert!(message.contains(&numbers), "{message}");
}

#[test]
fn a_directory_without_the_note_still_loads() {
    let data = filled(true);
    fs::remove_file(data.path().join("newest")).unwrap();
    drop(data.start());
    assert!(data.path().join("newest").exists());
}

#[test]
fn a_damaged_list_of_erasures_is_repaired() {
    const GONE: &str = "the-user-who-left";
    let data = Data::new("[store]\nsegment_bytes = 4096\n");
    let service = data.start();
    service.items(&[json!({"id": "i1"})]);
    let event = |number: u32| json!({"id": format!("e{number}"), "user_id": GONE, "item_id": "i1", "kind": "view", "at": 1_743_984_000_000_i64});
    service.events(&(0..60).map(event).collect::<Vec<_>>());
    assert_eq!(service.delete(&format!("/users/{GONE}")), 204);
    drop(service);
    let path = data.path();
    // A rebuild notes what is to be erased, and writes a checkpoint that covers it.
    let rebuilt = program().arg("rebuild").arg(&path).output().unwrap();
    assert!(rebuilt.status.success(), "{rebuilt:?}");
    for torn in ["", "[{\"id\":\"the-us", "\0\0\0\0"] {
        fs::write(path.join("erasing"), torn).unwrap();
        assert!(data.start_error().contains("erasing"));
        let looked = program().arg("repair").arg(&path).output().unwrap();
        assert!(String::from_utf8_lossy(&looked.stderr).contains("erasing"));
        assert_eq!(looked.status.code(), Some(1));
        repaired(&path);
    }
    let service = data.start();
    service.wait("the user is erased from the disk", |_| {
        super::erasure::mentions(&path, GONE) == 0
    });
}

/// Waits at most a second until facts are rejected because of the storage.
fn is_noticed(service: &Service) {
    std::thread::sleep(Duration::from_millis(1_000));
    let event =
        json!([{"user_id": "u0", "item_id": "i1", "kind": "view", "at": "2025-04-07T00:00:00Z"}]);
    let answer = service.json("POST", "/events", &event);
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(
        answer.text().contains("under the running service"),
        "{}",
        answer.text()
    );
    assert_eq!(service.get("/readyz").status, 503);
    let ranking = service.rank(&json!({"user_id": "u0", "candidates": ["i1", "i2"]}));
    assert_eq!(ranking["items"].as_array().unwrap().len(), 2);
}

#[test]
fn a_deleted_directory_is_noticed() {
    let data = filled(false);
    let service = data.start();
    let moved = data.home.path().join("moved");
    fs::rename(data.path(), &moved).unwrap();
    fs::remove_dir_all(moved).unwrap();
    is_noticed(&service);
}

#[test]
fn an_unmounted_directory_is_noticed() {
    let data = Data::new("");
    let path = data.path();
    let Some(small) = Small::mount(&path) else {
        return;
    };
    let service = data.start();
    service.items(&[json!({"id": "i1"}), json!({"id": "i2"})]);
    drop(small);
    is_noticed(&service);
}

#[test]
fn a_start_with_a_full_disk_ranks() {
    let data = Data::new("");
    let path = data.path();
    let Some(_small) = Small::mount(&path) else {
        return;
    };
    let service = data.start();
    service.items(&[json!({"id": "i1"}), json!({"id": "i2"})]);
    drop(service);
    // Fills the file system to the last page.
    let _full = fs::write(path.join("ballast"), vec![0; 1 << 20]);
    let service = data.start();
    let ranking = service.rank(&json!({"user_id": "u0", "candidates": ["i1", "i2"]}));
    assert_eq!(ranking["items"].as_array().unwrap().len(), 2);
    let answer = service.json("PUT", "/items", &json!([{"id": "i3"}]));
    assert_eq!(answer.status, 503);
    assert!(answer.text().contains("No space"), "{}", answer.text());
    assert!(service.get("/readyz").text().contains("No space"));
    fs::remove_file(path.join("ballast")).unwrap();
    accepts_facts_again(&service);
    drop(service);
    assert_eq!(data.start().get("/items/i3").status, 200);
}

/// Waits until a service whose disk was full is ready, and sends an item.
fn accepts_facts_again(service: &Service) {
    service.wait("there is space again", |service| {
        service.get("/readyz").status == 200
    });
    service.items(&[json!({"id": "i3"})]);
}

#[test]
fn a_first_start_on_a_full_disk_waits() {
    let data = Data::new("");
    let path = data.path();
    let Some(_small) = Small::mount(&path) else {
        return;
    };
    // The directory is empty: the file has no name any more, but its bytes are still there.
    let ballast = fs::File::create_new(path.join("ballast")).unwrap();
    let _full = (&ballast).write_all(&vec![0; 1 << 20]);
    fs::remove_file(path.join("ballast")).unwrap();
    let service = data.start();
    service.rank(&json!({"user_id": "u0", "candidates": ["i1"]}));
    let answer = service.json("PUT", "/items", &json!([{"id": "i3"}]));
    assert_eq!(answer.status, 503);
    assert!(answer.text().contains("No space"), "{}", answer.text());
    drop(ballast);
    accepts_facts_again(&service);
    drop(service);
    assert_eq!(data.start().get("/items/i3").status, 200);
}

#[test]
fn a_wide_directory_is_narrowed() {
    let data = filled(false);
    fs::set_permissions(data.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let _service = data.start();
    let mode = fs::metadata(data.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_cleaner_does_not_free_the_lock() {
    let data = filled(false);
    let _service = data.start();
    fs::remove_file(data.path().join("lock")).unwrap();
    assert!(data.start_error().contains("is in use"));
}
