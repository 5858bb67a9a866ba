//! Walks over all rows, cut into slices so that each holds the lock only briefly.

use std::ops::Range;

/// Maximum number of items in a slice.
pub(super) const ITEMS: usize = 1_024;
/// Maximum number of users in a slice; smaller, because each user's profile is walked too.
pub(super) const USERS: usize = 512;
/// Maximum number of tags in a slice; smaller, because a tag may have to be forgotten.
pub(super) const TAGS: usize = 128;

/// Splits the rows from 0 to `rows` into ranges of at most `size` rows, in order.
pub(super) fn slices(rows: usize, size: usize) -> impl Iterator<Item = Range<usize>> {
    let starts = (0..rows).step_by(size);
    starts.map(move |start| start..(start + size).min(rows))
}
