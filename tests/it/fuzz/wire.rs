//! The running service: whatever body comes over the wire is answered, and none by an error of the service's own.

use super::{JSON, Seed, seeds, sift, words};
use crate::service::{JSON as ONE, LINES, Service};

/// Where the seeds of a door are sent: the name that theirs begin with, and method, path and media type.
const DOORS: [(&str, [&str; 3]); 9] = [
    ("requests/", ["POST", "/rank", ONE]),
    ("batches/", ["POST", "/rank/batch", ONE]),
    ("facts/merchants", ["PUT", "/merchants", LINES]),
    ("facts/items", ["PUT", "/items", LINES]),
    ("facts/users", ["PUT", "/users", LINES]),
    ("facts/events", ["POST", "/events", LINES]),
    ("facts/patch-merchants", ["PATCH", "/merchants", LINES]),
    ("facts/patch-items", ["PATCH", "/items", LINES]),
    ("facts/patch-users", ["PATCH", "/users", LINES]),
];

/// The seeds of every door that is on the wire, named with their door.
fn bodies() -> Vec<Seed> {
    let doors = ["facts", "requests", "batches"].into_iter();
    let named = doors.flat_map(|door| {
        seeds(door).into_iter().map(move |seed| Seed {
            name: format!("{door}/{}", seed.name),
            bytes: seed.bytes,
        })
    });
    named.collect()
}

#[test]
fn whatever_is_sent_is_answered() {
    let service = Service::with_config(super::requests::NARROW);
    let try_one = |name: &str, bytes: &[u8]| {
        let door = DOORS.iter().find(|(door, _)| name.starts_with(door));
        let (_, [method, path, media]) = door.unwrap();
        let answer = service.send(method, path, &[("Content-Type", media)], bytes);
        let expected = [200, 400, 413, 422, 503];
        assert!(expected.contains(&answer.status), "{}", answer.text());
        answer.status == 200
    };
    sift(1_000, &bodies(), &words(JSON), try_one);
    assert_eq!(service.get("/healthz").status, 200);
}
