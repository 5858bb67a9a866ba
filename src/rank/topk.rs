//! The best K, by the one comparator of the crate: higher score first; ties by the CRC-32 of the id's bytes, ascending, then by the
//! bytes, so that a shop gains nothing by its name.
//!
//! A score and a place are packed into one `u64` key that sorts by score. Most candidates are worse than K earlier ones and are skipped
//! after one comparison. The others are collected; whenever there are 2K, a partial sort cuts them to K. Ids are compared only if a
//! candidate beyond the cut ties with the K-th.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::score::Scores;
use crate::id::ItemRow;

/// Returns an integer that falls as the score rises. Scores are never negative, so their bits sort like the numbers.
fn descending(score: f32) -> u32 {
    !(score + 0.0).to_bits()
}

/// Compares two ids of equal score.
#[must_use]
pub fn tie(a: &str, b: &str) -> Ordering {
    let crc = |id: &str| crc32fast::hash(id.as_bytes());
    crc(a)
        .cmp(&crc(b))
        .then_with(|| a.as_bytes().cmp(b.as_bytes()))
}

fn place(key: u64) -> usize {
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
    keys: &mut Vec<u64>,
) -> Vec<Chosen> {
    if limit == 0 {
        return Vec::new();
    }
    let id = |key: u64| ids[scored.candidates[place(key)].1 as usize].as_ref();
    let order = |a: &u64, b: &u64| (a >> 32).cmp(&(b >> 32)).then_with(|| tie(id(*a), id(*b)));
    let (mut worst, mut held) = (u32::MAX, 0);
    keys.clear();
    keys.resize((2 * limit).min(scored.len()) + 1, 0);
    for (place, &score) in scored.scores.iter().enumerate() {
        let score = descending(score);
        keys[held] = u64::from(score) << 32 | place as u64;
        held += usize::from(score <= worst);
        if held == 2 * limit {
            worst = cut(&mut keys[..held], limit, order);
            held = limit;
        }
    }
    if held > limit {
        cut(&mut keys[..held], limit, order);
        held = limit;
    }
    keys.truncate(held);
    keys.sort_unstable_by(order);
    let best = |&key: &u64| {
        let (row, given) = scored.candidates[place(key)];
        Chosen {
            row,
            place: given,
            score: scored.scores[place(key)],
        }
    };
    keys.iter().map(best).collect()
}

/// Moves the first `limit` of more keys to the front, unordered. Returns the score part of the last of them.
fn cut(keys: &mut [u64], limit: usize, order: impl Fn(&u64, &u64) -> Ordering) -> u32 {
    let (_, &mut kth, beyond) = keys.select_nth_unstable(limit - 1);
    if beyond.iter().any(|key| key >> 32 == kth >> 32) {
        settle(keys, limit, kth >> 32, order);
    }
    (kth >> 32) as u32
}

/// Sorts the keys that tie with the K-th by the tie rule, which decides which of them stay.
fn settle(keys: &mut [u64], limit: usize, score: u64, order: impl Fn(&u64, &u64) -> Ordering) {
    keys.sort_unstable_by_key(|key| key >> 32);
    let start = keys.partition_point(|key| key >> 32 < score);
    let end = keys.partition_point(|key| key >> 32 <= score);
    debug_assert!(start < limit && limit < end);
    keys[start..end].sort_unstable_by(order);
}
