//! Rewriting segments: record by record, to erase users.

use std::fs::{self, File};
use std::path::Path;

use super::directory::{Directory, write_durably};
use super::index::{Index, Mentions};
use super::segment::{self, MAGIC, Reader};
use super::{JournalError, record};

impl Directory {
    /// Rewrites the segments whose records all lie at or before `sequence` and for whose index `concerned` returns `true`. `edit` returns
    /// the new content of a record, or `None` to keep it. Segments without an index are read, and indexed by what they mention.
    ///
    /// # Errors
    /// An I/O error; each segment is then either unchanged or rewritten.
    pub fn rewrite(
        &self,
        sequence: u64,
        concerned: impl Fn(&Index) -> bool,
        mut edit: impl FnMut(u64, &[u8]) -> Option<Vec<u8>>,
        mentions: Mentions<'_>,
    ) -> Result<(), JournalError> {
        self.index(sequence, mentions)?;
        for (first, path) in segment::closed(self, sequence)? {
            if Index::read(&path).is_none_or(|index| concerned(&index)) {
                rewrite(first, &path, &mut edit, mentions)?;
            }
        }
        Ok(())
    }
}

/// Rewrites one segment.
fn rewrite(
    first: u64,
    path: &Path,
    edit: &mut impl FnMut(u64, &[u8]) -> Option<Vec<u8>>,
    mentions: Mentions<'_>,
) -> Result<(), JournalError> {
    let bytes = fs::read(path).map_err(JournalError::io(path))?;
    let (mut fresh, mut changed, mut records) = (MAGIC.to_vec(), false, Vec::new());
    let mut reader = Reader::new(path, &bytes, first);
    let end = reader.run::<JournalError>(|at, content, _| {
        let edited = edit(at, content);
        changed |= edited.is_some();
        let content = edited.as_deref().unwrap_or(content);
        record::append(&mut fresh, at, |bytes| bytes.extend_from_slice(content));
        records.push(content.to_vec());
        Ok(())
    })?;
    if let Some(what) = end {
        return Err(reader.damaged(what.to_owned()));
    }
    if changed {
        let modified = fs::metadata(path).and_then(|it| it.modified());
        Index::remove(path);
        write_durably(path, &fresh)?;
        // The age of the records has not changed. If this fails, they are kept for longer.
        let _kept = modified.and_then(|modified| File::open(path)?.set_modified(modified));
    }
    let records = records.iter().map(Vec::as_slice);
    Index::of(records, mentions).write(path, fresh.len());
    Ok(())
}
