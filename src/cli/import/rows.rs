//! The facts of a file as lines of JSON, each with its line number.

use std::io::BufRead;

use thiserror::Error;

/// The byte-order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// One fact, ready to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The line of the file on which it begins, from 1.
    pub number: u64,
    /// The fact as JSON, without a line break.
    pub json: Vec<u8>,
}

/// The reason why a fact cannot be read from a file.
#[derive(Debug, Error)]
pub enum ReadError {
    /// One row is invalid; reading continues after it.
    #[error("line {line}: {message}")]
    Row {
        /// The line of the file, from 1.
        line: u64,
        /// The fault.
        message: String,
    },
    /// Something that the user should know, about no row.
    #[error("{0}")]
    Note(String),
    /// The file is unreadable from here on.
    #[error("{0}")]
    File(String),
}

/// Returns the lines of a file of JSON unchanged, without blank lines.
pub fn lines<R: BufRead>(mut file: R) -> impl Iterator<Item = Result<Line, ReadError>> {
    let mut number = 0;
    std::iter::from_fn(move || {
        loop {
            number += 1;
            let mut json = Vec::new();
            match file.read_until(b'\n', &mut json) {
                Ok(0) => return None,
                Ok(_) => {}
                Err(fault) => return Some(Err(ReadError::File(format!("line {number}: {fault}")))),
            }
            if number == 1 && json.starts_with(MARK) {
                json.drain(..MARK.len());
            }
            json.truncate(json.trim_ascii_end().len());
            if !json.trim_ascii().is_empty() {
                return Some(Ok(Line { number, json }));
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_are_skipped_but_counted() {
        let read: Vec<Line> = lines("\u{feff}{\"a\":1}\r\n\n  \n{}".as_bytes())
            .map(Result::unwrap)
            .collect();
        let line = |number, json: &str| Line {
            number,
            json: json.as_bytes().to_vec(),
        };
        assert_eq!(read, [line(1, "{\"a\":1}"), line(4, "{}")]);
    }
}
