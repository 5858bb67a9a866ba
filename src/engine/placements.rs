//! What answers placed since the last interval, as sums by scene and item in a bounded table.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use compact_str::CompactString;
use parking_lot::Mutex;

use crate::exposure::Placement;
use crate::id::ItemRow;
use crate::telemetry::Size;

/// Number of parts of the table, each under its own lock, so that answers on different cores rarely meet.
pub(super) const PARTS: usize = 16;
/// Sums by item.
pub(super) type Sums = HashMap<ItemRow, Placement, foldhash::fast::RandomState>;
/// Sums by scene.
pub(super) type Part = HashMap<CompactString, Sums, foldhash::fast::RandomState>;

/// What answers placed since the last interval.
#[derive(Debug, Default)]
pub(super) struct Placements {
    parts: [Mutex<Part>; PARTS],
    /// Number of sums.
    entries: AtomicUsize,
    /// Number of places that were not counted, because the table was full.
    dropped: AtomicU64,
}

impl Placements {
    /// Adds what an answer placed in a scene.
    pub(super) fn add(
        &self,
        part: usize,
        scene: &str,
        placed: impl Iterator<Item = (ItemRow, Placement)>,
        most: usize,
    ) {
        let mut part = self.parts[part % PARTS].lock();
        if !part.contains_key(scene) {
            part.insert(scene.into(), Sums::default());
        }
        let Some(sums) = part.get_mut(scene) else {
            return;
        };
        for (item, placement) in placed {
            match sums.entry(item) {
                Entry::Occupied(mut sum) => sum.get_mut().add(&placement),
                Entry::Vacant(free) if self.entries.load(Ordering::Relaxed) < most => {
                    self.entries.fetch_add(1, Ordering::Relaxed);
                    free.insert(placement);
                }
                Entry::Vacant(_) => {
                    self.dropped.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }

    /// Takes the sums of one part.
    pub(super) fn take(&self, part: usize) -> Part {
        let taken = std::mem::take(&mut *self.parts[part].lock());
        let entries = taken.values().map(HashMap::len).sum();
        self.entries.fetch_sub(entries, Ordering::Relaxed);
        taken
    }

    /// Returns the size of the table.
    pub(super) fn size(&self) -> Size {
        let entries = self.entries.load(Ordering::Relaxed);
        Size {
            entries,
            bytes: entries * 2 * size_of::<(ItemRow, Placement)>(),
            evicted: self.dropped.load(Ordering::Relaxed),
        }
    }
}
