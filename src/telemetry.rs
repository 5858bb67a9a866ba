//! What the service says of itself: every metric, declared once in [`Telemetry::default`], and the log.
//!
//! A handle is an atomic number; whoever counts often keeps the handle, so that nothing on the request path looks up a
//! label or takes a lock. The histogram is our own for that reason: the library's takes a lock to observe.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::{MetricType, TypedMetric};
use prometheus_client::registry::Registry;
use tracing_subscriber::EnvFilter;

use crate::model::EventKind;
use crate::objective::{self, Objective};
use crate::rule::{self, RULES, Rule};

/// A gauge of whole numbers.
pub type Count = Gauge<u64, AtomicU64>;
/// A gauge of any number.
pub type Figure = Gauge<f64, AtomicU64>;

/// The media type of [`Telemetry::scrape`].
pub const SCRAPE_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Label = (&'static str, String);
type Labelled<const N: usize, M> = Family<[Label; N], M>;

/// Size of a structure in memory.
#[derive(Clone, Copy, Debug, Default)]
pub struct Size {
    /// Entries that it holds.
    pub entries: usize,
    /// Estimated bytes that it holds.
    pub bytes: usize,
    /// Entries that its bound has evicted since the start.
    pub evicted: u64,
}

/// The kinds of facts as labels.
const FACTS: [&str; 4] = ["item", "merchant", "user", "event"];

/// The kinds of facts, as far as counting goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactKind {
    /// An upsert, a patch or a deletion of an item.
    Item,
    /// One of a merchant.
    Merchant,
    /// One of a user.
    User,
    /// An event.
    Event,
}

/// A handle for each label of a closed list.
#[derive(Debug)]
struct Each<M, const N: usize>([M; N]);

/// Declares a metric with one label of a closed list of values, all of them shown from the start.
fn each<M, const N: usize>(
    registry: &mut Registry,
    (name, help): (&str, &str),
    label: &'static str,
    values: [&'static str; N],
) -> Each<M, N>
where
    M: TypedMetric + EncodeMetric + Clone + Default + fmt::Debug + Send + Sync + 'static,
{
    let family = Labelled::<1, M>::default();
    registry.register(name, help, family.clone());
    Each(values.map(|value| family.get_or_create_owned(&[(label, value.to_owned())])))
}

/// Declares a metric.
fn one<M>(registry: &mut Registry, name: &str, help: &str) -> M
where
    M: TypedMetric + EncodeMetric + Clone + Default + fmt::Debug + Send + Sync + 'static,
{
    let metric = M::default();
    registry.register(name, help, metric.clone());
    metric
}

/// How requests of one scene went.
#[derive(Debug)]
pub struct SceneMetrics {
    /// Time to read and check the request.
    pub read: Latency,
    /// Time to rank.
    pub rank: Latency,
    /// Time to write the answer.
    pub write: Latency,
}

/// How facts are made durable.
#[derive(Debug)]
pub struct JournalMetrics {
    /// The number of the last durable record.
    pub sequence: Count,
    /// Bytes written since the start.
    pub bytes: Count,
    /// 1 where facts can no longer be made durable.
    pub broken: Count,
    /// The last record that the newest checkpoint covers.
    pub checkpoint: Count,
    /// Seconds that the last checkpoint took.
    pub checkpoint_duration: Figure,
    /// Checkpoints that could not be written.
    pub checkpoint_failures: Counter,
}

impl JournalMetrics {
    fn declare(to: &mut Registry) -> Self {
        Self {
            sequence: one(to, "journal_sequence", "Number of the last durable record"),
            bytes: one(to, "journal_bytes", "Bytes written since the start"),
            broken: one(
                to,
                "journal_broken",
                "1 where facts can no longer be made durable",
            ),
            checkpoint: one(
                to,
                "checkpoint_sequence",
                "Last record that the newest checkpoint covers",
            ),
            checkpoint_duration: one(
                to,
                "checkpoint_duration_seconds",
                "Time of the last checkpoint",
            ),
            checkpoint_failures: one(
                to,
                "checkpoint_failures",
                "Checkpoints that could not be written",
            ),
        }
    }
}

/// Load of the shared resources: requests, connections and bytes of bodies.
#[derive(Debug)]
pub struct Room {
    admitted: Labelled<1, Count>,
    admitted_most: Labelled<1, Count>,
    refused: Labelled<1, Counter>,
    /// Open connections.
    pub connections: Gauge,
    /// Connections whose next request is read when a slot is free.
    pub standing: Count,
    /// Connections that were closed because the head of a request did not arrive in time.
    pub slow_heads: Counter,
    /// Bytes held of the bodies of rank requests and batches.
    pub rank_body_bytes: Count,
    /// Bytes held of all other bodies.
    pub ingest_body_bytes: Count,
}

impl Room {
    fn new(to: &mut Registry) -> Self {
        Self {
            admitted: one(to, "admitted", "Admitted requests, waiting or running"),
            admitted_most: one(to, "admitted_most", "Slots for requests"),
            refused: one(to, "refused", "Rejected requests and connections by reason"),
            connections: one(to, "connections", "Open connections"),
            standing: one(
                to,
                "connections_in_line",
                "Connections whose next request is read when a slot is free",
            ),
            slow_heads: one(
                to,
                "slow_heads",
                "Connections closed because the head of a request did not arrive in time",
            ),
            rank_body_bytes: one(to, "rank_body_bytes", "Bytes of bodies to rank"),
            ingest_body_bytes: one(to, "ingest_body_bytes", "Bytes of all other bodies"),
        }
    }

    /// Returns the gauge of admitted requests of a kind of work; keep the handle.
    #[must_use]
    pub fn admitted(&self, work: &'static str) -> Count {
        self.admitted
            .get_or_create_owned(&[("work", work.to_owned())])
    }

    /// Returns the gauge of slots for a kind of work; keep the handle.
    #[must_use]
    pub fn admitted_most(&self, work: &'static str) -> Count {
        self.admitted_most
            .get_or_create_owned(&[("work", work.to_owned())])
    }

    /// Returns the counter of rejections for a reason; keep the handle.
    #[must_use]
    pub fn refused(&self, reason: &'static str) -> Counter {
        self.refused
            .get_or_create_owned(&[("reason", reason.to_owned())])
    }
}

/// Every metric of the service.
#[derive(Debug)]
pub struct Telemetry {
    registry: Registry,
    requests: Labelled<3, Counter>,
    seconds: Labelled<2, Latency>,
    scenes: ArcSwap<HashMap<String, Arc<SceneMetrics>>>,
    missing: Labelled<1, Counter>,
    own_missing: [Counter; objective::TABLE.len()],
    dropped: Each<Counter, RULES>,
    events: Each<Counter, { EventKind::ALL.len() }>,
    accepted: Each<Counter, { FACTS.len() }>,
    rejected: Each<Counter, { FACTS.len() }>,
    entries: Labelled<1, Count>,
    bytes: Labelled<1, Count>,
    evictions: Labelled<1, Counter>,
    /// Candidates ranked, repeats included.
    pub candidates: Counter,
    /// Candidates that nobody told us of.
    pub unknown_candidates: Counter,
    /// Rank requests whose time ran out before scoring.
    pub late: Counter,
    /// The number of the live standings.
    pub standings_number: Count,
    /// Seconds from the standings' `as_of` to now.
    pub standings_age: Figure,
    /// Seconds that the last rebuild took.
    pub standings_duration: Figure,
    /// Events whose id was known already.
    pub repeated_events: Counter,
    /// Merchants created bare by an item or an event that named them.
    pub unknown_merchants: Counter,
    /// Purchases and unlinked refunds that came after their day had left the window.
    pub late_sales: Counter,
    /// Refunds that did not agree with their purchase.
    pub mismatched_refunds: Counter,
    /// The generation of the live configuration.
    pub config_generation: Count,
    /// Configurations that were refused.
    pub config_refused: Counter,
    /// Changed files of tokens that were refused.
    pub tokens_refused: Counter,
    /// Changed files of certificate, key or client authorities that were refused.
    pub tls_refused: Counter,
    /// Connections that ended before client and service had agreed on the encryption.
    pub tls_failures: Counter,
    /// When the certificate expires, in seconds since 1970; 0 without TLS.
    pub tls_expires: Count,
    /// Panics that were contained.
    pub panics: Counter,
    /// Requests under way.
    pub in_flight: Gauge,
    /// How facts are made durable.
    pub journal: JournalMetrics,
    /// What there is room for.
    pub room: Room,
}

impl Default for Telemetry {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("saima");
        let to = &mut registry;
        let missing: Labelled<1, Counter> = one(
            to,
            "missing",
            "Values taken as neutral because the data is missing",
        );
        Self {
            requests: one(to, "requests", "Answers by route and status"),
            seconds: one(
                to,
                "rank_seconds",
                "Time of a rank request by scene and step",
            ),
            scenes: ArcSwap::default(),
            own_missing: std::array::from_fn(|place| {
                let name = objective::TABLE[place].name.to_owned();
                missing.get_or_create_owned(&[("objective", name)])
            }),
            missing,
            dropped: each(
                to,
                ("dropped", "Candidates that a rule kept out"),
                "rule",
                rule::names(),
            ),
            events: each(
                to,
                ("events", "Events accepted by kind"),
                "kind",
                EventKind::NAMES,
            ),
            accepted: each(to, ("facts_accepted", "Facts accepted"), "kind", FACTS),
            rejected: each(to, ("facts_rejected", "Facts rejected"), "kind", FACTS),
            entries: one(to, "entries", "Entries held in memory"),
            bytes: one(to, "bytes", "Estimated bytes held in memory"),
            evictions: one(to, "evictions", "Entries evicted by a bound"),
            candidates: one(to, "candidates", "Candidates ranked"),
            unknown_candidates: one(to, "unknown_candidates", "Candidates not in the catalogue"),
            late: one(
                to,
                "late",
                "Rank requests whose time ran out before scoring",
            ),
            standings_number: one(to, "standings_number", "Number of the live standings"),
            standings_age: one(to, "standings_age_seconds", "Age of the live standings"),
            standings_duration: one(to, "standings_duration_seconds", "Time of the last rebuild"),
            repeated_events: one(to, "repeated_events", "Events whose id was known already"),
            unknown_merchants: one(to, "unknown_merchants", "Merchants created bare"),
            late_sales: one(
                to,
                "late_sales",
                "Purchases and unlinked refunds whose day had left the window",
            ),
            mismatched_refunds: one(
                to,
                "mismatched_refunds",
                "Refunds that did not agree with their purchase",
            ),
            config_generation: one(
                to,
                "config_generation",
                "Generation of the live configuration",
            ),
            config_refused: one(to, "config_refused", "Configurations refused"),
            tokens_refused: one(to, "tokens_refused", "Changed token files refused"),
            tls_refused: one(
                to,
                "tls_refused",
                "Changed files of certificate, key or client authorities refused",
            ),
            tls_failures: one(
                to,
                "tls_failures",
                "Connections without agreement on the encryption",
            ),
            tls_expires: one(
                to,
                "tls_expires_timestamp_seconds",
                "When the certificate expires, in seconds since 1970; 0 without TLS",
            ),
            panics: one(to, "panics", "Panics contained"),
            in_flight: one(to, "in_flight", "Requests under way"),
            journal: JournalMetrics::declare(to),
            room: Room::new(to),
            registry,
        }
    }
}

impl Telemetry {
    /// The counter of answers of one route with one status; to be kept by the caller.
    #[must_use]
    pub fn requests(&self, method: &str, route: &str, status: u16) -> Counter {
        self.requests.get_or_create_owned(&[
            ("method", method.to_owned()),
            ("route", route.to_owned()),
            ("status", status.to_string()),
        ])
    }

    /// The metrics of a scene. Call it with names of the configuration only: each name stays for good.
    #[must_use]
    pub fn scene(&self, name: &str) -> Arc<SceneMetrics> {
        if let Some(known) = self.scenes.load().get(name) {
            return Arc::clone(known);
        }
        let step = |step: &str| {
            let labels = [("scene", name.to_owned()), ("step", step.to_owned())];
            self.seconds.get_or_create_owned(&labels)
        };
        let made = Arc::new(SceneMetrics {
            read: step("read"),
            rank: step("rank"),
            write: step("write"),
        });
        self.scenes.rcu(|scenes| {
            let mut scenes = HashMap::clone(scenes);
            scenes.insert(name.to_owned(), Arc::clone(&made));
            scenes
        });
        made
    }

    /// The counter of values that an objective lacked.
    #[must_use]
    pub fn missing(&self, objective: Objective) -> &Counter {
        &self.own_missing[objective as usize]
    }

    /// The counter of values that a declared prediction lacked.
    #[must_use]
    pub fn missing_prediction(&self, name: &str) -> Counter {
        self.missing
            .get_or_create_owned(&[("objective", name.to_owned())])
    }

    /// Returns the counter of candidates that a rule hid.
    #[must_use]
    pub fn dropped(&self, rule: Rule) -> &Counter {
        &self.dropped.0[rule as usize]
    }

    /// The counter of events of a kind.
    #[must_use]
    pub fn events(&self, kind: EventKind) -> &Counter {
        &self.events.0[kind as usize]
    }

    /// The counter of accepted facts of a kind.
    #[must_use]
    pub fn accepted(&self, kind: FactKind) -> &Counter {
        &self.accepted.0[kind as usize]
    }

    /// The counter of rejected facts of a kind.
    #[must_use]
    pub fn rejected(&self, kind: FactKind) -> &Counter {
        &self.rejected.0[kind as usize]
    }

    /// Reports the size of the structure of that name. A new name becomes a new label.
    pub fn structure(&self, name: &'static str, size: Size) {
        let labels = [("structure", name.to_owned())];
        let set = |gauges: &Labelled<1, Count>, number: usize| {
            gauges.get_or_create(&labels).set(number as u64);
        };
        set(&self.entries, size.entries);
        set(&self.bytes, size.bytes);
        raise(&self.evictions.get_or_create(&labels), size.evicted);
    }

    /// Everything in the text format that Prometheus reads, of type [`SCRAPE_TYPE`].
    #[must_use]
    pub fn scrape(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail; half a page would be seen by its missing end mark.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

/// Raises a counter to a total that is counted elsewhere. Concurrent callers must exclude each other.
pub fn raise(counter: &Counter, total: u64) {
    counter.inc_by(total.saturating_sub(counter.get()));
}

/// Upper edges of the buckets in microseconds, about three a decade; one more bucket holds the rest.
const EDGES: [u64; 18] = [
    5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000,
    500_000, 1_000_000, 10_000_000,
];

/// A histogram of times, of atomic counters alone. Its clones are one.
#[derive(Clone, Debug, Default)]
pub struct Latency(Arc<Buckets>);

#[derive(Debug, Default)]
struct Buckets {
    counts: [AtomicU64; EDGES.len() + 1],
    nanos: AtomicU64,
}

impl Latency {
    /// Counts one time.
    pub fn observe(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let bucket = EDGES.partition_point(|edge| edge * 1_000 < nanos);
        if let Some(count) = self.0.counts.get(bucket) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.0.nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    /// How many times were counted.
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

/// Sends the log to standard error, as JSON objects or as text for a reader; `filter` says what (`warn`, `info,saima=debug`). A
/// second call does nothing.
pub fn log(json: bool, filter: &str) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_env_filter(filter);
    // The only error is that there is one already, and that one stays.
    let _ = if json {
        log.json().try_init()
    } else {
        log.try_init()
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_fall_into_their_buckets() {
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

    #[test]
    fn a_page_shows_what_was_counted() {
        let telemetry = Telemetry::default();
        telemetry.requests("POST", "/rank", 200).inc();
        telemetry
            .scene("feed")
            .rank
            .observe(Duration::from_micros(30));
        telemetry
            .scene("feed")
            .rank
            .observe(Duration::from_micros(30));
        let size = Size {
            entries: 4,
            bytes: 100,
            evicted: 2,
        };
        telemetry.structure("event_ids", size);
        telemetry.structure("event_ids", size);
        telemetry.missing(Objective::LongTermValue).inc_by(3);
        let page = telemetry.scrape();
        for line in [
            r#"saima_requests_total{method="POST",route="/rank",status="200"} 1"#,
            r#"saima_rank_seconds_bucket{le="0.00005",scene="feed",step="rank"} 2"#,
            r#"saima_entries{structure="event_ids"} 4"#,
            r#"saima_evictions_total{structure="event_ids"} 2"#,
            r#"saima_missing_total{objective="long_term_value"} 3"#,
        ] {
            assert!(page.contains(line), "{line} in {page}");
        }
        assert!(page.ends_with("# EOF\n"));
    }
}
