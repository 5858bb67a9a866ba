//! The selections of the live configuration, and of the next one while it is prepared, kept up with changes.

use std::sync::Arc;

use super::members::{NONE, Selections};
use super::slice::{Judge, Slice};
use crate::bits::Bits;
use crate::config::Selection;
use crate::id::{ItemRow, MerchantRow};

/// Keeps selections up with changes of items and merchants.
#[derive(Debug, Default)]
pub struct Keeper {
    sets: Vec<Selections>,
    /// Changed items that are not judged yet.
    items: Vec<ItemRow>,
    /// Changed merchants whose items are not judged yet.
    merchants: Bits,
    /// Items that changed since the walk began that is in progress; `None` if none is.
    changed: Option<Bits>,
}

impl Keeper {
    /// Notes a changed item.
    pub fn note_item(&mut self, row: ItemRow) {
        if !self.sets.is_empty() {
            self.items.push(row);
        }
    }

    /// Notes a changed merchant.
    pub fn note_merchant(&mut self, row: MerchantRow) {
        if !self.sets.is_empty() {
            self.merchants.add(row.index());
        }
    }

    /// Returns whether changed items wait to be judged.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        !self.items.is_empty()
    }

    /// Judges the changed items.
    pub fn settle(&mut self, judge: &impl Judge) {
        for row in std::mem::take(&mut self.items) {
            for set in &mut self.sets {
                set.judge(row, judge);
            }
            if let Some(changed) = &mut self.changed {
                changed.add(row.index());
            }
        }
    }

    /// Returns whether a merchant changed whose items are not judged yet.
    #[must_use]
    pub fn has_merchants(&self) -> bool {
        !self.merchants.is_empty()
    }

    /// Takes the changed merchants, whose items the caller judges.
    pub fn take_merchants(&mut self) -> Bits {
        std::mem::take(&mut self.merchants)
    }

    /// Returns the members of the selections of a configuration; none until every item was judged.
    #[inline]
    #[must_use]
    pub fn of(&self, list: &Arc<[Selection]>) -> &Selections {
        let mut sets = self.sets.iter();
        let set = sets.find(|set| Arc::ptr_eq(&set.list, list) && set.complete);
        set.unwrap_or(&NONE)
    }

    /// Returns whether every item was judged for the selections of a configuration.
    #[must_use]
    pub fn is_complete(&self, list: &Arc<[Selection]>) -> bool {
        list.is_empty() || self.begun(list).is_some_and(|set| set.complete)
    }

    /// Returns the selections of a configuration, complete or not.
    #[must_use]
    pub fn begun(&self, list: &Arc<[Selection]>) -> Option<&Selections> {
        self.sets.iter().find(|set| Arc::ptr_eq(&set.list, list))
    }

    /// Returns the lists of all configurations whose selections are kept.
    #[must_use]
    pub fn lists(&self) -> Vec<Arc<[Selection]>> {
        self.sets.iter().map(|set| Arc::clone(&set.list)).collect()
    }

    /// Begins a walk over the items for the selections of a configuration. One walk at a time.
    pub fn begin(&mut self, list: &Arc<[Selection]>) {
        if self.begun(list).is_none() {
            self.sets.push(Selections::new(list));
        }
        self.changed = Some(Bits::default());
    }

    /// Takes over a judged slice, except for the rows that changed since the walk began.
    pub fn put(&mut self, list: &Arc<[Selection]>, slice: Slice) {
        let none = Bits::default();
        let changed = self.changed.as_ref().unwrap_or(&none);
        let mut sets = self.sets.iter_mut();
        if let Some(set) = sets.find(|set| Arc::ptr_eq(&set.list, list)) {
            set.put(slice, changed);
        }
    }

    /// Ends a walk; `all` says that it judged every item for every selection of the configuration, now or before.
    pub fn end(&mut self, list: &Arc<[Selection]>, all: bool) {
        self.changed = None;
        let mut sets = self.sets.iter_mut();
        if let Some(set) = sets.find(|set| Arc::ptr_eq(&set.list, list)) {
            set.complete |= all;
        }
    }

    /// Drops the selections of every other configuration.
    pub fn keep_only(&mut self, list: &Arc<[Selection]>) {
        self.sets.retain(|set| Arc::ptr_eq(&set.list, list));
        if self.sets.is_empty() {
            self.items.clear();
            self.merchants = Bits::default();
        }
    }
}
