//! The event ids of late, so that an event that comes twice counts once.
//!
//! An id is kept as 128 bits of keyed hash: two ids of one window fall together with a chance below 10⁻²⁴. The ids stand in the order
//! in which they came, so that the oldest go first; a table of places finds them.

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hasher};

use foldhash::quality::RandomState;
use hashbrown::HashTable;

use crate::clock::Time;

/// How many ids share one note of when they came.
const NOTE: u64 = 1_024;

/// Ids for which there is room from the start: tables that grow copy themselves while the writer holds the lock. Memory that was
/// never touched costs nothing.
const ROOM: usize = 1 << 22;

/// The keyed hash of an event id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EventId(u64, u64);

impl EventId {
    /// A number for the ledger; never 0.
    pub(super) fn number(self) -> u64 {
        self.0.max(1)
    }
}

/// The number of an id, modulo 2³².
fn place_of(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}

/// Remembered event ids, at most so many and so old.
#[derive(Debug)]
pub(super) struct Seen {
    hashers: (RandomState, RandomState),
    ids: VecDeque<EventId>,
    /// The number of the first id in `ids`, counted from the start.
    first: u64,
    /// Numbers of ids, modulo 2³², by hash.
    places: HashTable<u32>,
    /// When the ids from a number on came.
    notes: VecDeque<(u64, Time)>,
    most: usize,
    age: i64,
    /// Ids that gave way to others at the bound, in all.
    evicted: u64,
}

impl Seen {
    /// Remembers at most `most` ids for at most `age` milliseconds.
    pub(super) fn new(most: usize, age: i64) -> Self {
        let room = most.min(ROOM);
        Self {
            hashers: (RandomState::default(), RandomState::default()),
            ids: VecDeque::with_capacity(room),
            first: 0,
            places: HashTable::with_capacity(room),
            notes: VecDeque::new(),
            most,
            age,
            evicted: 0,
        }
    }

    /// The hash of an id.
    pub(super) fn hash(&self, id: &str) -> EventId {
        let hash = |state: &RandomState| {
            let mut hasher = state.build_hasher();
            hasher.write(id.as_bytes());
            hasher.finish()
        };
        EventId(hash(&self.hashers.0), hash(&self.hashers.1))
    }

    /// Whether an id is remembered.
    pub(super) fn has(&self, id: EventId) -> bool {
        self.places
            .find(id.0, |&place| self.at(place) == Some(id))
            .is_some()
    }

    fn at(&self, place: u32) -> Option<EventId> {
        self.ids.get(self.offset(place)).copied()
    }

    /// Where the id of that number, modulo 2³², stands now.
    fn offset(&self, place: u32) -> usize {
        let first = place_of(self.first);
        place.wrapping_sub(first) as usize
    }

    /// Remembers an id that is not remembered yet.
    pub(super) fn add(&mut self, id: EventId, now: Time) {
        self.forget_old(now);
        let number = self.first + self.ids.len() as u64;
        if self
            .notes
            .back()
            .is_none_or(|(noted, _)| number - noted >= NOTE)
        {
            self.notes.push_back((number, now));
        }
        self.ids.push_back(id);
        let (ids, first) = (&self.ids, place_of(self.first));
        let hash = |place: &u32| {
            ids.get(place.wrapping_sub(first) as usize)
                .map_or(0, |id| id.0)
        };
        self.places.insert_unique(id.0, place_of(number), hash);
    }

    /// Lets the oldest go: those beyond the count, and those of a note that is followed by one already too old.
    fn forget_old(&mut self, now: Time) {
        while self.ids.len() >= self.most.max(1) {
            self.forget_first();
            self.evicted += 1;
        }
        while self
            .notes
            .get(1)
            .is_some_and(|(_, at)| now.since(*at) > self.age)
        {
            let until = self.notes.get(1).map_or(0, |(number, _)| *number);
            while self.first < until {
                self.forget_first();
            }
        }
    }

    fn forget_first(&mut self) {
        let place = place_of(self.first);
        if let Some(id) = self.ids.front()
            && let Ok(entry) = self.places.find_entry(id.0, |&known| known == place)
        {
            entry.remove();
        }
        self.ids.pop_front();
        self.first += 1;
        while self
            .notes
            .get(1)
            .is_some_and(|(number, _)| *number <= self.first)
        {
            self.notes.pop_front();
        }
    }

    /// How many ids are remembered.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// How many ids gave way to others at the bound, in all; those that were too old are not among them.
    pub(super) fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.ids.capacity() * size_of::<EventId>() + self.places.allocation_size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::HOUR;

    #[test]
    fn the_oldest_go_first_by_count() {
        let mut seen = Seen::new(3_000, HOUR);
        let ids: Vec<EventId> = (0..10_000).map(|n| seen.hash(&n.to_string())).collect();
        for (n, &id) in ids.iter().enumerate() {
            assert!(!seen.has(id));
            seen.add(id, Time::default());
            assert!(seen.has(id));
            assert_eq!(seen.len(), (n + 1).min(3_000));
        }
        assert_eq!(seen.evicted(), 7_000);
        assert!(ids.iter().rev().take(3_000).all(|&id| seen.has(id)));
        assert!(!ids.iter().rev().skip(3_000).any(|&id| seen.has(id)));
    }

    #[test]
    fn what_is_too_old_goes() {
        let mut seen = Seen::new(1_000_000, HOUR);
        let ids: Vec<EventId> = (0..5_000).map(|n| seen.hash(&n.to_string())).collect();
        ids.iter().for_each(|&id| seen.add(id, Time::default()));
        let late = seen.hash("late");
        seen.add(late, Time::default().plus(HOUR + 1));
        assert!(
            seen.len() <= 1_025,
            "all but the last note's worth went: {}",
            seen.len()
        );
        assert!(seen.has(late) && !seen.has(ids[0]));
    }
}
