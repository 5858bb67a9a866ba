//! The configuration: reads TOML into values that are all in range, or reports every fault.
//!
//! One commented file, `config/saima.toml`, is both the reference and the default. It is embedded in the binary, and the operator's
//! file is read over it. Defaults in code would drift from the file that documents them. A [`Config`] is immutable; [`Live`] swaps
//! a new one in as a whole, and [`watch()`] does so when the file changes. Each section of the file is one file here: its type, its
//! reader with the ranges, and its view for `GET /config`.

mod admission;
mod answered;
mod asked;
mod audience;
mod aversion;
mod campaign;
mod caution;
mod change;
mod check;
mod clash;
mod clock;
mod decisions;
mod editing;
mod edits;
mod effective;
mod experiment;
mod experiment_view;
mod exposure;
mod fault;
mod feature;
mod field;
pub mod file;
mod generation;
mod integrity;
mod limits;
mod live;
mod log;
mod market;
mod metric;
mod model;
mod named;
mod pages;
mod prediction;
mod profile;
mod race;
mod rule;
mod rule_view;
mod rules;
mod scale;
mod scene;
mod section;
mod selection;
mod sense;
mod server;
mod settings;
mod shared;
mod store;
mod succession;
mod support;
mod tail;
mod tls;
mod trials;
mod value;
mod watch;
mod weights;

#[cfg(test)]
mod tests;

pub use crate::spelling::unknown;
pub use admission::Admission;
pub use answered::Answered;
pub use asked::LastAsked;
pub use audience::{Audience, AudienceId, MAX_AUDIENCES, USER_FIELDS, UserField};
pub use aversion::Aversion;
pub use campaign::{Campaign, Campaigns};
pub use change::{Change, ChangeError, Changed, Moment, PlanOutcome};
pub use clash::{KeptTwice, Lifting};
pub use clock::ClockConfig;
pub use decisions::{Decisions, LoggedUsers};
pub use editing::Editing;
pub use experiment::{Arm, Experiment, Experiments, Holdout, MAX_ARMS, MAX_EXPERIMENTS, PARTS};
pub use exposure::{Exposure, Source};
pub use fault::{ConfigFault, ConfigFaults};
pub use feature::Feature;
pub use generation::{Generation, Shown};
pub use integrity::Integrity;
pub use live::Live;
pub use log::{Log, LogFormat};
pub use market::Market;
pub use metric::Metric;
pub use model::Model;
pub use pages::Pages;
pub use prediction::{Normaliser, Prediction};
pub use profile::Profile;
pub use race::{LaneBy, Race};
pub use rule::{Cap, Pool, SceneRule, Seen, Slot, What};
pub use scale::Scale;
pub use scene::{Overlay, Scene};
pub use selection::{ITEM_FIELDS, ItemField, MAX_SELECTIONS, Selection, SelectionId};
pub use server::Server;
pub use settings::{Config, EMBEDDED};
pub use shared::{
    Author, ChangeSource, Difference, Edit, HistoryError, HistorySize, Key, Origin, Override, Plan,
    Record, RecordError,
};
pub use shared::{differences, keep_history, receive_history};
pub use store::{OtherMerchants, Store, UnknownItems};
pub use support::Support;
pub use tail::Tail;
pub use tls::{Tls, TlsFiles};
pub use trials::{Trial, TrialLayer, Trials};
pub use watch::{Prepare, Reread, WatchError, Watcher, watch};
pub use weights::Weighed;
