//! The note of the newest segment: if the newest segments are missing, the rest of the journal looks whole.
//!
//! It is written when a segment begins and when the journal ends, never for a record.

use std::fs;
use std::io;

use super::JournalError;
use super::directory::{self, Directory};

pub(super) const NAME: &str = "newest";

/// The end of a journal, at least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Newest {
    /// The first record of the newest segment.
    pub(super) segment: u64,
    /// The last record known to be durable.
    pub(super) last: u64,
}

impl Directory {
    /// Writes the note, durably.
    pub(super) fn write_newest(&self, newest: Newest) -> Result<(), JournalError> {
        let text = format!("{} {}\n", newest.segment, newest.last);
        directory::write_durably(&self.path().join(NAME), text.as_bytes())
    }

    /// Returns the note, or `None` if no version wrote one.
    pub(super) fn newest(&self) -> Result<Option<Newest>, JournalError> {
        let path = self.path().join(NAME);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(JournalError::Io { path, error }),
        };
        let newest = std::str::from_utf8(&text).ok().and_then(read);
        newest.map(Some).ok_or_else(|| JournalError::Damaged {
            path,
            offset: 0,
            what: "it does not hold two numbers".to_owned(),
        })
    }

    /// Checks that a journal, whose newest whole segment is `segment` and whose last record is `last`, is not shorter than noted.
    pub(super) fn check_newest(&self, segment: u64, last: u64) -> Result<(), JournalError> {
        match self.newest()? {
            Some(noted) if segment < noted.segment || last < noted.last => {
                Err(JournalError::Short {
                    path: self.path().to_owned(),
                    last,
                    noted: noted.last,
                    segment: noted.segment,
                })
            }
            Some(_) | None => Ok(()),
        }
    }
}

fn read(text: &str) -> Option<Newest> {
    let mut numbers = text.strip_suffix('\n')?.split(' ').map(str::parse);
    let (segment, last) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    let is_whole = numbers.next().is_none() && segment < u64::MAX && last < u64::MAX;
    is_whole.then_some(Newest { segment, last })
}
