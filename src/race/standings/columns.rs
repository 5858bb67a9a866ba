//! The figures that scoring reads of each runner, in columns by row.

use super::super::contest::Finish;
use super::super::runner::Runner;
use super::references::References;
use super::sparse::Sparse;
use crate::number::narrow;

/// The figures that scoring reads of an item.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(32))]
pub struct ItemStanding {
    /// `item.level`: the value of its buyers of the last 28 days, in [0, 1].
    pub level: f32,
    /// `item.growth`: G in [0, 1).
    pub growth: f32,
    /// `order_value` from the window's purchases, in [0, 1]; NaN without purchases; the listed price is used then.
    pub order_value: f32,
    /// The counts s and l of `item.trend` at the rebuild.
    pub lately: [f32; 2],
}

impl ItemStanding {
    /// The standing of an item that did not sell.
    pub const NONE: Self = Self {
        level: 0.0,
        growth: 0.0,
        order_value: f32::NAN,
        lately: [0.0; 2],
    };
    /// The standing of an item that was added after the rebuild: nothing is known.
    pub const MISSING: Self = Self {
        level: f32::NAN,
        growth: f32::NAN,
        order_value: f32::NAN,
        lately: [f32::NAN; 2],
    };
}

/// The figures that scoring reads of a merchant.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MerchantStanding {
    /// `race.level`: L in [0, 1].
    pub level: f32,
    /// `race.growth`: G in [0, 1).
    pub growth: f32,
}

impl MerchantStanding {
    /// The standing of a merchant that did not sell.
    pub const NONE: Self = Self {
        level: 0.0,
        growth: 0.0,
    };
    /// The standing of a merchant that was added after the rebuild, or that an item does not name: nothing is known.
    pub const MISSING: Self = Self {
        level: f32::NAN,
        growth: f32::NAN,
    };
}

/// Builds the column of the levels of creators: 0 for one that did not sell, NaN for a row without a creator.
pub(super) fn creators(runners: &[Runner], finishes: &[Finish]) -> Vec<f32> {
    let present = |runner: &Runner| if runner.present { 0.0 } else { f32::NAN };
    let mut column: Vec<f32> = runners.iter().map(present).collect();
    for creator in finishes {
        column[creator.row] = narrow(creator.level);
    }
    column
}

/// Builds the column of items, given the counts of `item.trend` by row.
pub(super) fn items(
    lately: &[[f32; 2]],
    finishes: &[Finish],
    references: &References,
) -> Sparse<ItemStanding> {
    let standing = |item: &Finish| ItemStanding {
        level: references.item_buyers.value(item.run.buyers),
        growth: narrow(item.grown()),
        order_value: item
            .run
            .order
            .map_or(f32::NAN, |order| references.price.value(order.units())),
        ..ItemStanding::NONE
    };
    let mut sold: Vec<(usize, ItemStanding)> = finishes
        .iter()
        .map(|item| (item.row, standing(item)))
        .collect();
    sold.sort_unstable_by_key(|(row, _)| *row);
    let mut sold = sold.into_iter().peekable();
    let entry = |(row, &lately): (usize, &[f32; 2])| {
        let sold = sold.next_if(|(sold, _)| *sold == row);
        let is_any = sold.is_some() || lately[1] > 0.0;
        let standing = sold.map_or(ItemStanding::NONE, |(_, standing)| standing);
        is_any.then_some((row, ItemStanding { lately, ..standing }))
    };
    let entries = lately.iter().enumerate().filter_map(entry);
    Sparse::new(lately.len(), ItemStanding::NONE, entries)
}

/// Builds the column of `rows` merchants.
pub(super) fn merchants(rows: usize, finishes: &[Finish]) -> Vec<MerchantStanding> {
    let mut column = vec![MerchantStanding::NONE; rows];
    for merchant in finishes {
        column[merchant.row] = MerchantStanding {
            level: narrow(merchant.level),
            growth: narrow(merchant.grown()),
        };
    }
    column
}
