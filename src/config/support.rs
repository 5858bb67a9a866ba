//! `[support]`: the ladder, which brings newcomers before users, stage by stage.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use toml::de::DeValue;

use super::check::{ascending, need};
use super::rule::SceneRule;
use super::scene::Scene;
use super::section::{Section, unknown};
use super::value::{self, Checked};

/// Settings of the ladder.
#[derive(Clone, Debug, PartialEq)]
pub struct Support {
    /// Names of the scenes that keep places for newcomers; empty: the ladder is off.
    pub scenes: Vec<String>,
    /// The places, ascending, from 2.
    pub places: Vec<usize>,
    /// Names of the kinds of runners that may climb.
    pub kinds: Vec<&'static str>,
    /// Cumulative quotas of exposures by stage, ascending.
    pub quotas: Vec<u64>,
    /// Days of each stage.
    pub days: Vec<f64>,
    /// The rate, in units of the usual one, that each stage but the last asks for.
    pub bars: Vec<f64>,
    /// Minimum of a supported candidate's own score, as a share of the last one of the page.
    pub floor: f64,
    /// Minimum integrity of a supported merchant.
    pub integrity: f64,
    /// Maximum number of runners of one kind whose stage is known.
    pub runners: usize,
    /// Maximum number of owners of one kind who are remembered.
    pub owners: usize,
}

impl Support {
    /// Returns the days that a runner may be on the ladder: those of all stages.
    #[must_use]
    pub fn length(&self) -> f64 {
        self.days.iter().sum()
    }
}

/// Maximum number of stages.
const STAGES: usize = 16;
/// One place in so many at most.
const PART: usize = 10;

/// Reads the section.
pub(super) fn read(s: &Section<'_>, scenes: &BTreeMap<String, Arc<Scene>>) -> Support {
    let kinds = ["item", "merchant", "creator"].map(|kind| (kind, kind));
    let support = Support {
        scenes: names(s, scenes),
        places: s.list("places", place, |places| {
            need(!places.is_empty(), "must have at least one element")?;
            ascending(places)
        }),
        kinds: s.list(
            "kinds",
            |kind| value::choice(kind, &kinds),
            |kinds| {
                need(!kinds.is_empty(), "must have at least one element")?;
                distinct(kinds)
            },
        ),
        quotas: s.list(
            "quotas",
            |quota| value::integer(quota, &(1..=1_000_000_000)),
            |quotas| {
                let right = format!("must have 1 to {STAGES} elements");
                need((1..=STAGES).contains(&quotas.len()), &right)?;
                ascending(quotas)
            },
        ),
        days: s.list(
            "days",
            |days| value::number(days, &(0.01..=365.0)),
            |_| Ok(()),
        ),
        bars: s.list("bars", |bar| value::number(bar, &(0.0..=100.0)), |_| Ok(())),
        floor: s.number("floor", 0.0..=1.0),
        integrity: s.number("integrity", 0.0..=1.0),
        runners: s.integer("runners", 1..=10_000_000),
        owners: s.integer("owners", 1..=100_000_000),
    };
    check_stages(s, &support);
    check_places(s, &support, scenes);
    warn_of_places(s, &support, scenes);
    support
}

/// Reads a place. Place 1 goes to the best of the page.
fn place(given: &DeValue<'_>) -> Checked<usize> {
    let place = value::integer(given, &(2..=1_000_000));
    place.map_err(|fault| format!("{fault}; place 1 goes to the best of the page"))
}

fn names(s: &Section<'_>, scenes: &BTreeMap<String, Arc<Scene>>) -> Vec<String> {
    s.list("scenes", |name| scene(name, scenes), distinct)
}

/// Reads the name of a scene.
pub(super) fn scene(given: &DeValue<'_>, scenes: &BTreeMap<String, Arc<Scene>>) -> Checked<String> {
    let name = value::text(given)?;
    let known = scenes.keys().map(String::as_str);
    let right = || format!("{name:?}: {}", unknown("scene", name, known));
    scenes
        .contains_key(name)
        .then(|| name.to_owned())
        .ok_or_else(right)
}

/// Checks that no element is repeated.
pub(super) fn distinct<T: PartialEq>(list: &[T]) -> Checked<()> {
    let mut places = list.iter().enumerate();
    let again = places.any(|(place, name)| list[..place].contains(name));
    need(!again, "must not repeat an element")
}

/// Checks that each stage has its days, and each but the last its bar.
fn check_stages(s: &Section<'_>, support: &Support) {
    let stages = support.quotas.len();
    if stages == 0 {
        return;
    }
    for (key, right, found) in [
        ("days", stages, support.days.len()),
        ("bars", stages - 1, support.bars.len()),
    ] {
        if found != right {
            let message = format!("must have {right} elements for {stages} quotas, not {found}");
            s.fault(key, message);
        }
    }
}

/// Checks that the places are few beside the limit of each scene.
fn check_places(s: &Section<'_>, support: &Support, scenes: &BTreeMap<String, Arc<Scene>>) {
    for scene in support.scenes.iter().filter_map(|name| scenes.get(name)) {
        let (places, limit) = (support.places.len(), scene.limit);
        if places * PART > limit {
            let message = format!(
                "must be at most 10 % of scene.{}.limit: {places} places are more than a tenth of {limit}",
                scene.name
            );
            s.fault("places", message);
        }
    }
}

/// Warns of support places that no first page has, or that rules of the scene take.
fn warn_of_places(s: &Section<'_>, support: &Support, scenes: &BTreeMap<String, Arc<Scene>>) {
    let named = support.scenes.iter().filter_map(|name| scenes.get(name));
    for scene in named.filter(|scene| !scene.retired) {
        let (name, limit) = (&scene.name, scene.limit);
        for place in &support.places {
            if *place > limit {
                let message = format!(
                    "place {place} lies beyond the limit of the scene {name}, {limit}: only later pages have it"
                );
                s.warn("places", message);
            }
            let takes = |rule: &&SceneRule| rule.what.places().contains(place);
            for rule in scene.rules.iter().filter(takes) {
                let rule = &rule.name;
                let message = format!(
                    "place {place} of the scene {name} is kept by its rule {rule:?} too, which has it while it applies"
                );
                s.warn("places", message);
            }
        }
    }
}

/// Returns the section in the names and units of the file.
pub(super) fn shown(support: &Support) -> Value {
    json!({
        "scenes": support.scenes,
        "places": support.places,
        "kinds": support.kinds,
        "quotas": support.quotas,
        "days": support.days,
        "bars": support.bars,
        "floor": support.floor,
        "integrity": support.integrity,
        "runners": support.runners,
        "owners": support.owners,
    })
}
