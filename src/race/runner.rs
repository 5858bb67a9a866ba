//! The table of the kinds of runners. Wire names, the sums of sales, the boards and the standings of each kind follow from it.
//!
//! To add a kind: a variant and the last row of [`TABLE`], [`Races`] for its row type, and an arm in each `match` on the kind, which the
//! compiler names. Parts of a checkpoint that were stored before there were creators hold a value of the first `STORED` kinds; the
//! values of each later kind are in parts of its own (`ledger/later.rs`), so that no part changes its shape.

use std::ops::{Index, IndexMut};

use serde::de::Deserializer;
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use super::lane::LaneId;
use crate::clock::Day;
use crate::id::{CreatorRow, ItemRow, MerchantRow, RunnerRow};

/// A kind of runner; its discriminant is its row in [`TABLE`].
///
/// The kinds go from fine to coarse: the first kind that a purchase and its refund both name decides whether they agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Items.
    Item,
    /// Merchants.
    Merchant,
    /// Creators of items.
    Creator,
}

/// One row of the table of kinds.
#[derive(Debug)]
pub struct Row {
    /// The kind of this row.
    pub kind: Kind,
    /// Its name on the wire.
    pub name: &'static str,
    /// True if the share of one buyer in a runner's money is capped.
    pub(super) share_capped: bool,
    /// True if its standings include the usual value of an order.
    pub(super) with_order: bool,
    /// True if its standings include its trade, for reports.
    pub(super) with_trade: bool,
}

/// Every kind of runner.
pub const TABLE: &[Row] = &[
    Row {
        kind: Kind::Item,
        name: "item",
        share_capped: false,
        with_order: true,
        with_trade: false,
    },
    Row {
        kind: Kind::Merchant,
        name: "merchant",
        share_capped: true,
        with_order: false,
        with_trade: true,
    },
    Row {
        kind: Kind::Creator,
        name: "creator",
        share_capped: true,
        with_order: false,
        with_trade: true,
    },
];

/// Number of the first kinds whose values are stored together.
const STORED: usize = 2;

const _: () = assert!(
    KINDS == STORED + 1,
    "a later kind is stored in parts of its own"
);

/// Number of kinds.
pub const KINDS: usize = TABLE.len();

/// The name of every kind on the wire.
pub static NAMES: [&str; KINDS] = names();

const fn names() -> [&'static str; KINDS] {
    let mut names = [""; KINDS];
    let mut row = 0;
    while row < KINDS {
        names[row] = TABLE[row].name;
        row += 1;
    }
    names
}

impl Kind {
    /// Returns the row of this kind in [`TABLE`].
    #[must_use]
    pub fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }

    /// Returns the kind with that name on the wire.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let row = TABLE.iter().find(|row| row.name == name);
        row.map(|row| row.kind)
    }
}

/// A row type whose entities race.
pub trait Races: Copy {
    /// Their kind.
    const KIND: Kind;

    /// Returns the row, without its kind.
    fn runner(self) -> RunnerRow;
}

impl Races for ItemRow {
    const KIND: Kind = Kind::Item;

    #[inline(always)]
    fn runner(self) -> RunnerRow {
        RunnerRow(self.0)
    }
}

impl Races for CreatorRow {
    const KIND: Kind = Kind::Creator;

    #[inline(always)]
    fn runner(self) -> RunnerRow {
        RunnerRow(self.0)
    }
}

impl Races for MerchantRow {
    const KIND: Kind = Kind::Merchant;

    #[inline(always)]
    fn runner(self) -> RunnerRow {
        RunnerRow(self.0)
    }
}

/// One value for each kind of runner, in the order of [`TABLE`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerKind<T>([T; KINDS]);

impl<T: Serialize> Serialize for PerKind<T> {
    /// Writes the values of the first `STORED` kinds.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let [item, merchant, ..] = &self.0;
        [item, merchant].serialize(serializer)
    }
}

impl<'de, T: Default + Deserialize<'de>> Deserialize<'de> for PerKind<T> {
    /// Reads the values of the first `STORED` kinds. Those of later kinds are the default.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut stored = <[T; STORED]>::deserialize(deserializer)?.into_iter();
        Ok(Self::from_fn(|_| stored.next().unwrap_or_default()))
    }
}

impl<T> PerKind<T> {
    /// Calls `of` for each kind and returns the values.
    #[must_use]
    pub fn from_fn(mut of: impl FnMut(Kind) -> T) -> Self {
        Self(std::array::from_fn(|row| of(TABLE[row].kind)))
    }

    /// Applies `of` to each kind and its value.
    #[must_use]
    pub fn map<U>(self, mut of: impl FnMut(Kind, T) -> U) -> PerKind<U> {
        let mut rows = TABLE.iter();
        PerKind(self.0.map(|value| {
            let kind = rows.next().map_or(Kind::Item, |row| row.kind);
            of(kind, value)
        }))
    }

    /// Returns each kind with its value.
    pub fn iter(&self) -> impl Iterator<Item = (Kind, &T)> {
        TABLE.iter().map(|row| row.kind).zip(&self.0)
    }

    /// Returns each kind with a mutable reference to its value.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (Kind, &mut T)> {
        TABLE.iter().map(|row| row.kind).zip(&mut self.0)
    }
}

impl<T> Index<Kind> for PerKind<T> {
    type Output = T;

    #[inline(always)]
    fn index(&self, kind: Kind) -> &T {
        &self.0[kind as usize]
    }
}

impl<T> IndexMut<Kind> for PerKind<T> {
    #[inline(always)]
    fn index_mut(&mut self, kind: Kind) -> &mut T {
        &mut self.0[kind as usize]
    }
}

/// The runner of each kind that a sale concerns; [`RunnerRow::NONE`] for a kind that it does not name.
pub type RunnerRows = PerKind<RunnerRow>;

impl RunnerRows {
    /// Returns these runners with `row` added.
    #[must_use]
    pub fn with<R: Races>(mut self, row: R) -> Self {
        self[R::KIND] = row.runner();
        self
    }

    /// Returns the runners that are named.
    pub(super) fn named(&self) -> impl Iterator<Item = (Kind, RunnerRow)> {
        self.iter()
            .filter_map(|(kind, row)| Some((kind, row.some()?)))
    }
}

/// The digits of an integrity that single precision holds.
const DIGITS: f64 = 1e7;

/// A runner, without its sales.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Runner {
    /// True if it exists; a deleted runner does not race.
    pub present: bool,
    /// The lane in which it races.
    pub lane: LaneId,
    /// The declared first day of its history; `None`: the day of its first event.
    pub start: Option<Day>,
    /// The share of its sales that is trusted, in [0, 1]; for an item, that of its merchant; 1 for a creator.
    pub integrity: f32,
    /// Its listed price in units of the currency; NaN if it has none.
    pub price: f64,
}

impl Default for Runner {
    /// Returns a runner that exists, is fully trusted, has no lane and declares nothing.
    fn default() -> Self {
        Self {
            present: true,
            lane: LaneId::NONE,
            start: None,
            integrity: 1.0,
            price: f64::NAN,
        }
    }
}

impl Runner {
    /// Returns its integrity as declared, with up to seven digits, clamped to [0, 1]; NaN counts as 1.
    pub(super) fn trust(&self) -> f64 {
        let integrity = f64::from(self.integrity);
        if integrity.is_nan() {
            1.0
        } else {
            (integrity.clamp(0.0, 1.0) * DIGITS).round() / DIGITS
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binary::append;

    #[test]
    fn each_kind_is_its_own_row() {
        for (kind, row) in PerKind::from_fn(Kind::row).iter() {
            assert_eq!(row.kind, kind);
            assert_eq!(Kind::named(row.name), Some(kind));
            assert_eq!(NAMES[kind as usize], row.name);
        }
        assert_eq!(Kind::named("user"), None);
    }

    #[test]
    fn the_first_kinds_are_stored_in_table_order() {
        let rows = RunnerRows::default().with(MerchantRow(7)).with(ItemRow(5));
        let mut bytes = Vec::new();
        append(&rows.with(CreatorRow(9)), &mut bytes);
        assert_eq!(bytes, [5, 7]);
        assert_eq!(postcard::from_bytes::<RunnerRows>(&bytes), Ok(rows));
    }
}
