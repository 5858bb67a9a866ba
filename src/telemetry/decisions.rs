//! Metrics of the decision log.

use prometheus_client::metrics::counter::Counter;

use super::metric::{Count, Each, metrics};

/// Reasons why a record is dropped.
const REASONS: [&str; 2] = ["queue", "disk"];

metrics! {
    /// Metrics of the decision log.
    DecisionMetrics {
        pub written: Counter = "decisions_written", "Records of decisions that were written";
        pub written_bytes: Counter = "decisions_written_bytes", "Bytes of these records, compressed";
        dropped: Each<Counter, 2> = "decisions_dropped" by ("reason", REASONS),
            "Records of decisions that were dropped because the queue was full, or the disk did not accept them";
        pub files: Count = "decision_files", "Files of the decision log";
        pub disk_bytes: Count = "decision_files_bytes", "Bytes of the files of the decision log";
        pub removed: Counter = "decision_files_removed", "Files of the decision log that its bounds removed";
    }
}

impl DecisionMetrics {
    /// Returns the counter of records dropped because of the queue or the disk.
    #[must_use]
    pub fn dropped(&self, reason: &str) -> &Counter {
        &self.dropped[usize::from(reason != REASONS[0])]
    }
}
