//! Packed bytes in portions, between which the decoder stops.
//!
//! An empty member of gzip or frame of zstd takes time and unpacks to nothing, so a decoder that counts only what it writes would
//! not stop before the end of a body of them.

use std::io::{self, BufRead, Read};

/// Bytes of a portion: some fifty empty members.
const PORTION: usize = 1 << 10;

/// A reader that fails with [`io::ErrorKind::WouldBlock`] once after each portion.
pub(super) struct Portions<'b> {
    rest: &'b [u8],
    left: usize,
}

impl<'b> Portions<'b> {
    /// Returns a reader at the start of some bytes.
    pub(super) fn of(bytes: &'b [u8]) -> Self {
        Self {
            rest: bytes,
            left: PORTION,
        }
    }
}

impl BufRead for Portions<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 && !self.rest.is_empty() {
            self.left = PORTION;
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(&self.rest[..self.left.min(self.rest.len())])
    }

    fn consume(&mut self, count: usize) {
        self.rest = &self.rest[count..];
        self.left -= count;
    }
}

impl Read for Portions<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}
