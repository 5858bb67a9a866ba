//! Metrics of the live configuration.

use prometheus_client::metrics::counter::Counter;

use super::metric::{Count, metrics};

metrics! {
    /// Metrics of the live configuration.
    ConfigurationMetrics {
        pub generation: Count = "config_generation", "Generation of the live configuration";
        pub rejected: Counter = "config_refused", "Changed configurations that were rejected";
    }
}
