//! `[predictions.*]`: the caller's own numbers and how each becomes a value in [0, 1].

use toml::de::DeValue;

use super::read::{ascending, need, require_id};
use super::section::Section;
use super::value;
use super::{Normaliser, Prediction};
use crate::objective::Objective;

/// The size of a number that a normaliser is set by.
const SIZE: std::ops::RangeInclusive<f64> = -1e12..=1e12;
/// The same where only numbers above 0 make sense.
const POSITIVE: std::ops::RangeInclusive<f64> = 1e-9..=1e12;

/// Every prediction by name: those of the file, and those of the defaults that the file does not replace.
pub(super) fn predictions(s: &Section<'_>) -> Vec<Prediction> {
    s.names()
        .into_iter()
        .map(|name| prediction(s, name))
        .collect()
}

fn prediction(all: &Section<'_>, name: &str) -> Prediction {
    require_id(all, name, "a prediction");
    if Objective::named(name).is_some() {
        all.fault(
            name,
            "an objective has this name; the prediction needs another",
        );
    }
    let s = all.alone(name);
    let read = s.choice("normaliser", &NORMALISERS, anything);
    let normaliser = read(&s);
    s.finish();
    let name = name.to_owned();
    Prediction { name, normaliser }
}

/// Reads the settings of one kind of normaliser.
type Read = fn(&Section<'_>) -> Normaliser;

const NORMALISERS: [(&str, Read); 4] = [
    ("identity", |_| Normaliser::Identity),
    ("log", log),
    ("logistic", logistic),
    ("quantile", quantile),
];

fn log(s: &Section<'_>) -> Normaliser {
    let reference = s.number("reference", POSITIVE);
    Normaliser::Log { reference }
}

fn logistic(s: &Section<'_>) -> Normaliser {
    let centre = s.number("centre", SIZE);
    let scale = s.number("scale", POSITIVE);
    Normaliser::Logistic { centre, scale }
}

fn quantile(s: &Section<'_>) -> Normaliser {
    let point = |point: &DeValue<'_>| value::number(point, &SIZE);
    let points = s.list("points", point, |points| {
        need(points.len() >= 2, "must have at least two elements")?;
        ascending(points)
    });
    Normaliser::Quantile { points }
}

/// Where the kind itself is at fault, no setting of any kind is a fault as well.
fn anything(s: &Section<'_>) -> Normaliser {
    for setting in ["reference", "centre", "scale", "points"] {
        s.has(setting);
    }
    Normaliser::Identity
}
