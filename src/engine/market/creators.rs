//! The starts of creators, who declare nothing: the first `listed_at` of their items, or the day of the first event on one if that was
//! earlier.
//!
//! The first event counts against a creator whose old items are gone or have no date: nobody becomes new by deleting what is old. What
//! is known comes from one walk over the catalogue for each snapshot, while creators climb at all.

use std::collections::HashMap;

use compact_str::CompactString;

use crate::clock::Time;
use crate::config::Config;
use crate::engine::Engine;
use crate::engine::slices::{ITEMS, slices};
use crate::feature::Space;
use crate::id::{CreatorRow, ItemRow, TagId};
use crate::race::Kind;
use crate::state::Books;
use crate::support::{Entrant, Rules};

/// Integrity of every creator: distrust of a merchant lowers its items, whoever made them.
pub(super) const INTEGRITY: f64 = 1.0;

/// The start of a creator.
#[derive(Clone, Copy, Debug)]
struct Start {
    since: Time,
    /// The row of the merchant of the item that was listed first.
    merchant: Option<u32>,
}

/// The starts of the creators of items with a date, by row.
#[derive(Debug, Default)]
pub(super) struct Starts(HashMap<u32, Start>);

impl Starts {
    /// Returns the start of a creator; `None` if no item of the creator has a date.
    pub(super) fn since(&self, row: u32) -> Option<Time> {
        self.0.get(&row).map(|start| start.since)
    }

    /// Returns the row of the merchant whose item of the creator was listed first.
    pub(super) fn merchant(&self, row: u32) -> Option<u32> {
        self.0.get(&row)?.merchant
    }

    /// Returns the creators who may enter as far as their starts say.
    pub(super) fn newcomers(&self, books: &Books, (rules, now): (&Rules, Time)) -> Vec<Entrant> {
        let ladder = &books.ladders[Kind::Creator];
        let starts = self.0.iter();
        let fresh = starts.filter(|(row, start)| {
            rules.admits(start.since, INTEGRITY, now) && ladder.get(**row).is_none()
        });
        let entrant = |(row, start): (&u32, &Start)| {
            let id: CompactString = name(books, *row)?.into();
            Some(Entrant {
                row: *row,
                owner: id.clone(),
                id,
                since: start.since,
                group: start.merchant,
            })
        };
        fresh.filter_map(entrant).collect()
    }

    /// Notes an item of a creator.
    fn note(&mut self, creator: CreatorRow, listed: Time, merchant: Option<u32>) {
        let start = Start {
            since: listed,
            merchant,
        };
        let known = self.0.entry(creator.0).or_insert(start);
        if listed < known.since {
            *known = start;
        }
    }

    /// Moves starts back to the days of the first events.
    fn move_back(&mut self, books: &Books, utc_offset: i64) {
        for (row, start) in &mut self.0 {
            let first = books.sales.first_day(CreatorRow(*row));
            let first = first.map(|day| day.start(utc_offset));
            start.since = first.map_or(start.since, |first| first.min(start.since));
        }
    }
}

/// Returns the id of a creator whom an item names.
pub(super) fn name(books: &Books, row: u32) -> Option<&str> {
    let name = books.tags.bare_name(Space::Creator, TagId(row));
    name.filter(|_| books.tags.carried_creator(CreatorRow(row)))
}

impl Engine {
    /// Returns the starts of the creators.
    pub(super) fn starts(&self, config: &Config) -> Starts {
        let mut starts = Starts::default();
        let rows = self.facts.read().books.items.rows();
        for slice in slices(rows, ITEMS) {
            let facts = self.facts.read();
            let (items, tags) = (&facts.books.items, &facts.books.tags);
            for row in slice.map(ItemRow::at) {
                let item = items.get(row);
                let listed = item.listed_at().filter(|_| !item.stub());
                let creator = items.creator(row, item, tags).some();
                if let Some((listed, creator)) = listed.zip(creator) {
                    let merchant = item.merchant.some().map(|merchant| merchant.0);
                    starts.note(creator, listed, merchant);
                }
            }
        }
        starts.move_back(&self.facts.read().books, config.race.utc_offset);
        starts
    }
}
