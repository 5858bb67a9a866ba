//! Bounds of what is kept: beyond them the least recent goes first, and is forgotten.

use serde_json::json;

use super::{bought, did, near, noon};
use crate::service::Service;

fn entries(service: &Service, structure: &str) -> f64 {
    service.metric(&format!("saima_entries{{structure=\"{structure}\"}} "))
}

fn evictions(service: &Service, structure: &str) -> f64 {
    service.metric(&format!(
        "saima_evictions_total{{structure=\"{structure}\"}} "
    ))
}

#[test]
fn the_least_recent_users_are_evicted() {
    let service = Service::with_config("[store]\nusers = 50\n");
    service.items(&[json!({"id": "i", "merchant_id": "m", "tags": ["t"]})]);
    let user = |n: usize| format!("u{n}");
    for n in 0..50 {
        service.events(&[bought(&format!("p{n}"), &user(n), "i", noon(1), 5.0)]);
    }
    // Declared fields count as a sign of the user, a ranking does not.
    service.users(&[json!({"id": "u0", "tags": ["t"]})]);
    service.order("u1", &["i"]);
    let more: Vec<_> = (50..60)
        .map(|n| did(&user(n), "view", "i", noon(2)))
        .collect();
    service.events(&more);
    near(entries(&service, "users"), 50.0);
    near(evictions(&service, "users"), 10.0);
    for n in 0..60 {
        let status = service.get(&format!("/users/u{n}")).status;
        let is_evicted = (1..11).contains(&n);
        assert_eq!(status, if is_evicted { 404 } else { 200 }, "u{n}");
    }
    service.events(&[did("u5", "view", "i", noon(2))]);
    let again = service.get("/users/u5").ok();
    assert_eq!(again["events"], 1, "{again}");
    assert_eq!(service.delete("/users/u7"), 404);
}
