//! The configuration: a text is rejected with line numbers, or accepted and shown as it was read.

use std::fmt::Debug;
use std::sync::Arc;

use saima::config::{Config, EMBEDDED};

use super::{Seed, seeds, sift, words};

/// Words that are special in TOML.
const TOML: &[&str] = &[
    "0",
    "-0.0",
    "1e-320",
    "1e308",
    "1e400",
    "inf",
    "nan",
    "0.01",
    "36500",
    "0x7fffffffffffffff",
    "9223372036854775808",
    "1979-05-27T07:32:00Z",
    "true",
    "\"\"",
    "\"none\"",
    "\"\\u0000\"",
    "\"default\"",
    "'''\n",
    "[]",
    "[[]]",
    "{}",
    "{ a = {} }",
    "[scene.feed]",
    "[[scene]]",
    "[",
    "]",
    "\"",
    ".",
    "=",
    "\n",
    "\r",
    "#",
    "weights.quality = 1\n",
    "parent = \"feed\"\n",
];

/// Returns the seeds and the reference configuration.
fn texts() -> Vec<Seed> {
    let reference = Seed {
        name: "reference".to_owned(),
        bytes: EMBEDDED.as_bytes().to_vec(),
    };
    seeds("configs").into_iter().chain([reference]).collect()
}

/// Returns every value, exact to the last bit.
fn exactly(values: &impl Debug) -> String {
    format!("{values:?}")
}

/// Returns the same configuration without the parents of its scenes: what they hand down is resolved.
fn resolved(config: &Config) -> Config {
    let mut config = config.clone();
    for scene in config.scenes.values_mut() {
        Arc::make_mut(scene).parent = None;
    }
    config
}

/// Checks that the shown configuration reads back as the same, and so do the terms of the journal.
fn reads_back(config: &Config) {
    let shown = config.effective();
    let text = toml::to_string(&shown).unwrap();
    let again = Config::parse("shown", &text).unwrap();
    assert_eq!(exactly(&resolved(&again)), exactly(&resolved(config)));
    assert_eq!(again.effective(), shown);
    let terms = config.terms();
    let again = Config::of_terms(&terms).unwrap();
    assert_eq!(again.terms(), terms);
    let learnt = |config: &Config| exactly(&(&config.profile, config.race.utc_offset));
    assert_eq!(learnt(&again), learnt(config));
}

/// Reads a text; returns whether it was accepted.
fn parse(text: &str) -> bool {
    match Config::parse("fuzzed", text) {
        Ok(config) => {
            reads_back(&config);
            true
        }
        Err(rejected) => {
            let lines = 1 + text.matches('\n').count();
            assert!(!rejected.faults.is_empty());
            assert!(rejected.faults.iter().all(|fault| fault.line <= lines));
            assert!(rejected.to_string().lines().count() >= rejected.faults.len());
            false
        }
    }
}

#[test]
fn a_configuration_is_rejected_or_reads_back() {
    let try_one = |_: &str, bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        parse(&text)
    };
    sift(2_000, &texts(), &words(TOML), try_one);
}

#[test]
fn the_seeds_are_valid_configurations() {
    for seed in texts() {
        let text = str::from_utf8(&seed.bytes).unwrap();
        let rejected = Config::parse(&seed.name, text).err();
        assert_eq!(
            rejected.is_some(),
            seed.name.starts_with("bad"),
            "{rejected:?}"
        );
    }
}
