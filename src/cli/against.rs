//! What a configuration file would change in a running service: for `saima check --against`.

use std::fmt::Write as _;

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::client::Client;
use crate::config::{Difference, differences};

/// Share of a scene's weights above which one objective is warned of.
const MOST: f64 = 0.6;
/// Part of a share by which it may move without a warning.
const MOVE: f64 = 0.5;
/// Shares that move by less are not warned of.
const LEAST: f64 = 0.01;

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
}

/// What a preview says of the configuration that a file gives under the overrides.
#[derive(Debug, Deserialize)]
struct Previewed {
    config: Value,
    #[serde(default)]
    not_replayed: Vec<NotReplayed>,
}

#[derive(Debug, Deserialize)]
struct NotReplayed {
    key: String,
}

/// What a file would change in a service.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// For people, to standard output.
    pub(super) text: String,
    pub(super) warnings: Vec<String>,
    /// Why the service would reject the file.
    pub(super) faults: Vec<String>,
}

/// Asks a service what the text of a file would change there.
pub(super) fn compare(client: &Client, text: &str) -> Result<Report> {
    let live = LiveConfig::get(client)?;
    let body = json!({"file": text, "rank": []});
    let previewed = client.checked("/config/preview", &body)?;
    Ok(match previewed {
        Ok(previewed) => report(&live, &previewed),
        Err(faults) => {
            let faults = faults.iter();
            Report {
                faults: faults
                    .map(|it| format!("the service rejects it: {it}"))
                    .collect(),
                ..Report::default()
            }
        }
    })
}

/// Returns what a file would change in a service.
fn report(live: &LiveConfig, previewed: &Previewed) -> Report {
    let mut report = Report::default();
    shares(&live.config, &previewed.config, &mut report);
    changes(live, &previewed.config, &mut report);
    for NotReplayed { key } in &previewed.not_replayed {
        let _ = writeln!(report.text, "needs a restart: {key}");
    }
    for path in live.overrides.keys() {
        let _ = writeln!(report.text, "stays overridden: {path}");
    }
    report
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

/// Adds what changes.
fn changes(live: &LiveConfig, merged: &Value, report: &mut Report) {
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
    use crate::config::Config;

    fn live(text: &str, overrides: Value) -> LiveConfig {
        let config = Config::parse("live", text).unwrap().effective();
        serde_json::from_value(json!({"generation": 7, "config": config, "overrides": overrides}))
            .unwrap()
    }

    fn report(file: &str, live: &LiveConfig) -> Report {
        let config = Config::parse("file", file).unwrap().effective();
        let not_replayed = Vec::new();
        super::report(
            live,
            &Previewed {
                config,
                not_replayed,
            },
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
        let live = live(LIVE, json!({path: {"value": 0.2, "file": 0.1}}));
        let key = "log.level".to_owned();
        let previewed = Previewed {
            config: live.config.clone(),
            not_replayed: vec![NotReplayed { key }],
        };
        let text = super::report(&live, &previewed).text;
        let right = format!(
            "nothing changes against generation 7\nneeds a restart: log.level\nstays overridden: {path}\n"
        );
        assert!(text.ends_with(&right), "{text}");
    }

    #[test]
    fn a_scene_that_is_new_or_gone_is_one_line() {
        let live = live("[scene.old]\nlimit = 3", json!({}));
        let report = report("[scene.new]\nlimit = 3", &live);
        let right = "generation 7:\n  scene.old: is gone\n  scene.new: is new\n";
        assert!(report.text.ends_with(right), "{}", report.text);
    }
}
