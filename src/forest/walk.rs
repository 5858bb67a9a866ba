//! Walks through a tree as its file links it: every node and every leaf must be reached once.

use super::fault::Fault;
use super::numbers::index;
use super::tree::Child;

/// The children of the nodes: n ≥ 0 is the node n, n < 0 the leaf −n − 1. Each lies within the tree.
pub(super) struct Links {
    /// The lines of both lists.
    pub(super) lines: [usize; 2],
    pub(super) left: Vec<i32>,
    pub(super) right: Vec<i32>,
}

/// What a walk found.
pub(super) struct Walked {
    /// By leaf of the file: its place from the left.
    pub(super) order: Vec<usize>,
    /// By node: the leaves of its left subtree, a bit each by their place.
    pub(super) left: Vec<u64>,
}

/// A walk that is not over.
struct Walk<'l> {
    links: &'l Links,
    seen: Vec<bool>,
    order: Vec<Option<usize>>,
    left: Vec<u64>,
    /// Number of leaves reached.
    reached: usize,
}

/// Walks through a tree with some leaves, of which there are at most 64.
///
/// # Errors
/// If a node or a leaf is reached twice, as in a cycle, or not at all.
pub(super) fn walk(links: &Links, leaves: usize) -> Result<Walked, Fault> {
    let nodes = links.left.len();
    let mut walk = Walk {
        links,
        seen: vec![false; nodes],
        order: vec![None; leaves],
        left: vec![0; nodes],
        reached: 0,
    };
    let root = if nodes == 0 { -1 } else { 0 };
    walk.visit(root, links.lines[0])?;
    if let Some(node) = walk.seen.iter().position(|seen| !seen) {
        let message = format!("node {node} cannot be reached from the root");
        return Err(Fault::new(links.lines[0], message));
    }
    let order = walk.order.iter().copied().collect();
    let order: Option<Vec<usize>> = order;
    let missed = || Fault::new(links.lines[0], "a leaf cannot be reached from the root");
    Ok(Walked {
        order: order.ok_or_else(missed)?,
        left: walk.left,
    })
}

impl Walk<'_> {
    /// Visits a child. Returns the leaves below it, a bit each.
    fn visit(&mut self, link: i32, line: usize) -> Result<u64, Fault> {
        if link < 0 {
            let leaf = index(-1 - link);
            if self.order[leaf].is_some() {
                let message = format!("leaf {leaf} is reached twice");
                return Err(Fault::new(line, message));
            }
            self.order[leaf] = Some(self.reached);
            self.reached += 1;
            return Ok(1 << (self.reached - 1));
        }
        let node = index(link);
        if self.seen[node] {
            let message = format!("node {node} is reached twice: the links form a cycle");
            return Err(Fault::new(line, message));
        }
        self.seen[node] = true;
        let links = self.links;
        let left = self.visit(links.left[node], links.lines[0])?;
        let right = self.visit(links.right[node], links.lines[1])?;
        self.left[node] = left;
        Ok(left | right)
    }
}

impl Walked {
    /// Returns the child behind a link.
    pub(super) fn child(&self, link: i32) -> Child {
        if link < 0 {
            Child::Leaf(self.order[index(-1 - link)])
        } else {
            Child::Node(index(link))
        }
    }
}
