//! The normaliser for heavy-tailed figures, and its reference point.
//!
//! v(x) = min(1, ln(1 + max(0, x)) / ln(1 + x_ref)), with x_ref the 99.9th percentile by nearest rank of the positive values. Unlike the
//! maximum, the percentile keeps one extreme value from pressing all others towards 0.

use crate::number::narrow;

/// The log scale with one reference point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogScale {
    reference: f64,
    /// 1 / ln(1 + reference).
    unit: f64,
}

/// The smallest reference point, which keeps the scale finite.
const LEAST: f64 = 1e-12;

impl LogScale {
    /// Creates the scale on which `reference` has the value 1. A reference of 0 or below is raised to a tiny positive number.
    #[must_use]
    pub fn new(reference: f64) -> Self {
        let reference = reference.max(LEAST);
        Self {
            reference,
            unit: 1.0 / reference.ln_1p(),
        }
    }

    /// Returns the reference point: the number with the value 1.
    #[must_use]
    pub const fn reference(self) -> f64 {
        self.reference
    }

    /// Returns the value of a number, in [0, 1]; 0 for a negative number or NaN.
    #[inline]
    #[must_use]
    pub fn value(self, x: f64) -> f32 {
        if x.is_nan() || x <= 0.0 {
            return 0.0;
        }
        narrow((x.ln_1p() * self.unit).min(1.0))
    }

    /// Returns the value of a number x, given ln(1 + x) ≥ 0, in [0, 1]; NaN for NaN.
    #[inline(always)]
    #[must_use]
    pub fn value_of_ln(self, ln_1p: f32) -> f32 {
        (ln_1p * narrow(self.unit)).clamp(0.0, 1.0)
    }
}

/// Minimum number of values for a percentile.
const ENOUGH: usize = 100;
/// Minimum number of values to prune at once.
const SLACK: usize = 1_024;

/// Finds the 99.9th percentile by nearest rank, the ⌈0.999·n⌉-th of the sorted positive values, in one pass.
///
/// n − ⌈0.999·n⌉ = ⌊n/1000⌋, so only the ⌊n/1000⌋ + 1 largest values are kept.
#[derive(Clone, Debug)]
pub struct Reference {
    largest: Vec<f64>,
    /// Number of the largest values that can still matter.
    keep: usize,
    /// No value below this can matter any more.
    floor: f64,
    count: usize,
}

impl Reference {
    /// Creates a search among at most `at_most` values. It holds at most about one in five hundred of them.
    #[must_use]
    pub const fn new(at_most: usize) -> Self {
        Self {
            largest: Vec::new(),
            keep: at_most / 1_000 + 1,
            floor: 0.0,
            count: 0,
        }
    }

    /// Adds a value; ignores a value that is not positive and finite.
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

    /// Returns the percentile, or `default` after fewer than 100 positive values.
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

/// Returns the value with a rank from the top, counted from 0; moves all larger values before it.
fn descending(values: &mut [f64], rank: usize) -> &f64 {
    values.select_nth_unstable_by(rank, |a, b| b.total_cmp(a)).1
}
