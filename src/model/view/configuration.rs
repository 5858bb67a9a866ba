//! Answers about the configuration that people share.

use serde_json::{Map, Value};

use super::define::view;
use super::shaped::Any;
use crate::clock::Time;
use crate::model::Fault;

view! {
    /// The outcome of a change of the configuration.
    pub struct ConfigChanged<'c> {
        /// The live generation.
        pub generation: u64,
        /// Id of the planned change, if it is one. What is planned for later does not change the generation yet.
        pub plan: Option<String>,
        /// What changed, or will change when the plan is applied.
        pub diff: Vec<ConfigDifference>,
        /// The overrides over the file afterwards, as `GET /config` lists them.
        pub overrides: &'c Value,
        /// What is valid, but probably not meant.
        pub warnings: Vec<Fault>,
        /// After a rollback: keys that stay as they are, because they need a restart, follow from files, or belong to a running experiment.
        pub left: Option<Vec<String>>,
    }

    /// A key that changed.
    pub struct ConfigDifference {
        /// Its names joined by dots.
        pub path: String,
        /// Its value before; absent if there was none.
        pub before: Option<Any>,
        /// Its value after; absent if there is none.
        pub after: Option<Any>,
    }

    /// One generation of the configuration.
    pub struct ConfigGeneration {
        /// Its number.
        pub number: u64,
        /// When it went live.
        pub at: Time,
        /// What made it: `start`, `file`, `api`, `plan` or `rollback`.
        pub source: &'static str,
        /// Who made it.
        pub author: Option<String>,
        /// True if the caller gave the name of the author, and nothing proves it.
        pub claimed: Option<bool>,
        /// The reason, in the author's words.
        pub reason: Option<String>,
        /// What changed since the generation before.
        pub diff: Vec<ConfigDifference>,
        /// The effective configuration. The list of generations leaves it out.
        pub effective: Option<Map<String, Value>>,
    }

    /// The generations that are kept.
    pub struct ConfigHistory {
        /// The newest first.
        pub generations: Vec<ConfigGeneration>,
        /// False if they are kept in memory only, and end with the process.
        pub durable: bool,
        /// The files that cannot be read. Their generations are left out.
        pub warnings: Option<Vec<String>>,
    }

    /// A planned change of the configuration.
    pub struct ConfigPlan {
        /// Its id.
        pub id: String,
        /// When it is applied, by the clock of the service.
        pub from: Time,
        /// When it is taken back; absent if never.
        pub until: Option<Time>,
        /// When it was planned, by the wall clock.
        pub at: Time,
        /// Who planned it.
        pub author: Option<String>,
        /// True if the caller gave the name of the author, and nothing proves it.
        pub claimed: Option<bool>,
        /// The reason, in the author's words.
        pub reason: Option<String>,
        /// `waiting` or `applied`.
        pub state: &'static str,
        /// Why the last attempt to apply it or to take it back failed. It is tried again after the next change.
        pub failure: Option<String>,
        /// The keys that it changes, with their values; null gives a key back to the file.
        pub set: Map<String, Value>,
    }

    /// The planned changes of the configuration.
    pub struct ConfigPlans {
        /// In the order in which they were planned.
        pub plans: Vec<ConfigPlan>,
    }
}
