//! Keys of a configuration that differ and whose effect logged values cannot show.

use std::collections::BTreeMap;

use serde_json::Value;

use super::scene::scene_of;
use crate::config::{Config, Scene, Weighed, What};
use crate::decision::Record;
use crate::objective::Objective;

/// Sections that do not change an order.
const SILENT: [&str; 10] = [
    "server",
    "tls",
    "admission",
    "store",
    "limits",
    "pages",
    "log",
    "decisions",
    "config",
    "market.interval_seconds",
];

/// Keys and sections whose effect a replay shows.
const SHOWN: [&str; 10] = [
    "scene",
    "predictions",
    "integrity",
    "aversion.min",
    "campaign.cap",
    "tail.below",
    "tail.boost",
    "support.places",
    "support.floor",
    "support.scenes",
];

const ARMS: &str = "requests keep the arms under which they were logged";
const LOGGED: &str = "the log holds the values as they were computed under the old setting";

/// Returns the keys that differ and whose effect a replay of a record does not show, with the reasons. `after` is the scene that answers
/// under the next configuration, if the arms under it are known.
pub(super) fn not_replayed(
    (own, next): (&Config, &Config),
    record: &Record,
    after: Option<&Scene>,
) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    leaves("", &own.effective(), &next.effective(), &mut |key| {
        let is_in = |sections: &[&str]| sections.iter().any(|it| lies_in(key, it));
        let boosts = key.starts_with("campaign.") && key.ends_with(".boost");
        let is_experiment = is_in(&["experiment", "experiments"]);
        let is_set = || key.contains(".arms.") && key.contains(".set");
        let sets = is_experiment && (after.is_some() || is_set());
        if !is_in(&SILENT) && !is_in(&SHOWN) && !boosts && !sets {
            let reason = if is_experiment { ARMS } else { LOGGED };
            found.insert(key.to_owned(), reason.to_owned());
        }
    });
    if let Some(scene) = after.or_else(|| scene_of(next, record)) {
        unknown(own, next, scene, record, &mut found);
    }
    found
}

/// Returns whether a key is a section or lies in it.
fn lies_in(key: &str, section: &str) -> bool {
    let rest = key.strip_prefix(section);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Passes the path of every value that differs. A value that only one side has is passed as a whole.
fn leaves(path: &str, old: &Value, new: &Value, pass: &mut impl FnMut(&str)) {
    let (Some(before), Some(after)) = (old.as_object(), new.as_object()) else {
        if old != new {
            pass(path);
        }
        return;
    };
    let added = after.keys().filter(|key| !before.contains_key(*key));
    for key in before.keys().chain(added) {
        let inner = match path {
            "" => key.clone(),
            _ => format!("{path}.{key}"),
        };
        let value = |object: &serde_json::Map<String, Value>| object.get(key).cloned();
        let (old, new) = (value(before), value(after));
        leaves(
            &inner,
            &old.unwrap_or_default(),
            &new.unwrap_or_default(),
            pass,
        );
    }
}

/// Adds what a scene reads that was not computed, because nothing read it.
fn unknown(
    own: &Config,
    next: &Config,
    scene: &Scene,
    record: &Record,
    found: &mut BTreeMap<String, String>,
) {
    let of_scene = |key: &str| format!("scene.{}.{key}", scene.name);
    for weighed in &scene.weighed {
        let name = next.name(*weighed);
        let reason = match weighed {
            Weighed::Own(objective) if !is_computed(own, *objective) => {
                "no scene weighed it, so that its data was not kept"
            }
            Weighed::Model(_) if own.weighed(name).is_none() => "the model is new",
            Weighed::Own(_) | Weighed::Prediction(_) | Weighed::Model(_) => continue,
        };
        found.insert(of_scene(&format!("weights.{name}")), reason.to_owned());
    }
    let has_tags = record
        .whole
        .as_ref()
        .is_some_and(|it| it.inputs.tags.is_some());
    for rule in &scene.rules {
        let reason = match &rule.what {
            What::Mmr { .. } if !has_tags => "no rule compared tags, so that they were not logged",
            What::Seen(seen) if seen.after > own.sights => {
                "no rule counted so many impressions, so that they were not kept"
            }
            What::Mmr { .. }
            | What::Seen(_)
            | What::Hide { .. }
            | What::Boost { .. }
            | What::Pin { .. }
            | What::Slot(_)
            | What::Cap(_)
            | What::Decay { .. } => continue,
        };
        found.insert(of_scene(&format!("rules.{}", rule.name)), reason.to_owned());
    }
}

/// Returns whether the data of an objective is kept although no scene weighs it, or one does.
fn is_computed(config: &Config, objective: Objective) -> bool {
    let on_demand = match objective {
        Objective::Text
        | Objective::Proximity
        | Objective::Format
        | Objective::AffinityRepeat
        | Objective::ItemTrend
        | Objective::ItemAppeal
        | Objective::MerchantAppeal
        | Objective::ItemConversion
        | Objective::Goal => true,
        Objective::AffinityTags
        | Objective::AffinityItem
        | Objective::AffinityMerchant
        | Objective::AffinityCreator
        | Objective::RaceLevel
        | Objective::RaceGrowth
        | Objective::ItemLevel
        | Objective::ItemGrowth
        | Objective::CreatorLevel
        | Objective::OrderValue
        | Objective::Freshness
        | Objective::Quality
        | Objective::LongTermValue => false,
    };
    let mut scenes = config.scenes.values();
    !on_demand || scenes.any(|scene| scene.weighed.contains(&Weighed::Own(objective)))
}
