//! The members of all selections of one configuration.

use std::sync::Arc;

use super::slice::{Judge, Slice};
use crate::bits::Bits;
use crate::config::{Selection, SelectionId};
use crate::id::ItemRow;

/// The members of the selections of one configuration.
#[derive(Debug, Default)]
pub struct Selections {
    /// The selections, shared with the configuration.
    pub(super) list: Arc<[Selection]>,
    members: Vec<Bits>,
    /// Number of judgements without a value since the selections are kept.
    undecided: Vec<u64>,
    /// True once every item was judged.
    pub(super) complete: bool,
}

/// No members at all.
static NOBODY: std::sync::LazyLock<Bits> = std::sync::LazyLock::new(Bits::default);

/// No selections at all.
pub(super) static NONE: std::sync::LazyLock<Selections> =
    std::sync::LazyLock::new(Selections::default);

impl Selections {
    /// Creates empty selections, of which no item was judged.
    pub(super) fn new(list: &Arc<[Selection]>) -> Self {
        Self {
            list: Arc::clone(list),
            members: vec![Bits::default(); list.len()],
            undecided: vec![0; list.len()],
            complete: list.is_empty(),
        }
    }

    /// Returns whether an item is a member of a selection.
    #[inline(always)]
    #[must_use]
    pub fn has(&self, selection: SelectionId, item: ItemRow) -> bool {
        let members = self.members.get(selection.index());
        members.is_some_and(|members| members.has(item.index()))
    }

    /// Returns the items of a selection by row.
    #[must_use]
    pub fn bits(&self, selection: SelectionId) -> &Bits {
        self.members.get(selection.index()).unwrap_or(&NOBODY)
    }

    /// Returns the rows of the items of a selection.
    pub fn items(&self, selection: SelectionId) -> impl Iterator<Item = ItemRow> {
        let members = self.members.get(selection.index());
        members.into_iter().flat_map(Bits::iter).map(ItemRow::at)
    }

    /// Returns the items of a selection, copied, so that a walk over them needs no lock.
    #[must_use]
    pub fn members(&self, selection: SelectionId) -> Bits {
        let members = self.members.get(selection.index());
        members.cloned().unwrap_or_default()
    }

    /// Returns each selection with the number of its items, the bytes that they take, and the number of judgements without a value.
    pub fn sizes(&self) -> impl Iterator<Item = (&Selection, u64, usize, u64)> {
        let all = self.list.iter().zip(&self.members).zip(&self.undecided);
        all.map(|((selection, members), undecided)| {
            (selection, members.count(), members.bytes(), *undecided)
        })
    }

    /// Judges one item.
    pub(super) fn judge(&mut self, row: ItemRow, judge: &impl Judge) {
        let item = judge.item(row);
        let each = self.members.iter_mut().zip(&mut self.undecided);
        for (selection, (members, undecided)) in self.list.iter().zip(each) {
            let truth = item.as_ref().map(|item| selection.condition.holds(item));
            *undecided += u64::from(matches!(truth, Some(Err(_))));
            if truth == Some(Ok(true)) {
                members.add(row.index());
            } else {
                members.remove(row.index());
            }
        }
    }

    /// Returns the places of the selections for which `is` holds.
    #[must_use]
    pub fn places(&self, is: impl Fn(&Selection) -> bool) -> Vec<usize> {
        let places = self.list.iter().enumerate();
        places
            .filter(|(_, selection)| is(selection))
            .map(|(place, _)| place)
            .collect()
    }

    /// Returns whether a judged slice says anything else than the members say.
    #[must_use]
    pub fn differs(&self, slice: &Slice) -> bool {
        slice.members.iter().any(|(place, members)| {
            self.members.get(*place).is_none_or(|known| {
                let judged = slice.judged.iter();
                judged.filter(|row| known.has(row.index())).ne(members)
            })
        })
    }

    /// Takes over a judged slice, except for the rows that changed meanwhile.
    pub(super) fn put(&mut self, slice: Slice, changed: &Bits) {
        let stands = |row: &&ItemRow| !changed.has(row.index());
        for (place, members) in &slice.members {
            if let Some(known) = self.members.get_mut(*place) {
                let judged = slice.judged.iter().filter(stands);
                judged.for_each(|row| known.remove(row.index()));
                let members = members.iter().filter(stands);
                members.for_each(|row| known.add(row.index()));
            }
        }
        for (place, count) in slice.undecided {
            if let Some(undecided) = self.undecided.get_mut(place) {
                *undecided += count;
            }
        }
    }
}
