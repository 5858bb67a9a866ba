//! The embedded configuration agrees with the code and the documentation.

use std::collections::BTreeSet;
use std::time::Duration;

use toml::de::DeTable;

use super::super::{Config, EMBEDDED, Weighed};
use super::{assert_valid, parse};
use crate::model::Limits;
use crate::objective::{Objective, TABLE};

/// Header of the weights.
const WEIGHTS: &str = "\n[scene.default.weights]\n";

fn weight(config: &Config, objective: Objective) -> f64 {
    let mut weights = config.scenes["default"].weights.iter();
    let found = weights.find(|(weighed, _)| *weighed == Weighed::Own(objective));
    found.map_or(0.0, |(_, weight)| *weight)
}

#[test]
fn it_is_valid_and_equals_an_empty_file() {
    let embedded = Config::embedded();
    assert_valid(&embedded);
    assert_eq!(parse("").unwrap().effective(), embedded.effective());
    assert_eq!(parse(EMBEDDED).unwrap().effective(), embedded.effective());
}

/// The terms are read over the embedded scenes, which may exceed their limits.
#[test]
fn terms_are_valid_with_lowered_limits() {
    let text = "[limits]\nlimit = 9\ntimeout_ms = 40\ntags = 7\n[scene.default]\nlimit = 9\ntimeout_ms = 40\n";
    let config = parse(text).unwrap();
    let again = Config::of_terms(&config.terms()).unwrap();
    assert_eq!(again.limits.tags, 7);
    assert_eq!(again.terms(), config.terms());
}

#[test]
fn its_weights_are_the_table_defaults() {
    let config = Config::embedded();
    for row in TABLE {
        let found = weight(&config, row.objective);
        assert!((found - row.default_weight).abs() < 1e-9, "{}", row.name);
    }
    let weights = &config.scenes["default"].weights;
    let all_own = |(weighed, _): &(Weighed, f64)| matches!(weighed, Weighed::Own(_));
    assert!(weights.iter().all(all_own), "predictions weigh 0");
    let order = |(weighed, _): &(Weighed, f64)| {
        TABLE
            .iter()
            .position(|row| Weighed::Own(row.objective) == *weighed)
    };
    assert!(
        weights.iter().map(order).is_sorted(),
        "in the table's order"
    );
}

/// A weight of 0 must be in the file too, so that a reader finds it.
#[test]
fn it_shows_every_objective_and_prediction() {
    let (_, after) = EMBEDDED.split_once(WEIGHTS).unwrap();
    let lines = after.split("\n[").next().unwrap().lines();
    let shown: BTreeSet<_> = lines
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name)
        .collect();
    let own = TABLE.iter().map(|row| row.name);
    assert_eq!(shown, own.chain(["pctr", "pcvr"]).collect());
}

#[test]
fn growth_outweighs_item_sales() {
    let config = Config::embedded();
    let growth = weight(&config, Objective::RaceGrowth) + weight(&config, Objective::ItemGrowth);
    assert!(growth >= weight(&config, Objective::ItemLevel));
}

#[test]
fn its_values_are_as_documented() {
    let config = Config::embedded();
    assert_eq!(config.limits, Limits::default());
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.server.drain, Duration::from_secs(10));
    assert_eq!(config.server.idle, Duration::from_secs(75));
    assert_eq!(config.admission.queue, Duration::from_millis(25));
    assert_eq!(
        config.store.path.as_deref(),
        Some(std::path::Path::new("data"))
    );
    assert_eq!(config.store.event_id_age, 24 * 3_600 * 1_000);
    assert_eq!(config.clock.time_step, 3_600 * 1_000);
    assert!((config.profile.half_life - 60.0 * crate::number::DAY_MILLIS).abs() < 1e-3);
    let gains = [0.0, 1.0, 1.0, 3.0, 4.0, 8.0, 0.0, 4.0, 0.0, 0.0, -8.0, -3.0];
    for (found, right) in config.profile.gains.iter().zip(gains) {
        assert!((found - right).abs() < 1e-12);
    }
    assert!(config.profile.item_gains.is_empty());
    assert_eq!(config.race.age_tiers, [30, 180]);
    assert_eq!(config.scenes["default"].limit, 50);
    assert_eq!(config.scenes["default"].timeout, Duration::from_millis(100));
}

/// Every key of the file, or its group, has a comment right above it.
#[test]
fn every_group_of_keys_is_commented() {
    for group in EMBEDDED.split("\n\n") {
        let keys = group
            .lines()
            .any(|line| line.contains(" = ") && !line.starts_with('#'));
        assert!(!keys || group.contains('#'), "no comment:\n{group}");
    }
}

/// Without defaults below it, every value must come from the text.
#[test]
fn every_deleted_line_is_reported_missing() {
    let optional = ["limit = 50", "timeout_ms = 100", "purchase = 0"];
    let (body, weights) = EMBEDDED.split_once(WEIGHTS).unwrap();
    for line in body.lines().filter(|line| line.contains(" = ")) {
        if line.starts_with('#') || optional.contains(&line) {
            continue;
        }
        let rest: Vec<_> = body.lines().filter(|other| *other != line).collect();
        let text = format!("{}{WEIGHTS}{weights}", rest.join("\n"));
        assert!(DeTable::parse(&text).is_ok());
        let faults = super::super::settings::parse("test.toml", &text, [None, None]).unwrap_err();
        let missing = faults.to_string();
        assert!(missing.contains("is missing"), "{line}: {missing}");
    }
}
