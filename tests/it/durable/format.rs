//! A data directory as format 1 was first written: every later version reads it to the same state.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Changes, Data, ITEMS, SMALL, USERS, same};
use crate::service::Service;

fn stored() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/durable/format-1")
}

/// What was learnt and how the runners stand; rankings are left out, for their weights and objectives may change.
fn state(service: &Service) -> Vec<String> {
    service.rebuild();
    let users = (0..USERS).map(|user| format!("/users/u{user}"));
    let items = (0..ITEMS).map(|item| format!("/items/i{item}"));
    let races = ["merchant", "item"].map(|kind| format!("/race?kind={kind}&limit=1000"));
    let answers = users.chain(items).chain(races).map(|path| {
        let answer = service.get(&path);
        let mut state: serde_json::Value = serde_json::from_slice(&answer.bytes).unwrap();
        let fields = state.as_object_mut().unwrap();
        // Numbers that are new with each process.
        fields.retain(|name, _| name != "standings" && name != "request_id");
        state.to_string()
    });
    answers.collect()
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
fn what_was_once_written_is_read_for_good() {
    let data = Data::new(SMALL);
    copy(&stored().join("data"), &data.path());
    let right = fs::read_to_string(stored().join("state.txt")).unwrap();
    let right: Vec<String> = right.lines().map(str::to_owned).collect();
    same(&state(&data.start()), &right);
}

#[test]
#[ignore = "writes the stored directory anew: for a new format, beside the old one"]
fn write_it() {
    let config = "[store]\nsegment_bytes = 4096\ncheckpoint_bytes = 12288\n";
    let (data, mut changes) = (Data::new(config), Changes::new(21));
    let service = data.start();
    (0..70).for_each(|_| assert!(changes.next().send(&service)));
    service.wait("no checkpoint", |it| {
        it.metric("saima_checkpoint_sequence ") > 0.0
    });
    (0..5).for_each(|_| assert!(changes.next().send(&service)));
    let lines = state(&service).join("\n");
    drop(service);
    fs::create_dir_all(stored()).unwrap();
    copy(&data.path(), &stored().join("data"));
    fs::remove_file(stored().join("data/lock")).unwrap();
    fs::write(stored().join("state.txt"), lines).unwrap();
}
