//! The one normaliser for heavy tails, and the reference point that it needs.
//!
//! v(x) = min(1, ln(1 + max(0, x)) / ln(1 + x_ref)), x_ref = the 99.9th percentile by nearest rank of the positive values. A single
//! giant then does not press everything else towards 0, as dividing by the maximum would.

use crate::number::narrow;

/// The log scale with one reference point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogScale {
    reference: f64,
    /// 1 / ln(1 + reference).
    unit: f64,
}

/// The least reference point: keeps the scale finite whatever it is given.
const LEAST: f64 = 1e-12;

impl LogScale {
    /// The scale on which `reference` (above 0) has the value 1.
    #[must_use]
    pub fn new(reference: f64) -> Self {
        let reference = reference.max(LEAST);
        Self {
            reference,
            unit: 1.0 / reference.ln_1p(),
        }
    }

    /// The number whose value is 1.
    #[must_use]
    pub const fn reference(self) -> f64 {
        self.reference
    }

    /// The value of a number, in [0, 1]; what is negative or not a number has value 0.
    #[inline]
    #[must_use]
    pub fn value(self, x: f64) -> f32 {
        if x.is_nan() || x <= 0.0 {
            return 0.0;
        }
        narrow((x.ln_1p() * self.unit).min(1.0))
    }

    /// The value of a number x of which ln(1 + x) ≥ 0 is at hand already; NaN for NaN.
    #[inline(always)]
    #[must_use]
    pub fn value_of_ln(self, ln_1p: f32) -> f32 {
        (ln_1p * narrow(self.unit)).clamp(0.0, 1.0)
    }
}

/// Values under which a percentile says too little.
const ENOUGH: usize = 100;
/// Values pruned at once at least.
const SLACK: usize = 1_024;

/// Finds the 99.9th percentile by nearest rank, the ⌈0.999·n⌉-th of the sorted positive values, in one pass.
///
/// n − ⌈0.999·n⌉ = ⌊n/1000⌋, so only that many values and one more must be kept, the largest ones.
#[derive(Clone, Debug)]
pub struct Reference {
    largest: Vec<f64>,
    /// How many of the largest may still matter.
    keep: usize,
    /// No value below this matters any more.
    floor: f64,
    count: usize,
}

impl Reference {
    /// For at most so many values; memory is about a five-hundredth of them.
    #[must_use]
    pub const fn new(at_most: usize) -> Self {
        Self {
            largest: Vec::new(),
            keep: at_most / 1_000 + 1,
            floor: 0.0,
            count: 0,
        }
    }

    /// Takes one value in; what is not positive and finite does not count.
    pub fn push(&mut self, value: f64) {
        if !(value > 0.0 && value.is_finite()) {
            return;
        }
        self.count += 1;
        if value >= self.floor {
            self.largest.push(value);
            if self.largest.len() >= 2 * self.keep + SLACK {
                self.prune();
            }
        }
    }

    /// The percentile, or `default` where there were fewer than 100 positive values.
    #[must_use]
    pub fn value(mut self, default: f64) -> f64 {
        if self.count < ENOUGH {
            return default;
        }
        let rank = (self.count / 1_000).min(self.largest.len() - 1);
        *descending(&mut self.largest, rank)
    }

    fn prune(&mut self) {
        self.floor = *descending(&mut self.largest, self.keep - 1);
        self.largest.truncate(self.keep);
    }
}

/// The value of that rank from the top, all larger ones moved before it.
fn descending(values: &mut [f64], rank: usize) -> &f64 {
    values.select_nth_unstable_by(rank, |a, b| b.total_cmp(a)).1
}
