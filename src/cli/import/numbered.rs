//! Line numbers of a table, by the byte at which a row begins.
//!
//! The CSV reader numbers a row before it reads the line feed of the CRLF before it, so its numbers are one too small there. The line
//! breaks are therefore counted here, as the bytes pass.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Read};

use memchr::memchr2_iter;

/// A reader that knows the line of each byte.
pub(super) struct Numbered<R> {
    file: R,
    breaks: RefCell<Breaks>,
}

struct Breaks {
    /// Number of bytes read.
    read: u64,
    /// Line of the first byte after the breaks that were passed, from 1.
    line: u64,
    /// The carriage returns and line feeds not yet passed: offset, and 1 for a line feed.
    ahead: VecDeque<(u64, u64)>,
}

impl<R> Numbered<R> {
    pub(super) fn new(file: R) -> Self {
        let ahead = VecDeque::new();
        let (read, line) = (0, 1);
        Self {
            file,
            breaks: RefCell::new(Breaks { read, line, ahead }),
        }
    }

    /// Skips some lines. Offsets then count from the line after them.
    pub(super) fn skip(&mut self, lines: u64) -> io::Result<()>
    where
        R: Read,
    {
        let mut byte = [0];
        let mut skipped = 0;
        while skipped < lines && self.file.read(&mut byte)? > 0 {
            skipped += u64::from(byte[0] == b'\n');
        }
        self.breaks.get_mut().line += skipped;
        Ok(())
    }

    /// Returns the line of the first byte at or after `at` that is not a line break. `at` must not decrease.
    pub(super) fn line(&self, mut at: u64) -> u64 {
        let mut breaks = self.breaks.borrow_mut();
        while let Some((offset, feed)) = breaks.ahead.front().copied().filter(|next| next.0 <= at) {
            breaks.ahead.pop_front();
            breaks.line += feed;
            at += u64::from(offset == at);
        }
        breaks.line
    }
}

impl<R: Read> Read for Numbered<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(bytes)?;
        let breaks = self.breaks.get_mut();
        for place in memchr2_iter(b'\r', b'\n', &bytes[..count]) {
            let feed = u64::from(bytes[place] == b'\n');
            breaks.ahead.push_back((breaks.read + place as u64, feed));
        }
        breaks.read += count as u64;
        Ok(count)
    }
}
