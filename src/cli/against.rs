//! What a configuration file would change in a running service: for `saima check --against`.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::client::Client;
use crate::config::{Config, Difference, Key, differences, needs_restart};

/// Share of a scene's weights above which one objective is warned of.
const MOST: f64 = 0.6;
/// Part of a share by which it may move without a warning.
const MOVE: f64 = 0.5;
/// Shares that move by less are not warned of.
const LEAST: f64 = 0.01;
/// Keys that the command line of a service may set.
const COMMAND_LINE: [&str; 3] = ["server.listen", "store.path", "clock.mode"];

/// The live configuration of a service.
#[derive(Debug, Deserialize)]
pub(super) struct LiveConfig {
    pub(super) generation: u64,
    pub(super) config: Value,
    #[serde(default)]
    pub(super) overrides: Map<String, Value>,
}

impl LiveConfig {
    /// Gets the live configuration.
    pub(super) fn get(client: &Client) -> Result<Self> {
        Ok(client.get("/config")?)
    }

    /// Returns the overrides with their keys; `None` for what is left out.
    fn overrides(&self, file: &Value) -> Vec<(Key, Option<Value>)> {
        let each = self.overrides.iter();
        let keyed = each.filter_map(|(path, about)| {
            let key = find(&self.config, path).or_else(|| find(file, path))?;
            Some((key, about.get("value").cloned()))
        });
        keyed.collect()
    }
}

/// Returns the key that a path joined by dots names in a view.
fn find(view: &Value, path: &str) -> Option<Key> {
    fn step<'v>(value: &'v Value, path: &str, names: &mut Vec<&'v str>) -> bool {
        let Some(table) = value.as_object() else {
            return false;
        };
        for (name, inner) in table {
            let shown = Key::of([name.as_str()]).to_string();
            let Some(rest) = path.strip_prefix(&*shown) else {
                continue;
            };
            names.push(name);
            let below = rest.strip_prefix('.');
            if rest.is_empty() || below.is_some_and(|rest| step(inner, rest, names)) {
                return true;
            }
            names.pop();
        }
        false
    }
    let mut names = Vec::new();
    step(view, path, &mut names).then(|| Key::of(names))
}

/// What a file would change in a service.
pub(super) struct Report {
    /// For people, to standard output.
    pub(super) text: String,
    pub(super) warnings: Vec<String>,
    /// Why the file cannot go in under the overrides.
    pub(super) faults: Vec<String>,
    /// The file under the overrides.
    merged: Value,
}

/// Compares a valid file with the live configuration of a service.
pub(super) fn compare(file: &Config, path: &Path, live: &LiveConfig) -> Report {
    let mut report = Report {
        text: String::new(),
        warnings: Vec::new(),
        faults: Vec::new(),
        merged: Value::Null,
    };
    let overrides = live.overrides(&file.effective());
    let merged = match file.under(path, &overrides) {
        Ok(merged) => merged.effective(),
        Err(faults) => {
            let shown = faults
                .iter()
                .map(|fault| fault.shown("under the overrides"));
            report.faults.extend(shown);
            file.effective()
        }
    };
    shares(&live.config, &merged, &mut report);
    changes(live, &merged, &overrides, &mut report);
    report.merged = merged;
    report
}

impl Report {
    /// Adds the faults for which the service would reject the file as it runs: a change of a running experiment, or a scene in use that is
    /// gone. What needs a restart, or only a new file changes, is no fault of a file.
    pub(super) fn ask(&mut self, client: &Client, live: &LiveConfig) -> Result<()> {
        let mut wanted = self.merged.clone();
        wanted["config"] = live.config["config"].clone();
        let body = json!({"toml": toml::to_string(&wanted)?, "rank": []});
        let faults = client.faults("/config/preview", &serde_json::to_vec(&body)?)?;
        let of_file = |message: &str| {
            message.starts_with("needs a restart") || message.ends_with("in the file only")
        };
        let faults = faults.iter().filter(|fault| !of_file(&fault.message));
        let shown = faults.map(|it| format!("the service rejects it: {}: {}", it.path, it.message));
        self.faults.extend(shown);
        Ok(())
    }
}

/// Adds the weights of every scene as shares.
fn shares(live: &Value, merged: &Value, report: &mut Report) {
    let scenes = merged["scene"].as_object();
    for (name, scene) in scenes.into_iter().flatten() {
        let before = &live["scene"][name];
        table(name, &before["weights"], &scene["weights"], report);
        let each = scene["weights_for"].as_object();
        for (audience, weights) in each.into_iter().flatten() {
            let over = |scene: &Value, weights: &Value| laid_over(&scene["weights"], weights);
            let name = format!("{name} for {audience}");
            let old = over(before, &before["weights_for"][audience]);
            table(&name, &old, &over(scene, weights), report);
        }
    }
}

fn laid_over(weights: &Value, over: &Value) -> Value {
    let mut all = weights.as_object().cloned().unwrap_or_default();
    all.extend(over.as_object().cloned().unwrap_or_default());
    Value::Object(all)
}

fn table(scene: &str, before: &Value, after: &Value, report: &mut Report) {
    let _ = writeln!(report.text, "scene {scene}:");
    let (old, new) = (share_of(before), share_of(after));
    let names = new.iter().map(|(name, _)| name).chain(
        old.iter()
            .filter(|(name, _)| new.iter().all(|(other, _)| other != name))
            .map(|(name, _)| name),
    );
    for name in names {
        let share = |all: &[(String, f64)]| {
            let found = all.iter().find(|(other, _)| other == name);
            found.map_or(0.0, |(_, share)| *share)
        };
        let (was, is) = (share(&old), share(&new));
        if was.abs() + is.abs() <= 0.0 {
            continue;
        }
        let moved = (is - was).abs();
        let note = if moved > 0.000_5 && before.is_object() {
            format!("  (was {:.1} %)", 100.0 * was)
        } else {
            String::new()
        };
        let _ = writeln!(report.text, "  {name:<24} {:>6.1} %{note}", 100.0 * is);
        if is > MOST {
            let warning = format!(
                "scene {scene}: {name} has {:.1} % of the weight",
                100.0 * is
            );
            report.warnings.push(warning);
        }
        if before.is_object() && moved > LEAST && moved > MOVE * was {
            report.warnings.push(format!(
                "scene {scene}: the share of {name} moves from {:.1} % to {:.1} %",
                100.0 * was,
                100.0 * is
            ));
        }
    }
}

/// Returns the share of each weight: its magnitude among all.
fn share_of(weights: &Value) -> Vec<(String, f64)> {
    let each = weights.as_object();
    let each: Vec<(&String, f64)> = each
        .into_iter()
        .flatten()
        .map(|(name, weight)| (name, weight.as_f64().unwrap_or(0.0).abs()))
        .collect();
    let total: f64 = each.iter().map(|(_, weight)| weight).sum();
    each.into_iter()
        .map(|(name, weight)| (name.clone(), if total > 0.0 { weight / total } else { 0.0 }))
        .collect()
}

/// Adds what changes, and what needs a restart.
fn changes(
    live: &LiveConfig,
    merged: &Value,
    overrides: &[(Key, Option<Value>)],
    report: &mut Report,
) {
    let restart: Vec<String> = needs_restart(&live.config, merged)
        .into_iter()
        .map(|fault| fault.path)
        .collect();
    let changed = differences(&live.config, merged);
    let number = live.generation;
    if changed.is_empty() {
        let _ = writeln!(report.text, "nothing changes against generation {number}");
    } else {
        let _ = writeln!(report.text, "changes against generation {number}:");
    }
    let mut whole = None;
    for difference in &changed {
        // A scene that is new or gone is one line.
        let scene = one_sided(difference, &live.config, merged);
        match scene {
            Some((scene, what)) if whole != Some(scene) => {
                let _ = writeln!(report.text, "  scene.{scene}: {what}");
            }
            Some(_) => {}
            None => {
                let _ = writeln!(report.text, "  {}", shown(difference));
            }
        }
        whole = scene.map(|(scene, _)| scene);
    }
    for path in &restart {
        let note = if COMMAND_LINE.contains(&&**path) {
            ", unless the command line sets it"
        } else {
            ""
        };
        let _ = writeln!(report.text, "needs a restart{note}: {path}");
    }
    for (key, _) in overrides {
        let _ = writeln!(report.text, "stays overridden: {key}");
    }
}

/// Returns the scene of a difference that only one of the views has, and what happens to it.
fn one_sided<'d>(
    difference: &'d Difference,
    live: &Value,
    merged: &Value,
) -> Option<(&'d str, &'static str)> {
    let [section, scene, ..] = difference.key.names() else {
        return None;
    };
    let is_in = |view: &Value| view["scene"].get(scene).is_some();
    match (section.as_str(), is_in(live), is_in(merged)) {
        ("scene", true, false) => Some((scene, "is gone")),
        ("scene", false, true) => Some((scene, "is new")),
        _ => None,
    }
}

/// Returns a difference in one line.
pub(super) fn shown(difference: &Difference) -> String {
    let Difference { key, before, after } = difference;
    let side = |value: &Option<Value>| {
        let text = value
            .as_ref()
            .map_or_else(|| "nothing".to_owned(), Value::to_string);
        match text.char_indices().nth(100) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    };
    format!("{key}: {} → {}", side(before), side(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(text: &str, overrides: Value) -> LiveConfig {
        let config = Config::parse("live", text).unwrap().effective();
        serde_json::from_value(json!({"generation": 7, "config": config, "overrides": overrides}))
            .unwrap()
    }

    fn report(file: &str, live: &LiveConfig) -> Report {
        compare(
            &Config::parse("file", file).unwrap(),
            Path::new("file"),
            live,
        )
    }

    const LIVE: &str =
        "[scene.default.weights]\nquality = 0.5\nfreshness = 0.3\n\"race.growth\" = 0.2\n";

    #[test]
    fn heavy_and_moved_shares_are_warned_of() {
        let report = report(&LIVE.replace("0.5", "20"), &live(LIVE, json!({})));
        let heavy = "scene default: quality has 97.6 % of the weight";
        assert!(
            report.warnings.iter().any(|it| it == heavy),
            "{:?}",
            report.warnings
        );
        let moved = "scene default: the share of freshness moves from 30.0 % to 1.5 %";
        assert!(
            report.warnings.iter().any(|it| it == moved),
            "{:?}",
            report.warnings
        );
        assert!(
            report
                .text
                .contains("quality                    97.6 %  (was 50.0 %)"),
            "{}",
            report.text
        );
        assert!(
            report
                .text
                .contains("scene.default.weights.quality: 0.5 → 20.0"),
            "{}",
            report.text
        );
    }

    #[test]
    fn small_moves_pass_without_warning() {
        let report = report(&LIVE.replace("0.3", "0.33"), &live(LIVE, json!({})));
        assert_eq!(report.warnings, Vec::<String>::new());
        assert!(report.text.contains("changes against generation 7"));
    }

    #[test]
    fn overrides_and_restarts_are_named() {
        let path = "scene.default.weights.race.growth";
        let overrides = json!({path: {"value": 0.4, "file": 0.2}});
        let text = LIVE.replace("0.2", "0.4");
        let file = format!(
            "{}[log]\nlevel = 'debug'\n[server]\nlisten = '127.0.0.1:1'\n",
            LIVE.replace("0.2", "0.1")
        );
        let report = report(&file, &live(&text, overrides));
        assert!(
            report.text.contains(&format!("stays overridden: {path}")),
            "{}",
            report.text
        );
        assert!(!report.text.contains("race.growth: "), "{}", report.text);
        assert!(
            report.text.contains("needs a restart: log.level\n"),
            "{}",
            report.text
        );
        assert!(
            report
                .text
                .contains("needs a restart, unless the command line sets it: server.listen")
        );
    }

    #[test]
    fn a_scene_that_is_new_or_gone_is_one_line() {
        let live = live("[scene.old]\nlimit = 3", json!({}));
        let report = report("[scene.new]\nlimit = 3", &live);
        let right = "generation 7:\n  scene.old: is gone\n  scene.new: is new\n";
        assert!(report.text.ends_with(right), "{}", report.text);
    }

    #[test]
    fn a_file_that_does_not_fit_the_overrides_is_named() {
        let overrides = json!({"scene.feed.limit": {"value": 40, "file": 10}});
        let live = live("[scene.feed]\nlimit = 40", overrides);
        let report = report(
            "[limits]\nlimit = 30\n[scene.default]\nlimit = 30\n[scene.feed]\n",
            &live,
        );
        assert!(
            report.faults[0].contains("scene.feed.limit"),
            "{:?}",
            report.faults
        );
    }
}
