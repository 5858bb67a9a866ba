//! Explaining a score: what each feature added on the paths through the trees.

use super::tree::{Child, Forest};

/// The parts of one raw score: start + Σ parts, to within rounding.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Explained {
    /// The sum of the values of all roots.
    pub start: f64,
    /// What each feature added, by its place in [`Forest::features`]: the value of the node or leaf behind each test of the feature less
    /// that of the node that tests.
    pub parts: Vec<f64>,
}

impl Forest {
    /// Explains the raw score of a candidate, given its features.
    #[must_use]
    pub fn explain(&self, features: &[f64]) -> Explained {
        let mut explained = Explained {
            start: 0.0,
            parts: vec![0.0; self.used.len()],
        };
        for tree in &self.trees {
            let (nodes, branches) = (
                &self.nodes[tree.nodes.clone()],
                &self.branches[tree.nodes.clone()],
            );
            let leaves = &self.leaves[tree.leaves.clone()];
            let value = |child| match child {
                Child::Node(node) => branches[node].value,
                Child::Leaf(leaf) => leaves[leaf],
            };
            let root = if nodes.is_empty() {
                Child::Leaf(0)
            } else {
                Child::Node(0)
            };
            explained.start += value(root);
            let mut at = root;
            while let Child::Node(place) = at {
                let (node, branch) = (&nodes[place], &branches[place]);
                let feature = usize::from(node.feature);
                let left = node.goes_left(features[feature], &self.sets);
                let next = if left { branch.left } else { branch.right };
                explained.parts[feature] += value(next) - branch.value;
                at = next;
            }
        }
        explained
    }
}
