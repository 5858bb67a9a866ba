//! Tests of the HTTP contract.

mod bodies;
mod bounds;
mod campaigns;
mod commands;
mod creators;
mod demo;
mod entities;
mod evaluating;
mod events;
mod experiments;
mod forgetting;
mod formats;
mod goals;
mod importing;
mod late;
mod live;
mod merging;
mod nearby;
mod previews;
mod ranking;
mod rehearsal;
mod reports;
mod searching;
mod seen;
mod sharing;
mod slate;
mod standings;
mod ties;

use serde_json::{Value, json};

use super::service::Service;

/// Midnight UTC of a Monday. The window of these tests ends 84 days later, after a Sunday.
const FIRST: i64 = 1_743_984_000_000;
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// Settings under which a purchase counts for the history with its item, as every other event does.
const PURCHASES_COUNT: &str = "[profile.gains_for_item]\npurchase = 8\n";

/// Returns noon of a day of the window.
fn noon(day: i64) -> i64 {
    FIRST + day * DAY + 12 * HOUR
}

/// Returns an event on an item.
fn did(user: &str, kind: &str, item: &str, at: i64) -> Value {
    json!({"user_id": user, "item_id": item, "kind": kind, "at": at})
}

/// Returns a purchase with an event id.
fn bought(id: &str, user: &str, item: &str, at: i64, amount: f64) -> Value {
    json!({"id": id, "user_id": user, "item_id": item, "kind": "purchase", "at": at, "amount": amount})
}

/// Completes day 83 by an event of the next day, and rebuilds the standings.
fn end_of_window(service: &Service) {
    let merchant = json!({"user_id": "watchman", "merchant_id": "watched", "kind": "impression", "at": FIRST + 84 * DAY});
    service.events(&[merchant]);
    service.rebuild();
}

/// Returns a configuration whose default scene has only these weights.
fn weighing(weights: &str) -> String {
    format!("[scene.default.weights]\n{weights}\n")
}

fn near(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-5, "{a} is not {b}");
}
