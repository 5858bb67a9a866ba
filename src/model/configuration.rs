//! The bodies of the routes that change the configuration.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::whole;
use crate::clock::Time;

/// A change of the configuration.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ConfigChange {
    /// A merge patch over the file.
    pub set: Option<Map<String, Value>>,
    /// The whole configuration that is wanted, as TOML.
    pub toml: Option<String>,
    /// The reason.
    pub reason: Option<String>,
    /// Who asks.
    pub author: Option<String>,
    /// When it is applied.
    pub from: Option<Time>,
    /// When it is taken back.
    pub until: Option<Time>,
}

/// A return to an earlier generation.
#[derive(Clone, Debug, Deserialize)]
pub struct ConfigRollback {
    /// The generation.
    #[serde(deserialize_with = "whole::number")]
    pub to: u64,
    /// The reason.
    pub reason: Option<String>,
    /// Who asks.
    pub author: Option<String>,
}
