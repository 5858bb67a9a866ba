//! The exposures of one day: a table by runner and scene, in shards that a checkpoint shares.
//!
//! An entry takes 12 bytes and a byte of the table. A shard is copied when it changes while a checkpoint holds it, so a writer never
//! copies a whole day; it also grows alone.

use std::sync::Arc;

use hashbrown::HashTable;
use serde::{Deserialize, Serialize};

use super::amount::Amount;
use crate::id::{RunnerKey, SceneId};

/// Number of shards of a day.
const SHARDS: usize = 64;
/// Bits of the number of a scene in an entry.
const SCENE_BITS: u32 = u64::BITS - Amount::BITS;
/// Number of scenes that are told apart, [`SceneId::OTHER`] included.
pub(super) const SCENES: usize = 1 << SCENE_BITS;

/// One amount by runner and scene.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(super) struct Entry {
    key: u32,
    /// Amount and scene, as two halves: a `u64` would align the entry to 16 bytes.
    packed: [u32; 2],
}

const _: () = assert!(size_of::<Entry>() == 12, "an entry is compact");

impl Entry {
    fn new(key: RunnerKey, scene: SceneId, amount: Amount) -> Self {
        let mut entry = Self {
            key: key.number(),
            packed: [0; 2],
        };
        entry.pack(scene, amount);
        entry
    }

    fn pack(&mut self, scene: SceneId, amount: Amount) {
        let whole = amount.units() << SCENE_BITS | u64::from(scene.0);
        let [a, b, c, d, e, f, g, h] = whole.to_le_bytes();
        self.packed = [[a, b, c, d], [e, f, g, h]].map(u32::from_le_bytes);
    }

    fn whole(&self) -> u64 {
        let [low, high] = self.packed.map(u64::from);
        high << 32 | low
    }

    pub(super) const fn key(&self) -> RunnerKey {
        RunnerKey::from_number(self.key)
    }

    pub(super) fn scene(&self) -> SceneId {
        let scene = self.whole() & (SCENES as u64 - 1);
        SceneId(u16::try_from(scene).unwrap_or(0))
    }

    pub(super) fn amount(&self) -> Amount {
        Amount::from_units(self.whole() >> SCENE_BITS)
    }

    fn is(&self, key: RunnerKey, scene: SceneId) -> bool {
        self.key == key.number() && self.scene() == scene
    }

    fn hash(&self) -> u64 {
        hash(self.key(), self.scene())
    }
}

/// Rows are dense numbers that no caller chooses, so a fixed multiplication spreads them well enough.
fn hash(key: RunnerKey, scene: SceneId) -> u64 {
    let whole = u64::from(scene.0) << 32 | u64::from(key.number());
    let mixed = whole.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ mixed >> 32
}

/// The table takes the lowest and the highest bits.
const fn shard_of(hash: u64) -> usize {
    (hash >> 40) as usize % SHARDS
}

/// The entries of one shard.
pub(super) type Shard = HashTable<Entry>;

/// The exposures of one day.
#[derive(Clone, Debug)]
pub(super) struct DayExposures {
    shards: Vec<Arc<Shard>>,
    /// By scene.
    totals: Vec<Amount>,
    entries: usize,
}

impl Default for DayExposures {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Arc::default()).collect(),
            totals: Vec::new(),
            entries: 0,
        }
    }
}

impl DayExposures {
    /// Returns the number of entries.
    pub(super) const fn len(&self) -> usize {
        self.entries
    }

    /// Adds to the total of a scene.
    pub(super) fn count(&mut self, scene: SceneId, amount: Amount) {
        if self.totals.len() <= scene.index() {
            self.totals.resize(scene.index() + 1, Amount::default());
        }
        self.totals[scene.index()] += amount;
    }

    /// Adds to the exposure of a runner; a new entry only if there `is_room` for one. Returns whether it was counted.
    pub(super) fn add(
        &mut self,
        key: RunnerKey,
        scene: SceneId,
        amount: Amount,
        is_room: bool,
    ) -> bool {
        let hash = hash(key, scene);
        let shard = Arc::make_mut(&mut self.shards[shard_of(hash)]);
        if let Some(entry) = shard.find_mut(hash, |entry| entry.is(key, scene)) {
            entry.pack(scene, entry.amount().plus(amount));
            return true;
        }
        if is_room {
            shard.insert_unique(hash, Entry::new(key, scene, amount), Entry::hash);
            self.entries += 1;
        }
        is_room
    }

    /// Returns the exposure of a runner in a scene.
    pub(super) fn get(&self, key: RunnerKey, scene: SceneId) -> Amount {
        let hash = hash(key, scene);
        let entry = self.shards[shard_of(hash)].find(hash, |entry| entry.is(key, scene));
        entry.map(Entry::amount).unwrap_or_default()
    }

    /// Returns the total of a scene.
    pub(super) fn total(&self, scene: SceneId) -> Amount {
        self.totals.get(scene.index()).copied().unwrap_or_default()
    }

    /// Returns the totals by scene.
    pub(super) fn totals(&self) -> &[Amount] {
        &self.totals
    }

    /// Returns the scenes in which something was shown.
    pub(super) fn scenes(&self) -> impl Iterator<Item = SceneId> {
        let numbers = self.totals.iter().zip(0..);
        numbers
            .filter(|(total, _)| **total > Amount::default())
            .map(|(_, scene)| SceneId(scene))
    }

    /// Forgets a runner. Returns the number of entries that this frees; the totals stay.
    pub(super) fn forget(&mut self, key: RunnerKey) -> usize {
        let before = self.entries;
        let scenes: Vec<SceneId> = self.scenes().collect();
        for scene in scenes {
            let hash = hash(key, scene);
            let shard = &mut self.shards[shard_of(hash)];
            if shard.find(hash, |entry| entry.is(key, scene)).is_none() {
                continue;
            }
            if let Ok(entry) = Arc::make_mut(shard).find_entry(hash, |entry| entry.is(key, scene)) {
                entry.remove();
                self.entries -= 1;
            }
        }
        before - self.entries
    }

    /// Returns every entry, in no order.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.shards.iter().flat_map(|shard| shard.iter())
    }

    /// Returns the shards, shared.
    pub(super) fn shards(&self) -> impl Iterator<Item = Arc<Shard>> {
        self.shards.iter().map(Arc::clone)
    }

    /// Restores an entry.
    pub(super) fn restore(&mut self, entry: Entry) {
        let shard = Arc::make_mut(&mut self.shards[shard_of(entry.hash())]);
        shard.insert_unique(entry.hash(), entry, Entry::hash);
        self.entries += 1;
    }

    /// Restores the totals.
    pub(super) fn restore_totals(&mut self, totals: Vec<Amount>) {
        self.totals = totals;
        self.totals.truncate(SCENES);
    }

    /// Frees spare capacity, except of shards that a checkpoint holds.
    pub(super) fn shrink(&mut self) {
        for shard in self.shards.iter_mut().filter_map(Arc::get_mut) {
            shard.shrink_to_fit(Entry::hash);
        }
    }

    /// Returns the bytes held, approximately.
    pub(super) fn bytes(&self) -> usize {
        let shards = self.shards.iter().map(|shard| shard.allocation_size());
        shards.sum::<usize>() + SHARDS * size_of::<(Shard, usize)>()
    }
}
