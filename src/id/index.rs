//! From the hash of an id to its row.

/// Hash.
pub type Hash = u64;
/// Hasher.
#[derive(Clone, Debug, Default)]
pub struct IdHasher;
/// Index.
#[derive(Clone, Debug, Default)]
pub struct Index;
