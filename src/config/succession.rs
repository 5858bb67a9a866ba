//! What a configuration may change while the service runs, and what it may not.
//!
//! A key that sizes or opens something at the start needs a restart. A scene that requests name stays, or is retired. A running experiment
//! keeps whatever decides which arm a user has.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use super::fault::ConfigFault;
use super::scene::Scene;
use super::settings::Config;
use super::shared::Key;

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

/// Returns why a configuration cannot follow another one in a running service.
pub(super) fn faults(old: &Config, next: &Config) -> Vec<ConfigFault> {
    let (before, after) = (old.effective(), next.effective());
    let mut faults = needs_restart(&before, &after);
    faults.extend(changed_in_running(&before, &after));
    faults.extend(still_asked(old, next, Instant::now()));
    faults
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

/// Returns a fault for each key of a running experiment that a change would give another value.
pub(super) fn changed_in_running(before: &Value, after: &Value) -> Vec<ConfigFault> {
    let each = held_by_running(before, after).into_iter();
    each.map(|(key, message)| ConfigFault {
        line: 0,
        path: key.to_string(),
        message: message.to_owned(),
    })
    .collect()
}

/// Returns each key of a running experiment that a change would give another value, and why it stays. Only the range may grow, and the
/// guards may change: anything else would move users from arm to arm.
pub(super) fn held_by_running(before: &Value, after: &Value) -> Vec<(Key, &'static str)> {
    let mut held = Vec::new();
    let each = |config: &Value| {
        config["experiment"]
            .as_object()
            .cloned()
            .unwrap_or_default()
    };
    let (old, new) = (each(before), each(after));
    let running = old
        .iter()
        .filter_map(|(name, old)| Some((name, old, new.get(name)?)));
    let mut runs = false;
    for (name, old, new) in running {
        runs = true;
        let key = |key: &str| Key::of(["experiment", name, key]);
        if !grows(&old["range"], &new["range"]) {
            held.push((key("range"), "may only grow while the experiment runs"));
        }
        let keys = [old, new]
            .into_iter()
            .filter_map(Value::as_object)
            .flat_map(Map::keys);
        let keys: BTreeSet<&String> = keys
            .filter(|key| !["range", "guards"].contains(&key.as_str()))
            .collect();
        let changed = keys
            .into_iter()
            .filter(|key| old.get(*key) != new.get(*key));
        let message = "cannot change while the experiment runs: give the changed one a new name";
        held.extend(changed.map(|name| (key(name), message)));
    }
    let holdout = Key::of(["experiments", "holdout"]);
    if runs && holdout.get(before) != holdout.get(after) {
        let message = "cannot change while an experiment runs: it would move users";
        held.push((holdout, message));
    }
    held
}

/// Returns a fault for each key of a running experiment that a change may give another value, but never its old one again.
pub(super) fn one_way(before: &Value, after: &Value) -> Vec<ConfigFault> {
    let mut faults = changed_in_running(after, before);
    for fault in &mut faults {
        let message = "cannot be taken back while the experiment runs: plan it without `until`";
        fault.message = message.to_owned();
    }
    faults
}

/// Returns whether a range contains another one.
fn grows(old: &Value, new: &Value) -> bool {
    let end = |range: &Value, place: usize| range[place].as_f64().unwrap_or(f64::NAN);
    end(new, 0) <= end(old, 0) && end(new, 1) >= end(old, 1)
}

/// Returns a fault for each key that differs between two effective configurations and needs a restart.
#[must_use]
pub(super) fn needs_restart(before: &Value, after: &Value) -> Vec<ConfigFault> {
    let mut rejected = Vec::new();
    for path in RESTART {
        let pointer = format!("/{}", path.replace('.', "/"));
        let old = before.pointer(&pointer).unwrap_or(&Value::Null);
        let new = after.pointer(&pointer).unwrap_or(&Value::Null);
        compare(path.to_owned(), old, new, &mut rejected);
    }
    rejected
}

/// Takes the keys that need a restart from the live view, and returns them.
pub(super) fn keep_until_restart(view: &mut Value, live: &Value) -> Vec<String> {
    let faults = needs_restart(view, live).into_iter();
    let left: Vec<String> = faults.map(|fault| fault.path).collect();
    let sections: BTreeSet<&str> = RESTART
        .iter()
        .map(|path| path.split_once('.').map_or(*path, |(section, _)| section))
        .collect();
    for section in sections {
        stay(view, live, section, &left);
    }
    left
}

/// Takes the keys of a section that stay from the live view.
fn stay(view: &mut Value, live: &Value, section: &str, left: &[String]) {
    if left.iter().any(|it| it == section) {
        Key::of([section]).lay(view, live.get(section));
        return;
    }
    for (name, value) in live[section].as_object().into_iter().flatten() {
        let path = format!("{section}.{name}");
        let below = format!("{path}.");
        if left.iter().any(|it| *it == path || it.starts_with(&below)) {
            view[section][name] = value.clone();
        }
    }
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
