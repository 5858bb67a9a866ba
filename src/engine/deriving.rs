//! What is derived of the declared fields of items, while a scene reads it: in walks over all items in slices, and of each item that
//! changes, before the change is acknowledged.
//!
//! The lock of the facts is held only to copy the texts of a slice and to put what follows from them in place. Slices are derived one at a
//! time, so what an item declares last is put in place last.

use super::Engine;
use super::slices::slices;
use crate::config::Config;
use crate::derived::{Sheet, Wanted, load_dictionary};
use crate::feature::Items;
use crate::id::ItemRow;
use crate::model::Item;
use crate::objective::Objective;

/// Number of items derived in one turn.
const ITEMS: usize = 1_024;

/// Returns what a configuration reads.
pub(super) fn wanted(config: &Config) -> Wanted {
    Wanted {
        words: config.words(),
        places: config.objectives.has(Objective::Proximity),
        kinds: config.objectives.has(Objective::Format),
    }
}

impl Engine {
    /// Derives what the live configuration reads of all items, unless that is done, and of those that changed.
    pub(super) fn derive(&self) {
        let _alone = self.selecting.lock();
        self.derive_all(&self.generation().config);
        let (changed, wanted) = self.facts.write().derived.take_changed();
        self.derive_items(&changed, wanted);
    }

    /// Derives what a configuration reads of every item, unless that is done. One call at a time.
    pub(super) fn derive_all(&self, config: &Config) {
        let wanted = wanted(config);
        if self.facts.read().derived.has(wanted) {
            return;
        }
        if wanted.words.is_some() {
            load_dictionary();
        }
        let rows = {
            let mut facts = self.facts.write();
            facts.derived.begin(wanted);
            facts.books.items.rows()
        };
        for slice in slices(rows, ITEMS) {
            self.derive_items(&slice.map(ItemRow::at).collect::<Vec<_>>(), wanted);
        }
        self.facts.write().derived.end(wanted);
    }

    /// Derives what is wanted of some items.
    pub(super) fn derive_items(&self, rows: &[ItemRow], wanted: Wanted) {
        if rows.is_empty() {
            return;
        }
        let _alone = self.deriving.lock();
        let texts: Vec<Option<Box<str>>> = {
            let facts = self.facts.read();
            let text = |row: &ItemRow| declared(&facts.books.items, *row).map(Box::from);
            rows.iter().map(text).collect()
        };
        let sheet = |text: &Option<Box<str>>| {
            let item = text
                .as_deref()
                .and_then(|text| serde_json::from_str::<Item<'_>>(text).ok());
            Sheet::of(item.as_ref(), wanted)
        };
        let sheets: Vec<Sheet> = texts.iter().map(sheet).collect();
        let mut facts = self.facts.write();
        for (row, sheet) in rows.iter().zip(sheets) {
            // It may have been deleted meanwhile.
            let is_declared = declared(&facts.books.items, *row).is_some();
            let sheet = if is_declared {
                sheet
            } else {
                Sheet::of(None, wanted)
            };
            facts.derived.put(*row, sheet);
        }
    }
}

/// Returns what an item declares; `None` if it is not declared.
fn declared(items: &Items, row: ItemRow) -> Option<&str> {
    (!items.get(row).stub()).then(|| &*items.details(row).declared)
}
