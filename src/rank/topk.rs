//! The best K: higher score first; ties by lot, see [`Lots`].
//!
//! A score and a place are packed into one `u64` key that sorts by score. Most candidates are worse than K earlier ones and are skipped
//! after one comparison. The others are collected; whenever there are 2K, a partial sort cuts them to K. Lots are drawn only by
//! candidates that tie: with the K-th across a cut, or with each other among the best.

use std::borrow::Cow;

use super::lot::Lots;
use super::score::Scores;
use crate::id::ItemRow;

/// Returns an integer that falls as the score rises. Scores are never negative, so their bits sort like the numbers.
fn descending(score: f32) -> u32 {
    !(score + 0.0).to_bits()
}

/// Returns the index of a key's number in its column.
pub(super) fn place(key: u64) -> usize {
    (key & 0xffff_ffff) as usize
}

/// One of the best.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chosen {
    /// Row of the item.
    pub(super) row: ItemRow,
    /// Place in the request.
    pub(super) place: u32,
    /// The score.
    pub(super) score: f32,
}

/// Returns the best `limit` of the scored candidates, best first.
pub(super) fn select(
    scored: &Scores,
    ids: &[Cow<'_, str>],
    limit: usize,
    lots: &Lots<'_>,
    keys: &mut Vec<u64>,
) -> Vec<Chosen> {
    let lot = |index: usize| lots.key(&ids[scored.candidates[index].1 as usize]);
    best(&scored.scores, limit, lot, keys);
    keys.iter().map(|&key| chosen(scored, place(key))).collect()
}

/// Returns a scored candidate by its index.
pub(super) fn chosen(scored: &Scores, index: usize) -> Chosen {
    let (row, place) = scored.candidates[index];
    Chosen {
        row,
        place,
        score: scored.scores[index],
    }
}

/// Replaces the keys by those of the `limit` highest numbers of a column, best first; `lot` returns what orders two equal ones.
#[inline(always)]
pub(super) fn best<'i>(
    column: &[f32],
    limit: usize,
    lot: impl Fn(usize) -> (u64, &'i str),
    keys: &mut Vec<u64>,
) {
    best_of(column, |_| true, limit, lot, keys);
}

/// Does the same among those for which `counts` holds. It is asked only of those that no `limit` others are known to beat.
#[inline(always)]
pub(super) fn best_of<'i>(
    column: &[f32],
    counts: impl Fn(usize) -> bool,
    limit: usize,
    lot: impl Fn(usize) -> (u64, &'i str),
    keys: &mut Vec<u64>,
) {
    keys.clear();
    if limit == 0 {
        return;
    }
    let lot = |key: &u64| lot(place(*key));
    let draw = |tied: &mut [u64]| tied.sort_by_cached_key(lot);
    let (mut worst, mut held) = (u32::MAX, 0);
    keys.resize((2 * limit).min(column.len()) + 1, 0);
    for (place, &score) in column.iter().enumerate() {
        let score = descending(score);
        keys[held] = u64::from(score) << 32 | place as u64;
        held += usize::from(score <= worst && counts(place));
        if held == 2 * limit {
            worst = cut(&mut keys[..held], limit, draw);
            held = limit;
        }
    }
    if held > limit {
        cut(&mut keys[..held], limit, draw);
        held = limit;
    }
    keys.truncate(held);
    keys.sort_unstable();
    let runs = keys.chunk_by_mut(|a, b| a >> 32 == b >> 32);
    runs.filter(|run| run.len() > 1).for_each(draw);
}

/// Moves the first `limit` of more keys to the front, unordered. Returns the score part of the last of them.
fn cut(keys: &mut [u64], limit: usize, draw: impl Fn(&mut [u64])) -> u32 {
    let (_, &mut kth, beyond) = keys.select_nth_unstable(limit - 1);
    if beyond.iter().any(|key| key >> 32 == kth >> 32) {
        settle(keys, limit, kth >> 32, draw);
    }
    (kth >> 32) as u32
}

/// Orders the keys that tie with the K-th by lot, which decides which of them stay.
fn settle(keys: &mut [u64], limit: usize, score: u64, draw: impl Fn(&mut [u64])) {
    keys.sort_unstable();
    let start = keys.partition_point(|key| key >> 32 < score);
    let end = keys.partition_point(|key| key >> 32 <= score);
    debug_assert!(start < limit && limit < end);
    draw(&mut keys[start..end]);
}
