//! The file of rejects: rejected rows as they are in the input, to be corrected there and sent again with the same map.
//!
//! It begins like the input, with the lines before the first row. A line with number, place and faults stands before each row.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

use super::cursor::{Cursor, NOTE};
use super::error::ImportError;

/// The open file.
pub(super) struct Rejects {
    path: PathBuf,
    file: BufWriter<File>,
    encoding: Option<&'static Encoding>,
    /// The lines before the first row, once they are written.
    head: Option<Vec<u8>>,
    /// Number of bytes written.
    bytes: u64,
    /// File and number of the last row.
    last: Option<(String, u64)>,
}

impl Rejects {
    /// Creates the file, or continues it after `bytes`. Texts are written in that encoding; the default is UTF-8.
    pub(super) fn create(
        path: &Path,
        encoding: Option<&'static Encoding>,
        bytes: u64,
    ) -> Result<Self, ImportError> {
        let open = || {
            let mut options = OpenOptions::new();
            let mut file = options
                .write(true)
                .create(true)
                .truncate(bytes == 0)
                .open(path)?;
            file.set_len(bytes)?;
            file.seek(SeekFrom::End(0))?;
            Ok(BufWriter::new(file))
        };
        let file = open().map_err(|fault: io::Error| ImportError::file(path, fault))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            encoding,
            head: None,
            bytes,
            last: None,
        })
    }

    /// Writes a row of a file, described by `place` and its faults.
    pub(super) fn write(
        &mut self,
        cursor: &Cursor,
        (row, text): (u64, &[u8]),
        (file, place): (&str, &str),
    ) -> Result<(), ImportError> {
        let origin = Some((file.to_owned(), row));
        if self.last == origin {
            return Ok(());
        }
        self.last = origin;
        self.begin(cursor.head(), file)?;
        // A quote or a line break would be read as part of the row after it.
        let place = place.replace(['"', '\n', '\r'], "'");
        self.line(format!("{NOTE}{row}, {place}").as_bytes())?;
        self.line(text)
    }

    /// Writes the lines before the first row.
    fn begin(&mut self, head: Vec<u8>, file: &str) -> Result<(), ImportError> {
        match &self.head {
            Some(known) if *known != head => {
                let message = format!(
                    "rows of {file} have another header than those before; import that file by a command of its own"
                );
                return Err(ImportError::file(&self.path, message));
            }
            Some(_) => return Ok(()),
            None if self.bytes == 0 && !head.is_empty() => self.line(&head)?,
            None => {}
        }
        self.head = Some(head);
        Ok(())
    }

    fn line(&mut self, text: &[u8]) -> Result<(), ImportError> {
        let mut line = text.trim_ascii_end().to_vec();
        line.push(b'\n');
        let bytes = match (self.encoding, std::str::from_utf8(&line)) {
            (Some(encoding), Ok(text)) => encoded(encoding, text),
            _ => line,
        };
        self.bytes += bytes.len() as u64;
        let written = self.file.write_all(&bytes);
        written.map_err(|fault| ImportError::file(&self.path, fault))
    }

    /// Writes what is buffered. Returns the size of the file.
    pub(super) fn flush(&mut self) -> Result<u64, ImportError> {
        let flushed = self.file.flush();
        flushed.map_err(|fault| ImportError::file(&self.path, fault))?;
        Ok(self.bytes)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

fn encoded(encoding: &'static Encoding, text: &str) -> Vec<u8> {
    let units = text.encode_utf16();
    if encoding == UTF_16LE {
        return units.flat_map(u16::to_le_bytes).collect();
    }
    if encoding == UTF_16BE {
        return units.flat_map(u16::to_be_bytes).collect();
    }
    encoding.encode(text).0.into_owned()
}
