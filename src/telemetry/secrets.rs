//! Metrics of tokens and TLS.

use prometheus_client::metrics::counter::Counter;

use super::metric::{Count, metrics};

metrics! {
    /// Metrics of tokens and TLS.
    SecretMetrics {
        pub tokens_rejected: Counter = "tokens_refused", "Changed token files that were rejected";
        pub tls_rejected: Counter = "tls_refused", "Changed TLS files that were rejected";
        pub tls_failures: Counter = "tls_failures", "TLS handshakes that failed";
        pub tls_expires: Count = "tls_expires_timestamp_seconds", "Expiry of the certificate in seconds since 1970, 0 without TLS";
    }
}
