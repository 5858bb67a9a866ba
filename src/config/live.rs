//! The live configuration: immutable generations, swapped as a whole.
//!
//! A request loads the generation once and keeps it to its end, so it never sees half of a change. Settings that size or open something
//! at the start cannot change in a running service: such a change is rejected with the names of the keys, not ignored.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, Guard};
use parking_lot::Mutex;
use serde_json::Value;

use super::fault::ConfigFault;
use super::scene::Scene;
use super::settings::Config;

/// Keys and sections that change only with a restart.
const RESTART: [&str; 10] = [
    "server.listen",
    "tls",
    "admission.batch",
    "admission.ingest",
    "admission.read",
    "store",
    "clock",
    "profile.half_life_days",
    "race.utc_offset",
    "log",
];

/// Time after a request for a scene in which the scene cannot be removed, unless it is retired.
const IN_USE: Duration = Duration::from_secs(3_600);

/// A live configuration and its number.
#[derive(Clone, Debug)]
pub struct Generation {
    /// 1 for the first; each change adds 1.
    pub number: u64,
    /// The configuration.
    pub config: Config,
}

/// The live configuration.
#[derive(Debug)]
pub struct Live {
    current: ArcSwap<Generation>,
    /// Held while a successor is checked and numbered. Readers do not lock it.
    succession: Mutex<()>,
}

impl Live {
    /// Makes a configuration live as generation 1.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let first = Generation { number: 1, config };
        Self {
            current: ArcSwap::from_pointee(first),
            succession: Mutex::new(()),
        }
    }

    /// Returns the live generation, to keep for as long as a request needs it.
    #[must_use]
    pub fn load(&self) -> Arc<Generation> {
        self.current.load_full()
    }

    /// Returns the live generation for a short read: cheaper than [`Self::load`], but not to be held across other work.
    #[must_use]
    pub fn peek(&self) -> Guard<Arc<Generation>> {
        self.current.load()
    }

    /// Makes a configuration live and returns its number. One that changes nothing keeps the generation.
    ///
    /// # Errors
    /// A fault for each changed key that needs a restart (`needs a restart: …`, line 0), and for each removed scene with requests in the
    /// last hour that is not retired. The old generation stays live.
    pub fn replace(&self, config: Config) -> Result<u64, Vec<ConfigFault>> {
        self.replace_after(config, |_, go_live| go_live())
    }

    /// Does the same, but lets `prepare` work on the configuration before it goes live, which it does when `prepare` calls its second
    /// argument.
    ///
    /// # Errors
    /// As [`Self::replace`]; then nothing was prepared.
    pub fn replace_after(
        &self,
        mut config: Config,
        prepare: impl FnOnce(&Config, &mut dyn FnMut()),
    ) -> Result<u64, Vec<ConfigFault>> {
        let _one_at_a_time = self.succession.lock();
        let old = self.load();
        let (before, after) = (old.config.effective(), config.effective());
        // As texts: the order of the audiences in a scene counts too.
        let same = before == after && format!("{before}") == format!("{after}");
        if same {
            return Ok(old.number);
        }
        let mut rejected = needs_restart(&before, &after);
        rejected.extend(still_asked(&old.config, &config, Instant::now()));
        if !rejected.is_empty() {
            return Err(rejected);
        }
        if config.selections == old.config.selections {
            // The same list, so that what is known of their items stays live.
            config.selections = Arc::clone(&old.config.selections);
        }
        for (name, scene) in &old.config.scenes {
            if let Some(same) = config.scenes.get_mut(name) {
                let same = Arc::make_mut(same);
                same.asked = scene.asked.clone();
                same.answered = scene.answered.clone();
            }
        }
        let number = old.number + 1;
        let next = Arc::new(Generation { number, config });
        prepare(&next.config, &mut || self.current.store(Arc::clone(&next)));
        Ok(number)
    }
}

/// Returns a fault for each scene that a change removes although requests still name it.
fn still_asked(before: &Config, after: &Config, now: Instant) -> Vec<ConfigFault> {
    let removed = before.scenes.values();
    let removed = removed.filter(|scene| !after.scenes.contains_key(&scene.name));
    let asked = removed.filter(|scene| !scene.retired && scene.asked.within(IN_USE, now));
    let fault = |scene: &Arc<Scene>| {
        ConfigFault {
        line: 0,
        path: format!("scene.{}", scene.name),
        message: "requests named this scene in the last hour: keep it, with `retired = true` if the scene default is to answer them"
            .to_owned(),
    }
    };
    asked.map(fault).collect()
}

/// Returns a fault for each key that differs and needs a restart.
fn needs_restart(before: &Value, after: &Value) -> Vec<ConfigFault> {
    let mut rejected = Vec::new();
    for path in RESTART {
        let pointer = format!("/{}", path.replace('.', "/"));
        let old = before.pointer(&pointer).unwrap_or(&Value::Null);
        let new = after.pointer(&pointer).unwrap_or(&Value::Null);
        compare(path.to_owned(), old, new, &mut rejected);
    }
    rejected
}

fn compare(path: String, old: &Value, new: &Value, rejected: &mut Vec<ConfigFault>) {
    if let (Value::Object(old), Value::Object(new)) = (old, new) {
        for (key, old) in old {
            let new = new.get(key).unwrap_or(&Value::Null);
            compare(format!("{path}.{key}"), old, new, rejected);
        }
    } else if old != new {
        let message =
            format!("needs a restart: {path} stays {old} until then, and becomes {new} after it");
        rejected.push(ConfigFault {
            line: 0,
            path,
            message,
        });
    }
}
