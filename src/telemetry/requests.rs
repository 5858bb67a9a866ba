//! Metrics of requests.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;

use super::metric::{Labelled, metrics};

metrics! {
    /// Metrics of requests and their answers.
    RequestMetrics {
        pub answers: Labelled<Counter, 3> = "requests" by ["method", "route", "status"], "Answers by route and status";
        pub in_flight: Gauge = "in_flight", "Requests in progress";
        pub panics: Counter = "panics", "Panics that were contained";
    }
}
