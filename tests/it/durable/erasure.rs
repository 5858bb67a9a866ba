//! Deleted users: gone from the answers at once, and from the disk after the next checkpoint.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{Change, Data, everything, same};

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
    // The same id, written so that its bytes are not those of the name.
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
    service.wait("the user is still on disk", |_| {
        mentions(&data.path(), GONE) + mentions(&data.path(), "\\u002duser") == 0
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
