//! `[predictions.*]`: the caller's own numbers, and the function from each to a value in [0, 1].

use serde_json::{Value, json};
use toml::de::DeValue;

use super::check::{ascending, need, require_id};
use super::section::Section;
use super::value;
use crate::model::MAX_PREDICTIONS;
use crate::objective::Objective;

/// A number that the caller sends with a candidate, declared with its normaliser.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Name of the prediction and of its objective.
    pub name: String,
    /// Function from the number to a value in [0, 1].
    pub normaliser: Normaliser,
    /// Value of a candidate without the number, in [0, 1].
    pub neutral: f64,
}

/// A non-decreasing function from any number to a value in [0, 1].
#[derive(Clone, Debug, PartialEq)]
pub enum Normaliser {
    /// x / scale, clamped to [0, 1].
    Identity {
        /// The number whose value is 1, above 0.
        scale: f64,
    },
    /// min(1, ln(1 + max(0, x)) / ln(1 + reference)).
    Log {
        /// The number whose value is 1.
        reference: f64,
    },
    /// 1 / (1 + exp(−(x − centre) / scale)).
    Logistic {
        /// The number whose value is one half.
        centre: f64,
        /// Width of the slope, above 0.
        scale: f64,
    },
    /// The share of the points below x, interpolated linearly: the first point has value 0, the last 1.
    Quantile {
        /// At least two numbers, ascending.
        points: Vec<f64>,
    },
}

/// Range of a parameter of a normaliser.
const PARAMETER: std::ops::RangeInclusive<f64> = -1e12..=1e12;
/// Range of a parameter that must be above 0.
const POSITIVE: std::ops::RangeInclusive<f64> = 1e-9..=1e12;

/// Reads every prediction, sorted by name: those of the file, and the defaults that the file does not replace.
pub(super) fn predictions(s: &Section<'_>) -> Vec<Prediction> {
    let names = s.names();
    if let Some(beyond) = names.iter().nth(MAX_PREDICTIONS) {
        let message = format!("is one prediction too many; there may be {MAX_PREDICTIONS}");
        s.fault(beyond, message);
    }
    names.into_iter().map(|name| prediction(s, name)).collect()
}

fn prediction(all: &Section<'_>, name: &str) -> Prediction {
    require_id(all, name, "a prediction");
    if Objective::named(name).is_some() {
        all.fault(name, "is the name of an objective; choose another name");
    }
    let s = all.alone(name);
    let normaliser = normaliser(&s);
    let neutral = or(&s, "neutral", 0.0..=1.0, 0.0);
    s.finish();
    Prediction {
        name: name.to_owned(),
        normaliser,
        neutral,
    }
}

/// Reads the normaliser of a table: its name and its parameters.
pub(super) fn normaliser(s: &Section<'_>) -> Normaliser {
    let read = s.choice("normaliser", &NORMALISERS, unknown_normaliser);
    read(s)
}

/// Reads the parameters of one normaliser.
type Read = fn(&Section<'_>) -> Normaliser;

const NORMALISERS: [(&str, Read); 4] = [
    ("identity", identity),
    ("log", log),
    ("logistic", logistic),
    ("quantile", quantile),
];

/// Reads a number that has a default of its own.
fn or(s: &Section<'_>, key: &str, range: std::ops::RangeInclusive<f64>, default: f64) -> f64 {
    if s.has(key) {
        s.number(key, range)
    } else {
        default
    }
}

fn identity(s: &Section<'_>) -> Normaliser {
    let scale = or(s, "scale", POSITIVE, 1.0);
    Normaliser::Identity { scale }
}

fn log(s: &Section<'_>) -> Normaliser {
    let reference = s.number("reference", POSITIVE);
    Normaliser::Log { reference }
}

fn logistic(s: &Section<'_>) -> Normaliser {
    let centre = s.number("centre", PARAMETER);
    let scale = s.number("scale", POSITIVE);
    Normaliser::Logistic { centre, scale }
}

fn quantile(s: &Section<'_>) -> Normaliser {
    let point = |point: &DeValue<'_>| value::number(point, &PARAMETER);
    let points = s.list("points", point, |points| {
        need(points.len() >= 2, "must have at least two elements")?;
        ascending(points)
    });
    Normaliser::Quantile { points }
}

/// Accepts every parameter if the name of the normaliser is invalid, so that one mistake gives one fault.
fn unknown_normaliser(s: &Section<'_>) -> Normaliser {
    for setting in ["reference", "centre", "scale", "points"] {
        s.has(setting);
    }
    Normaliser::Identity { scale: 1.0 }
}

/// Returns one prediction in the names and units of the file.
pub(super) fn shown(prediction: &Prediction) -> (String, Value) {
    let mut value = shown_normaliser(&prediction.normaliser);
    value["neutral"] = prediction.neutral.into();
    (prediction.name.clone(), value)
}

/// Returns a normaliser in the names and units of the file.
pub(super) fn shown_normaliser(normaliser: &Normaliser) -> Value {
    match normaliser {
        Normaliser::Identity { scale } => json!({ "normaliser": "identity", "scale": scale }),
        Normaliser::Log { reference } => json!({ "normaliser": "log", "reference": reference }),
        Normaliser::Logistic { centre, scale } => {
            json!({ "normaliser": "logistic", "centre": centre, "scale": scale })
        }
        Normaliser::Quantile { points } => json!({ "normaliser": "quantile", "points": points }),
    }
}
