//! Rule `decay`: a candidate whose merchant has k places on the page counts (1 − f)·dᵏ + f of its score.

use hashbrown::HashMap;

use super::key::Group;

/// The places that each merchant holds, and what they leave of a score.
#[derive(Clone, Debug)]
pub(super) struct Decay {
    factor: f64,
    floor: f64,
    places: HashMap<Group, i32>,
}

impl Decay {
    /// Creates a decay by factor d and floor f, both in [0, 1], with room for that many places.
    pub(super) fn new((factor, floor): (f64, f64), places: usize) -> Self {
        Self {
            factor,
            floor,
            places: HashMap::with_capacity(places),
        }
    }

    /// Returns the share of its score that a candidate of a merchant counts, in [f, 1].
    pub(super) fn share(&self, merchant: Group) -> f64 {
        let places = self.places.get(&merchant).copied().unwrap_or_default();
        (1.0 - self.floor) * self.factor.powi(places) + self.floor
    }

    /// Adds a place of a merchant.
    pub(super) fn add(&mut self, merchant: Group) {
        *self.places.entry(merchant).or_default() += 1;
    }

    /// Removes a place of a merchant.
    pub(super) fn remove(&mut self, merchant: Group) {
        *self.places.entry(merchant).or_default() -= 1;
    }
}
