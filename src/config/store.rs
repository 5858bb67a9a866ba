//! `[store]`: durability of facts, and what is remembered about events.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::section::Section;
use super::value::path_or_none;
use crate::clock::{HOUR, SECOND};

/// Settings of the journal and of what is remembered about events.
#[derive(Clone, Debug)]
pub struct Store {
    /// The data directory; `None` to keep facts in memory only.
    pub path: Option<PathBuf>,
    /// Maximum size of one segment of the journal in bytes.
    pub segment_bytes: u64,
    /// Bytes of facts after which a checkpoint is written.
    pub checkpoint_bytes: u64,
    /// Maximum time from a fact to the checkpoint that covers it.
    pub checkpoint_every: Duration,
    /// Maximum age of segments that a checkpoint covers.
    pub history_age: Duration,
    /// Maximum bytes of segments that a checkpoint covers.
    pub history_bytes: u64,
    /// Treatment of an event for an item that is not in the catalogue.
    pub unknown_items: UnknownItems,
    /// Treatment of an event that names another merchant than its item's.
    pub other_merchants: OtherMerchants,
    /// Maximum number of event ids remembered.
    pub event_ids: usize,
    /// Maximum age of a remembered event id in milliseconds.
    pub event_id_age: i64,
    /// Maximum number of refunds that wait for their purchase.
    pub waiting_refunds: usize,
    /// Maximum number of purchases held for the race.
    pub purchases: usize,
    /// Maximum number of users.
    pub users: usize,
    /// Maximum number of other names of users.
    pub user_names: usize,
    /// Number of days without a fact about a user after which the user is evicted.
    pub idle_days: i32,
    /// Number of items known from events alone beyond which those that nothing names are evicted.
    pub stub_items: usize,
    /// Number of merchants known from events alone beyond which those that nothing names are evicted.
    pub bare_merchants: usize,
    /// Number of creators beyond which those that nothing names are forgotten, with the day of their first event.
    pub creators: usize,
    /// Maximum lead of an event over the wall clock in milliseconds.
    pub future: i64,
}

/// Treatment of an event for an item that is not in the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum UnknownItems {
    /// The event is rejected.
    Reject,
    /// The event is kept; the item ranks as unknown until its upsert.
    Stub,
}

/// Treatment of an event that names another merchant than its item's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OtherMerchants {
    /// The event counts for that merchant and for the item.
    Accept,
    /// The event is rejected.
    Reject,
}

/// Reads the section.
pub(super) fn read(s: &Section<'_>) -> Store {
    let treatments = [
        ("reject", UnknownItems::Reject),
        ("stub", UnknownItems::Stub),
    ];
    let others = [
        ("accept", OtherMerchants::Accept),
        ("reject", OtherMerchants::Reject),
    ];
    Store {
        path: s.text("path", None, |text| match text {
            "none" => Ok(None),
            "" => Err("must be a directory, or \"none\" for memory only".to_owned()),
            path => Ok(Some(path.into())),
        }),
        segment_bytes: s.integer("segment_bytes", 4_096..=1 << 30),
        checkpoint_bytes: s.integer("checkpoint_bytes", 4_096..=1 << 40),
        checkpoint_every: s.seconds("checkpoint_seconds", 86_400.0),
        history_age: Duration::from_secs(s.integer("history_days", 0..=3_650) * 86_400),
        history_bytes: s.integer("history_bytes", 0..=1 << 44),
        unknown_items: s.choice("unknown_items", &treatments, UnknownItems::Reject),
        other_merchants: s.choice("other_merchants", &others, OtherMerchants::Accept),
        event_ids: s.integer("event_ids", 0..=100_000_000),
        event_id_age: s.integer("event_id_hours", 1..=8_760) * HOUR,
        waiting_refunds: s.integer("waiting_refunds", 0..=10_000_000),
        purchases: s.integer("purchases", 1..=4_000_000_000),
        users: s.integer("users", 1..=1_000_000_000),
        user_names: s.integer("user_names", 0..=1_000_000_000),
        idle_days: s.integer("idle_days", 1..=36_500),
        stub_items: s.integer("stub_items", 0..=1_000_000_000),
        bare_merchants: s.integer("bare_merchants", 0..=1_000_000_000),
        creators: s.integer("creators", 0..=1_000_000_000),
        future: s.integer("future_seconds", 0..=86_400) * SECOND,
    }
}

/// Returns the section in the names and units of the file.
pub(super) fn shown(store: &Store) -> Value {
    json!({
        "path": path_or_none(store.path.as_deref()),
        "segment_bytes": store.segment_bytes,
        "checkpoint_bytes": store.checkpoint_bytes,
        "checkpoint_seconds": store.checkpoint_every.as_secs_f64(),
        "history_days": store.history_age.as_secs() / 86_400,
        "history_bytes": store.history_bytes,
        "unknown_items": store.unknown_items,
        "other_merchants": store.other_merchants,
        "event_ids": store.event_ids,
        "event_id_hours": store.event_id_age / HOUR,
        "waiting_refunds": store.waiting_refunds,
        "purchases": store.purchases,
        "users": store.users,
        "user_names": store.user_names,
        "idle_days": store.idle_days,
        "stub_items": store.stub_items,
        "bare_merchants": store.bare_merchants,
        "creators": store.creators,
        "future_seconds": store.future / SECOND,
    })
}
