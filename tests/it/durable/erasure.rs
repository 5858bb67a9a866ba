//! Deleted users: gone from the answers at once, and from the disk after the next checkpoint.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{Change, Data, everything, program, same};

/// How often files hold an id, over a whole directory.
fn mentions(directory: &Path, id: &str) -> usize {
    let mut found = 0;
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found += mentions(&path, id);
        } else if let Ok(bytes) = fs::read(&path) {
            found += bytes
                .windows(id.len())
                .filter(|it| *it == id.as_bytes())
                .count();
        }
    }
    found
}

fn event(number: u32, user: &str) -> Value {
    let at = 1_743_984_000_000_i64 + i64::from(number) * 60_000;
    json!({"id": format!("e{number}"), "user_id": user, "item_id": "i1", "kind": "purchase", "at": at, "amount": 3})
}

#[test]
fn nothing_on_disk_knows_a_deleted_user_after_the_next_checkpoint() {
    const GONE: &str = "the-user-who-left";
    let data = Data::new(
        "[store]\nsegment_bytes = 4096\ncheckpoint_bytes = 1000000\ncheckpoint_seconds = 1\n",
    );
    let service = data.start();
    service.items(&[json!({"id": "i1", "price": 2})]);
    service.users(&[json!({"id": GONE, "tags": ["t1"]}), json!({"id": "stays"})]);
    for number in 0..120 {
        service.events(&[event(number, if number % 3 == 0 { GONE } else { "stays" })]);
    }
    // The same id, and a number, written so that their bytes are not those of the name.
    for number in ["987654321.0", "9.87654321e8"] {
        let event = event(600, "n")
            .to_string()
            .replace("\"n\"", number)
            .replace("e600", number);
        assert_eq!(
            service.attempt("POST", "/events", event.as_bytes()),
            Some(200)
        );
    }
    service.users(&[json!({"id": 987654321.0})]);
    let escaped = event(500, GONE)
        .to_string()
        .replace("the-user", "the\\u002duser");
    assert_eq!(
        service.attempt("POST", "/events", escaped.as_bytes()),
        Some(200)
    );
    assert!(mentions(&data.path(), GONE) > 20);

    let deleted = Change {
        method: "DELETE",
        path: format!("/users/{GONE}"),
        facts: Vec::new(),
    };
    assert!(deleted.send(&service));
    assert_eq!(service.delete("/users/987654321"), 204);
    service.wait("the user is still on disk", |_| {
        let written = [
            GONE,
            "\\u002duser",
            "987654321.0",
            "9.87654321e8",
            "987654321",
        ];
        written.iter().all(|id| mentions(&data.path(), id) == 0)
    });
    assert!(
        mentions(&data.path(), "stays") > 70,
        "what is kept of the journal stays"
    );
    assert_eq!(service.get(&format!("/users/{GONE}")).status, 404);
    let before = everything(&service);
    drop(service);
    let service = data.start();
    assert_eq!(service.get(&format!("/users/{GONE}")).status, 404);
    same(&everything(&service), &before);
}

#[test]
fn an_erasure_outlives_the_process_and_a_rebuild() {
    const GONE: &str = "the-user-who-left";
    let small = "[store]\nsegment_bytes = 4096\n";
    let data = Data::new(small);
    let service = data.start();
    service.items(&[json!({"id": "i1", "price": 2})]);
    for number in 0..60 {
        service.events(&[event(number, GONE), event(1_000 + number, "stays")]);
    }
    assert_eq!(service.delete(&format!("/users/{GONE}")), 204);
    drop(service);
    let rebuilt = program().arg("rebuild").arg(data.path()).output().unwrap();
    assert!(rebuilt.status.success(), "{rebuilt:?}");
    let service = data.start();
    service.wait("the user is still on disk", |_| {
        mentions(&data.path(), GONE) == 0
    });
    assert!(mentions(&data.path(), "stays") > 50);
}
