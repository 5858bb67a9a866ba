//! Event ids as keyed hashes of 128 bits.
//!
//! SipHash-1-3 (Aumasson, Bernstein, INDOCRYPT 2012) under a random key: two ids of one window collide with a probability below 10⁻²⁴.
//! Unlike the hash of a table in memory, this one outlives the process.

use std::hash::{BuildHasher, Hasher};

use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher13};

/// The keyed hash of an event id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
pub struct EventId(u64, u64);

impl EventId {
    /// Returns half of the hash as a number, never 0. The ledger finds the purchase of this id by it.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0.max(1)
    }
}

/// The key of the hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct EventKey(u64, u64);

impl Default for EventKey {
    /// Returns a random key.
    fn default() -> Self {
        // Each `RandomState` is keyed by the randomness of the system.
        let random = || std::hash::RandomState::new().build_hasher().finish();
        Self(random(), random())
    }
}

impl EventKey {
    /// Returns the hash of an id.
    #[must_use]
    pub fn hash(self, id: &str) -> EventId {
        let mut hasher = SipHasher13::new_with_keys(self.0, self.1);
        hasher.write(id.as_bytes());
        let hash = hasher.finish128();
        EventId(hash.h1, hash.h2)
    }
}
