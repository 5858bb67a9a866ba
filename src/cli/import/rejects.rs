//! The file of rejects: rejected rows as they are in the input, to be corrected there and sent again with the same map.
//!
//! It begins like the input, with the lines before the first row. A line with number, place and faults stands before each row. Rows of
//! an input with another header go to a file of their own, because one table has one header.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

use super::cursor::NOTE;
use super::error::ImportError;

/// The files of rejects, one for each header of the inputs.
pub(super) struct Rejects {
    path: PathBuf,
    encoding: Option<&'static Encoding>,
    parts: Vec<Part>,
    /// The part of the current input.
    current: usize,
    /// Sizes of the files when an earlier import broke off.
    earlier: Vec<u64>,
    /// File and number of the last row.
    last: Option<(String, u64)>,
}

/// The file for one header.
struct Part {
    path: PathBuf,
    /// The lines before the first row; `None` before the first input.
    head: Option<Vec<u8>>,
    /// Number of bytes written.
    bytes: u64,
    /// Opened with its first row.
    file: Option<BufWriter<File>>,
}

impl Rejects {
    /// Creates the first file, or continues the files of an earlier import after their sizes. Texts are written in that encoding; the
    /// default is UTF-8.
    pub(super) fn create(
        path: PathBuf,
        encoding: Option<&'static Encoding>,
        earlier: Vec<u64>,
    ) -> Result<Self, ImportError> {
        let mut first = Part::new(path.clone(), None, earlier.first());
        first.open()?;
        Ok(Self {
            path,
            encoding,
            parts: vec![first],
            current: 0,
            earlier,
            last: None,
        })
    }

    /// Begins an input with these lines before its first row.
    pub(super) fn head(&mut self, head: Vec<u8>) {
        let fits = |part: &Part| part.head.as_ref().is_none_or(|known| *known == head);
        self.current = self.parts.iter().position(fits).unwrap_or(self.parts.len());
        if let Some(part) = self.parts.get_mut(self.current) {
            part.head = Some(head);
            return;
        }
        let path = numbered(&self.path, self.current + 1);
        let bytes = self.earlier.get(self.current);
        let part = Part::new(path, Some(head), bytes);
        if part.bytes == 0 {
            // One of an earlier import would look like one of this.
            let _absent = fs::remove_file(&part.path);
        }
        self.parts.push(part);
    }

    /// Writes a row of a file, described by `place` and its faults.
    pub(super) fn write(
        &mut self,
        (row, text): (u64, &[u8]),
        (file, place): (&str, &str),
    ) -> Result<(), ImportError> {
        let origin = Some((file.to_owned(), row));
        if self.last == origin {
            return Ok(());
        }
        self.last = origin;
        let encoding = self.encoding;
        let Some(part) = self.parts.get_mut(self.current) else {
            return Ok(());
        };
        if part.bytes == 0
            && let Some(head) = part.head.clone().filter(|head| !head.is_empty())
        {
            part.line(encoding, &head)?;
        }
        // A quote or a line break would be read as part of the row after it.
        let place = place.replace(['"', '\n', '\r'], "'");
        part.line(encoding, format!("{NOTE}{row}, {place}").as_bytes())?;
        part.line(encoding, text)
    }

    /// Writes what is buffered. Returns the sizes of the files.
    pub(super) fn flush(&mut self) -> Result<Vec<u64>, ImportError> {
        let flush = |part: &mut Part| {
            let flushed = part.file.as_mut().map_or(Ok(()), BufWriter::flush);
            flushed.map_err(|fault| ImportError::file(&part.path, fault))?;
            Ok(part.bytes)
        };
        self.parts.iter_mut().map(flush).collect()
    }

    /// Returns the paths of the files that have rows.
    pub(super) fn paths(&self) -> Vec<String> {
        let written = self.parts.iter().filter(|part| part.bytes > 0);
        written
            .map(|part| part.path.display().to_string())
            .collect()
    }
}

impl Part {
    fn new(path: PathBuf, head: Option<Vec<u8>>, bytes: Option<&u64>) -> Self {
        Self {
            path,
            head,
            bytes: bytes.copied().unwrap_or(0),
            file: None,
        }
    }

    /// Opens the file after the bytes that were written before.
    fn open(&mut self) -> Result<&mut BufWriter<File>, ImportError> {
        let open = || {
            let mut options = OpenOptions::new();
            let mut file = options
                .write(true)
                .create(true)
                .truncate(self.bytes == 0)
                .open(&self.path)?;
            file.set_len(self.bytes)?;
            file.seek(SeekFrom::End(0))?;
            Ok(BufWriter::new(file))
        };
        let file = match self.file.take() {
            Some(file) => file,
            None => open().map_err(|fault: io::Error| ImportError::file(&self.path, fault))?,
        };
        Ok(self.file.insert(file))
    }

    fn line(
        &mut self,
        encoding: Option<&'static Encoding>,
        text: &[u8],
    ) -> Result<(), ImportError> {
        let mut line = text.trim_ascii_end().to_vec();
        line.push(b'\n');
        let bytes = match (encoding, std::str::from_utf8(&line)) {
            (Some(encoding), Ok(text)) => encoded(encoding, text),
            _ => line,
        };
        let written = self.open()?.write_all(&bytes);
        self.bytes += bytes.len() as u64;
        written.map_err(|fault| ImportError::file(&self.path, fault))
    }
}

/// Returns the path of the rejects of one kind of facts: `bad.csv` is `bad.items.csv`.
pub(super) fn of_kind(path: &Path, kind: &str) -> PathBuf {
    renamed(path, &format!(".{kind}"))
}

/// Returns the path of the rejects of another header: `bad.csv` is `bad-2.csv`.
fn numbered(path: &Path, number: usize) -> PathBuf {
    renamed(path, &format!("-{number}"))
}

/// Returns a path with some text before the ending of its name.
fn renamed(path: &Path, text: &str) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(text);
    if let Some(ending) = path.extension() {
        name.push(".");
        name.push(ending);
    }
    path.with_file_name(name)
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
