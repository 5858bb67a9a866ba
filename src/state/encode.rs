//! Encoding of the parts of books.

use std::ops::Range;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::binary::append;

/// Rows of one part: few enough that a writer hardly waits.
const ROWS: usize = 32;

/// Appends the only part of a kind; returns `false`, with nothing appended, for any part but the first.
pub(super) fn whole<T: Serialize>(part: usize, value: &T, bytes: &mut Vec<u8>) -> bool {
    if part == 0 {
        append(value, bytes);
    }
    part == 0
}

/// Returns the rows of a part, if there are any.
pub(super) fn rows(part: usize, count: usize) -> Option<Range<usize>> {
    let start = part * ROWS;
    (start < count).then(|| start..(start + ROWS).min(count))
}

/// Reads values to the end.
pub(super) fn each<T: DeserializeOwned>(
    mut bytes: &[u8],
    mut take: impl FnMut(T),
) -> Result<(), postcard::Error> {
    while !bytes.is_empty() {
        let (value, rest) = postcard::take_from_bytes(bytes)?;
        take(value);
        bytes = rest;
    }
    Ok(())
}
