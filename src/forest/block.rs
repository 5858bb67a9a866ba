//! One tree of a file: its lists of numbers, and from them its nodes.

use super::MAX_LEAVES;
use super::fault::Fault;
use super::lines::Keys;
use super::numbers::{index, list, reals, shown, whole};
use super::tree::{Branch, Forest, Node, Test, Tree};
use super::walk::{Links, Walked, walk};

/// The keys of a tree that are read.
pub(super) const KEYS: [&str; 12] = [
    "num_leaves",
    "num_cat",
    "split_feature",
    "threshold",
    "decision_type",
    "left_child",
    "right_child",
    "leaf_value",
    "internal_value",
    "cat_boundaries",
    "cat_threshold",
    "is_linear",
];

/// The keys of one tree.
pub(super) type TreeKeys<'t> = Keys<'t, { KEYS.len() }>;

/// Maximum size of the value of a leaf, so that the sum over all trees is finite.
const VALUE: f64 = 1e100;
/// Maximum number of words of 32 bits of the sets of one tree.
const WORDS: u32 = 1 << 16;

// The bits of `decision_type`.
const CATEGORICAL: u8 = 1;
const DEFAULT_LEFT: u8 = 2;
/// What is missing besides nothing: zero, or NaN.
const MISSING: u8 = 12;
const MISSING_ZERO: u8 = 4;
const MISSING_NAN: u8 = 8;

/// The lists of one tree, with one element for each node or leaf.
struct Block<'k, 't> {
    keys: &'k TreeKeys<'t>,
    features: Vec<u16>,
    thresholds: Vec<f64>,
    types: Vec<u8>,
    links: Links,
    leaves: Vec<f64>,
    values: Vec<f64>,
    /// The first word of each set, and the end of the last.
    bounds: Vec<u32>,
    words: Vec<u32>,
}

/// Adds a tree to a forest. Its nodes name features by their place in the file.
///
/// # Errors
/// The first fault of the tree.
pub(super) fn add(forest: &mut Forest, keys: &TreeKeys<'_>) -> Result<(), Fault> {
    let block = Block::read(keys, forest.names.len())?;
    let walked = walk(&block.links, block.leaves.len())?;
    let (nodes, leaves) = (forest.nodes.len(), forest.leaves.len());
    let sets = u32::try_from(forest.sets.len()).unwrap_or(u32::MAX);
    for node in 0..block.features.len() {
        forest.nodes.push(block.node(node, &walked, sets)?);
        forest.branches.push(Branch {
            left: walked.child(block.links.left[node]),
            right: walked.child(block.links.right[node]),
            value: block.values[node],
        });
    }
    forest.leaves.resize(leaves + block.leaves.len(), 0.0);
    for (leaf, value) in block.leaves.iter().enumerate() {
        forest.leaves[leaves + walked.order[leaf]] = *value;
    }
    forest.sets.extend(&block.words);
    forest.trees.push(Tree {
        nodes: nodes..forest.nodes.len(),
        leaves: leaves..forest.leaves.len(),
    });
    Ok(())
}

impl<'k, 't> Block<'k, 't> {
    fn read(keys: &'k TreeKeys<'t>, features: usize) -> Result<Self, Fault> {
        if let Some((line, linear)) = keys.find("is_linear")
            && linear.trim() != "0"
        {
            let message = "the leaves are linear models: train with linear_tree=false";
            return Err(Fault::new(line, message));
        }
        let most = i32::try_from(MAX_LEAVES).unwrap_or(i32::MAX);
        let leaves = whole("num_leaves", keys.get("num_leaves")?, 1..=most)?;
        let (count, nodes) = (index(leaves), index(leaves - 1));
        let last = u16::try_from(features)
            .unwrap_or(u16::MAX)
            .saturating_sub(1);
        let of_nodes = |key| match keys.find(key) {
            // A tree of one leaf may leave them out.
            None if nodes == 0 => Ok((0, "")),
            found => found.map_or_else(|| keys.get(key), Ok),
        };
        let child = |key| list(key, of_nodes(key)?, nodes, &(-leaves..=leaves - 2));
        let sets = keys.find("num_cat");
        let sets = sets.map_or(Ok(0), |found| whole("num_cat", found, 0..=leaves - 1))?;
        let (bounds, words) = if sets > 0 {
            categories(keys, index(sets))?
        } else {
            (Vec::new(), Vec::new())
        };
        Ok(Self {
            features: list(
                "split_feature",
                of_nodes("split_feature")?,
                nodes,
                &(0..=last),
            )?,
            thresholds: reals("threshold", of_nodes("threshold")?, nodes, f64::MAX)?,
            types: list(
                "decision_type",
                of_nodes("decision_type")?,
                nodes,
                &(0..=11),
            )?,
            links: Links {
                lines: [of_nodes("left_child")?.0, of_nodes("right_child")?.0],
                left: child("left_child")?,
                right: child("right_child")?,
            },
            leaves: reals("leaf_value", keys.get("leaf_value")?, count, VALUE)?,
            values: reals("internal_value", of_nodes("internal_value")?, nodes, VALUE)?,
            keys,
            bounds,
            words,
        })
    }

    /// Returns a node, given the number of words of sets before those of this tree.
    fn node(&self, node: usize, walked: &Walked, sets: u32) -> Result<Node, Fault> {
        let threshold = self.thresholds[node];
        let kind = self.types[node];
        let left = kind & DEFAULT_LEFT != 0;
        let test = match kind & MISSING {
            _ if kind & CATEGORICAL != 0 => self.set(threshold, sets)?,
            MISSING_ZERO if left => Test::ZeroLeft,
            MISSING_ZERO => Test::ZeroRight,
            MISSING_NAN if left => Test::MissingLeft,
            MISSING_NAN => Test::MissingRight,
            // Nothing was missing in training: NaN counts as 0.
            _ if 0.0 <= threshold => Test::MissingLeft,
            _ => Test::MissingRight,
        };
        Ok(Node {
            threshold,
            right: !walked.left[node],
            test,
            feature: self.features[node],
        })
    }

    /// Returns the test of a categorical node, whose threshold is the number of its set.
    fn set(&self, threshold: f64, sets: u32) -> Result<Test, Fault> {
        let place = (0..self.bounds.len().saturating_sub(1))
            .find(|place| (threshold - *place as f64).abs() <= 0.0);
        let Some(place) = place else {
            let (line, _) = self.keys.get("threshold")?;
            let message =
                format!("threshold names the set {threshold}, which the tree does not have");
            return Err(Fault::new(line, message));
        };
        let (start, end) = (self.bounds[place], self.bounds[place + 1]);
        Ok(Test::Set {
            start: sets.saturating_add(start),
            words: end - start,
        })
    }
}

/// Reads the sets of the categorical nodes of a tree: their bounds and their words.
fn categories(keys: &TreeKeys<'_>, sets: usize) -> Result<(Vec<u32>, Vec<u32>), Fault> {
    let (line, text) = keys.get("cat_boundaries")?;
    let bounds = list("cat_boundaries", (line, text), sets + 1, &(0..=WORDS))?;
    if bounds.first() != Some(&0) || !bounds.is_sorted() {
        let message = format!("cat_boundaries must ascend from 0, not {}", shown(text));
        return Err(Fault::new(line, message));
    }
    let count = bounds.last().map_or(0, |end| *end as usize);
    let words = keys.get("cat_threshold")?;
    let words = list("cat_threshold", words, count, &(0..=u32::MAX))?;
    Ok((bounds, words))
}
