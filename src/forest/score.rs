//! Scoring: a block of candidates at a time, trees outside and candidates inside.

use super::tree::{Forest, Node, Test};

/// Number of candidates that go through a tree together, so that their bits stay in the nearest cache.
const BLOCK: usize = 256;

/// Size up to which a number is zero for a node that takes zero for missing, as LightGBM has it.
const ZERO: f64 = 1e-35_f32 as f64;

/// The features of a block of candidates, column by column. NaN is a missing value.
#[derive(Debug, Default)]
pub struct Columns {
    values: Vec<f64>,
    rows: usize,
}

impl Columns {
    /// Creates columns of missing values for some candidates.
    #[must_use]
    pub fn new(features: usize, rows: usize) -> Self {
        Self {
            values: vec![f64::NAN; features * rows],
            rows,
        }
    }

    /// Returns the column of a feature, by its place in [`Forest::features`].
    pub fn column(&mut self, feature: usize) -> &mut [f64] {
        &mut self.values[feature * self.rows..][..self.rows]
    }

    fn some(&self, feature: u16, first: usize, rows: usize) -> &[f64] {
        &self.values[usize::from(feature) * self.rows + first..][..rows]
    }
}

impl Forest {
    /// Fills in the raw score of each candidate: finite, whatever the features.
    pub fn score(&self, columns: &Columns, raws: &mut [f64]) {
        let mut reach = [0; BLOCK];
        for (place, raws) in raws.chunks_mut(BLOCK).enumerate() {
            let (first, rows) = (place * BLOCK, raws.len());
            let reach = &mut reach[..rows];
            raws.fill(0.0);
            for tree in &self.trees {
                reach.fill(u64::MAX);
                for node in &self.nodes[tree.nodes.clone()] {
                    let column = columns.some(node.feature, first, rows);
                    node.narrow(column, reach, &self.sets);
                }
                let leaves = &self.leaves[tree.leaves.clone()];
                for (reach, raw) in reach.iter().zip(&mut *raws) {
                    *raw += leaves[reach.trailing_zeros() as usize];
                }
            }
        }
    }
}

impl Node {
    /// Removes the leaves that are out of reach behind this node from those of each candidate.
    fn narrow(&self, column: &[f64], reach: &mut [u64], sets: &[u32]) {
        let (threshold, right) = (self.threshold, self.right);
        let all = column.iter().zip(reach);
        match self.test {
            Test::MissingLeft => {
                all.for_each(|(x, reach)| *reach &= if *x > threshold { right } else { u64::MAX });
            }
            Test::MissingRight => {
                all.for_each(|(x, reach)| *reach &= if *x <= threshold { u64::MAX } else { right });
            }
            Test::ZeroLeft => {
                let zero = |x: f64| x.abs() <= ZERO;
                all.for_each(|(x, reach)| {
                    *reach &= if !zero(*x) & (*x > threshold) {
                        right
                    } else {
                        u64::MAX
                    };
                });
            }
            Test::ZeroRight => {
                let zero = |x: f64| x.abs() <= ZERO;
                all.for_each(|(x, reach)| {
                    *reach &= if !zero(*x) & (*x <= threshold) {
                        u64::MAX
                    } else {
                        right
                    };
                });
            }
            Test::Set { start, words } => {
                let set = &sets[start as usize..][..words as usize];
                all.for_each(|(x, reach)| *reach &= if has(set, *x) { u64::MAX } else { right });
            }
        }
    }

    /// Returns whether a candidate goes left.
    pub(super) fn goes_left(&self, x: f64, sets: &[u32]) -> bool {
        let mut reach = [u64::MAX];
        self.narrow(&[x], &mut reach, sets);
        reach == [u64::MAX]
    }
}

/// Returns whether a category, which is cut to a whole number, is in a set.
fn has(set: &[u32], x: f64) -> bool {
    let bits = set.len() as f64 * f64::from(u32::BITS);
    if !(x > -1.0 && x < bits) {
        return false;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the number is checked to lie within the set, and cutting it is the purpose"
    )]
    let category = x as usize;
    set[category / 32] & (1 << (category % 32)) != 0
}
