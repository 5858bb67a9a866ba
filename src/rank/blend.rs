//! The blend: base = (Σ_{w>0} w·x + Σ_{w<0} |w|·(1 − x)) / Σ|w|, in [0, 1].
//!
//! Since |w|·(1 − x) = |w| + w·x for a negative weight, the base is one constant and one multiply-add for each objective.

use ndarray::{ArrayView1, ArrayViewMut1};

use super::BLOCK;
use super::tally::Tally;
use crate::config::{AudienceId, Config, Model, Scene, Weighed};
use crate::number::narrow;
use crate::objective::Needs;

/// A scene's weights, each divided by their absolute sum.
#[derive(Clone, Debug)]
pub(super) struct Weights {
    parts: Vec<(Weighed, f64)>,
    total: f64,
}

impl Weights {
    /// Returns the weights of a scene for a user, given whether the user belongs to an audience.
    pub(super) fn of(scene: &Scene, has: impl Fn(AudienceId) -> bool) -> Self {
        if scene.weights_for.is_empty() {
            Self::new(scene.weights.clone())
        } else {
            Self::new(laid_over(scene, has))
        }
    }

    /// Creates weights, not all 0.
    pub(super) fn new(parts: Vec<(Weighed, f64)>) -> Self {
        let total = parts.iter().map(|(_, weight)| weight.abs()).sum();
        Self { parts, total }
    }

    /// Returns the objectives of weight ≠ 0 with their weights, in the table's order.
    pub(super) fn parts(&self) -> &[(Weighed, f64)] {
        &self.parts
    }

    /// Returns counts by objective in the order of everything that the scene weighs for anyone.
    pub(super) fn missing(&self, scene: &Scene, tallies: &[Tally]) -> Vec<usize> {
        if scene.weights_for.is_empty() {
            return tallies.iter().map(|tally| tally.missing).collect();
        }
        let count = |weighed: &Weighed| {
            let mut counted = self.parts.iter().zip(tallies);
            let found = counted.find(|((other, _), _)| other == weighed);
            found.map_or(0, |(_, tally)| tally.missing)
        };
        scene.weighed.iter().map(count).collect()
    }

    /// Returns the parts of the profile that the objectives read.
    pub(super) fn needs(&self, config: &Config) -> Needs {
        let own = |weighed| match weighed {
            Weighed::Own(objective) => objective.row().needs,
            Weighed::Prediction(_) => Needs::NOTHING,
            Weighed::Model(number) => {
                let model = config.models.get(number);
                model.map_or(Needs::NOTHING, Model::needs)
            }
        };
        self.parts
            .iter()
            .fold(Needs::NOTHING, |needs, (weighed, _)| {
                needs.and(own(*weighed))
            })
    }

    /// Returns the base if every value is 0: the share of the negative weights.
    pub(super) fn start(&self) -> f32 {
        let negative: f64 = self
            .parts
            .iter()
            .filter(|(_, weight)| *weight < 0.0)
            .map(|(_, weight)| weight.abs())
            .sum();
        narrow(negative / self.total)
    }

    /// Fills in the bases of one block, of at most [`BLOCK`] candidates; `fill` fills the column of an objective, given its place among the
    /// parts.
    #[inline(always)]
    pub(super) fn bases(
        &self,
        bases: &mut [f32],
        mut fill: impl FnMut(usize, Weighed, &mut [f32]),
    ) {
        let mut room = [0.0; BLOCK];
        let column = &mut room[..bases.len()];
        bases.fill(self.start());
        for (place, &(weighed, _)) in self.parts.iter().enumerate() {
            fill(place, weighed, column);
            self.add(place, column, bases);
        }
        bound(bases);
    }

    /// Adds the column of an objective to bases, given its place among the parts.
    #[inline(always)]
    pub(super) fn add(&self, place: usize, column: &[f32], bases: &mut [f32]) {
        let (_, weight) = self.parts[place];
        let mut bases = ArrayViewMut1::from(bases);
        bases.scaled_add(narrow(weight / self.total), &ArrayView1::from(column));
    }

    /// Returns whether every objective is one of other weights too, in the same order.
    pub(super) fn lie_within(&self, other: &Self) -> bool {
        let mut others = other.parts.iter();
        let mut all = self.parts.iter();
        all.all(|(weighed, _)| others.any(|(other, _)| other == weighed))
    }

    /// Returns an objective's contribution to the base. It is never negative; the contributions sum to the base.
    pub(super) fn contribution(&self, weight: f64, value: f32) -> f32 {
        let towards = if weight < 0.0 {
            1.0 - f64::from(value)
        } else {
            f64::from(value)
        };
        narrow(weight.abs() / self.total * towards)
    }
}

/// Keeps bases in [0, 1], in spite of rounding.
#[inline(always)]
pub(super) fn bound(bases: &mut [f32]) {
    ArrayViewMut1::from(bases).mapv_inplace(|base| base.clamp(0.0, 1.0));
}

/// Returns the weights of a scene with those of the user's audiences laid over them, in the order written. If none is left but 0, those
/// of the scene.
fn laid_over(scene: &Scene, has: impl Fn(AudienceId) -> bool) -> Vec<(Weighed, f64)> {
    let weight = |weights: &[(Weighed, f64)], weighed: Weighed| {
        let mut weights = weights.iter();
        let found = weights.find(|(other, _)| *other == weighed);
        found.map(|(_, weight)| *weight)
    };
    let mine = scene.weights_for.iter();
    let mine: Vec<_> = mine.filter(|(audience, _)| has(*audience)).collect();
    let last = |weighed: Weighed| {
        let mut over = mine.iter().rev();
        let over = over.find_map(|(_, weights)| weight(weights, weighed));
        over.or_else(|| weight(&scene.weights, weighed))
    };
    let parts = scene.weighed.iter();
    let parts: Vec<(Weighed, f64)> = parts
        .filter_map(|weighed| Some((*weighed, last(*weighed)?)))
        .filter(|(_, weight)| weight.abs() > 0.0)
        .collect();
    if parts.is_empty() {
        return scene.weights.clone();
    }
    parts
}
