//! Indexes of segments: which users a closed segment may mention, so that an erasure reads only the segments that do.
//!
//! `journal/N.ids` holds the length of the segment and the sorted CRC-32 of the users' ids, and then the CRC-32 of all that. An index that
//! is missing or does not fit its segment is made again: it is never needed, and not synced to the disk.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::JournalError;
use super::directory::{Directory, UNFINISHED};
use super::segment::{self, Reader};

const EXTENSION: &str = "ids";

/// Adds the ids of the users whom the content of a record mentions.
pub type Mentions<'m> = &'m dyn Fn(&[u8], &mut dyn FnMut(&str));

/// The users whom a segment may mention.
#[derive(Debug, PartialEq, Eq)]
pub struct Index(Vec<u32>);

impl Index {
    /// Returns the index of the records of a segment.
    pub(super) fn of<'r>(records: impl Iterator<Item = &'r [u8]>, mentions: Mentions<'_>) -> Self {
        let mut ids = BTreeSet::new();
        records.for_each(|content| {
            mentions(content, &mut |id| {
                ids.insert(crc32fast::hash(id.as_bytes()));
            });
        });
        Self(ids.into_iter().collect())
    }

    /// Returns whether the segment may mention a user; if not, it does not.
    #[must_use]
    pub fn may_have(&self, id: &str) -> bool {
        let id = crc32fast::hash(id.as_bytes());
        self.0.binary_search(&id).is_ok()
    }

    /// Reads the index of a segment, if there is one that fits it.
    pub(super) fn read(segment: &Path) -> Option<Self> {
        let bytes = fs::read(path_of(segment)).ok()?;
        let (content, sum) = bytes.split_last_chunk()?;
        let (length, ids) = content.split_first_chunk()?;
        let fits = fs::metadata(segment).ok()?.len() == u64::from_le_bytes(*length)
            && crc32fast::hash(content) == u32::from_le_bytes(*sum);
        let (ids, rest) = ids.as_chunks();
        let ids = ids.iter().map(|id| u32::from_le_bytes(*id));
        (fits && rest.is_empty()).then(|| Self(ids.collect()))
    }

    /// Writes the index of a segment of `length` bytes. If that fails, there is none.
    pub(super) fn write(&self, segment: &Path, length: usize) {
        let mut bytes = (length as u64).to_le_bytes().to_vec();
        bytes.extend(self.0.iter().flat_map(|id| id.to_le_bytes()));
        let sum = crc32fast::hash(&bytes);
        bytes.extend(sum.to_le_bytes());
        let (path, unfinished) = (path_of(segment), segment.with_extension(UNFINISHED));
        let _left_out = fs::write(&unfinished, bytes).and_then(|()| fs::rename(&unfinished, path));
    }

    /// Removes the index of a segment, if there is one.
    pub(super) fn remove(segment: &Path) {
        let _none = fs::remove_file(path_of(segment));
    }
}

fn path_of(segment: &Path) -> PathBuf {
    segment.with_extension(EXTENSION)
}

impl Directory {
    /// Indexes the segments whose records all lie at or before `sequence`, once each.
    ///
    /// # Errors
    /// An I/O error, or damage.
    pub fn index(&self, sequence: u64, mentions: Mentions<'_>) -> Result<(), JournalError> {
        for (first, path) in segment::closed(self, sequence)? {
            if path_of(&path).exists() {
                continue;
            }
            let bytes = fs::read(&path).map_err(JournalError::io(&path))?;
            let mut reader = Reader::new(&path, &bytes, first);
            let mut records = Vec::new();
            let end = reader.run::<JournalError>(|_, content, _| {
                records.push(content);
                Ok(())
            })?;
            if let Some(what) = end {
                return Err(reader.damaged(what.to_owned()));
            }
            Index::of(records.into_iter(), mentions).write(&path, bytes.len());
        }
        Ok(())
    }
}
