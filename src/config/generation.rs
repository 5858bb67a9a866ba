//! A generation: a configuration as it is live, with its number and its overrides.

use std::sync::Arc;

use serde_json::Value;

use super::settings::Config;
use super::shared::{Key, Override};

/// A live configuration and its number.
#[derive(Clone, Debug)]
pub struct Generation {
    /// 1 for the first of a data directory; each change adds 1.
    pub number: u64,
    /// The configuration.
    pub config: Config,
    /// The overrides over the file, by key.
    pub overrides: Arc<[Shown]>,
}

/// An override, with what the file says instead.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// Its key.
    pub key: Key,
    /// The override.
    pub over: Override,
    /// The value in the file; `None` if the file has none.
    pub file: Option<Value>,
}
