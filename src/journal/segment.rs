//! Segments: files of records, appended to at the end and read from the start.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::directory::{self, Directory};
use super::record::{self, Found};
use super::{JournalError, record::HEAD};

/// The first bytes of a segment.
pub(super) const MAGIC: &[u8; 8] = b"saimalog";
pub(super) const EXTENSION: &str = "log";

/// The file to which a segment is written; tests replace it by one that fails.
pub trait Medium: Send {
    /// Appends all bytes.
    ///
    /// # Errors
    /// An I/O error; some of the bytes may have been written.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes the bytes written so far durable.
    ///
    /// # Errors
    /// An I/O error; what is on the disk is unknown afterwards.
    fn sync(&mut self) -> io::Result<()>;
}

impl Medium for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// Creates the file of a segment.
pub(super) type Create = Box<dyn FnMut(&Path) -> io::Result<Box<dyn Medium>> + Send>;

/// Creates an empty file.
///
/// # Errors
/// An I/O error.
pub fn create_file(path: &Path) -> io::Result<Box<dyn Medium>> {
    Ok(Box::new(File::create(path)?))
}

/// The torn end of a journal: it was being written when the process or the power failed, and was never acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    /// The segment.
    pub path: PathBuf,
    /// Offset of the torn bytes.
    pub offset: u64,
    /// Number of torn bytes.
    pub bytes: u64,
}

/// Returns the segments of a directory in order, each with the sequence of its first record.
pub(super) fn list(directory: &Directory) -> Result<Vec<(u64, PathBuf)>, JournalError> {
    directory::numbered(&directory.journal(), EXTENSION)
}

/// Returns the segments whose records all lie at or before `sequence`.
pub(super) fn closed(
    directory: &Directory,
    sequence: u64,
) -> Result<Vec<(u64, PathBuf)>, JournalError> {
    let mut segments = list(directory)?;
    let nexts = segments.iter().skip(1);
    let closed = nexts.take_while(|(next, _)| *next <= sequence + 1).count();
    segments.truncate(closed);
    Ok(segments)
}

impl Directory {
    /// Returns the approximate number of bytes of the records after `after`.
    #[must_use]
    pub fn bytes_after(&self, after: u64) -> u64 {
        let segments = needed(list(self).unwrap_or_default(), after);
        let length = |path: &PathBuf| fs::metadata(path).map_or(0, |file| file.len());
        segments.iter().map(|(_, path)| length(path)).sum()
    }

    /// Visits the records after `after` in order. Returns the sequence of the last record, and the torn end if there is one.
    ///
    /// # Errors
    /// Damage or a gap, with its offset, or an error of `visit`.
    pub fn replay<E: From<JournalError>>(
        &self,
        after: u64,
        mut visit: impl FnMut(u64, &[u8], &Path, u64) -> Result<(), E>,
    ) -> Result<(u64, Option<Torn>), E> {
        let segments = needed(list(self)?, after);
        let (mut last, mut reached, mut torn) = (after, 0, None);
        for (place, (first, path)) in segments.iter().enumerate() {
            if *first > last + 1 {
                return Err(missing(&self.journal(), last + 1, first - 1).into());
            }
            let bytes = fs::read(path).map_err(JournalError::io(path))?;
            let mut reader = Reader::new(path, &bytes, *first);
            let end = reader.run::<E>(|sequence, content, offset| {
                if sequence > after {
                    visit(sequence, content, path, offset)?;
                }
                Ok(())
            })?;
            reached = reader.last();
            last = last.max(reached);
            if let Some(what) = end {
                let is_last = place + 1 == segments.len();
                torn = Some(reader.judge(what, is_last)?);
            }
        }
        if reached < after {
            let path = self.path().to_owned();
            return Err(JournalError::NoJournal { path, after }.into());
        }
        // A segment without a header holds nothing. Older versions left one if they were killed while they created it.
        let headless = |torn: &Torn| torn.offset < MAGIC.len() as u64;
        let whole = segments.len() - usize::from(torn.as_ref().is_some_and(headless));
        let newest = segments[..whole].last().map_or(0, |(first, _)| *first);
        self.check_newest(newest, last)?;
        Ok((last, torn))
    }

    /// Cuts off a torn end.
    ///
    /// # Errors
    /// An I/O error.
    pub fn cut(&self, torn: &Torn) -> Result<(), JournalError> {
        let path = &torn.path;
        if torn.offset < MAGIC.len() as u64 {
            fs::remove_file(path).map_err(JournalError::io(path))?;
            return directory::sync(&self.journal());
        }
        let file = File::options().write(true).open(path);
        let file = file.map_err(JournalError::io(path))?;
        file.set_len(torn.offset).map_err(JournalError::io(path))?;
        file.sync_all().map_err(JournalError::io(path))
    }

    /// Cuts off what follows the record `last` in the segment that begins with the record `first`.
    ///
    /// # Errors
    /// An I/O error, or the segment does not hold the record.
    pub(super) fn cut_after(&self, first: u64, last: u64) -> Result<(), JournalError> {
        let path = directory::name(&self.journal(), first, EXTENSION);
        let bytes = fs::read(&path).map_err(JournalError::io(&path))?;
        let mut reader = Reader::new(&path, &bytes, first);
        let mut end = None;
        reader.run::<JournalError>(|sequence, content, offset| {
            if sequence == last {
                end = Some(offset + (HEAD + content.len()) as u64);
            }
            Ok(())
        })?;
        let offset = end.ok_or_else(|| missing(&path, reader.last() + 1, last))?;
        let bytes = bytes.len() as u64 - offset;
        self.cut(&Torn {
            path,
            offset,
            bytes,
        })
    }

    /// Returns the sequence of the first record that is kept, if there is any segment.
    ///
    /// # Errors
    /// An I/O error.
    pub fn first(&self) -> Result<Option<u64>, JournalError> {
        Ok(list(self)?.first().map(|(first, _)| *first))
    }
}

/// Selects the segments that hold records after `after`: all from the last one that begins at or before `after + 1`.
fn needed(mut segments: Vec<(u64, PathBuf)>, after: u64) -> Vec<(u64, PathBuf)> {
    let before = segments.partition_point(|(first, _)| *first <= after + 1);
    segments.split_off(before.saturating_sub(1))
}

fn missing(path: &Path, from: u64, to: u64) -> JournalError {
    let path = path.to_owned();
    JournalError::Missing { path, from, to }
}

/// Reads one segment.
pub(super) struct Reader<'a> {
    path: &'a Path,
    bytes: &'a [u8],
    /// Offset of the next record.
    offset: usize,
    /// Sequence that the next record must have.
    next: u64,
}

impl<'a> Reader<'a> {
    pub(super) fn new(path: &'a Path, bytes: &'a [u8], first: u64) -> Self {
        Self {
            path,
            bytes,
            offset: 0,
            next: first,
        }
    }

    /// Visits the records with their sequence, content and offset. Returns the fault that ended the reading, if any.
    pub(super) fn run<E: From<JournalError>>(
        &mut self,
        mut visit: impl FnMut(u64, &'a [u8], u64) -> Result<(), E>,
    ) -> Result<Option<&'static str>, E> {
        if !self.bytes.starts_with(MAGIC) {
            return Ok(Some("it has no header of a segment"));
        }
        self.offset = MAGIC.len();
        loop {
            match record::read(&self.bytes[self.offset..]) {
                Found::End => return Ok(None),
                Found::Bad(what) => return Ok(Some(what)),
                Found::Record { sequence, content } => {
                    if sequence != self.next {
                        let to = sequence.max(self.next + 1) - 1;
                        return Err(missing(self.path, self.next, to).into());
                    }
                    visit(sequence, content, self.offset as u64)?;
                    self.next += 1;
                    self.offset += HEAD + content.len();
                }
            }
        }
    }

    /// Returns the sequence of the last record read; 0 if there is none.
    pub(super) fn last(&self) -> u64 {
        self.next.saturating_sub(1)
    }

    /// Decides whether a fault is a torn end or damage. It is torn only at the end of the last segment, with no whole record after it.
    fn judge(&self, what: &str, is_last: bool) -> Result<Torn, JournalError> {
        let rest = &self.bytes[self.offset..];
        let later = record::later(rest, self.last());
        if is_last && later.is_none() {
            return Ok(Torn {
                path: self.path.to_owned(),
                offset: self.offset as u64,
                bytes: rest.len() as u64,
            });
        }
        let what = match later {
            Some(at) => format!("{what}, and a whole record follows {at} bytes later"),
            None => format!("{what}, and another segment follows"),
        };
        Err(self.damaged(what))
    }

    /// Returns the error for damage where the reading stopped.
    pub(super) fn damaged(&self, what: String) -> JournalError {
        JournalError::Damaged {
            path: self.path.to_owned(),
            offset: self.offset as u64,
            what,
        }
    }
}
