//! Records of the decision log: a line is no record, or is ranked again without a panic, whatever its columns hold.

use std::sync::LazyLock;

use saima::config::Config;
use saima::decision::Record;
use saima::rank::{Recorded, Replay};

use super::{JSON, seeds, sift, words};

/// A configuration with rules of every kind.
pub(super) static RULED: LazyLock<Config> = LazyLock::new(|| {
    let seeds = seeds("configs");
    let rules = seeds.iter().find(|seed| seed.name == "rules").unwrap();
    let text = str::from_utf8(&rules.bytes).unwrap();
    Config::parse("rules.toml", text).unwrap()
});

/// Ranks a record again under every scene, with its own configuration known and not. Returns whether it is a whole record.
fn replay(bytes: &[u8]) -> bool {
    let Ok(record) = serde_json::from_slice::<Record>(bytes) else {
        return false;
    };
    for own in [Some(&*RULED), None] {
        let Some(recorded) = Recorded::new(&record, 7, &RULED, own) else {
            return false;
        };
        for scene in RULED.scenes.values() {
            let page = Replay::new(&recorded, scene).page(true);
            assert!(page.placed.len() <= recorded.candidates());
        }
    }
    true
}

#[test]
fn a_record_is_ranked_again_or_rejected() {
    let try_one = |_: &str, bytes: &[u8]| replay(bytes);
    sift(4_000, &seeds("records"), &words(JSON), try_one);
}

#[test]
fn the_seeds_are_whole_records() {
    for seed in seeds("records") {
        assert!(replay(&seed.bytes), "{}", seed.name);
    }
}
