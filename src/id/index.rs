//! An index from ids to rows: a hash table of 64-byte buckets, eight fingerprints and eight rows each.
//!
//! A lookup touches one cache line; the caller then verifies the id in the row that it returns. The 64 shards grow one at a time, so that
//! growth never stops a writer for long. A standard map would store every id twice, and would hash, fetch and compare id by id; here
//! these are separate steps, so that the cache misses of a batch overlap (see `rank::resolve`).

use std::hash::{BuildHasher, Hasher};

use wide::u32x8;

use crate::prefetch::prefetch;

const SHARDS: usize = 64;
const SLOTS: usize = 8;
const EMPTY: u32 = 0;
const REMOVED: u32 = 1;

/// The hash of an id under two random seeds of the process: its place in the index, and a check of its identity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hash {
    place: u64,
    check: u64,
}

impl Hash {
    const fn shard(self) -> usize {
        (self.place >> 58) as usize
    }

    /// Returns the fingerprint; 0 and 1 mark an empty and a removed slot.
    fn fingerprint(self) -> u32 {
        ((self.place & 0xffff_ffff) as u32).max(REMOVED + 1)
    }

    /// Returns 64 bits independent of the place. A row that holds them needs no comparison of the id itself.
    #[must_use]
    pub const fn check(self) -> u64 {
        self.check
    }
}

/// Hashes ids with random seeds, so that a client can't choose ids that collide.
#[derive(Clone, Debug, Default)]
pub struct IdHasher {
    place: foldhash::fast::RandomState,
    check: foldhash::fast::RandomState,
}

impl IdHasher {
    /// Returns the hash of an id.
    #[inline(always)]
    #[must_use]
    pub fn hash(&self, id: &str) -> Hash {
        let hash = |seed: &foldhash::fast::RandomState| {
            let mut hasher = seed.build_hasher();
            hasher.write(id.as_bytes());
            hasher.finish()
        };
        Hash {
            place: hash(&self.place),
            check: hash(&self.check),
        }
    }
}

#[derive(Clone, Debug, Default)]
#[repr(C, align(64))]
struct Bucket {
    fingerprints: [u32; SLOTS],
    rows: [u32; SLOTS],
}

impl Bucket {
    /// Returns a bit for each slot that holds a fingerprint.
    #[inline(always)]
    fn matches(&self, fingerprint: u32) -> u32 {
        u32x8::new(self.fingerprints)
            .simd_eq(u32x8::splat(fingerprint))
            .to_bitmask()
    }
}

/// Returns the first slot of a non-empty set of matches.
#[inline(always)]
fn first(matches: u32) -> usize {
    matches.trailing_zeros() as usize % SLOTS
}

#[derive(Clone, Debug)]
struct Shard {
    /// Their number is a power of two.
    buckets: Vec<Bucket>,
    /// Number of slots in use, removed ones included.
    used: usize,
}

impl Default for Shard {
    fn default() -> Self {
        Self {
            buckets: vec![Bucket::default()],
            used: 0,
        }
    }
}

impl Shard {
    #[inline(always)]
    fn home(&self, fingerprint: u32) -> usize {
        fingerprint as usize & (self.buckets.len() - 1)
    }

    #[inline(always)]
    fn find(&self, fingerprint: u32, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let mut at = self.home(fingerprint);
        loop {
            let bucket = &self.buckets[at];
            let mut matches = bucket.matches(fingerprint);
            while matches != 0 {
                let slot = first(matches);
                if is_it(bucket.rows[slot]) {
                    return Some(bucket.rows[slot]);
                }
                matches &= matches - 1;
            }
            if bucket.matches(EMPTY) != 0 {
                return None;
            }
            at = (at + 1) & (self.buckets.len() - 1);
        }
    }

    fn insert(&mut self, fingerprint: u32, row: u32) {
        if (self.used + 1) * 4 > self.buckets.len() * SLOTS * 3 {
            self.rebuild();
        }
        self.place(fingerprint, row);
    }

    fn place(&mut self, fingerprint: u32, row: u32) {
        let mut at = self.home(fingerprint);
        loop {
            let free = self.buckets[at].matches(EMPTY);
            if free != 0 {
                let slot = first(free);
                self.buckets[at].fingerprints[slot] = fingerprint;
                self.buckets[at].rows[slot] = row;
                self.used += 1;
                return;
            }
            at = (at + 1) & (self.buckets.len() - 1);
        }
    }

    /// Drops the removed slots, and doubles the table if the rest still fills half of it.
    fn rebuild(&mut self) {
        let kept: usize = self
            .buckets
            .iter()
            .flat_map(|bucket| &bucket.fingerprints)
            .filter(|&&fingerprint| fingerprint > REMOVED)
            .count();
        let size = if kept * 2 >= self.buckets.len() * SLOTS {
            self.buckets.len() * 2
        } else {
            self.buckets.len()
        };
        let old = std::mem::replace(&mut self.buckets, vec![Bucket::default(); size]);
        self.used = 0;
        for bucket in old {
            for (fingerprint, row) in bucket
                .fingerprints
                .into_iter()
                .zip(bucket.rows)
                .filter(|&(fingerprint, _)| fingerprint > REMOVED)
            {
                self.place(fingerprint, row);
            }
        }
    }

    fn remove(&mut self, fingerprint: u32, row: u32) {
        let mut at = self.home(fingerprint);
        loop {
            let bucket = &mut self.buckets[at];
            for slot in 0..SLOTS {
                if bucket.fingerprints[slot] == fingerprint && bucket.rows[slot] == row {
                    bucket.fingerprints[slot] = REMOVED;
                    return;
                }
            }
            if bucket.matches(EMPTY) != 0 {
                return;
            }
            at = (at + 1) & (self.buckets.len() - 1);
        }
    }
}

/// Rows by the hashes of their ids.
#[derive(Clone, Debug)]
pub struct Index {
    shards: Box<[Shard; SHARDS]>,
}

impl Default for Index {
    fn default() -> Self {
        Self {
            shards: Box::new(std::array::from_fn(|_| Shard::default())),
        }
    }
}

impl Index {
    /// Prefetches the cache line of a hash.
    #[inline(always)]
    pub fn prefetch(&self, hash: Hash) {
        let shard = &self.shards[hash.shard()];
        prefetch(&shard.buckets[shard.home(hash.fingerprint())]);
    }

    /// Returns the first row with the fingerprint of a hash, without verification: nearly always right if the id is known.
    #[inline(always)]
    #[must_use]
    pub fn guess(&self, hash: Hash) -> Option<u32> {
        self.shards[hash.shard()].find(hash.fingerprint(), |_| true)
    }

    /// Returns the row with a hash for which `is_it` holds.
    #[inline(always)]
    #[must_use]
    pub fn find(&self, hash: Hash, is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        self.shards[hash.shard()].find(hash.fingerprint(), is_it)
    }

    /// Adds a row that is not in the index.
    pub fn insert(&mut self, hash: Hash, row: u32) {
        self.shards[hash.shard()].insert(hash.fingerprint(), row);
    }

    /// Removes a row; no effect if it is not in the index.
    pub fn remove(&mut self, hash: Hash, row: u32) {
        self.shards[hash.shard()].remove(hash.fingerprint(), row);
    }

    /// Returns the bytes held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| shard.buckets.capacity() * size_of::<Bucket>())
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        #![proptest_config(crate::tests::cases(256))]

        #[test]
        fn the_index_agrees_with_a_map(steps in prop::collection::vec((any::<bool>(), 0u32..400), 0..3_000), narrow in any::<bool>()) {
            let mut index = Index::default();
            let mut model = HashMap::new();
            let hasher = IdHasher::default();
            let hash = |key: u32| if narrow { Hash { place: u64::from(key % 5), check: 0 } } else { hasher.hash(&key.to_string()) };
            for (add, key) in steps {
                if add && !model.contains_key(&key) {
                    index.insert(hash(key), key);
                    model.insert(key, ());
                } else if !add {
                    index.remove(hash(key), key);
                    model.remove(&key);
                }
            }
            for key in 0..400 {
                prop_assert_eq!(index.find(hash(key), |row| row == key).is_some(), model.contains_key(&key));
            }
        }
    }
}
