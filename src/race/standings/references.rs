//! The reference points of one rebuild, from the figures of all items and users.

use super::super::contest::Finish;
use super::super::runner::{Kind, PerKind};
use super::super::scale::{LogScale, Reference};
use super::inputs::Inputs;

/// The log scales of one rebuild.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct References {
    /// For a user's history with a runner of each kind.
    pub history: PerKind<LogScale>,
    /// For an item's effective buyers in 28 days.
    pub item_buyers: LogScale,
    /// For the value of one order, in units of the currency.
    pub price: LogScale,
}

impl References {
    /// Computes the log scales from the inputs and from the items that sold.
    pub(super) fn new(inputs: &Inputs, items: &[Finish]) -> Self {
        let mut buyers = Reference::new(items.len());
        for item in items {
            buyers.push(item.run.buyers);
        }
        Self {
            history: inputs.history.map(|_, reference| LogScale::new(reference)),
            item_buyers: LogScale::new(buyers.value(inputs.scale.item_buyers)),
            price: LogScale::new(prices(inputs, items).value(inputs.scale.price)),
        }
    }
}

/// Collects the usual value of one order of each item: the median of its orders, else its listed price.
fn prices(inputs: &Inputs, items: &[Finish]) -> Reference {
    let runners = &inputs.runners[Kind::Item];
    let mut prices = Reference::new(runners.len());
    let mut sold = vec![false; runners.len()];
    for item in items {
        if let Some(order) = item.run.order {
            prices.push(order.units());
            sold[item.row] = true;
        }
    }
    for (item, sold) in runners.iter().zip(sold) {
        if item.present && !sold {
            prices.push(item.price);
        }
    }
    prices
}
