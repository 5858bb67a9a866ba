//! Line numbers of a table, by the byte at which a row begins, and quotes that are not closed.
//!
//! The CSV reader numbers a row before it reads the line feed of the CRLF before it, so its numbers are one too small there. The line
//! breaks are therefore counted here, as the bytes pass. It also reads a quote that is never closed as a text up to the end of the file.
//! So the bytes of the current row are kept here, up to a bound, to find such a quote.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Chain, Cursor, Read};

use memchr::{memchr_iter, memchr2_iter};

/// Maximum bytes of a row.
const ROW_BYTES: usize = 1 << 20;

/// Bytes that are enough for a first line such as `sep=;`, with a byte-order mark.
const FIRST: u64 = 12;

/// A reader that knows the line of each byte.
pub(super) struct Numbered<R> {
    file: Chain<Cursor<Vec<u8>>, R>,
    state: RefCell<State>,
    /// The skipped lines, up to a bound.
    skipped: Vec<u8>,
}

struct State {
    /// Number of bytes read.
    read: u64,
    /// Line of the first byte after the breaks that were passed, from 1.
    line: u64,
    /// The carriage returns and line feeds not yet passed: offset, and 1 for a line feed.
    ahead: VecDeque<(u64, u64)>,
    /// The last bytes read, from the beginning of the current row at the latest.
    recent: Vec<u8>,
    /// Offset of the current row.
    row: u64,
    ended: bool,
}

impl<R: Read> Numbered<R> {
    /// Opens a text and reads its first bytes.
    pub(super) fn new(mut file: R) -> io::Result<Self> {
        let mut first = Vec::new();
        file.by_ref().take(FIRST).read_to_end(&mut first)?;
        let state = State {
            read: 0,
            line: 1,
            ahead: VecDeque::new(),
            recent: Vec::new(),
            row: 0,
            ended: false,
        };
        Ok(Self {
            file: Cursor::new(first).chain(file),
            state: RefCell::new(state),
            skipped: Vec::new(),
        })
    }

    /// Skips a first line that says the separator, such as `sep=;`, as spreadsheets write it. Offsets then count from the line after it.
    pub(super) fn skip_separator(&mut self) -> Option<u8> {
        let first = self.file.get_ref().0.get_ref().as_slice();
        let bare = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
        let quoted = bare.starts_with(b"\"");
        let text = &bare[usize::from(quoted)..];
        let (separator, rest) = text.strip_prefix(b"sep=")?.split_first()?;
        let rest = if quoted {
            rest.strip_prefix(b"\"")?
        } else {
            rest
        };
        let rest = rest.strip_prefix(b"\r").unwrap_or(rest);
        let rest = rest.strip_prefix(b"\n")?;
        let length = first.len() - rest.len();
        let separator = *separator;
        self.skipped = first[first.len() - bare.len()..length].to_vec();
        self.file.get_mut().0.set_position(length as u64);
        self.state.get_mut().line += 1;
        Some(separator)
    }

    /// Skips some lines. Offsets then count from the line after them.
    pub(super) fn skip(&mut self, lines: u64) -> io::Result<()> {
        let mut byte = [0];
        let mut skipped = 0;
        while skipped < lines && self.file.read(&mut byte)? > 0 {
            skipped += u64::from(byte[0] == b'\n');
            if self.skipped.len() < ROW_BYTES {
                self.skipped.push(byte[0]);
            }
        }
        self.state.get_mut().line += skipped;
        Ok(())
    }

    /// Returns the line of the first byte at or after `at` that is not a line break. `at` must not decrease.
    pub(super) fn line(&self, mut at: u64) -> u64 {
        let mut state = self.state.borrow_mut();
        while let Some((offset, feed)) = state.ahead.front().copied().filter(|next| next.0 <= at) {
            state.ahead.pop_front();
            state.line += feed;
            at += u64::from(offset == at);
        }
        state.line
    }

    pub(super) fn skipped(&self) -> Vec<u8> {
        self.skipped.clone()
    }

    /// Returns the current row, which ends at `end`, without the line breaks around it.
    pub(super) fn text(&self, end: u64) -> Vec<u8> {
        let state = self.state.borrow();
        let length = usize::try_from(end.saturating_sub(state.row)).unwrap_or(usize::MAX);
        let bytes = state.current();
        let is_break = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let bytes = &bytes[..length.min(bytes.len())];
        let first = bytes.iter().position(|byte| !is_break(byte));
        let last = bytes.iter().rposition(|byte| !is_break(byte));
        match (first, last) {
            (Some(first), Some(last)) => bytes[first..=last].to_vec(),
            _ => Vec::new(),
        }
    }

    /// Returns true if the file ends with the row that ends at `end`, without a line break.
    pub(super) fn is_cut(&self, end: u64) -> bool {
        let state = self.state.borrow();
        let is_broken = matches!(state.recent.last(), Some(b'\r' | b'\n') | None);
        state.ended && end >= state.read && !is_broken
    }

    /// Notes that the rows before `end` were read. Returns the bytes of the row that ended there if it has several lines or is the last.
    pub(super) fn pass(&self, end: u64, several: bool) -> Option<Vec<u8>> {
        let mut state = self.state.borrow_mut();
        let last = state.ended && end >= state.read;
        let length = usize::try_from(end - state.row).unwrap_or(usize::MAX);
        let bytes = state.current();
        let bytes = (last || several).then(|| bytes[..length.min(bytes.len())].to_vec());
        state.row = end;
        bytes
    }

    /// Returns the line on which the current row begins, and its bytes, if it is longer than a row may be.
    pub(super) fn overlong(&self) -> Option<(u64, Vec<u8>)> {
        let (row, bytes) = {
            let state = self.state.borrow();
            (state.row, state.current().to_vec())
        };
        (bytes.len() > ROW_BYTES).then(|| (self.line(row), bytes))
    }
}

impl State {
    /// Returns the bytes from the beginning of the current row.
    fn current(&self) -> &[u8] {
        let ahead = usize::try_from(self.read - self.row).unwrap_or(usize::MAX);
        &self.recent[self.recent.len().saturating_sub(ahead)..]
    }
}

impl<R: Read> Read for Numbered<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let state = self.state.get_mut();
        let kept = state.current().len();
        if kept > ROW_BYTES {
            let message = format!("a row is longer than {ROW_BYTES} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        let passed = state.recent.len() - kept;
        state.recent.drain(..passed);
        let count = self.file.read(bytes)?;
        for place in memchr2_iter(b'\r', b'\n', &bytes[..count]) {
            let feed = u64::from(bytes[place] == b'\n');
            state.ahead.push_back((state.read + place as u64, feed));
        }
        state.recent.extend_from_slice(&bytes[..count]);
        state.read += count as u64;
        state.ended = count == 0 && !bytes.is_empty();
        Ok(count)
    }
}

/// A fault of the quotes of a row, with the number of line feeds before the quote that opens there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quote {
    /// It is not closed.
    Open(u64),
    /// Text follows its end.
    Trailed(u64),
}

/// Returns the first fault of the quotes of a row.
pub(super) fn quote_fault(row: &[u8], separator: u8, quote: u8) -> Option<Quote> {
    let (mut open, mut begins) = (None, true);
    let line = |place: usize| memchr_iter(b'\n', &row[..place]).count() as u64;
    let mut bytes = row.iter().copied().enumerate().peekable();
    while let Some((place, byte)) = bytes.next() {
        let ends = |byte: u8| byte == separator || byte == b'\n' || byte == b'\r';
        let Some(opened) = open else {
            open = (byte == quote && begins).then_some(place);
            begins = ends(byte);
            continue;
        };
        if byte == quote && bytes.next_if(|(_, next)| *next == quote).is_none() {
            if bytes.peek().is_some_and(|(_, next)| !ends(*next)) {
                return Some(Quote::Trailed(line(opened)));
            }
            open = None;
        }
    }
    open.map(|place| Quote::Open(line(place)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_quotes_are_found() {
        for (row, expected) in [
            ("a,b\n", None),
            ("a,\"b\nc", Some(Quote::Open(0))),
            ("\"a\nb\",\"c\n\nd", Some(Quote::Open(1))),
            ("a,\"b\"\"c\"\n", None),
            ("a,\"b\"\"c\n", Some(Quote::Open(0))),
            ("6\" nail,x\n", None),
            ("a,\"b\"c,\"d\n", Some(Quote::Trailed(0))),
            ("\"a\n\",\"b\nc,\"d\n", Some(Quote::Trailed(1))),
            ("\n\"a\n", Some(Quote::Open(1))),
            ("a,\"b\"\r\n", None),
        ] {
            assert_eq!(quote_fault(row.as_bytes(), b',', b'"'), expected, "{row:?}");
        }
    }
}
