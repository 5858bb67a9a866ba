//! From ids to rows, a block at a time, with prefetch.
//!
//! Each id goes through three steps, [`AHEAD`] ids apart: hash it and prefetch its line of the index; read that line and prefetch the
//! row; read the row. One id at a time would miss the cache twice per id, and a whole block per step would prefetch more than the
//! processor can track. A block is small enough to stay in the nearest caches until it is scored.

use std::borrow::Cow;
use std::collections::HashSet;

use super::BLOCK;
use super::lookup::Seen;
use super::view::View;
use crate::feature::Item;
use crate::id::{Hash, ItemRow};
use crate::number::short;
use crate::prefetch::prefetch;
use crate::race::{ItemStanding, MerchantStanding};

/// Number of ids between two steps.
const AHEAD: usize = 12;

/// An item of the request, with references to all that scoring reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate<'a> {
    /// Row of the item.
    pub(super) row: ItemRow,
    /// Place in the request.
    pub(super) place: u32,
    /// The declared item.
    pub(super) item: &'a Item,
    /// Standing of the item.
    pub(super) standing: &'a ItemStanding,
    /// Standing of its merchant.
    pub(super) merchant: &'a MerchantStanding,
}

impl<'a> Candidate<'a> {
    /// Creates the candidate of a row.
    #[inline(always)]
    pub(super) fn new(view: &View<'a>, (row, item): (ItemRow, &'a Item), place: u32) -> Self {
        let standing = view.standings.item(row);
        let merchant = view.standings.merchant(item.merchant);
        Self {
            row,
            place,
            item,
            standing: standing.unwrap_or(&ItemStanding::MISSING),
            merchant: merchant.unwrap_or(&MerchantStanding::MISSING),
        }
    }
}

/// Looks up the candidates of one request, block by block.
#[derive(Debug)]
pub(super) struct Resolver<'v, 'r, 'a> {
    view: &'v View<'a>,
    seen: &'v mut Seen,
    guesses: Vec<(Hash, Option<(ItemRow, &'a Item)>)>,
    unknown: Vec<&'r str>,
    /// Number of ids looked up so far.
    done: usize,
}

impl<'v, 'r, 'a> Resolver<'v, 'r, 'a> {
    /// Creates the resolver of one request.
    pub(super) fn new(view: &'v View<'a>, seen: &'v mut Seen) -> Self {
        seen.clear(view.items.rows());
        // What stands on earlier pages counts as repeated.
        for row in view.turn.past.iter().filter_map(|past| past.item) {
            seen.first(row.0);
        }
        Self {
            view,
            seen,
            guesses: Vec::with_capacity(BLOCK),
            unknown: Vec::new(),
            done: 0,
        }
    }

    /// Replaces `found` with the candidates of these ids that are in the catalogue and were not found before.
    pub(super) fn resolve(&mut self, ids: &'r [Cow<'_, str>], found: &mut Vec<Candidate<'a>>) {
        found.clear();
        for ids in ids.chunks(BLOCK) {
            self.block(ids, found);
            self.done += ids.len();
        }
    }

    /// Looks up one block. Kept out of line: inlined into the whole path, its three steps compete with the rest of it for registers.
    #[inline(never)]
    fn block(&mut self, ids: &'r [Cow<'_, str>], found: &mut Vec<Candidate<'a>>) {
        self.guesses.clear();
        for step in 0..ids.len() + 2 * AHEAD {
            if let Some(id) = ids.get(step) {
                self.ask(id);
            }
            if let Some((hash, row)) = step
                .checked_sub(AHEAD)
                .and_then(|place| self.guesses.get_mut(place))
            {
                *row = self.view.items.prefetch_row(*hash);
            }
            if let Some(place) = step.checked_sub(2 * AHEAD) {
                self.meet(&ids[place], place, found);
            }
        }
    }

    /// Step 1: hashes the id and prefetches its line of the index.
    #[inline(always)]
    fn ask(&mut self, id: &str) {
        let hash = self.view.hasher.hash(id);
        self.view.items.prefetch_index(hash);
        self.guesses.push((hash, None));
    }

    /// Step 3: reads the row; prefetches its standings.
    #[inline(always)]
    fn meet(&mut self, id: &'r str, place: usize, found: &mut Vec<Candidate<'a>>) {
        let (hash, guess) = self.guesses[place];
        match verify(self.view, hash, guess) {
            Some((row, item)) if self.seen.first(row.0) => {
                let candidate = Candidate::new(self.view, (row, item), short(self.done + place));
                prefetch(candidate.standing);
                prefetch(candidate.merchant);
                found.push(candidate);
            }
            Some(_) => {}
            None => self.unknown.push(id),
        }
    }

    /// Returns the ids that are not in the catalogue, each once, in request order.
    pub(super) fn unknown(mut self) -> Vec<&'r str> {
        if self.unknown.len() > 1 {
            let mut seen = HashSet::with_capacity(self.unknown.len());
            self.unknown.retain(|id| seen.insert(*id));
        }
        self.unknown
    }
}

/// Returns the item with a hash. The guess is nearly always right.
#[inline(always)]
fn verify<'a>(
    view: &View<'a>,
    hash: Hash,
    guess: Option<(ItemRow, &'a Item)>,
) -> Option<(ItemRow, &'a Item)> {
    let guess = guess?;
    let found = if guess.1.is(hash) {
        guess
    } else {
        view.items.find_by_hash(hash)?
    };
    (!found.1.stub()).then_some(found)
}
