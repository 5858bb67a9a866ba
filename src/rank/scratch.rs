//! Buffers that a thread reuses, so that a request allocates nothing per candidate.

use super::aversion;
use super::lookup::Seen;
use super::taste::Taste;

/// Buffers that one thread keeps from request to request.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(super) taste: Taste,
    pub(super) averse: aversion::Factors,
    pub(super) seen: Seen,
    pub(super) keys: Vec<u64>,
}
