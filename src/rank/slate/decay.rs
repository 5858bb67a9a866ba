//! Rule `decay`: a candidate whose merchant has k places on the page counts (1 − f)·dᵏ + f of its score.

use super::groups::ByGroup;

/// The places that each merchant holds, and what they leave of a score. Merchants go by the number of their group.
#[derive(Clone, Debug)]
pub(super) struct Decay {
    factor: f64,
    floor: f64,
    counts: ByGroup,
    /// What k places leave, by k, up to the most that a merchant had.
    shares: Vec<f64>,
}

impl Decay {
    /// Creates a decay by factor d and floor f, both in [0, 1], with room for about so many merchants.
    pub(super) fn new((factor, floor): (f64, f64), merchants: usize) -> Self {
        let mut decay = Self {
            factor,
            floor,
            counts: ByGroup::new(merchants),
            shares: Vec::new(),
        };
        decay.reach(0);
        decay
    }

    /// Returns the share of its score that a candidate of a merchant counts, in [f, 1].
    #[inline]
    pub(super) fn share(&self, merchant: u32) -> f64 {
        self.shares[self.counts.of(merchant)]
    }

    /// Adds a place of a merchant.
    pub(super) fn add(&mut self, merchant: u32) {
        self.counts.add(merchant);
        self.reach(self.counts.of(merchant));
    }

    /// Removes a place of a merchant.
    pub(super) fn remove(&mut self, merchant: u32) {
        self.counts.remove(merchant);
    }

    /// Computes what so many places leave, if one more than ever are held.
    fn reach(&mut self, places: usize) {
        if places == self.shares.len() {
            let power = self.factor.powi(i32::try_from(places).unwrap_or(i32::MAX));
            self.shares.push((1.0 - self.floor) * power + self.floor);
        }
    }
}
