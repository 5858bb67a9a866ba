//! The configuration in force: one immutable generation after the other, swapped as a whole.
//!
//! A request loads the generation once and keeps it to its end, so it never sees half of a change. What was sized or opened at
//! the start cannot change under it: such changes are refused with their names instead of being taken in silently.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use parking_lot::Mutex;
use serde_json::Value;

use super::{Config, ConfigFault};

/// Keys and sections that only a restart can change.
const RESTART: [&str; 9] = [
    "server.listen",
    "tls",
    "admission.batch",
    "admission.ingest",
    "store",
    "clock",
    "profile.half_life_days",
    "race.utc_offset",
    "log",
];

/// One live configuration and its number.
#[derive(Clone, Debug)]
pub struct Generation {
    /// 1 for the first, one more with each change.
    pub number: u64,
    /// The configuration.
    pub config: Config,
}

/// The configuration in force.
#[derive(Debug)]
pub struct Live {
    current: ArcSwap<Generation>,
    /// Held while a successor is judged and numbered; readers do not take it.
    succession: Mutex<()>,
}

impl Live {
    /// Puts the first generation in force.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let first = Generation { number: 1, config };
        Self {
            current: ArcSwap::from_pointee(first),
            succession: Mutex::new(()),
        }
    }

    /// The generation in force, to keep for as long as a request needs it.
    #[must_use]
    pub fn load(&self) -> Arc<Generation> {
        self.current.load_full()
    }

    /// The generation in force, for a short look: cheaper than [`Self::load`], but not to be held across other work.
    #[must_use]
    pub fn peek(&self) -> Guard<Arc<Generation>> {
        self.current.load()
    }

    /// Puts a configuration in force and gives its number; one that changes nothing keeps the generation.
    ///
    /// # Errors
    /// Each key that only a restart can change (`needs a restart: …`, line 0); the old generation stays.
    pub fn replace(&self, config: Config) -> Result<u64, Vec<ConfigFault>> {
        let _one_at_a_time = self.succession.lock();
        let old = self.load();
        let (before, after) = (old.config.effective(), config.effective());
        if before == after {
            return Ok(old.number);
        }
        let refused = needs_restart(&before, &after);
        if !refused.is_empty() {
            return Err(refused);
        }
        let number = old.number + 1;
        self.current.store(Arc::new(Generation { number, config }));
        Ok(number)
    }
}

/// A fault for each key that differs and that only a restart can change.
fn needs_restart(before: &Value, after: &Value) -> Vec<ConfigFault> {
    let mut refused = Vec::new();
    for path in RESTART {
        let pointer = format!("/{}", path.replace('.', "/"));
        let old = before.pointer(&pointer).unwrap_or(&Value::Null);
        let new = after.pointer(&pointer).unwrap_or(&Value::Null);
        compare(path.to_owned(), old, new, &mut refused);
    }
    refused
}

fn compare(path: String, old: &Value, new: &Value, refused: &mut Vec<ConfigFault>) {
    if let (Value::Object(old), Value::Object(new)) = (old, new) {
        for (key, old) in old {
            let new = new.get(key).unwrap_or(&Value::Null);
            compare(format!("{path}.{key}"), old, new, refused);
        }
    } else if old != new {
        let message =
            format!("needs a restart: {path} stays {old} until then, and becomes {new} after it");
        refused.push(ConfigFault {
            line: 0,
            path,
            message,
        });
    }
}
