//! From ids to rows, in one batch whose waits for memory overlap.
//!
//! Hash an id and ask for its line of the index; some ids later read that line and ask for the row; some later still read the row and
//! verify the id. One id after the other would wait three times for each.

use std::collections::HashSet;

use super::View;
use super::lookup::Seen;
use crate::feature::Item;
use crate::id::{Hash, ItemRow};
use crate::model::RankRequest;

/// How many ids lie between two steps of the batch.
const AHEAD: usize = 12;

/// An item that may be shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate<'a> {
    /// Its row.
    pub(super) row: ItemRow,
    /// Its place in the request.
    pub(super) place: u32,
    /// What is known of it.
    pub(super) item: &'a Item,
}

/// The candidates of a request, each once.
#[derive(Debug)]
pub(super) struct Set<'a> {
    /// Those that we know, in the order given.
    pub(super) candidates: Vec<Candidate<'a>>,
    /// Ids that nobody told us of, in the order given.
    pub(super) unknown: Vec<String>,
}

/// An id's hash, and the row that it very likely has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guess {
    hash: Hash,
    row: Option<ItemRow>,
}

/// Looks up the candidates of a request.
pub(super) fn candidates<'a>(
    request: &RankRequest<'_>,
    view: &View<'a>,
    guesses: &mut Vec<Guess>,
    seen: &mut Seen,
) -> Set<'a> {
    let items = &view.features.items;
    let ids = &request.candidates.ids;
    let mut set = Set {
        candidates: Vec::with_capacity(ids.len()),
        unknown: Vec::new(),
    };
    guesses.clear();
    guesses.reserve(ids.len());
    seen.clear(ids.len());
    for step in 0..ids.len() + 2 * AHEAD {
        if let Some(id) = ids.get(step) {
            let hash = view.features.hasher.hash(id);
            items.prefetch_index(hash);
            guesses.push(Guess { hash, row: None });
        }
        if let Some(guess) = step
            .checked_sub(AHEAD)
            .and_then(|place| guesses.get_mut(place))
        {
            guess.row = items.prefetch_row(guess.hash);
        }
        if let Some(place) = step.checked_sub(2 * AHEAD)
            && let (Some(id), Some(&guess)) = (ids.get(place), guesses.get(place))
        {
            match verify(view, guess) {
                Some((row, item)) if seen.first(row.0) => set.candidates.push(Candidate {
                    row,
                    place: narrow(place),
                    item,
                }),
                Some(_) => {}
                None => set.unknown.push(id.to_string()),
            }
        }
    }
    drop_repeats(&mut set.unknown);
    set
}

#[inline(always)]
fn verify<'a>(view: &View<'a>, guess: Guess) -> Option<(ItemRow, &'a Item)> {
    let items = &view.features.items;
    let first = guess.row?;
    let row = if items.get(first).is(guess.hash) {
        first
    } else {
        items.find_by_hash(guess.hash)?
    };
    let item = items.get(row);
    view.standings.prefetch_item(row);
    (!item.stub()).then_some((row, item))
}

fn drop_repeats(ids: &mut Vec<String>) {
    if ids.len() > 1 {
        let mut seen = HashSet::with_capacity(ids.len());
        ids.retain(|id| seen.insert(id.clone()));
    }
}

/// A place as it is kept; the limit on candidates is far below 2³².
fn narrow(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
