//! Rewriting segments: record by record, to erase users.

use std::fs::{self, File};

use super::directory::{Directory, write_durably};
use super::segment::{self, MAGIC, Reader};
use super::{JournalError, record};

impl Directory {
    /// Rewrites the segments whose records all lie at or before `sequence` and for whose bytes `concerned` returns `true`. `edit` returns
    /// the new content of a record, or `None` to keep it.
    ///
    /// # Errors
    /// An I/O error; each segment is then either unchanged or rewritten.
    pub fn rewrite(
        &self,
        sequence: u64,
        concerned: impl Fn(&[u8]) -> bool,
        mut edit: impl FnMut(u64, &[u8]) -> Option<Vec<u8>>,
    ) -> Result<(), JournalError> {
        let segments = segment::list(self)?;
        let nexts = segments.iter().skip(1).map(|(first, _)| *first);
        let closed = segments.iter().zip(nexts);
        for ((first, path), _) in closed.filter(|(_, next)| *next <= sequence + 1) {
            let bytes = fs::read(path).map_err(JournalError::io(path))?;
            if !concerned(&bytes) {
                continue;
            }
            let (mut fresh, mut changed) = (MAGIC.to_vec(), false);
            let mut reader = Reader::new(path, &bytes, *first);
            let end = reader.run::<JournalError>(|at, content, _| {
                let edited = edit(at, content);
                changed |= edited.is_some();
                let content = edited.as_deref().unwrap_or(content);
                record::append(&mut fresh, at, |bytes| bytes.extend_from_slice(content));
                Ok(())
            })?;
            if let Some(what) = end {
                return Err(reader.damaged(what.to_owned()));
            }
            if changed {
                let modified = fs::metadata(path).and_then(|it| it.modified());
                write_durably(path, &fresh)?;
                // The age of the records has not changed. If this fails, they are kept for longer.
                let _kept = modified.and_then(|modified| File::open(path)?.set_modified(modified));
            }
        }
        Ok(())
    }
}
