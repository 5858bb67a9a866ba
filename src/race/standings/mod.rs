//! The immutable result of one rebuild: standings, idf and reference points, which change together.
//!
//! What scoring reads stands in tight columns by row; what explain and the standings' page show is kept apart and only for runners
//! that sold, since nine in ten items never do: the rest follows from their weeks alone.

mod board;
mod field;
mod inputs;
mod sparse;

use rayon::prelude::*;

use crate::clock::{Day, Time};
use crate::id::{ItemRow, MerchantRow, TagId};
use crate::number::narrow;

pub use board::Board;
pub use field::Standing;
pub use inputs::{Inputs, Kind, Runner};

use super::contest::{Contest, Finish, Results};
use super::lane::Lanes;
use super::scale::{LogScale, Reference};
use super::window::Window;
use field::Field;
use sparse::Sparse;

/// What scoring reads of an item.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(16))]
pub struct ItemStanding {
    /// `item.level`: the value of its buyers of the last 28 days, in [0, 1].
    pub level: f32,
    /// `item.growth`: G in [0, 1).
    pub growth: f32,
    /// `order_value` from the window's purchases, in [0, 1]; NaN where there are none: the listed price stands in.
    pub order_value: f32,
}

impl ItemStanding {
    /// Of an item that did not sell.
    pub const NONE: Self = Self {
        level: 0.0,
        growth: 0.0,
        order_value: f32::NAN,
    };
    /// Of an item that came after the rebuild: nothing is known.
    pub const MISSING: Self = Self {
        level: f32::NAN,
        growth: f32::NAN,
        order_value: f32::NAN,
    };
}

/// What scoring reads of a merchant.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MerchantStanding {
    /// `race.level`: L in [0, 1].
    pub level: f32,
    /// `race.growth`: G in [0, 1).
    pub growth: f32,
}

impl MerchantStanding {
    /// Of a merchant that did not sell.
    pub const NONE: Self = Self {
        level: 0.0,
        growth: 0.0,
    };
    /// Of no merchant, or one that came after the rebuild: nothing is known.
    pub const MISSING: Self = Self {
        level: f32::NAN,
        growth: f32::NAN,
    };
}

/// The log scales of one rebuild.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct References {
    /// For a user's history with an item.
    pub item_history: LogScale,
    /// For a user's history with a merchant.
    pub merchant_history: LogScale,
    /// For an item's effective buyers in 28 days.
    pub item_buyers: LogScale,
    /// For the worth of one order, in units of the currency.
    pub price: LogScale,
}

/// The immutable result of one rebuild.
#[derive(Debug)]
pub struct Standings {
    /// Its number.
    pub number: u64,
    /// The instant for which it was built.
    pub as_of: Time,
    /// The last day that counts.
    pub last_complete: Day,
    /// Where days begin, in milliseconds east of UTC.
    pub utc_offset: i64,
    /// The log scales.
    pub references: References,
    items: Sparse<ItemStanding>,
    merchants: Vec<MerchantStanding>,
    idf: Vec<f32>,
    unseen_idf: f32,
    lanes: Lanes,
    item_field: Field,
    merchant_field: Field,
}

impl Standings {
    /// Runs both races and settles the reference points. Uses the rayon pool it is called in; the same inputs give the same standings.
    #[must_use]
    pub fn build(inputs: Inputs) -> Self {
        let merchants = race(Kind::Merchant, &inputs);
        let items = race(Kind::Item, &inputs);
        let references = references(&inputs, &items.1.finishes);
        Self {
            number: inputs.number,
            as_of: inputs.as_of,
            last_complete: inputs.last_complete,
            utc_offset: inputs.utc_offset,
            references,
            items: item_column(&inputs, &items.1.finishes, &references),
            merchants: merchant_column(&inputs, &merchants.1.finishes),
            idf: inputs
                .tag_counts
                .par_iter()
                .map(|n| idf(inputs.item_count, *n))
                .collect(),
            unseen_idf: idf(inputs.item_count, 0),
            item_field: Field::new(Kind::Item, &inputs, &items.0, items.1),
            merchant_field: Field::new(Kind::Merchant, &inputs, &merchants.0, merchants.1),
            lanes: inputs.lanes,
        }
    }

    /// What scoring reads of an item; `None` where it came after the rebuild.
    #[inline(always)]
    #[must_use]
    pub fn item(&self, item: ItemRow) -> Option<&ItemStanding> {
        self.items.get(item.index())
    }

    /// What scoring reads of a merchant; `None` where it came after the rebuild.
    #[inline(always)]
    #[must_use]
    pub fn merchant(&self, merchant: MerchantRow) -> Option<&MerchantStanding> {
        self.merchants.get(merchant.index())
    }

    /// idf(t) = 1 + ln((1 + N)/(1 + n)) of a tag that n of N items have; of a tag unknown at the rebuild, as if none had it.
    #[inline]
    #[must_use]
    pub fn idf_of(&self, tag: TagId) -> f32 {
        let idf = self.idf.get(tag.index());
        idf.copied().unwrap_or(self.unseen_idf)
    }

    /// All that is known of an item's race; `None` where it was not there at the rebuild.
    #[must_use]
    pub fn standing_of_item(&self, item: ItemRow) -> Option<Standing> {
        self.item_field.standing(item.index())
    }

    /// All that is known of a merchant's race; `None` where it was not there at the rebuild.
    #[must_use]
    pub fn standing_of_merchant(&self, merchant: MerchantRow) -> Option<Standing> {
        self.merchant_field.standing(merchant.index())
    }

    /// The number of runners of a kind.
    #[must_use]
    pub fn size(&self, kind: Kind) -> usize {
        self.field(kind).size()
    }

    /// The lanes in which runners of a kind race, with their sizes, in order of their numbers.
    pub fn lanes(&self, kind: Kind) -> impl Iterator<Item = (&str, usize)> {
        let lanes = self.field(kind).lanes();
        lanes.filter_map(|(lane, size)| Some((self.lanes.name(lane)?, size)))
    }

    /// Bytes held, about, without the lanes' names.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.items.bytes()
            + size_of_val(self.merchants.as_slice())
            + size_of_val(self.idf.as_slice())
            + self.item_field.bytes()
            + self.merchant_field.bytes()
    }

    fn field(&self, kind: Kind) -> &Field {
        match kind {
            Kind::Item => &self.item_field,
            Kind::Merchant => &self.merchant_field,
        }
    }
}

/// Where the histories open, and how the race went.
fn race(kind: Kind, inputs: &Inputs) -> (Vec<u8>, Results) {
    let window = Window::ending(inputs.last_complete);
    let runners = inputs.runners(kind);
    let openings: Vec<u8> = (0..runners.len())
        .map(|row| window.opening(inputs.start(kind, row)))
        .collect();
    let contest = Contest {
        kind,
        runners,
        openings: &openings,
        history: &inputs.sales,
        window: &window,
    };
    let results = contest.run();
    (openings, results)
}

fn references(inputs: &Inputs, items: &[Finish]) -> References {
    let mut buyers = Reference::new(items.len());
    for item in items {
        buyers.push(item.run.buyers);
    }
    References {
        item_history: LogScale::new(inputs.item_history),
        merchant_history: LogScale::new(inputs.merchant_history),
        item_buyers: LogScale::new(buyers.value(inputs.scale.item_buyers)),
        price: LogScale::new(prices(inputs, items).value(inputs.scale.price)),
    }
}

/// What one order of each item is usually worth: what it sold for, else its listed price.
fn prices(inputs: &Inputs, items: &[Finish]) -> Reference {
    let mut prices = Reference::new(inputs.items.len());
    let mut sold = vec![false; inputs.items.len()];
    for item in items {
        if let Some(order) = item.run.order {
            prices.push(order.units());
            sold[item.row] = true;
        }
    }
    for (item, sold) in inputs.items.iter().zip(sold) {
        if item.present && !sold {
            prices.push(item.price);
        }
    }
    prices
}

fn item_column(inputs: &Inputs, items: &[Finish], references: &References) -> Sparse<ItemStanding> {
    let standing = |item: &Finish| ItemStanding {
        level: references.item_buyers.value(item.run.buyers),
        growth: narrow(item.grown()),
        order_value: item
            .run
            .order
            .map_or(f32::NAN, |order| references.price.value(order.units())),
    };
    let mut sold: Vec<(usize, ItemStanding)> = items
        .iter()
        .map(|item| (item.row, standing(item)))
        .collect();
    sold.sort_unstable_by_key(|(row, _)| *row);
    Sparse::new(inputs.items.len(), ItemStanding::NONE, sold.into_iter())
}

fn merchant_column(inputs: &Inputs, merchants: &[Finish]) -> Vec<MerchantStanding> {
    let mut column = vec![MerchantStanding::NONE; inputs.merchants.len()];
    for merchant in merchants {
        column[merchant.row] = MerchantStanding {
            level: narrow(merchant.level),
            growth: narrow(merchant.grown()),
        };
    }
    column
}

fn idf(items: u32, with_tag: u32) -> f32 {
    let ratio = (1.0 + f64::from(items)) / (1.0 + f64::from(with_tag));
    narrow(1.0 + ratio.ln())
}
