//! Bounds on one request.

use serde::Serialize;

/// Bounds on one request: `[limits]` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// Maximum number of candidates of a rank request.
    pub candidates: usize,
    /// Maximum `limit` of a rank request.
    pub limit: usize,
    /// Maximum number of requests of a batch.
    pub batch_requests: usize,
    /// Maximum number of candidates of all requests of a batch together.
    pub batch_candidates: usize,
    /// Maximum bytes of a body as sent.
    pub body_bytes: usize,
    /// Maximum bytes of a body once decompressed.
    pub unpacked_bytes: usize,
    /// Maximum number of lines, or array elements, of a bulk body.
    pub lines: usize,
    /// Maximum number of declared tags of an item or a user.
    pub tags: usize,
    /// Maximum nesting depth of arrays and objects in a body.
    pub nesting: usize,
    /// Maximum bytes of `context.query`.
    pub query_bytes: usize,
    /// Maximum `timeout_ms`.
    pub timeout_ms: u64,
    /// Maximum number of faults that one answer lists.
    pub faults: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            candidates: 10_000,
            limit: 10_000,
            batch_requests: 1_000,
            batch_candidates: 100_000,
            body_bytes: 8 << 20,
            unpacked_bytes: 64 << 20,
            lines: 100_000,
            tags: 64,
            nesting: 32,
            query_bytes: 1_024,
            timeout_ms: 60_000,
            faults: 2_000,
        }
    }
}
