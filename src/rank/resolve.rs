//! From ids to rows, some steps ahead of the scoring, so that the waits for memory overlap with each other and with work.
//!
//! Hash an id and ask for its line of the index; a group of ids later read that line and ask for the row; a group later read the row
//! and ask for its standings; a group later it is scored. One id after the other would wait for each, and all at once would ask for
//! more than the processor can wait for.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use super::View;
use super::lookup::Seen;
use crate::feature::Item;
use crate::id::{Hash, ItemRow};
use crate::prefetch::prefetch;
use crate::race::{ItemStanding, MerchantStanding};

/// Ids that go through a step together.
const GROUP: usize = 8;
/// Room for the ids on their way.
const RING: usize = 4 * GROUP;

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
    /// An item, as a candidate given at a place.
    #[inline(always)]
    pub(super) fn new(view: &View<'a>, (row, item): (ItemRow, &'a Item), place: u32) -> Self {
        Self {
            row,
            place,
            item,
            standing: view.standings.item(row),
            merchant: view.standings.merchant(item.merchant),
        }
    }
}

/// Looks up one request's candidates; as an iterator, gives those that we know, each once, in the order given.
#[derive(Debug)]
pub(super) struct Resolver<'r, 'a> {
    view: &'r View<'a>,
    seen: &'r mut Seen,
    ids: &'r [Cow<'r, str>],
    /// What is known of those on their way, by the last bits of their place.
    hashes: [Hash; RING],
    guesses: [Option<(ItemRow, &'a Item)>; RING],
    known: [Option<Candidate<'a>>; RING],
    /// The place of the next one to arrive.
    next: usize,
    unknown: Vec<String>,
}

impl<'r, 'a> Resolver<'r, 'a> {
    /// A resolver for the candidates of one request; the first of them are asked for.
    pub(super) fn new(view: &'r View<'a>, seen: &'r mut Seen, ids: &'r [Cow<'r, str>]) -> Self {
        seen.clear(ids.len());
        let mut new = Self {
            view,
            seen,
            ids,
            hashes: [Hash::default(); RING],
            guesses: [None; RING],
            known: [None; RING],
            next: 0,
            unknown: Vec::new(),
        };
        new.ask(0..3 * GROUP);
        new.guess(0..2 * GROUP);
        new.know(0..GROUP);
        new
    }

    /// Moves every group on its way on by one step, and lets the next one in.
    #[inline(always)]
    fn advance(&mut self) {
        let group = |ahead| self.next + ahead * GROUP..self.next + (ahead + 1) * GROUP;
        let (asked, guessed, known) = (group(3), group(2), group(1));
        self.ask(asked);
        self.guess(guessed);
        self.know(known);
    }

    /// First step: asks for the lines of the index.
    #[inline(always)]
    fn ask(&mut self, group: Range<usize>) {
        for place in group.start..group.end.min(self.ids.len()) {
            let hash = self.view.features.hasher.hash(&self.ids[place]);
            self.view.features.items.prefetch_index(hash);
            self.hashes[place % RING] = hash;
        }
    }

    /// Second step: the lines of the index are at hand; asks for the rows.
    #[inline(always)]
    fn guess(&mut self, group: Range<usize>) {
        for place in group.start..group.end.min(self.ids.len()) {
            let hash = self.hashes[place % RING];
            self.guesses[place % RING] = self.view.features.items.prefetch_row(hash);
        }
    }

    /// Third step: the rows are at hand; makes sure that they are the ones, and asks for what stands elsewhere.
    #[inline(always)]
    fn know(&mut self, group: Range<usize>) {
        for place in group.start..group.end.min(self.ids.len()) {
            let (hash, guess) = (self.hashes[place % RING], self.guesses[place % RING]);
            self.known[place % RING] = verify(self.view, hash, guess).map(|found| {
                let candidate = Candidate::new(self.view, found, narrow(place));
                candidate.standing.into_iter().for_each(prefetch);
                candidate.merchant.into_iter().for_each(prefetch);
                candidate
            });
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

impl<'a> Iterator for Resolver<'_, 'a> {
    type Item = Candidate<'a>;

    #[inline(always)]
    fn next(&mut self) -> Option<Candidate<'a>> {
        while self.next < self.ids.len() {
            let place = self.next;
            if place.is_multiple_of(GROUP) {
                self.advance();
            }
            self.next += 1;
            match self.known[place % RING] {
                Some(candidate) if self.seen.first(candidate.row.0) => return Some(candidate),
                Some(_) => {}
                None => self.unknown.push(self.ids[place].clone().into_owned()),
            }
        }
        None
    }
}

/// The item with that hash; a guess is nearly always right.
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
        view.features.items.find_by_hash(hash)?
    };
    (!found.1.stub()).then_some(found)
}

/// A place as it is kept; the limit on candidates is far below 2³².
fn narrow(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
