//! The embedded configuration says what the code and the design say.

use std::collections::BTreeSet;
use std::time::Duration;

use toml::de::DeTable;

use super::super::{Config, EMBEDDED, Weighed};
use super::{assert_sound, parse};
use crate::model::Limits;
use crate::objective::{Objective, TABLE};

/// Where the weights begin.
const WEIGHTS: &str = "\n[scene.default.weights]\n";

fn weight(config: &Config, objective: Objective) -> f64 {
    let mut weights = config.scenes["default"].weights.iter();
    let found = weights.find(|(weighed, _)| *weighed == Weighed::Own(objective));
    found.map_or(0.0, |(_, weight)| *weight)
}

#[test]
fn it_is_sound_and_an_empty_file_is_the_same() {
    let embedded = Config::embedded();
    assert_sound(&embedded);
    assert_eq!(parse("").unwrap().effective(), embedded.effective());
    assert_eq!(parse(EMBEDDED).unwrap().effective(), embedded.effective());
}

/// The terms are read over the embedded scenes, whose limits are higher.
#[test]
fn terms_hold_whatever_the_scenes_ask_for() {
    let text = "[limits]\nlimit = 9\ntimeout_ms = 40\ntags = 7\n[scene.default]\nlimit = 9\ntimeout_ms = 40\n";
    let config = parse(text).unwrap();
    let again = Config::of_terms(&config.terms()).unwrap();
    assert_eq!(again.limits.tags, 7);
    assert_eq!(again.terms(), config.terms());
}

#[test]
fn its_weights_are_those_of_the_table() {
    let config = Config::embedded();
    for row in &TABLE {
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

/// A weight of 0 that the file did not show would be one that nobody finds.
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
fn growth_can_outrun_the_sales_of_an_item() {
    let config = Config::embedded();
    let growth = weight(&config, Objective::RaceGrowth) + weight(&config, Objective::ItemGrowth);
    assert!(growth >= weight(&config, Objective::ItemLevel));
}

#[test]
fn its_values_are_the_documented_ones() {
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
    let gains = [0.0, 1.0, 1.0, 3.0, 4.0, 8.0, -8.0, 4.0, 0.0, 0.0, -8.0];
    for (found, right) in config.profile.gains.iter().zip(gains) {
        assert!((found - right).abs() < 1e-12);
    }
    assert!(config.profile.item_gains.is_empty());
    assert_eq!(config.race.age_tiers, [30, 180]);
    assert_eq!(config.scenes["default"].limit, 50);
    assert_eq!(config.scenes["default"].timeout, Duration::from_millis(100));
}

/// Every key of the file has a comment right above it, or stands in a group that has one.
#[test]
fn every_group_of_keys_is_commented() {
    for group in EMBEDDED.split("\n\n") {
        let keys = group
            .lines()
            .any(|line| line.contains(" = ") && !line.starts_with('#'));
        assert!(!keys || group.contains('#'), "no comment:\n{group}");
    }
}

/// Without the defaults below it the file stands alone: no value comes from anywhere but the text.
#[test]
fn a_line_left_out_of_it_is_missed() {
    let optional = ["limit = 50", "timeout_ms = 100"];
    let (body, weights) = EMBEDDED.split_once(WEIGHTS).unwrap();
    for line in body.lines().filter(|line| line.contains(" = ")) {
        if line.starts_with('#') || optional.contains(&line) {
            continue;
        }
        let rest: Vec<_> = body.lines().filter(|other| *other != line).collect();
        let text = format!("{}{WEIGHTS}{weights}", rest.join("\n"));
        assert!(DeTable::parse(&text).is_ok());
        let faults = super::super::parse("test.toml", &text, [None, None]).unwrap_err();
        let missing = faults.to_string();
        assert!(missing.contains("is missing"), "{line}: {missing}");
    }
}
