//! The items of a merchant or a creator: how many there are, and to which selections they belong. One walk over the catalogue, in slices.

use crate::config::{Config, SelectionId};
use crate::engine::Engine;
use crate::engine::slices::{ITEMS, slices};
use crate::id::{CreatorRow, ItemRow, KeyOf, MerchantRow, RunnerKey};
use crate::model::view::{CampaignState, ReportItems};
use crate::rule::By;
use crate::state::Books;

/// The runner whose items are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shelf {
    Merchant(MerchantRow),
    Creator(CreatorRow),
}

impl From<MerchantRow> for Shelf {
    fn from(row: MerchantRow) -> Self {
        Self::Merchant(row)
    }
}

impl From<CreatorRow> for Shelf {
    fn from(row: CreatorRow) -> Self {
        Self::Creator(row)
    }
}

impl Shelf {
    /// Returns the key of the runner.
    pub(super) const fn key(self) -> Option<RunnerKey> {
        match self {
            Self::Merchant(row) => RunnerKey::new(KeyOf::Merchant(row)),
            Self::Creator(row) => RunnerKey::new(KeyOf::Creator(row)),
        }
    }

    /// Returns the group of a cap that the runner is.
    pub(super) const fn group(self) -> By {
        match self {
            Self::Merchant(_) => By::Merchant,
            Self::Creator(_) => By::Creator,
        }
    }

    fn has(self, books: &Books, row: ItemRow) -> bool {
        let item = books.items.get(row);
        let is = match self {
            Self::Merchant(merchant) => item.merchant == merchant,
            Self::Creator(creator) => books.items.creator(row, item, &books.tags) == creator,
        };
        is && !item.stub()
    }
}

/// The items of a runner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stock {
    all: usize,
    available: usize,
    /// Number of the available ones in each selection of the configuration.
    members: Vec<usize>,
}

impl Stock {
    /// Returns the number of items.
    pub(super) const fn items(&self) -> ReportItems {
        ReportItems {
            all: self.all,
            available: self.available,
        }
    }

    /// Returns the number of available items in a selection.
    pub(super) fn members(&self, selection: SelectionId) -> usize {
        let members = self.members.get(selection.index());
        members.copied().unwrap_or(0)
    }

    /// Returns the number of available items.
    pub(super) const fn available(&self) -> usize {
        self.available
    }
}

impl Engine {
    /// Returns the items of a runner.
    pub(super) fn stock(&self, shelf: Shelf, config: &Config) -> Stock {
        let list = &config.selections;
        let mut stock = Stock {
            members: vec![0; list.len()],
            ..Stock::default()
        };
        let rows = self.facts.read().books.items.rows();
        for slice in slices(rows, ITEMS) {
            let facts = self.facts.read();
            let (books, selections) = (&facts.books, facts.selections.of(list));
            for row in slice.map(ItemRow::at).filter(|row| shelf.has(books, *row)) {
                stock.all += 1;
                if !books.items.get(row).available() {
                    continue;
                }
                stock.available += 1;
                for (members, selection) in stock.members.iter_mut().zip((0..).map(SelectionId)) {
                    *members += usize::from(selections.has(selection, row));
                }
            }
        }
        stock
    }

    /// Returns the campaigns that available items of a runner belong to.
    pub(super) fn campaigns_of(&self, stock: &Stock, config: &Config) -> Vec<CampaignState> {
        let states = self.states(config, self.clock.now());
        let campaigns = config.campaigns.each.iter().zip(states);
        let mine = campaigns.filter(|(campaign, _)| stock.members(campaign.items) > 0);
        mine.map(|(_, state)| state).collect()
    }
}
