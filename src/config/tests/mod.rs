//! Properties of every configuration, and every fault at least once.

mod conditions;
mod embedded;
mod experiments;
mod faults;
mod following;
mod inheritance;
mod models;
mod refusals;
mod rules;
mod sharing;

use serde_json::Value;

use super::{Config, ConfigFaults};

/// Reads a text as the file `test.toml`.
fn parse(text: &str) -> Result<Config, ConfigFaults> {
    Config::parse("test.toml", text)
}

/// Writes the view of a configuration as TOML.
fn as_toml(config: &Config) -> String {
    let view = config.effective();
    let sections = view.as_object().unwrap().iter();
    let lines = sections.map(|(name, section)| format!("{name} = {}\n", inline(section)));
    lines.collect()
}

fn inline(value: &Value) -> String {
    match value {
        Value::Object(table) => {
            let entries = table.iter();
            let entries = entries.map(|(key, value)| format!("{key:?} = {}", inline(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Array(list) => {
            let list: Vec<_> = list.iter().map(inline).collect();
            format!("[{}]", list.join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

/// Asserts the properties that the service relies on.
fn assert_valid(config: &Config) {
    assert!(config.scenes.contains_key("default"));
    for (name, scene) in &config.scenes {
        assert_eq!(*name, scene.name);
        assert!((1..=config.limits.limit).contains(&scene.limit));
        assert!(scene.timeout.as_millis() >= 1);
        assert!(scene.timeout.as_millis() <= u128::from(config.limits.timeout_ms));
        let total: f64 = scene.weights.iter().map(|(_, weight)| weight.abs()).sum();
        assert!(total.is_normal(), "{name}: {total}");
    }
    assert!(config.vocabulary.has_scene("default"));
    let names: Vec<_> = config.predictions.iter().map(|each| &each.name).collect();
    assert!(names.is_sorted());
    assert_eq!(
        names,
        config.vocabulary.predictions.iter().collect::<Vec<_>>()
    );
    assert!(config.profile.half_life > 0.0 && config.freshness_half_life > 0.0);
    assert!(config.clock.time_step > 0);
    assert!(config.integrity.min <= config.integrity.max);
    assert!(config.race.level + config.race.growth > 0.0);
    let again = parse(&as_toml(config)).expect("the view reads back");
    assert_eq!(again.effective(), config.effective());
}
