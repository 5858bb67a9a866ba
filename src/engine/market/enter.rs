//! The newcomers who may enter the ladder.

use compact_str::CompactString;

use super::climb::names;
use super::creators::Starts;
use crate::clock::Time;
use crate::engine::Engine;
use crate::engine::slices::{ITEMS, slices};
use crate::id::{ItemRow, MerchantRow};
use crate::race::Kind;
use crate::state::Books;
use crate::support::{Entrant, Groups, Rules};

/// Number of items of one merchant, and of creators whom it names, that climb at once.
const AT_ONCE: usize = 3;

impl Engine {
    /// Returns the newcomers of a kind who enter now, the longest present first.
    pub(super) fn entrants(
        &self,
        kind: Kind,
        starts: &Starts,
        (rules, now): (&Rules, Time),
    ) -> Vec<Entrant> {
        let mut entrants = starts.newcomers(&self.facts.read().books, (rules, now));
        let rows = rows(&self.facts.read().books, kind);
        for slice in slices(rows, ITEMS) {
            let facts = self.facts.read();
            let newcomers = slice.filter_map(|row| entrant(&facts.books, kind, row, (rules, now)));
            entrants.extend(newcomers);
        }
        if entrants.is_empty() {
            return entrants;
        }
        let facts = self.facts.read();
        let groups = groups(&facts.books, kind, starts);
        // An owner that a climber got since the last snapshot is not remembered yet.
        let climbing = facts.books.ladders[kind].rungs();
        let climbing = climbing.filter(|(_, rung)| rung.climbs());
        let owner = |(row, _)| Some(names(&facts.books, kind, row)?.1.into());
        let owners = climbing.filter_map(owner).collect();
        facts.books.ladders[kind].admit(entrants, (&groups, owners), now)
    }
}

fn rows(books: &Books, kind: Kind) -> usize {
    match kind {
        Kind::Item => books.items.rows(),
        Kind::Merchant => books.merchants.rows(),
        // Their starts come from their items.
        Kind::Creator => 0,
    }
}

/// Returns the newcomer in a row, if it may enter as far as its own fields say.
fn entrant(books: &Books, kind: Kind, row: usize, on: (&Rules, Time)) -> Option<Entrant> {
    let entrant = match kind {
        Kind::Item => item(books, ItemRow::at(row), on),
        Kind::Merchant => merchant(books, MerchantRow::at(row), on),
        Kind::Creator => None,
    }?;
    let ladder = &books.ladders[kind];
    ladder.get(entrant.row).is_none().then_some(entrant)
}

fn merchant(books: &Books, row: MerchantRow, (rules, now): (&Rules, Time)) -> Option<Entrant> {
    let merchant = books.merchants.get(row).filter(|it| it.exists)?;
    let since = merchant.joined_at?;
    let integrity = books.merchants.integrity(row).into();
    rules.admits(since, integrity, now).then(|| Entrant {
        row: row.0,
        id: merchant.id().into(),
        owner: merchant.owner().into(),
        since,
        group: None,
    })
}

fn item(books: &Books, row: ItemRow, (rules, now): (&Rules, Time)) -> Option<Entrant> {
    let item = books.items.get(row);
    let since = item.listed_at().filter(|_| !item.stub())?;
    let integrity = books.merchants.integrity(item.merchant).into();
    rules.admits(since, integrity, now).then(|| {
        let id: CompactString = books.items.id(row).into();
        Entrant {
            row: row.0,
            owner: id.clone(),
            id,
            since,
            group: item.merchant.some().map(|merchant| merchant.0),
        }
    })
}

/// Returns the groups of the runners of a kind that climb now.
fn groups(books: &Books, kind: Kind, starts: &Starts) -> Groups {
    let climbing = books.ladders[kind].rungs();
    let climbing = climbing.filter(|(_, rung)| rung.climbs());
    let merchant = |row| books.items.get(ItemRow(row)).merchant;
    match kind {
        Kind::Item => {
            let merchants = climbing.filter_map(|(row, _)| merchant(row).some());
            Groups::new(AT_ONCE, merchants.map(|merchant| merchant.0))
        }
        Kind::Creator => {
            let merchants = climbing.filter_map(|(row, _)| starts.merchant(row));
            Groups::new(AT_ONCE, merchants)
        }
        Kind::Merchant => Groups::new(usize::MAX, []),
    }
}
