//! The body of the route that previews a configuration.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::clock::Time;

/// A configuration to preview, and the requests to preview it on.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct PreviewRequest {
    /// A merge patch over the effective configuration.
    pub set: Option<Map<String, Value>>,
    /// The whole configuration, as TOML.
    pub toml: Option<String>,
    /// The configuration file as it would be, under the live overrides.
    pub file: Option<String>,
    /// Name of the scene whose requests count.
    pub scene: Option<String>,
    /// Maximum number of logged requests.
    pub requests: Option<usize>,
    /// The instant by which dates of the configuration are judged.
    pub at: Option<Time>,
    /// Requests to rank instead of logged ones, each read on its own.
    pub rank: Option<Vec<Box<RawValue>>>,
}
