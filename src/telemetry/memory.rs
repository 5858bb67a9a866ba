//! Metrics of the structures in memory, each of which has a bound.

use prometheus_client::metrics::counter::Counter;

use super::metric::{Count, Labelled, metrics, raise};

metrics! {
    /// Metrics of the structures in memory.
    MemoryMetrics {
        entries: Labelled<Count, 1> = "entries" by ["structure"], "Entries held in memory";
        bytes: Labelled<Count, 1> = "bytes" by ["structure"], "Estimated bytes held in memory";
        evictions: Labelled<Counter, 1> = "evictions" by ["structure"], "Entries evicted by a bound";
    }
}

/// Size of a structure in memory.
#[derive(Clone, Copy, Debug, Default)]
pub struct Size {
    /// Number of entries.
    pub entries: usize,
    /// Estimated number of bytes.
    pub bytes: usize,
    /// Number of entries evicted since the start to stay within the bound.
    pub evicted: u64,
}

impl MemoryMetrics {
    /// Sets the metrics of a structure. A new name becomes a new label value. Calls for one structure must not overlap.
    pub fn report(&self, structure: &'static str, size: Size) {
        self.entries.with([structure]).set(size.entries as u64);
        self.bytes.with([structure]).set(size.bytes as u64);
        raise(&self.evictions.with([structure]), size.evicted);
    }
}
