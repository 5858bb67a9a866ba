//! Metrics of the live configuration.

use prometheus_client::metrics::counter::Counter;

use super::metric::{Count, Labelled, metrics};

metrics! {
    /// Metrics of the live configuration.
    ConfigurationMetrics {
        pub generation: Count = "config_generation", "Generation of the live configuration";
        pub changes: Labelled<Counter, 1> = "config_changes" by ["source"], "Changes of the live configuration over the API: edits, plans, rollbacks";
        pub overrides: Count = "config_overrides", "Overrides of the API over the configuration file";
        pub plans: Count = "config_plans", "Planned changes of the configuration that wait or are applied for a time";
        pub conflict: Count = "config_conflict", "1 while the configuration file under the overrides cannot go live, else 0";
        pub plan_failures: Counter = "config_plan_failures", "Planned changes that could not be applied or taken back, or were missed";
        pub rejected: Counter = "config_refused", "Changed configurations that were rejected";
    }
}
