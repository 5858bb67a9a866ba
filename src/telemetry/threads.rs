//! Metrics of the long-lived threads.

use prometheus_client::metrics::counter::Counter;

use super::metric::{Labelled, metrics};

metrics! {
    /// Metrics of the long-lived threads.
    ThreadMetrics {
        pub failures: Labelled<Counter, 1> = "thread_failures" by ["thread"], "Panics of a long-lived thread, after each of which it was started again";
    }
}
