//! The best K, and the one comparator of the crate: higher score first; ties by the CRC-32 of the id's bytes, ascending, then by the
//! bytes, so that no shop wins by its name.
//!
//! A score and a place are packed into one `u64` whose order is that of the scores, and a partial sort finds the K smallest. Only
//! where candidates beyond the cut have the same score as the K-th does the tie rule have to look at ids.

use std::cmp::Ordering;

use super::slate::Slate;
use crate::feature::Items;
use crate::id::ItemRow;

/// A score's place in the order, best first: unsigned integers that fall as the score, which is never negative, rises.
fn descending(score: f32) -> u32 {
    !(score + 0.0).to_bits()
}

/// The order of two ids of equal score.
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

/// The best `limit` of a slate, best first: row, place in the request, score.
pub(super) fn select(
    slate: &Slate,
    items: &Items,
    limit: usize,
    keys: &mut Vec<u64>,
) -> Vec<(ItemRow, u32, f32)> {
    keys.clear();
    let key = |(place, &score): (usize, &f32)| u64::from(descending(score)) << 32 | place as u64;
    keys.extend(slate.scores.iter().enumerate().map(key));
    let id = |key: u64| items.id(slate.kept[place(key)].0);
    let order = |a: &u64, b: &u64| (a >> 32).cmp(&(b >> 32)).then_with(|| tie(id(*a), id(*b)));
    if limit < keys.len() {
        cut(keys, limit, order);
    }
    keys.sort_unstable_by(order);
    let best = |&key: &u64| {
        let (row, given) = slate.kept[place(key)];
        (row, given, slate.scores[place(key)])
    };
    keys.iter().map(best).collect()
}

/// Keeps the first `limit` of the keys, in no order.
fn cut(keys: &mut Vec<u64>, limit: usize, order: impl Fn(&u64, &u64) -> Ordering) {
    let Some(last) = limit.checked_sub(1) else {
        keys.clear();
        return;
    };
    let (_, &mut kth, beyond) = keys.select_nth_unstable(last);
    if beyond.iter().any(|key| key >> 32 == kth >> 32) {
        settle(keys, limit, kth >> 32, order);
    }
    keys.truncate(limit);
}

/// Puts the keys that tie with the K-th in their order, so that the tie rule decides which of them stay.
fn settle(keys: &mut [u64], limit: usize, score: u64, order: impl Fn(&u64, &u64) -> Ordering) {
    keys.sort_unstable_by_key(|key| key >> 32);
    let start = keys.partition_point(|key| key >> 32 < score);
    let end = keys.partition_point(|key| key >> 32 <= score);
    debug_assert!(start < limit && limit < end);
    keys[start..end].sort_unstable_by(order);
}
