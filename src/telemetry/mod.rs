//! Telemetry: every metric of the service, and the log.
//!
//! A metric is one row of a group: field, type, name, labels and help. A new metric needs no other change. Metrics are atomic numbers
//! that callers hold directly, so that a request neither looks up a label nor takes a lock.

mod admission;
mod arms;
mod configuration;
mod counted;
mod decisions;
mod experiments;
mod exposure;
mod facts;
mod journal;
mod latency;
mod live;
mod log;
mod market;
mod memory;
mod metric;
mod prices;
mod ranking;
mod registry;
mod requests;
mod scenes;
mod secrets;
mod selections;
mod slots;
mod standings;
mod threads;

pub use admission::AdmissionMetrics;
pub use arms::ByArm;
pub use configuration::ConfigurationMetrics;
pub use counted::RankingCounts;
pub use decisions::DecisionMetrics;
pub use experiments::{ArmCounts, ExperimentMetrics};
pub use exposure::ExposureMetrics;
pub use facts::{FactKind, FactMetrics};
pub use journal::JournalMetrics;
pub use latency::Latency;
pub use log::{Log, LogMetrics, log};
pub use market::MarketMetrics;
pub use memory::{MemoryMetrics, Size};
pub use metric::{Count, Each, Figure, Labelled, raise};
pub use prices::Prices;
pub use ranking::{RankingMetrics, SceneMetrics};
pub use registry::{SCRAPE_TYPE, Telemetry};
pub use requests::RequestMetrics;
pub use scenes::{ByScene, OfScene};
pub use secrets::SecretMetrics;
pub use selections::SelectionMetrics;
pub use slots::SlotMetrics;
pub use standings::StandingsMetrics;
pub use threads::ThreadMetrics;
