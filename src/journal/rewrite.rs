//! Rewriting segments: without what is erased or damaged.

use std::fs::{self, File};

use super::directory::{Directory, write_durably};
use super::segment::{self, MAGIC, Reader};
use super::{JournalError, record};

impl Directory {
    /// Rewrites the segments whose records all lie at or before `sequence` and whose bytes are `concerned`. `edit` returns the new content
    /// of a record, or `None` if it stays.
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
                let since = fs::metadata(path).and_then(|it| it.modified());
                write_durably(path, &fresh)?;
                // The age of the records has not changed. If this fails, they are kept for longer.
                let _kept = since.and_then(|since| File::open(path)?.set_modified(since));
            }
        }
        Ok(())
    }
}
