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

    /// Reads the event of a line, if its item is one of these.
    pub(super) fn event<'l>(&self, line: &'l [u8]) -> Option<Event<'l>> {
        let event: Event<'_> = serde_json::from_slice(line).ok()?;
        let item = event.item_id.as_deref()?;
        let hash = self.hasher.hash_one(item);
        self.items.contains(&hash).then_some(event)
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
    }
}
