//! Keeps what is derived up with the changes of items.

use super::kinds::{Kinds, kind};
use super::places::{Places, Point, point};
use super::text::Text;
use super::words::Words;
use crate::id::ItemRow;
use crate::model::Item;
use crate::telemetry::Size;

/// What a configuration reads of what is derived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Maximum number of words of an item; `None` if no scene weighs `text`.
    pub words: Option<usize>,
    /// True if a scene weighs `proximity`.
    pub places: bool,
    /// True if a scene weighs `format`.
    pub kinds: bool,
}

impl Wanted {
    /// Nothing.
    pub const NOTHING: Self = Self {
        words: None,
        places: false,
        kinds: false,
    };

    /// Returns what one or the other wants, this one first.
    const fn or(self, other: Self) -> Self {
        Self {
            words: match self.words {
                Some(words) => Some(words),
                None => other.words,
            },
            places: self.places || other.places,
            kinds: self.kinds || other.kinds,
        }
    }
}

/// What is derived of one item.
#[derive(Debug, Default)]
pub struct Sheet {
    words: Option<(Text, u64)>,
    point: Option<Point>,
    kind: Option<Option<u8>>,
}

impl Sheet {
    /// Derives what is wanted of an item; `None` is one that is not declared.
    #[must_use]
    pub fn of(item: Option<&Item<'_>>, wanted: Wanted) -> Self {
        let text = |most| item.map_or_else(Default::default, |item| Text::of(item, most));
        Self {
            words: wanted.words.map(text),
            point: wanted.places.then(|| item.map_or(Point::NONE, point)),
            kind: wanted.kinds.then(|| item.and_then(kind)),
        }
    }
}

/// What is derived of all items.
#[derive(Debug, Default)]
pub struct Derived {
    /// The words of the items; empty while no scene weighs `text`.
    pub words: Words,
    /// The places of the items; empty while no scene weighs `proximity`.
    pub places: Places,
    /// The kinds of the items; empty while no scene weighs `format`.
    pub kinds: Kinds,
    /// What is kept up.
    wanted: Wanted,
    /// What was derived of every item.
    complete: Wanted,
    /// Changed items.
    changed: Vec<ItemRow>,
}

impl Derived {
    /// Notes an item that was declared, or removed.
    pub fn note_item(&mut self, row: ItemRow) {
        if self.wanted != Wanted::NOTHING {
            self.changed.push(row);
        }
    }

    /// Takes the changed items, and returns what to derive of each.
    pub fn take_changed(&mut self) -> (Vec<ItemRow>, Wanted) {
        (std::mem::take(&mut self.changed), self.wanted)
    }

    /// Returns what is kept up of each item.
    #[must_use]
    pub const fn wanted(&self) -> Wanted {
        self.wanted
    }

    /// Returns whether what a configuration wants was derived of every item.
    #[must_use]
    pub fn has(&self, wanted: Wanted) -> bool {
        wanted.or(self.complete) == self.complete
    }

    /// Begins a walk over all items for a configuration. Items that change from now on are noted.
    pub fn begin(&mut self, wanted: Wanted) {
        self.wanted = wanted.or(self.wanted);
    }

    /// Takes over what was derived of an item.
    pub fn put(&mut self, row: ItemRow, sheet: Sheet) {
        if let Some(words) = sheet.words.filter(|_| self.wanted.words.is_some()) {
            self.words.put(row, words);
        }
        if let Some(point) = sheet.point.filter(|_| self.wanted.places) {
            self.places.put(row, point);
        }
        if let Some(kind) = sheet.kind.filter(|_| self.wanted.kinds) {
            self.kinds.put(row, kind);
        }
    }

    /// Ends a walk that visited every item.
    pub fn end(&mut self, wanted: Wanted) {
        self.complete = wanted.or(self.complete);
    }

    /// Drops what a configuration does not want.
    pub fn keep_only(&mut self, wanted: Wanted) {
        if wanted.words.is_none() {
            self.words.clear();
            self.wanted.words = None;
            self.complete.words = None;
        }
        if !wanted.places {
            self.places = Places::default();
            self.wanted.places = false;
            self.complete.places = false;
        }
        if !wanted.kinds {
            self.kinds = Kinds::default();
            self.wanted.kinds = false;
            self.complete.kinds = false;
        }
        if self.wanted == Wanted::NOTHING {
            self.changed = Vec::new();
        }
    }

    /// Reports the size of each structure, by its name in the metrics.
    pub fn sizes(&self, mut report: impl FnMut(&'static str, Size)) {
        self.words.sizes(&mut report);
        self.places.sizes(&mut report);
        self.kinds.sizes(&mut report);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: Wanted = Wanted {
        words: Some(64),
        ..Wanted::NOTHING
    };
    const PLACES: Wanted = Wanted {
        places: true,
        ..Wanted::NOTHING
    };
    const KINDS: Wanted = Wanted {
        kinds: true,
        ..Wanted::NOTHING
    };

    fn sheet(wanted: Wanted) -> Sheet {
        let item = r#"{"id":"i","title":"red tea","lat":1,"lon":2,"kind":"video"}"#;
        Sheet::of(Some(&serde_json::from_str(item).unwrap()), wanted)
    }

    fn kept(derived: &Derived) -> [bool; 3] {
        let row = ItemRow(0);
        [
            derived.words.get(row).is_some(),
            derived.places.get(row).is_some(),
            derived.kinds.get(row).is_some(),
        ]
    }

    #[test]
    fn nothing_is_kept_that_nothing_wants() {
        let mut derived = Derived::default();
        derived.note_item(ItemRow(0));
        derived.put(ItemRow(0), sheet(WORDS));
        assert_eq!(kept(&derived), [false; 3]);
        assert_eq!(derived.take_changed(), (Vec::new(), Wanted::NOTHING));
        assert!(derived.has(Wanted::NOTHING));
    }

    #[test]
    fn what_configurations_want_is_kept_until_they_go() {
        let mut derived = Derived::default();
        for wanted in [WORDS, PLACES, KINDS] {
            assert!(!derived.has(wanted));
            derived.begin(wanted);
            derived.put(ItemRow(0), sheet(wanted));
            derived.end(wanted);
            assert!(derived.has(wanted));
        }
        assert_eq!(kept(&derived), [true; 3]);
        let more = Wanted {
            words: Some(65),
            ..Wanted::NOTHING
        };
        assert!(!derived.has(more), "another bound is another walk");
        derived.note_item(ItemRow(0));
        let all = Wanted {
            words: Some(64),
            places: true,
            kinds: true,
        };
        assert_eq!(derived.take_changed(), (vec![ItemRow(0)], all));
        derived.keep_only(PLACES);
        assert_eq!(kept(&derived), [false, true, false]);
        assert!(derived.has(PLACES) && !derived.has(WORDS) && !derived.has(KINDS));
        derived.keep_only(Wanted::NOTHING);
        assert_eq!(kept(&derived), [false; 3]);
    }

    /// The counts of words follow every change, so that they are those of the items that there are.
    #[test]
    fn the_words_of_removed_items_are_taken_back() {
        let mut derived = Derived::default();
        derived.begin(WORDS);
        for row in [0, 1, 0] {
            derived.put(ItemRow(row), sheet(WORDS));
        }
        assert_eq!(
            (
                derived.words.corpus().texts(),
                derived.words.corpus().words()
            ),
            (2, 2)
        );
        for row in [1, 0, 0] {
            derived.put(ItemRow(row), Sheet::of(None, WORDS));
        }
        assert_eq!(
            (
                derived.words.corpus().texts(),
                derived.words.corpus().words()
            ),
            (0, 0)
        );
        assert_eq!(derived.words.corpus().mean_length(), None);
        let mut bytes = 0;
        derived.sizes(|name, size| {
            if name == "item_texts" {
                bytes = size.bytes;
            }
        });
        assert_eq!(bytes, 2 * size_of::<Text>());
    }
}
