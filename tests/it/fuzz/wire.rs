//! The running service: any body over the wire is answered, and none with an internal error.

use super::{JSON, Seed, seeds, sift, words};
use crate::service::{JSON as ONE, LINES, Service};

/// Prefix of seed names, with method, path and media type of the route that they are sent to.
const ROUTES: [(&str, [&str; 3]); 9] = [
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

/// Returns the seeds of every route, named with their kind.
fn bodies() -> Vec<Seed> {
    let kinds = ["facts", "requests", "batches"].into_iter();
    let named = kinds.flat_map(|kind| {
        seeds(kind).into_iter().map(move |seed| Seed {
            name: format!("{kind}/{}", seed.name),
            bytes: seed.bytes,
        })
    });
    named.collect()
}

#[test]
fn every_body_is_answered() {
    let service = Service::with_config(super::requests::NARROW);
    let try_one = |name: &str, bytes: &[u8]| {
        let kind = ROUTES.iter().find(|(kind, _)| name.starts_with(kind));
        let (_, [method, path, media]) = kind.unwrap();
        let answer = service.send(method, path, &[("Content-Type", media)], bytes);
        let expected = [200, 400, 413, 422, 503];
        assert!(expected.contains(&answer.status), "{}", answer.text());
        answer.status == 200
    };
    sift(1_000, &bodies(), &words(JSON), try_one);
    assert_eq!(service.get("/healthz").status, 200);
}
