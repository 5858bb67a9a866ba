//! The validated configuration: immutable, every value in range, every name known.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::clock::ClockMode;
use crate::model::{EventKind, Limits, Vocabulary};
use crate::objective::Objective;

/// One generation's settings. Times that enter formulas are in milliseconds as `f64`.
#[derive(Clone, Debug)]
pub struct Config {
    /// `[server]`
    pub server: Server,
    /// `[tls]`
    pub tls: Tls,
    /// `[admission]`
    pub admission: Admission,
    /// `[store]`
    pub store: Store,
    /// `[clock]`
    pub clock: ClockConfig,
    /// `[limits]`
    pub limits: Limits,
    /// `[profile]`
    pub profile: Profile,
    /// `[scale]`
    pub scale: Scale,
    /// `[freshness] half_life_days`, in milliseconds.
    pub freshness_half_life: f64,
    /// `[race]`
    pub race: Race,
    /// `[integrity]`
    pub integrity: Integrity,
    /// `[predictions.*]`, sorted by name.
    pub predictions: Vec<Prediction>,
    /// `[scene.*]` by name, inheritance resolved.
    pub scenes: BTreeMap<String, Arc<Scene>>,
    /// `[log]`
    pub log: Log,
    /// What a request may say under this configuration.
    pub vocabulary: Vocabulary,
}

/// Where the service listens, what a connection may do, and how the service ends.
#[derive(Clone, Debug)]
pub struct Server {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// How long requests under way may take to finish after SIGTERM.
    pub drain: Duration,
    /// Candidates from which one request is split over the workers.
    pub parallel_candidates: usize,
    /// The most connections at once.
    pub connections: usize,
    /// How long the head of a request may take to come in.
    pub head: Duration,
    /// How long the body of a request may take to come in.
    pub body: Duration,
    /// How long a connection may stay open with no request under way.
    pub idle: Duration,
    /// Bytes of the head of a request.
    pub head_bytes: u32,
    /// Requests at once on one HTTP/2 connection.
    pub http2_streams: u32,
    /// Requests that an HTTP/2 client may take back before they were begun.
    pub http2_resets: usize,
    /// How often a silent HTTP/2 connection is asked whether it is still there, and how long the answer may take.
    pub http2_ping: Duration,
}

/// How much work is under way at once.
#[derive(Clone, Debug)]
pub struct Admission {
    /// Rank requests; 0: as many as can be answered within `queue`.
    pub rank: usize,
    /// How long a rank request should wait for its turn at most, where `rank` is 0.
    pub queue: Duration,
    /// Batches; 0: by the number of cores.
    pub batch: usize,
    /// Bulk bodies and deletions; 0: by the number of cores.
    pub ingest: usize,
    /// How long a batch or a bulk body may wait for its turn.
    pub wait: Duration,
    /// Bytes of the bodies of rank requests and batches that are held at once.
    pub rank_bytes: usize,
    /// Bytes of all other bodies that are held at once.
    pub ingest_bytes: usize,
}

/// How connections are encrypted.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The files that it takes; `None`: plain HTTP.
    pub files: Option<TlsFiles>,
    /// How long a client may take for its handshake.
    pub handshake: Duration,
}

/// The PEM files that TLS takes.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The certificate of the service, and those between it and its root.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The authorities of clients' certificates; `None`: clients need none.
    pub client_ca: Option<PathBuf>,
}

/// The feature store.
#[derive(Clone, Debug)]
pub struct Store {
    /// The data directory; `None`: memory only.
    pub path: Option<PathBuf>,
    /// Bytes from which a segment of the journal is ended.
    pub segment_bytes: u64,
    /// Bytes of facts after which a checkpoint is written.
    pub checkpoint_bytes: u64,
    /// The most time from a fact to the checkpoint that covers it.
    pub checkpoint_every: Duration,
    /// For how long segments are kept that a checkpoint covers.
    pub history_age: Duration,
    /// How many bytes of such segments are kept at most.
    pub history_bytes: u64,
    /// What becomes of an event for an item that is not in the catalogue.
    pub unknown_items: UnknownItems,
    /// How many event ids are remembered at most.
    pub event_ids: usize,
    /// For how long an event id is remembered, in milliseconds.
    pub event_id_age: i64,
    /// How many refunds may wait for their purchase.
    pub waiting_refunds: usize,
    /// How far ahead of the wall clock an event may be, in milliseconds.
    pub future: i64,
}

/// What becomes of an event for an item that is not in the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum UnknownItems {
    /// It is rejected.
    Reject,
    /// It is kept; the item ranks as unknown until its upsert.
    Stub,
}

/// The clock of the service.
#[derive(Clone, Debug)]
pub struct ClockConfig {
    /// Where "now" comes from.
    pub mode: ClockMode,
    /// `as_of` is a multiple of this, in milliseconds.
    pub time_step: i64,
}

/// How profiles are learnt.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Half-life of a history, in milliseconds.
    pub half_life: f64,
    /// What a declared user tag of weight 1 adds; it does not fade.
    pub declared_gain: f64,
    /// What following adds to the history with a merchant; it does not fade.
    pub follow_bond: f64,
    /// Gain of an event, by [`EventKind`].
    pub gains: [f64; EventKind::ALL.len()],
    /// Gains of an event for the history with the item itself, where a category has its own.
    pub item_gains: BTreeMap<String, [Option<f64>; EventKind::ALL.len()]>,
    /// Items in one user's history.
    pub max_items: usize,
    /// Learnt tags of one user.
    pub max_tags: usize,
    /// Merchants in one user's history.
    pub max_merchants: usize,
    /// Merchants and creators whose follow state is kept for one user.
    pub max_follows: usize,
}

/// The reference points of the log scale where there are too few values to learn them.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    /// For a user's history with an item.
    pub item_history: f64,
    /// For a user's history with a merchant.
    pub merchant_history: f64,
    /// For an item's buyers in 28 days.
    pub item_buyers: f64,
    /// For the worth of one order.
    pub price: f64,
}

/// What a lane is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LaneBy {
    /// The runner's category.
    Category,
    /// The runner's region.
    Region,
    /// How long the runner has been there, by `age_tiers`.
    Age,
}

/// The race.
#[derive(Clone, Debug)]
pub struct Race {
    /// The least time between two rebuilds that follow changes.
    pub interval: Duration,
    /// The time zone of the days, in milliseconds east of UTC.
    pub utc_offset: i64,
    /// What a lane is made of; empty: all of a kind race together.
    pub lane: Vec<LaneBy>,
    /// Upper edges of the age tiers in days, ascending.
    pub age_tiers: Vec<u32>,
    /// Weight of the level in the race score.
    pub level: f64,
    /// Weight of the growth in the race score.
    pub growth: f64,
}

/// The factor `integrity`: clamp(p^gamma, min, max).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Integrity {
    /// The exponent γ.
    pub gamma: f64,
    /// The least that the factor may be.
    pub min: f64,
    /// The most that the factor may be.
    pub max: f64,
}

/// A number that the caller sends with a candidate, declared with its normaliser.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Its name, which is the objective's too.
    pub name: String,
    /// How it becomes a value in [0, 1].
    pub normaliser: Normaliser,
}

/// From a number of any size to a value in [0, 1], never falling.
#[derive(Clone, Debug, PartialEq)]
pub enum Normaliser {
    /// The number itself, held within [0, 1].
    Identity,
    /// min(1, ln(1 + max(0, x)) / ln(1 + reference)).
    Log {
        /// The number whose value is 1.
        reference: f64,
    },
    /// 1 / (1 + exp(−(x − centre) / scale)).
    Logistic {
        /// The number whose value is one half.
        centre: f64,
        /// The width of the slope, above 0.
        scale: f64,
    },
    /// The share of the quantiles below x, straight between them: the first has value 0, the last 1.
    Quantile {
        /// At least two numbers, ascending.
        points: Vec<f64>,
    },
}

/// What is written to standard error, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// How a line looks.
    pub format: LogFormat,
    /// What is logged, as a filter of `tracing-subscriber`: `info`, `warn,saima::race=debug`.
    pub level: String,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// An objective that a scene weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weighed {
    /// One that Saima computes.
    Own(Objective),
    /// The caller's prediction of that number in [`Config::predictions`].
    Prediction(usize),
}

/// A place with its own weights and limits.
#[derive(Clone, Debug)]
pub struct Scene {
    /// Its name.
    pub name: String,
    /// Places of a ranking that names no limit.
    pub limit: usize,
    /// Time within which scoring must begin where the request names none.
    pub timeout: Duration,
    /// Objectives of weight ≠ 0 in the table's order, predictions last by name; never empty.
    pub weights: Vec<(Weighed, f64)>,
}

impl Config {
    /// The name of an objective that a scene weighs.
    #[must_use]
    pub fn name(&self, weighed: Weighed) -> &str {
        match weighed {
            Weighed::Own(objective) => objective.row().name,
            Weighed::Prediction(number) => self
                .predictions
                .get(number)
                .map_or("", |prediction| &prediction.name),
        }
    }
}
