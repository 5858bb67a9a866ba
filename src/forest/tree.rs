//! The trees in memory.
//!
//! The leaves of a tree are numbered from left to right. Each node knows which leaves are out of reach once it sends a candidate to the
//! right: those of its left subtree. A candidate reaches the first leaf that no node puts out of reach, so all nodes can be tested in any
//! order, for many candidates at once (QuickScorer: Lucchese et al., SIGIR 2015).

use std::fmt;
use std::ops::Range;

/// Trees of decisions over named features.
#[derive(Clone, Default, PartialEq)]
pub struct Forest {
    /// Names of the features in the file.
    pub(super) names: Vec<String>,
    /// Those that a node tests, as indices of `names`, ascending.
    pub(super) used: Vec<usize>,
    pub(super) trees: Vec<Tree>,
    pub(super) nodes: Vec<Node>,
    pub(super) branches: Vec<Branch>,
    pub(super) leaves: Vec<f64>,
    /// The sets of categories, in words of 32 bits.
    pub(super) sets: Vec<u32>,
}

/// The parts of one tree.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tree {
    /// Of `nodes` and `branches`; the first is the root. Empty for a tree of one leaf.
    pub(super) nodes: Range<usize>,
    /// Of `leaves`.
    pub(super) leaves: Range<usize>,
}

/// What scoring reads of a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) threshold: f64,
    /// The leaves that stay in reach if the candidate goes right, a bit each.
    pub(super) right: u64,
    pub(super) test: Test,
    /// Index of `used`.
    pub(super) feature: u16,
}

/// How a node decides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Test {
    /// At most the threshold: left. Missing: left.
    MissingLeft,
    /// At most the threshold: left. Missing: right.
    MissingRight,
    /// The same, and zero is missing too: left.
    ZeroLeft,
    /// The same, and zero is missing too: right.
    ZeroRight,
    /// A member of a set of categories: left. Anything else: right.
    Set {
        /// First word of `sets`.
        start: u32,
        /// Number of words.
        words: u32,
    },
}

/// What explaining reads of a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Branch {
    pub(super) left: Child,
    pub(super) right: Child,
    /// The value of the node: the mean of what it was trained on.
    pub(super) value: f64,
}

/// A child of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Child {
    /// A node of the same tree.
    Node(usize),
    /// A leaf of the same tree.
    Leaf(usize),
}

impl fmt::Debug for Forest {
    /// Shows the size, not every node.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (trees, leaves) = (self.trees.len(), self.leaves.len());
        write!(f, "Forest of {trees} trees of {leaves} leaves")
    }
}

impl Forest {
    /// Returns the names of the features that the trees read, in the order of the columns of [`Self::score`].
    pub fn features(&self) -> impl ExactSizeIterator<Item = &str> {
        self.used.iter().map(|place| self.names[*place].as_str())
    }

    /// Returns the number of trees.
    #[must_use]
    pub const fn trees(&self) -> usize {
        self.trees.len()
    }

    /// Returns the number of leaves of all trees.
    #[must_use]
    pub const fn leaves(&self) -> usize {
        self.leaves.len()
    }

    /// Returns the bytes that the trees take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.trees)
            + size_of_val(&*self.nodes)
            + size_of_val(&*self.branches)
            + size_of_val(&*self.leaves)
            + size_of_val(&*self.sets)
    }
}
