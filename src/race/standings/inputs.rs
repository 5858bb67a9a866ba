//! What a rebuild is made from.

use serde::Serialize;

use super::super::lane::{LaneId, Lanes};
use super::super::ledger::{Purchase, SalesHistory};
use crate::clock::{Day, Time};
use crate::config::Scale;

/// What races.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Merchants.
    Merchant,
    /// Items.
    Item,
}

impl Kind {
    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Merchant => "merchant",
            Self::Item => "item",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Merchant, Self::Item]
            .into_iter()
            .find(|kind| kind.name() == name)
    }

    /// The row of the runner of this kind that a purchase is of.
    #[inline(always)]
    pub(in crate::race) fn row_of(self, purchase: &Purchase) -> usize {
        match self {
            Self::Merchant => purchase.merchant.index(),
            Self::Item => purchase.item.index(),
        }
    }
}

/// What a race knows of a runner besides its sales.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Runner {
    /// Whether it is there; what was deleted races no more.
    pub present: bool,
    /// Where it races.
    pub lane: LaneId,
    /// The day on which its history begins, as declared; `None`: that of its first event.
    pub start: Option<Day>,
    /// How far its sales can be trusted, in [0, 1]; for an item, its merchant's.
    pub integrity: f32,
    /// Its listed price in units; NaN where it has none.
    pub price: f64,
}

impl Default for Runner {
    /// One that is there, trusted, in no lane of its own, with nothing declared.
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
    /// Its integrity, within [0, 1] whatever it was given.
    pub(in crate::race) fn trust(&self) -> f64 {
        let integrity = f64::from(self.integrity);
        if integrity.is_nan() {
            1.0
        } else {
            integrity.clamp(0.0, 1.0)
        }
    }
}

/// What a rebuild is made from.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// The number of the standings.
    pub number: u64,
    /// The instant for which they are built.
    pub as_of: Time,
    /// The last complete day at that instant.
    pub last_complete: Day,
    /// Where days begin, in milliseconds east of UTC; carried along.
    pub utc_offset: i64,
    /// The merchants, by row.
    pub merchants: Vec<Runner>,
    /// The items, by row.
    pub items: Vec<Runner>,
    /// The names of the lanes that the runners are in.
    pub lanes: Lanes,
    /// The sales up to the last complete day.
    pub sales: SalesHistory,
    /// The number of items, for idf.
    pub item_count: u32,
    /// How many items have each tag, by its number.
    pub tag_counts: Vec<u32>,
    /// The reference point of users' histories with items.
    pub item_history: f64,
    /// The reference point of users' histories with merchants.
    pub merchant_history: f64,
    /// Reference points where there are too few values to learn them.
    pub scale: Scale,
    /// Weight of the level in the race score.
    pub level_weight: f64,
    /// Weight of the growth in the race score.
    pub growth_weight: f64,
}

impl Inputs {
    pub(super) fn runners(&self, kind: Kind) -> &[Runner] {
        match kind {
            Kind::Merchant => &self.merchants,
            Kind::Item => &self.items,
        }
    }

    /// The day on which a runner's history begins; `None` where it has none or is not there.
    pub(super) fn start(&self, kind: Kind, row: usize) -> Option<Day> {
        let runner = self.runners(kind).get(row)?;
        let first = || match kind {
            Kind::Merchant => self.sales.merchants.get(row),
            Kind::Item => self.sales.items.get(row),
        };
        let start = runner.start.or_else(first);
        start.filter(|_| runner.present)
    }
}
