//! The items that a rehearsal of several kinds would bring before its events. The service does not know them, because nothing is changed.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use serde::Deserialize;

use crate::model::{Event, Id};

/// Maximum number of items that are remembered; events of others count as events of unknown items.
const MOST: usize = 8_000_000;

/// The items of a rehearsal, by a hash of their ids.
#[derive(Debug, Default)]
pub(super) struct Brought {
    items: HashSet<u64>,
    /// Ids of the events of them.
    events: HashSet<u64>,
    hasher: RandomState,
}

impl Brought {
    /// Remembers the item of a line.
    pub(super) fn add(&mut self, line: &[u8]) {
        #[derive(Deserialize)]
        struct Named<'a> {
            #[serde(borrow)]
            id: Id<'a>,
        }
        if self.items.len() < MOST
            && let Ok(Named { id }) = serde_json::from_slice(line)
        {
            self.items.insert(self.hasher.hash_one(&*id));
        }
    }

    /// Reads the event of a line if its item is one of these, and whether it repeats the id of another such event.
    pub(super) fn event<'l>(&mut self, line: &'l [u8]) -> Option<(Event<'l>, bool)> {
        let event: Event<'_> = serde_json::from_slice(line).ok()?;
        let item = self.hasher.hash_one(event.item_id.as_deref()?);
        if !self.items.contains(&item) {
            return None;
        }
        let id = event.id.as_deref().filter(|_| self.events.len() < MOST);
        let repeats = id.is_some_and(|id| !self.events.insert(self.hasher.hash_one(id)));
        Some((event, repeats))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_brought_items_are_found() {
        let mut brought = Brought::default();
        brought.add(br#"{"id":"a","price":1}"#);
        brought.add(br#"{"id":7}"#);
        brought.add(b"{}");
        let event = |item: &str| {
            format!(r#"{{"user_id":"u","item_id":{item},"kind":"view","at":1795132800000}}"#)
        };
        for (item, known) in [
            ("\"a\"", true),
            ("\"7\"", true),
            ("7", true),
            ("\"b\"", false),
        ] {
            let found = brought.event(event(item).as_bytes()).is_some();
            assert_eq!(found, known, "{item}");
        }
        let event = event("\"a\"").replace("\"kind\"", "\"id\":\"e\",\"kind\"");
        for expected in [false, true] {
            let (_, repeats) = brought.event(event.as_bytes()).unwrap();
            assert_eq!(repeats, expected);
        }
    }
}
