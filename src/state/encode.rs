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

/// Number of the kind of a book of rows that holds all but the rows, in one part.
const SMALL: usize = 0;

/// Appends a part of a book of rows, which are its second kind of parts; returns `false`, with nothing appended, if there is no such
/// part.
pub(super) fn write_rows<T: Serialize>(
    (kind, part): (usize, usize),
    small: &T,
    count: usize,
    bytes: &mut Vec<u8>,
    write: impl FnOnce(Range<usize>, &mut Vec<u8>),
) -> bool {
    if kind == SMALL {
        return whole(part, small, bytes);
    }
    write_part(part, count, bytes, write)
}

/// Appends the rows of a part; returns `false`, with nothing appended, if there are none.
pub(super) fn write_part(
    part: usize,
    count: usize,
    bytes: &mut Vec<u8>,
    write: impl FnOnce(Range<usize>, &mut Vec<u8>),
) -> bool {
    let start = part * ROWS;
    if start < count {
        write(start..(start + ROWS).min(count), bytes);
    }
    start < count
}

/// Restores a part of a book of rows.
pub(super) fn restore_rows<B, S: DeserializeOwned, R: DeserializeOwned>(
    book: &mut B,
    kind: usize,
    bytes: &[u8],
    small: impl FnOnce(&mut B, S),
    mut row: impl FnMut(&mut B, R),
) -> Result<(), postcard::Error> {
    if kind == SMALL {
        small(book, postcard::from_bytes(bytes)?);
        return Ok(());
    }
    each(bytes, |record| row(book, record))
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
