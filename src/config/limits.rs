//! `[limits]`: bounds of one request. Its type [`Limits`] belongs to the model, because requests are checked against it.

use super::section::Section;
use crate::model::Limits;

/// Range of the bytes of a body. The accepted lines of a body must fit into one record of the journal, whose maximum is twice as large.
const BODY: std::ops::RangeInclusive<usize> = 1_024..=1 << 29;
/// Largest `limits.tags`.
const MOST_TAGS: usize = 255;
/// Largest `limits.nesting`.
const MOST_NESTING: usize = 100;

/// Returns limits within which every fact lies that was accepted under any configuration.
pub(super) fn widest(limits: Limits) -> Limits {
    Limits {
        tags: MOST_TAGS,
        nesting: MOST_NESTING,
        ..limits
    }
}

/// Reads the section.
pub(super) fn read(s: &Section<'_>) -> Limits {
    let limits = Limits {
        candidates: s.integer("candidates", 1..=1_000_000),
        limit: s.integer("limit", 1..=1_000_000),
        batch_requests: s.integer("batch_requests", 1..=100_000),
        batch_candidates: s.integer("batch_candidates", 1..=10_000_000),
        body_bytes: s.integer("body_bytes", BODY),
        unpacked_bytes: s.integer("unpacked_bytes", BODY),
        lines: s.integer("lines", 1..=10_000_000),
        tags: s.integer("tags", 1..=MOST_TAGS),
        nesting: s.integer("nesting", 4..=MOST_NESTING),
        query_bytes: s.integer("query_bytes", 1..=65_536),
        timeout_ms: s.integer("timeout_ms", 1..=3_600_000),
        faults: s.integer("faults", 1..=100_000),
    };
    if limits.unpacked_bytes < limits.body_bytes {
        let least = limits.body_bytes;
        s.fault(
            "unpacked_bytes",
            format!("must be at least body_bytes, {least}"),
        );
    }
    limits
}
