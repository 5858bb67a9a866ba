//! The recent event ids, so that an event that is received twice counts once.
//!
//! An id is kept as its keyed 128-bit hash. The ids are in the order of arrival, so that the oldest are evicted first. A hash table
//! maps the hashes to places in that order. Beside each id lies the content of its event as a number, so that a repeat with other content
//! is found.

use std::collections::VecDeque;

use hashbrown::HashTable;
use serde::{Deserialize, Serialize};

use super::Book;
use super::encode::whole;
use crate::binary::append;
use crate::chunked::Chunked;
use crate::clock::Time;
use crate::config::Config;
use crate::feature::{Learned, Moment};
use crate::id::{EventId, EventKey, IdHasher};
use crate::telemetry::Size;

/// Index of the kind of parts that holds everything but the ids.
const SMALL: usize = 0;

/// Index of the kind of parts that holds the ids.
const IDS: usize = 1;

/// The content of an event that is not known.
const UNKNOWN: u32 = 0;

/// Number of ids that share one noted time of arrival.
const NOTE: u64 = 1_024;

/// Maximum number of ids for which memory is reserved at the start. A table that grows copies itself while the writer holds the lock;
/// reserved memory that was never touched costs nothing.
const ROOM: usize = 1 << 22;

/// Returns the number of an id modulo 2³².
fn place_of(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}

/// The remembered event ids, bounded in number and age.
#[derive(Debug)]
pub struct Seen {
    key: EventKey,
    ids: Chunked<EventId>,
    /// The content of each event, by the place of its id; too short while those at the end are unknown.
    contents: Chunked<u32>,
    /// Number of the first id in `ids`, counted over all ids ever added.
    first: u64,
    /// Numbers of the ids modulo 2³², by hash.
    places: HashTable<u32>,
    /// Times of arrival. Each applies to the ids from its number up to the next.
    notes: VecDeque<(u64, Time)>,
    most: usize,
    age: i64,
    /// Number of ids evicted at the bound, in total. Ids that were too old do not count.
    evicted: u64,
}

/// The remembered ids at one instant.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct SeenImage {
    key: EventKey,
    first: u64,
    notes: VecDeque<(u64, Time)>,
    evicted: u64,
    #[serde(skip)]
    ids: Chunked<EventId>,
    #[serde(skip)]
    contents: Chunked<u32>,
}

impl Seen {
    /// Returns an empty book with the same key, so that hashes stored elsewhere stay valid.
    pub fn emptied(&self) -> Self {
        Self {
            key: self.key,
            ..Self::new(self.most, self.age)
        }
    }

    /// Returns an empty book of at most `most` ids, each for at most `age` milliseconds.
    pub fn new(most: usize, age: i64) -> Self {
        Self {
            key: EventKey::default(),
            ids: Chunked::default(),
            contents: Chunked::default(),
            first: 0,
            places: HashTable::with_capacity(most.min(ROOM)),
            notes: VecDeque::new(),
            most,
            age,
            evicted: 0,
        }
    }

    /// Returns the ids as they are now.
    pub fn image(&self) -> SeenImage {
        SeenImage {
            key: self.key,
            first: self.first,
            notes: self.notes.clone(),
            evicted: self.evicted,
            ids: self.ids.clone(),
            contents: self.contents.clone(),
        }
    }

    /// Restores an image without its ids, into an empty book.
    pub fn restore(&mut self, image: SeenImage) {
        self.key = image.key;
        self.first = image.first;
        self.notes = image.notes;
        self.evicted = image.evicted;
    }

    /// Restores the next id of an image. Any first number is accepted: loading does not validate.
    pub fn restore_id(&mut self, id: EventId) {
        let number = self.first.wrapping_add(self.ids.len() as u64);
        self.ids.push(id);
        let (ids, first) = (&self.ids, place_of(self.first));
        let hash = |place: &u32| {
            ids.get(place.wrapping_sub(first) as usize)
                .map_or(0, |id| id.number())
        };
        self.places
            .insert_unique(id.number(), place_of(number), hash);
    }

    /// Returns the key of the hashes, which lasts as long as the data.
    pub fn key(&self) -> EventKey {
        self.key
    }

    /// Hashes under another key; before the first id.
    pub fn adopt(&mut self, key: EventKey) {
        self.key = key;
    }

    /// Returns the hash of an id.
    pub fn hash(&self, id: &str) -> EventId {
        self.key.hash(id)
    }

    /// Returns whether an id is remembered.
    pub fn has(&self, id: EventId) -> bool {
        self.place(id).is_some()
    }

    /// Returns the content of the event with an id, 0 if it is not known; `None` if the id is not remembered.
    pub fn content(&self, id: EventId) -> Option<u32> {
        let content = self.contents.get(self.offset(self.place(id)?));
        Some(content.copied().unwrap_or(UNKNOWN))
    }

    fn place(&self, id: EventId) -> Option<u32> {
        let is_it = |place: &u32| self.at(*place) == Some(id);
        self.places.find(id.number(), is_it).copied()
    }

    /// Looks hashes up ahead of [`Self::has`]. Nothing depends on the result, so that the waits for memory of these lookups overlap.
    pub fn prefetch(&self, ids: impl Iterator<Item = EventId>) {
        std::hint::black_box(ids.filter(|id| self.has(*id)).count());
    }

    fn at(&self, place: u32) -> Option<EventId> {
        self.ids.get(self.offset(place)).copied()
    }

    /// Returns the position in `ids` of the id with that number modulo 2³².
    fn offset(&self, place: u32) -> usize {
        let first = place_of(self.first);
        place.wrapping_sub(first) as usize
    }

    /// Remembers an id that is not remembered, and the content of its event.
    pub fn add(&mut self, id: EventId, content: u32, now: Time) {
        // Only ids that a version without contents stored lack one.
        self.contents.fill(self.ids.len(), &UNKNOWN);
        self.forget_old(now);
        let number = self.first + self.ids.len() as u64;
        if self
            .notes
            .back()
            .is_none_or(|(noted, _)| number - noted >= NOTE)
        {
            self.notes.push_back((number, now));
        }
        self.restore_id(id);
        self.contents.push(content);
    }

    /// Drops the oldest ids: those beyond the bound, and those of a note whose next note is too old.
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
        if let Some(id) = self.ids.get(0)
            && let Ok(entry) = self.places.find_entry(id.number(), |&known| known == place)
        {
            entry.remove();
        }
        self.ids.pop_front();
        self.contents.pop_front();
        self.first += 1;
        while self
            .notes
            .get(1)
            .is_some_and(|(number, _)| *number <= self.first)
        {
            self.notes.pop_front();
        }
    }
}

impl Book for Seen {
    type Image = SeenImage;

    fn new(config: &Config) -> Self {
        Self::new(config.store.event_ids, config.store.event_id_age)
    }

    fn learn(&mut self, event: &Learned<'_>, moment: &Moment<'_>) {
        if let Some(id) = event.id {
            self.add(id, event.content, moment.wall);
        }
    }

    fn unlearn(&mut self, _: &Config) {
        *self = self.emptied();
    }

    fn freeze(&mut self) -> SeenImage {
        self.image()
    }

    fn write(&self, image: &SeenImage, kind: usize, part: usize, bytes: &mut Vec<u8>) -> bool {
        if kind == SMALL {
            return whole(part, image, bytes);
        }
        if kind == IDS {
            let ids = image.ids.slices().nth(part);
            return ids.map(|ids| append(ids, bytes)).is_some();
        }
        let contents = image.contents.slices().nth(part);
        contents.map(|contents| append(contents, bytes)).is_some()
    }

    fn restore(&mut self, kind: usize, bytes: &[u8], _: &IdHasher) -> Result<(), postcard::Error> {
        if kind == SMALL {
            self.restore(postcard::from_bytes(bytes)?);
            return Ok(());
        }
        if kind == IDS {
            let ids: Vec<EventId> = postcard::from_bytes(bytes)?;
            ids.into_iter().for_each(|id| self.restore_id(id));
        } else {
            let contents: Vec<u32> = postcard::from_bytes(bytes)?;
            self.contents.extend(contents);
        }
        Ok(())
    }

    fn sizes(&self, report: &mut impl FnMut(&'static str, Size)) {
        let size = Size {
            entries: self.ids.len(),
            bytes: self.ids.bytes() + self.contents.bytes() + self.places.allocation_size(),
            evicted: self.evicted,
        };
        report("event_ids", size);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::HOUR;

    #[test]
    fn the_oldest_are_evicted_first() {
        let mut seen = Seen::new(3_000, HOUR);
        let ids: Vec<EventId> = (0..10_000).map(|n| seen.hash(&n.to_string())).collect();
        for (n, &id) in ids.iter().enumerate() {
            assert!(!seen.has(id));
            seen.add(id, u32::try_from(n).unwrap(), Time::default());
            assert_eq!(seen.content(id), Some(u32::try_from(n).unwrap()));
            assert_eq!(seen.ids.len(), (n + 1).min(3_000));
        }
        assert_eq!(seen.evicted, 7_000);
        assert!(ids.iter().rev().take(3_000).all(|&id| seen.has(id)));
        assert!(!ids.iter().rev().skip(3_000).any(|&id| seen.has(id)));
    }

    #[test]
    fn ids_that_are_too_old_are_dropped() {
        let mut seen = Seen::new(1_000_000, HOUR);
        let ids: Vec<EventId> = (0..5_000).map(|n| seen.hash(&n.to_string())).collect();
        let add = |&id| seen.add(id, 1, Time::default());
        ids.iter().for_each(add);
        let late = seen.hash("late");
        seen.add(late, 1, Time::default().plus(HOUR + 1));
        assert!(
            seen.ids.len() <= 1_025,
            "only the ids of the last note may remain: {}",
            seen.ids.len()
        );
        assert!(seen.has(late) && !seen.has(ids[0]));
    }

    #[test]
    fn ids_without_contents_have_an_unknown_one() {
        let mut old = Seen::new(3, HOUR);
        let id = |seen: &Seen, n: u32| seen.hash(&n.to_string());
        (0..3).for_each(|n| old.add(id(&old, n), n + 1, Time::default()));
        let mut seen = Seen::new(3, HOUR);
        seen.restore(old.image());
        let ids: Vec<EventId> = (0..5).map(|n| id(&old, n)).collect();
        ids.iter().take(3).for_each(|id| seen.restore_id(*id));
        assert_eq!(seen.content(ids[1]), Some(UNKNOWN));
        seen.add(ids[3], 8, Time::default());
        seen.add(ids[4], 9, Time::default());
        let contents = ids.iter().map(|id| seen.content(*id));
        let expected = [None, None, Some(UNKNOWN), Some(8), Some(9)];
        assert!(contents.eq(expected));
    }
}
