//! `[admission]`: bounds of the work that runs or waits at one time.

use std::time::Duration;

use serde_json::{Value, json};

use super::section::Section;
use crate::model::Limits;

/// Bounds of the work that runs or waits at one time.
#[derive(Clone, Debug)]
pub struct Admission {
    /// Maximum number of admitted rank requests; 0: as many as are answered within `queue`.
    pub rank: usize,
    /// Target for the longest wait of a rank request if `rank` is 0.
    pub queue: Duration,
    /// Maximum number of batches that run at one time; 0: in proportion to the cores.
    pub batch: usize,
    /// Maximum number of bulk bodies and deletions that run at one time; 0: in proportion to the cores.
    pub ingest: usize,
    /// Maximum number of reads that run at one time, of those whose cost grows with their answer.
    pub read: usize,
    /// Maximum time that a batch, a bulk body or a read waits.
    pub wait: Duration,
    /// Maximum bytes of rank and batch bodies in memory.
    pub rank_bytes: usize,
    /// Maximum bytes of all other bodies in memory.
    pub ingest_bytes: usize,
    /// Maximum bytes of answers that clients have not taken yet.
    pub answer_bytes: usize,
    /// The same for the answers of one HTTP/2 connection, if there are several.
    pub connection_answer_bytes: usize,
}

/// Reads the section.
pub(super) fn read(s: &Section<'_>, limits: &Limits) -> Admission {
    Admission {
        rank: s.integer("rank", 0..=100_000),
        queue: Duration::from_secs_f64(s.number("queue_ms", 0.1..=60_000.0) / 1e3),
        batch: s.integer("batch", 0..=10_000),
        ingest: s.integer("ingest", 0..=10_000),
        read: s.integer("read", 1..=256),
        wait: Duration::from_millis(s.integer("wait_ms", 0..=3_600_000)),
        rank_bytes: held_bytes(s, "rank_bytes", limits),
        ingest_bytes: held_bytes(s, "ingest_bytes", limits),
        answer_bytes: s.integer("answer_bytes", 1 << 20..=1 << 40),
        connection_answer_bytes: s.integer("connection_answer_bytes", 1 << 16..=1 << 40),
    }
}

/// Reads a bound of bytes in memory. A body within the limits must fit, both compressed and decompressed.
fn held_bytes(s: &Section<'_>, key: &str, limits: &Limits) -> usize {
    let bytes = s.integer(key, 1..=1 << 40);
    let least = limits.body_bytes + limits.unpacked_bytes;
    if bytes < least {
        let what = "limits.body_bytes + limits.unpacked_bytes";
        s.fault(key, format!("must be at least {what}, {least}"));
    }
    bytes
}

/// Returns the section in the names and units of the file.
pub(super) fn shown(admission: &Admission) -> Value {
    json!({
        "rank": admission.rank,
        "queue_ms": admission.queue.as_secs_f64() * 1e3,
        "batch": admission.batch,
        "ingest": admission.ingest,
        "read": admission.read,
        "wait_ms": u64::try_from(admission.wait.as_millis()).unwrap_or(u64::MAX),
        "rank_bytes": admission.rank_bytes,
        "ingest_bytes": admission.ingest_bytes,
        "answer_bytes": admission.answer_bytes,
        "connection_answer_bytes": admission.connection_answer_bytes,
    })
}
