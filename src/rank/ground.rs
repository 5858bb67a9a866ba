//! What lifts read of candidates: from the live state, or from a record.

use super::recorded::Recorded;
use super::view::View;
use crate::config::{Config, SelectionId};
use crate::id::ItemRow;

/// What lifts read of candidates. In a record, the row of a candidate is its place.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ground<'a> {
    /// The live state.
    Live(&'a View<'a>),
    /// A record.
    Recorded(&'a Recorded<'a>),
}

impl<'a> Ground<'a> {
    /// Returns the configuration.
    pub(super) fn config(&self) -> &'a Config {
        match self {
            Self::Live(view) => view.config,
            Self::Recorded(recorded) => recorded.config,
        }
    }

    /// Returns whether an item is a member of a selection.
    #[inline(always)]
    pub(super) fn has(&self, selection: SelectionId, item: ItemRow) -> bool {
        match self {
            Self::Live(view) => view.selections.has(selection, item),
            Self::Recorded(recorded) => recorded.has(selection, item),
        }
    }

    /// Returns the level of an item's merchant in its lane; `None` without a merchant.
    #[inline(always)]
    pub(super) fn level(&self, item: ItemRow) -> Option<f64> {
        match self {
            Self::Live(view) => level(view, item),
            Self::Recorded(recorded) => recorded.level(item),
        }
    }
}

/// Returns the level of an item's merchant in its lane, 0 if it is not known yet; `None` without a merchant.
pub(super) fn level(view: &View<'_>, item: ItemRow) -> Option<f64> {
    let merchant = view.items.get(item).merchant.some()?;
    let standing = view.standings.merchant(merchant);
    Some(standing.map_or(0.0, |standing| f64::from(standing.level)))
}
