//! A data directory in the first version of format 1: every later version reads it to the same state.
//!
//! Only the fields of the stored answers are compared, so that a new field does not break the test. The facts after the checkpoint are
//! learnt by the rules of today: a refund without a purchase takes nothing back of earlier ones, which that version did not count.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Changes, Data, ITEMS, SMALL, USERS};
use crate::service::Service;

fn stored() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/durable/format-1")
}

/// Returns learnt state and standings. Rankings are left out, because their weights and objectives may change.
fn state(service: &Service) -> Vec<Value> {
    service.rebuild();
    let users = (0..USERS).map(|user| format!("/users/u{user}"));
    let items = (0..ITEMS).map(|item| format!("/items/i{item}"));
    let races = ["merchant", "item"].map(|kind| format!("/race?kind={kind}&limit=1000"));
    let answers = users.chain(items).chain(races).map(|path| {
        let answer = service.get(&path);
        let mut state: Value = serde_json::from_slice(&answer.bytes).unwrap();
        let fields = state.as_object_mut().unwrap();
        // These differ between processes.
        fields.retain(|name, _| name != "standings" && name != "request_id");
        state
    });
    answers.collect()
}

/// Maps whose names are data: all names must be equal.
const MAPS: [&str; 3] = ["tags", "items", "merchants"];

/// Removes the fields that the stored answer does not have, which are newer.
fn keep_stored(found: &mut Value, stored: &Value) {
    match (found, stored) {
        (Value::Object(found), Value::Object(stored)) => {
            found.retain(|name, _| stored.contains_key(name));
            let fields = found.iter_mut();
            let fields = fields.filter(|(name, _)| !MAPS.contains(&name.as_str()));
            fields.for_each(|(name, field)| keep_stored(field, &stored[name]));
        }
        (Value::Array(found), Value::Array(stored)) => {
            let pairs = found.iter_mut().zip(stored);
            pairs.for_each(|(found, stored)| keep_stored(found, stored));
        }
        _ => {}
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(path, to).unwrap();
        }
    }
}

#[test]
fn format_1_is_readable() {
    let data = Data::new(SMALL);
    copy(&stored().join("data"), &data.path());
    let stored = fs::read_to_string(stored().join("state.txt")).unwrap();
    let mut found = state(&data.start());
    let lines: Vec<&str> = stored.lines().collect();
    assert_eq!(found.len(), lines.len());
    for (found, line) in found.iter_mut().zip(lines) {
        let right: Value = serde_json::from_str(line).unwrap();
        keep_stored(found, &right);
        // As text, because the order of fields counts too.
        assert_eq!(found.to_string(), line);
    }
}

#[test]
#[ignore = "creates the data that `format_1_is_readable` reads; run it only for a new format, and keep the old data"]
fn the_stored_directory_is_written() {
    let config = "[store]\nsegment_bytes = 4096\ncheckpoint_bytes = 12288\n";
    let (data, mut changes) = (Data::new(config), Changes::new(21));
    let service = data.start();
    (0..70).for_each(|_| assert!(changes.next().send(&service)));
    service.wait("a checkpoint is written", |it| {
        it.metric("saima_checkpoint_sequence ") > 0.0
    });
    (0..5).for_each(|_| assert!(changes.next().send(&service)));
    let lines: Vec<String> = state(&service).iter().map(Value::to_string).collect();
    let lines = lines.join("\n");
    drop(service);
    fs::create_dir_all(stored()).unwrap();
    copy(&data.path(), &stored().join("data"));
    fs::remove_file(stored().join("data/lock")).unwrap();
    fs::write(stored().join("state.txt"), lines).unwrap();
}
