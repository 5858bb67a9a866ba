//! Metrics of the journal and its checkpoints.

use prometheus_client::metrics::counter::Counter;

use super::metric::{Count, Figure, metrics};

metrics! {
    /// Metrics of the journal and its checkpoints.
    JournalMetrics {
        pub sequence: Count = "journal_sequence", "Number of the last durable record";
        pub bytes: Count = "journal_bytes", "Bytes written since the start";
        pub broken: Count = "journal_broken", "1 while facts cannot be made durable, else 0";
        pub checkpoint: Count = "checkpoint_sequence", "Number of the last record in the newest checkpoint";
        pub checkpoint_duration: Figure = "checkpoint_duration_seconds", "Duration of the last checkpoint";
        pub checkpoint_failures: Counter = "checkpoint_failures", "Checkpoints that could not be written";
    }
}
