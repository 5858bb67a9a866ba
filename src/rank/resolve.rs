//! From ids to rows, a block at a time, so that the waits for memory overlap.
//!
//! Hash every id of the block and ask for its line of the index; then read those lines and ask for the rows; then read the rows. One id
//! after the other would wait twice for each. A block is small enough to stay in the nearest caches until it is scored.

use std::borrow::Cow;
use std::collections::HashSet;

use super::View;
use super::lookup::Seen;
use crate::feature::Item;
use crate::id::{Hash, ItemRow};
use crate::race::{ItemStanding, MerchantStanding};

/// An item that may be shown, with all that scoring reads of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate<'a> {
    /// Its row.
    pub(super) row: ItemRow,
    /// Its place in the request.
    pub(super) place: u32,
    /// What is known of it.
    pub(super) item: &'a Item,
    /// How it sells; `None` where it came after the rebuild.
    pub(super) standing: Option<&'a ItemStanding>,
    /// How its merchant runs; `None` where there is none, or it came after the rebuild.
    pub(super) merchant: Option<&'a MerchantStanding>,
}

impl<'a> Candidate<'a> {
    /// The item of a row, as a candidate given at a place.
    #[inline(always)]
    pub(super) fn new(view: &View<'a>, row: ItemRow, place: u32) -> Self {
        let item = view.features.items.get(row);
        let standing = view.standings.known_item(row);
        Self {
            row,
            place,
            item,
            standing,
            merchant: view.standings.known_merchant(item.merchant),
        }
    }
}

/// Looks up one request's candidates, block by block.
#[derive(Debug)]
pub(super) struct Resolver<'r, 'a> {
    view: &'r View<'a>,
    seen: &'r mut Seen,
    guesses: Vec<(Hash, Option<ItemRow>)>,
    unknown: Vec<String>,
}

impl<'r, 'a> Resolver<'r, 'a> {
    /// A resolver for a request of that many candidates.
    pub(super) fn new(view: &'r View<'a>, seen: &'r mut Seen, candidates: usize) -> Self {
        seen.clear(candidates);
        Self {
            view,
            seen,
            guesses: Vec::new(),
            unknown: Vec::new(),
        }
    }

    /// Puts those of a block that we know, each once, into `found`; `first` is the place of the block in the request.
    pub(super) fn block(
        &mut self,
        ids: &[Cow<'_, str>],
        first: usize,
        found: &mut Vec<Candidate<'a>>,
    ) {
        let (items, hasher) = (&self.view.features.items, &self.view.features.hasher);
        self.guesses.clear();
        self.guesses.extend(ids.iter().map(|id| {
            let hash = hasher.hash(id);
            items.prefetch_index(hash);
            (hash, None)
        }));
        for (hash, row) in &mut self.guesses {
            *row = items.prefetch_row(*hash);
        }
        for (place, (id, &(hash, guess))) in ids
            .iter()
            .enumerate()
            .map(|(place, id)| (first + place, (id, &self.guesses[place])))
        {
            match verify(self.view, hash, guess) {
                Some(row) if self.seen.first(row.0) => {
                    found.push(Candidate::new(self.view, row, narrow(place)))
                }
                Some(_) => {}
                None => self.unknown.push(id.to_string()),
            }
        }
    }

    /// Ids that nobody told us of, each once, in the order given.
    pub(super) fn unknown(mut self) -> Vec<String> {
        if self.unknown.len() > 1 {
            let mut seen = HashSet::with_capacity(self.unknown.len());
            self.unknown.retain(|id| seen.insert(id.clone()));
        }
        self.unknown
    }
}

/// The row of the item with that hash; a guess is nearly always right.
#[inline(always)]
fn verify(view: &View<'_>, hash: Hash, guess: Option<ItemRow>) -> Option<ItemRow> {
    let items = &view.features.items;
    let guess = guess?;
    let row = if items.get(guess).is(hash) {
        guess
    } else {
        items.find_by_hash(hash)?
    };
    view.standings.prefetch_item(row);
    (!items.get(row).stub()).then_some(row)
}

/// A place as it is kept; the limit on candidates is far below 2³².
fn narrow(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
