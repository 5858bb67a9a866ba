//! A histogram of atomic counters. The one of `prometheus_client` takes a lock for every observation.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::{MetricType, TypedMetric};

use crate::number::real;

/// Upper edges of the buckets in microseconds, about three per decade. One more bucket holds the rest.
const EDGES: [u64; 18] = [
    5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000,
    500_000, 1_000_000, 10_000_000,
];

/// A histogram of durations. Its clones share their counters.
#[derive(Clone, Debug, Default)]
pub struct Latency(Arc<Buckets>);

#[derive(Debug, Default)]
struct Buckets {
    counts: [AtomicU64; EDGES.len() + 1],
    nanos: AtomicU64,
}

impl Latency {
    /// Adds a duration.
    pub fn observe(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let bucket = EDGES.partition_point(|edge| edge * 1_000 < nanos);
        if let Some(count) = self.0.counts.get(bucket) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.0.nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    /// Returns the duration that a share of them does not exceed, by interpolation between the edges of its bucket; `None` without any.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let count = self.count();
        let wanted = real(count) * share;
        let mut before = 0.0;
        let edges = [0].into_iter().chain(EDGES);
        let buckets = edges.zip(EDGES.into_iter().chain([EDGES[EDGES.len() - 1]]));
        for ((low, high), bucket) in buckets.zip(&self.0.counts) {
            let held = real(bucket.load(Ordering::Relaxed));
            if held > 0.0 && before + held >= wanted {
                let part = ((wanted - before) / held).clamp(0.0, 1.0);
                let micros = real(low) + (real(high) - real(low)) * part;
                return Duration::try_from_secs_f64(micros / 1e6).ok();
            }
            before += held;
        }
        None
    }

    /// Returns the number of durations.
    #[must_use]
    pub fn count(&self) -> u64 {
        let counts = self.0.counts.iter();
        counts.map(|count| count.load(Ordering::Relaxed)).sum()
    }
}

impl TypedMetric for Latency {
    const TYPE: MetricType = MetricType::Histogram;
}

impl EncodeMetric for Latency {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let edges = EDGES
            .iter()
            .map(|edge| Duration::from_micros(*edge).as_secs_f64())
            .chain([f64::INFINITY]);
        let counts = self
            .0
            .counts
            .iter()
            .map(|count| count.load(Ordering::Relaxed));
        let buckets: Vec<(f64, u64)> = edges.zip(counts).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        let sum = Duration::from_nanos(self.0.nanos.load(Ordering::Relaxed)).as_secs_f64();
        encoder.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_fall_into_their_buckets() {
        let latency = Latency::default();
        for micros in [0, 5, 6, 1_000, 20_000_000] {
            latency.observe(Duration::from_micros(micros));
        }
        let counts: Vec<u64> = latency
            .0
            .counts
            .iter()
            .map(|count| count.load(Ordering::Relaxed))
            .collect();
        assert_eq!((counts[0], counts[1], counts[7], counts[18]), (2, 1, 1, 1));
        assert_eq!(latency.count(), 5);
    }
}
