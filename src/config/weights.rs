//! Weights of objectives, as scenes and reserved slots have them.

use std::collections::BTreeMap;

use super::model::Model;
use super::prediction::Prediction;
use super::section::{Leaf, Section, unknown};
use super::value::{self, Checked};
use crate::objective::{Objective, TABLE};

/// An objective that a scene or a slot weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weighed {
    /// An objective that Saima computes.
    Own(Objective),
    /// A prediction of the caller, by its index in [`Config::predictions`](super::Config::predictions).
    Prediction(usize),
    /// A model, by its index in [`Config::models`](super::Config::models).
    Model(usize),
}

/// What may be weighed besides the objectives of the table.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// The declared predictions.
    pub(super) predictions: &'a [Prediction],
    /// The models.
    pub(super) models: &'a [Model],
}

/// Range of a weight. Only the ratios between weights matter.
const WEIGHT: std::ops::RangeInclusive<f64> = -1_000.0..=1_000.0;
/// Minimum magnitude of a weight that is not 0. Smaller ones could vanish in a sum with larger ones.
const LEAST_WEIGHT: f64 = 1e-6;

/// Weights in the order of the table of objectives, then of the predictions, then of the models.
pub(super) type Weights = BTreeMap<Order, f64>;

/// The place of an objective among the weights.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Order {
    Own(usize),
    Prediction(usize),
    Model(usize),
}

/// Reads weights by the names of objectives, predictions and models.
pub(super) fn weights(s: &Section<'_>, known: Known<'_>) -> Weights {
    let mut weights = Weights::new();
    for Leaf { name, at, value } in s.leaves() {
        let Some(order) = order(&name, known) else {
            let own = TABLE.iter().map(|row| row.name);
            let all = own.chain(known.names());
            s.fault_at(at, &name, unknown("objective or prediction", &name, all));
            continue;
        };
        let weight = weight(value).unwrap_or_else(|message| {
            s.fault_at(at, &name, message);
            1.0
        });
        if weights.insert(order, weight).is_some() {
            s.fault_at(at, &name, "is given twice, with and without quotes");
        }
    }
    weights
}

fn weight(given: &toml::de::DeValue<'_>) -> Checked<f64> {
    let weight = value::number(given, &WEIGHT)?;
    if weight.abs() > 0.0 && weight.abs() < LEAST_WEIGHT {
        return Err(value::wrong(given, "0, or at least 0.000001 away from it"));
    }
    Ok(weight)
}

impl<'a> Known<'a> {
    /// Returns the names, in their order.
    fn names(self) -> impl Iterator<Item = &'a str> + Clone {
        let predictions = self.predictions.iter().map(|each| each.name.as_str());
        predictions.chain(self.models.iter().map(|each| each.name.as_str()))
    }
}

fn order(name: &str, known: Known<'_>) -> Option<Order> {
    let own = TABLE.iter().position(|row| row.name == name);
    own.map(Order::Own).or_else(|| {
        let place = known.names().position(|each| each == name)?;
        Some(match place.checked_sub(known.predictions.len()) {
            None => Order::Prediction(place),
            Some(place) => Order::Model(place),
        })
    })
}

/// Returns the weights that are not 0, in their order.
pub(super) fn weighed(mut weights: Weights) -> Vec<(Weighed, f64)> {
    weights.retain(|_, weight| weight.abs() > 0.0);
    listed(weights)
}

/// Returns all weights in their order.
pub(super) fn listed(weights: Weights) -> Vec<(Weighed, f64)> {
    let weights = weights.into_iter();
    weights
        .map(|(order, weight)| (order.weighed(), weight))
        .collect()
}

impl Order {
    /// Returns the objective.
    pub(super) fn weighed(self) -> Weighed {
        match self {
            Self::Own(place) => Weighed::Own(TABLE[place].objective),
            Self::Prediction(place) => Weighed::Prediction(place),
            Self::Model(place) => Weighed::Model(place),
        }
    }
}
