//! Metrics of shared resources: requests in progress, connections, and bytes of bodies.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;

use super::metric::{Count, Labelled, metrics};

metrics! {
    /// Metrics of shared resources.
    AdmissionMetrics {
        pub admitted: Labelled<Count, 1> = "admitted" by ["work"], "Admitted requests, waiting or running";
        pub slots: Labelled<Count, 1> = "admitted_most" by ["work"], "Maximum number of admitted requests";
        pub rejected: Labelled<Counter, 1> = "refused" by ["reason"], "Requests and connections rejected for lack of capacity";
        pub connections: Gauge = "connections", "Open connections";
        pub paused: Count = "connections_in_line", "Paused connections, whose next request is not read until a slot is free";
        pub slow_heads: Counter = "slow_heads", "Connections closed because the head of a request did not arrive in time";
        pub rank_body_bytes: Count = "rank_body_bytes", "Bytes held of the bodies of rank requests and batches";
        pub ingest_body_bytes: Count = "ingest_body_bytes", "Bytes held of all other bodies";
        pub answer_bytes: Count = "answer_bytes", "Bytes of answers that clients have not taken yet";
        pub slow_takers: Counter = "slow_takers", "Connections closed because the client took its answers too slowly";
    }
}
