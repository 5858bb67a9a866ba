//! The blend: base = (Σ_{w>0} w·x + Σ_{w<0} |w|·(1 − x)) / Σ|w|, in [0, 1].
//!
//! Since |w|·(1 − x) = |w| + w·x for a negative weight, the base is one constant and one multiply-add for each objective.

use crate::config::{Scene, Weighed};
use crate::model::read::narrow;
use crate::objective::{Needs, OBJECTIVES};

/// One objective's part in a scene's blend.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// Which objective.
    pub(super) weighed: Weighed,
    /// Its weight as configured, not 0.
    pub(super) weight: f64,
    /// Its weight / the absolute sum of all.
    pub(super) share: f32,
    /// Its value where the data is missing.
    pub(super) neutral: f32,
    /// Its row in the matrix of values.
    pub(super) row: usize,
}

/// A scene's weights.
#[derive(Clone, Debug)]
pub(super) struct Weights {
    parts: Vec<Part>,
    total: f64,
}

impl Weights {
    /// The weights of a scene.
    pub(super) fn of(scene: &Scene) -> Self {
        let total: f64 = scene.weights.iter().map(|(_, weight)| weight.abs()).sum();
        let mut predictions = OBJECTIVES..;
        let part = |&(weighed, weight): &(Weighed, f64)| Part {
            weighed,
            weight,
            share: narrow(weight / total),
            neutral: neutral(weighed),
            row: match weighed {
                Weighed::Own(objective) => objective as usize,
                Weighed::Prediction(_) => predictions.next().unwrap_or(OBJECTIVES),
            },
        };
        Self {
            parts: scene.weights.iter().map(part).collect(),
            total,
        }
    }

    /// The objectives of weight ≠ 0, in the table's order.
    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The numbers of the predictions that are weighed.
    pub(super) fn predictions(&self) -> impl Iterator<Item = usize> {
        let number = |part: &Part| match part.weighed {
            Weighed::Own(_) => None,
            Weighed::Prediction(number) => Some(number),
        };
        self.parts.iter().filter_map(number)
    }

    /// What must be at hand to compute them.
    pub(super) fn needs(&self) -> Needs {
        let own = |weighed| match weighed {
            Weighed::Own(objective) => objective.row().needs,
            Weighed::Prediction(_) => Needs::REQUEST,
        };
        self.parts
            .iter()
            .fold(Needs::ITEM, |needs, part| needs.and(own(part.weighed)))
    }

    /// What the base is where every value is 0: the share of the negative weights.
    pub(super) fn start(&self) -> f32 {
        let negative: f64 = self
            .parts
            .iter()
            .filter(|part| part.weight < 0.0)
            .map(|part| part.weight.abs())
            .sum();
        narrow(negative / self.total)
    }

    /// An objective's contribution to the base: never negative, and all together they are the base.
    pub(super) fn contribution(&self, part: &Part, value: f32) -> f32 {
        let towards = if part.weight < 0.0 {
            1.0 - f64::from(value)
        } else {
            f64::from(value)
        };
        narrow(part.weight.abs() / self.total * towards)
    }
}

/// The value of an objective where the data is missing.
fn neutral(weighed: Weighed) -> f32 {
    match weighed {
        Weighed::Own(objective) => objective.row().neutral,
        Weighed::Prediction(_) => 0.5,
    }
}
