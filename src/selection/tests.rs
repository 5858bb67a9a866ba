//! Random changes during walks, against judging all items anew.

use std::sync::Arc;

use proptest::prelude::*;

use super::{Judge, Keeper, Slice};
use crate::config::{Config, ItemField, Selection, SelectionId};
use crate::expression::{Fields, Value};
use crate::id::ItemRow;

/// The price of the item in each row; `None` if there is no item, NaN if it has no price.
struct Prices(Vec<Option<f64>>);

struct Price(f64);

impl Fields for Price {
    fn get(&self, field: usize) -> Option<Value<'_>> {
        let is_price = field == ItemField::Price as usize && !self.0.is_nan();
        is_price.then_some(Value::Double(self.0))
    }
}

impl Judge for Prices {
    type Item<'j> = Price;

    fn item(&self, row: ItemRow) -> Option<Price> {
        self.0.get(row.index()).copied().flatten().map(Price)
    }
}

fn list() -> Arc<[Selection]> {
    let text = "[selection.cheap]\nwhere = 'item.price < 3.0'\n[selection.dear]\nwhere = '!(item.price < 3.0)'";
    Config::parse("test", text).unwrap().selections
}

/// Returns the rows of both selections.
fn members(keeper: &Keeper, list: &Arc<[Selection]>) -> [Vec<u32>; 2] {
    let rows = |id| keeper.of(list).items(SelectionId(id)).map(|row| row.0);
    [rows(0).collect(), rows(1).collect()]
}

fn expected(prices: &Prices) -> [Vec<u32>; 2] {
    let rows = |is: fn(f64) -> bool| {
        let items = prices.0.iter().zip(0..);
        let items = items.filter(move |(price, _)| price.is_some_and(is));
        items.map(|(_, row)| row).collect()
    };
    [rows(|price| price < 3.0), rows(|price| price >= 3.0)]
}

proptest! {
    #![proptest_config(crate::tests::cases(500))]

    /// A slice is judged before other items change, and put after it, as it may be between two locks.
    #[test]
    fn a_walk_leaves_changed_items_alone(
        mut prices in prop::collection::vec(prop::option::of(0..6u8), 1..40),
        steps in prop::collection::vec((0..44usize, prop::option::of(0..7u8)), 0..60),
        size in 1..9usize,
    ) {
        let value = |price: Option<u8>| price.map(|price| if price == 6 { f64::NAN } else { price.into() });
        let mut prices = Prices(prices.drain(..).map(value).collect());
        let (list, mut keeper) = (list(), Keeper::default());
        keeper.begin(&list);
        prop_assert!(members(&keeper, &list).concat().is_empty(), "nothing is known before the end of the walk");
        let mut steps = steps.into_iter();
        let rows = prices.0.len();
        for start in (0..rows).step_by(size) {
            let slice = (start..rows.min(start + size)).map(ItemRow::at);
            let slice = Slice::judge(&list, &[0, 1], slice, &prices);
            for (row, price) in steps.by_ref().take(2) {
                prices.0.resize(prices.0.len().max(row + 1), None);
                prices.0[row] = value(price);
                keeper.note_item(ItemRow::at(row));
            }
            keeper.settle(&prices);
            keeper.put(&list, slice);
        }
        keeper.end(&list, true);
        prop_assert_eq!(members(&keeper, &list), expected(&prices));
        for (row, price) in steps {
            prices.0.resize(prices.0.len().max(row + 1), None);
            prices.0[row] = value(price);
            keeper.note_item(ItemRow::at(row));
        }
        keeper.settle(&prices);
        prop_assert_eq!(members(&keeper, &list), expected(&prices));
        let all = (0..prices.0.len()).map(ItemRow::at);
        let again = Slice::judge(&list, &[0, 1], all, &prices);
        prop_assert!(!keeper.begun(&list).unwrap().differs(&again));
    }
}

#[test]
fn judgements_without_a_value_are_counted() {
    let (list, mut keeper) = (list(), Keeper::default());
    keeper.begin(&list);
    let prices = Prices(vec![Some(f64::NAN), Some(1.0), None]);
    let rows = (0..3).map(ItemRow::at);
    keeper.put(&list, Slice::judge(&list, &[0, 1], rows, &prices));
    keeper.end(&list, true);
    let sizes: Vec<_> = keeper.of(&list).sizes().map(|it| (it.1, it.3)).collect();
    assert_eq!(sizes, [(1, 1), (0, 1)]);
    let none: Arc<[Selection]> = Arc::new([]);
    keeper.keep_only(&none);
    assert!(keeper.lists().is_empty());
}
