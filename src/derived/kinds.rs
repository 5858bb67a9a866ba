//! The kinds of all items that declare one, a byte each.

use crate::chunked::Chunked;
use crate::id::ItemRow;
use crate::model::{Item, ItemKind};
use crate::telemetry::Size;

/// Number of kinds.
const KINDS: usize = ItemKind::ALL.len();
/// No kind.
const NONE: u8 = u8::MAX;

/// The kinds of all items.
#[derive(Debug, Default)]
pub struct Kinds {
    /// By row: the place of its kind in [`ItemKind::ALL`], or [`NONE`].
    kinds: Chunked<u8>,
    count: usize,
}

impl Kinds {
    /// Returns the place of an item's kind in [`ItemKind::ALL`]; `None` if it declares none.
    #[inline(always)]
    #[must_use]
    pub fn get(&self, row: ItemRow) -> Option<usize> {
        let kind = usize::from(*self.kinds.get(row.index())?);
        (kind < KINDS).then_some(kind)
    }

    /// Replaces the kind of an item.
    pub(super) fn put(&mut self, row: ItemRow, kind: Option<u8>) {
        let before = self.get(row).is_some();
        if kind.is_none() && !before {
            return;
        }
        self.kinds.fill(row.index() + 1, &NONE);
        if let Some(place) = self.kinds.get_mut(row.index()) {
            *place = kind.unwrap_or(NONE);
        }
        self.count = self.count + usize::from(kind.is_some()) - usize::from(before);
    }

    /// Reports the size, by its name in the metrics.
    pub(super) fn sizes(&self, report: &mut impl FnMut(&'static str, Size)) {
        let size = Size {
            entries: self.count,
            bytes: self.kinds.len(),
            evicted: 0,
        };
        report("item_kinds", size);
    }
}

/// Returns the place of the kind of an item.
pub(super) fn kind(item: &Item<'_>) -> Option<u8> {
    let kind = item.kind?;
    let place = ItemKind::ALL.iter().position(|it| *it == kind)?;
    u8::try_from(place).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_kept_by_row() {
        let mut kinds = Kinds::default();
        for (place, each) in ItemKind::ALL.into_iter().enumerate() {
            let json = format!(r#"{{"id":"i","kind":"{}"}}"#, each.name());
            let found = kind(&serde_json::from_str(&json).unwrap());
            kinds.put(ItemRow(7), found);
            assert_eq!(kinds.get(ItemRow(7)), Some(place), "{}", each.name());
        }
        assert_eq!((kinds.get(ItemRow(6)), kinds.count), (None, 1));
        kinds.put(ItemRow(7), None);
        kinds.put(ItemRow(70), None);
        assert_eq!(
            (kinds.get(ItemRow(7)), kinds.count, kinds.kinds.len()),
            (None, 0, 8)
        );
    }
}
