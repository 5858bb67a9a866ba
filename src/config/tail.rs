//! `[tail]`: the share of exposures that goes to merchants of low level.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::scene::Scene;
use super::section::{Leaf, Section, unknown};
use super::value;

/// Settings of the long tail.
#[derive(Clone, Debug, PartialEq)]
pub struct Tail {
    /// The target share of the exposures of a scene, between 0 and 1, by its name; empty: no share is held.
    pub scenes: BTreeMap<String, f64>,
    /// Level in the lane under which a merchant belongs to the tail.
    pub below: f64,
    /// Maximum factor of the tail.
    pub boost: f64,
    /// Days of the target by which the factor goes from 1 to its maximum.
    pub band_days: f64,
}

/// Range of a share: 0 and 1 are not targets.
const SHARE: std::ops::RangeInclusive<f64> = 0.000_001..=0.999_999;

/// Reads the section.
pub(super) fn read(s: &Section<'_>, scenes: &BTreeMap<String, Arc<Scene>>) -> Tail {
    if !s.has("scenes") {
        s.fault("scenes", "is missing and has no default");
    }
    let shares = s.section("scenes").leaves().into_iter();
    let share = |leaf: Leaf<'_>| share(s, leaf, scenes);
    Tail {
        scenes: shares.filter_map(share).collect(),
        below: s.number("below", 0.0..=1.0),
        boost: s.number("boost", 1.0..=3.0),
        band_days: s.number("band_days", 0.01..=365.0),
    }
}

/// Reads the share of a scene.
fn share(
    s: &Section<'_>,
    Leaf { name, at, value }: Leaf<'_>,
    scenes: &BTreeMap<String, Arc<Scene>>,
) -> Option<(String, f64)> {
    let fault = |message: String| s.fault_at(at, &format!("scenes.{name}"), message);
    if !scenes.contains_key(&name) {
        fault(unknown("scene", &name, scenes.keys().map(String::as_str)));
        return None;
    }
    match value::number(value, &SHARE) {
        Ok(share) => Some((name, share)),
        Err(_) => {
            fault(value::wrong(value, "a share between 0 and 1, such as 0.1"));
            None
        }
    }
}

/// Returns the section in the names and units of the file.
pub(super) fn shown(tail: &Tail) -> Value {
    json!({
        "scenes": tail.scenes,
        "below": tail.below,
        "boost": tail.boost,
        "band_days": tail.band_days,
    })
}
