//! Scenes inherit weight by weight; the default scene's weights in a file replace all embedded ones; predictions are added.

use std::time::Duration;

use proptest::prelude::*;

use super::super::{Config, Normaliser};
use super::{assert_valid, parse};

/// Returns a scene's weights by name, in order.
fn weights(config: &Config, scene: &str) -> Vec<(String, f64)> {
    let weights = config.scenes[scene].weights.iter();
    weights
        .map(|(weighed, weight)| (config.name(*weighed).to_owned(), *weight))
        .collect()
}

#[test]
fn a_files_default_weights_replace_all_embedded_ones() {
    let config = parse("[scene.default.weights]\nquality = 2").unwrap();
    assert_eq!(weights(&config, "default"), [("quality".to_owned(), 2.0)]);
    assert_eq!(
        config.scenes["default"].limit, 50,
        "other keys of the scene are inherited"
    );
    assert_valid(&config);
}

#[test]
fn a_default_scene_keeps_the_embedded_weights() {
    let config = parse("[scene.default]\nlimit = 7").unwrap();
    assert_eq!(
        weights(&config, "default"),
        weights(&Config::embedded(), "default")
    );
    assert_eq!(config.scenes["default"].limit, 7);
}

#[test]
fn weights_over_a_base_replace_one_by_one() {
    let demo = include_str!("../../../config/demo/saima.toml");
    let over = |text| Config::parse_over(demo, "test.toml", text).unwrap();
    let below = Config::parse("demo.toml", demo).unwrap();
    assert_eq!(weights(&over(""), "default"), weights(&below, "default"));
    for text in [
        "[scene.default.weights]\nrace.growth = 0.5\norder_value = 0",
        "[scene.default.weights]\n'race.growth' = 0.5\norder_value = 0\n[scene.new]",
    ] {
        let mut expected = weights(&below, "default");
        expected.retain(|(name, _)| name != "order_value");
        for (name, weight) in &mut expected {
            if name == "race.growth" {
                *weight = 0.5;
            }
        }
        assert_eq!(weights(&over(text), "default"), expected);
    }
    let gmv = over("[scene.gmv.weights]\nquality = 1\n[profile]\nmax_tags = 7");
    let given = weights(&gmv, "gmv");
    assert!(given.contains(&("quality".to_owned(), 1.0)), "{given:?}");
    assert!(
        given.contains(&("order_value".to_owned(), 0.19)),
        "{given:?}"
    );
    assert_eq!((gmv.profile.max_tags, gmv.profile.max_items), (7, 400));
    let faults = Config::parse_over(demo, "mine.toml", "\n[scene.gmv.weights]\nqality = 1");
    let faults = faults.unwrap_err().to_string();
    assert!(faults.starts_with("mine.toml:3: "), "{faults}");
}

#[test]
fn a_scene_overrides_ancestors_weight_by_weight() {
    let config = parse(
        "[scene.default]\ntimeout_ms = 30\nweights = { quality = 1, freshness = 2, race.level = 3 }
         [scene.child]\nlimit = 9\nweights = { freshness = -1, order_value = 4 }
         [scene.grandchild]\nparent = 'child'\nweights = { quality = 0, pcvr = 5, 'race.level' = 6 }",
    )
    .unwrap();
    let named = |list: &[(&str, f64)]| -> Vec<_> {
        list.iter()
            .map(|(name, weight)| ((*name).to_owned(), *weight))
            .collect()
    };
    let child = [
        ("race.level", 3.0),
        ("order_value", 4.0),
        ("freshness", -1.0),
        ("quality", 1.0),
    ];
    assert_eq!(weights(&config, "child"), named(&child));
    let grandchild = [
        ("race.level", 6.0),
        ("order_value", 4.0),
        ("freshness", -1.0),
        ("pcvr", 5.0),
    ];
    assert_eq!(weights(&config, "grandchild"), named(&grandchild));
    assert_eq!(config.scenes["grandchild"].limit, 9);
    assert_eq!(
        config.scenes["grandchild"].timeout,
        Duration::from_millis(30)
    );
    assert_eq!(config.vocabulary.scenes, ["child", "default", "grandchild"]);
    assert_valid(&config);
}

#[test]
fn a_cycle_of_parents_is_one_fault() {
    let faults = parse(
        "[scene.z]\nparent = 'y'\n[scene.y]\nparent = 'x'\n[scene.x]\nparent = 'y'\n[scene.s]\nparent = 's'",
    )
    .unwrap_err();
    let messages: Vec<_> = faults
        .faults
        .iter()
        .map(|fault| fault.message.as_str())
        .collect();
    let cycles = [
        "parents form a cycle: x -> y -> x",
        "parents form a cycle: s -> s",
    ];
    assert_eq!(messages, cycles);
    assert_eq!(faults.faults[0].line, 6);
}

#[test]
fn predictions_are_added_and_replaced_whole() {
    let config = parse(
        "[predictions.margin]\nnormaliser = 'log'\nreference = 9
         [predictions.pctr]\nnormaliser = 'quantile'\npoints = [0, 0.5, 2]
         [predictions.fit]\nnormaliser = 'logistic'\ncentre = -1\nscale = 0.5
         [profile.item_gains.furniture]\npurchase = -8
         [race]\nlane = ['age', 'region']\ninterval_seconds = 0.25",
    )
    .unwrap();
    assert_eq!(
        config.vocabulary.predictions,
        ["fit", "margin", "pctr", "pcvr"]
    );
    let points = vec![0.0, 0.5, 2.0];
    let place = config.vocabulary.prediction("pctr").unwrap();
    assert_eq!(
        config.predictions[place].normaliser,
        Normaliser::Quantile { points }
    );
    let gains = &config.profile.item_gains["furniture"];
    assert_eq!(gains.iter().flatten().count(), 1);
    assert_valid(&config);
}

proptest! {
    #![proptest_config(crate::tests::cases(256))]

    /// Reading terminates for all parents, and fails if and only if some scene does not descend from the root.
    #[test]
    fn parents_are_a_tree_or_rejected(parents in prop::collection::vec(0..8usize, 1..7)) {
        let mut text = String::new();
        for (scene, parent) in parents.iter().enumerate() {
            let name = if *parent < parents.len() { format!("s{parent}") } else { "default".into() };
            text += &format!("[scene.s{scene}]\nparent = '{name}'\n");
        }
        let rooted = |start: usize| {
            let line = std::iter::successors(Some(start), |at| parents.get(*at).copied());
            line.take(20).any(|at| at >= parents.len())
        };
        prop_assert_eq!(parse(&text).is_ok(), (0..parents.len()).all(rooted));
    }
}
