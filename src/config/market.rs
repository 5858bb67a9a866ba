//! `[market]`: the snapshot of the traffic targets.

use std::time::Duration;

use serde_json::{Value, json};

use super::section::Section;

/// Settings of the market's snapshot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Market {
    /// Time between two snapshots.
    pub interval: Duration,
    /// Number of services that share the traffic, of which this is one: each takes its part of the counts.
    pub replicas: u64,
    /// Maximum number of different exposures that wait for the next snapshot.
    pub waiting: usize,
}

/// Reads the section.
pub(super) fn read(s: &Section<'_>) -> Market {
    Market {
        interval: s.timeout("interval_seconds", 3_600.0),
        replicas: s.integer("replicas", 1..=1_000),
        waiting: s.integer("waiting", 1..=1_000_000_000),
    }
}

/// Returns the section in the names and units of the file.
pub(super) fn shown(market: &Market) -> Value {
    json!({
        "interval_seconds": market.interval.as_secs_f64(),
        "replicas": market.replicas,
        "waiting": market.waiting,
    })
}
