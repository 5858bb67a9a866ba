//! Backups on their way to another machine: a checkpoint, and if asked for the journal before it.
//!
//! The checkpoint ends itself. Then follow the segments, each with its first record and its length before its bytes, and two zeros.

use std::fs::File;
use std::io::{self, Read};

use super::directory::{self, Directory};
use super::segment::{self, EXTENSION};
use super::{Checkpoint, JournalError};

/// Bytes of a block.
const BLOCK: usize = 256 << 10;
/// Bytes before those of a segment.
const HEAD: usize = 16;

/// The open files of a backup. They can be read to the end even if they are removed meanwhile.
#[derive(Debug)]
pub struct Backup {
    /// Each with the bytes that precede it, the last one first.
    files: Vec<(Vec<u8>, Option<File>)>,
}

impl Backup {
    /// Opens a checkpoint, and with `journal` the segments whose records it covers.
    ///
    /// # Errors
    /// An I/O error.
    pub fn open(
        directory: &Directory,
        checkpoint: &Checkpoint,
        journal: bool,
    ) -> Result<Self, JournalError> {
        let path = &checkpoint.path;
        let file = File::open(path).map_err(JournalError::io(path))?;
        let mut files = vec![(Vec::new(), Some(file))];
        if journal {
            for (first, path) in segment::list(directory)? {
                if first > checkpoint.sequence {
                    break;
                }
                let file = File::open(&path).map_err(JournalError::io(&path))?;
                let about = file.metadata().map_err(JournalError::io(&path))?;
                files.push((head(first, about.len()), Some(file)));
            }
            files.push((head(0, 0), None));
        }
        files.reverse();
        Ok(Self { files })
    }

    /// Returns the next block.
    fn block(&mut self) -> io::Result<Option<Vec<u8>>> {
        while let Some((head, file)) = self.files.last_mut() {
            if !head.is_empty() {
                return Ok(Some(std::mem::take(head)));
            }
            let mut bytes = vec![0; BLOCK];
            let read = file.as_mut().map_or(Ok(0), |file| file.read(&mut bytes))?;
            if read > 0 {
                bytes.truncate(read);
                return Ok(Some(bytes));
            }
            self.files.pop();
        }
        Ok(None)
    }
}

impl Iterator for Backup {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.block().transpose()
    }
}

fn head(first: u64, length: u64) -> Vec<u8> {
    [first.to_le_bytes(), length.to_le_bytes()].concat()
}

impl Directory {
    /// Writes the segments of a backup, which must lead up to the record `sequence` without a gap.
    pub(super) fn receive_segments(
        &self,
        from: &mut impl Read,
        sequence: u64,
    ) -> Result<(), JournalError> {
        let journal = self.journal();
        let mut begin = None;
        loop {
            let mut head = [0; HEAD];
            from.read_exact(&mut head)
                .map_err(JournalError::io(&journal))?;
            let (first, length) = head.split_at(HEAD / 2);
            let number = |bytes: &[u8]| bytes.try_into().map_or(0, u64::from_le_bytes);
            let (first, length) = (number(first), number(length));
            if first == 0 {
                break;
            }
            let path = directory::name(&journal, first, EXTENSION);
            let mut file = File::create(&path).map_err(JournalError::io(&path))?;
            let copied = io::copy(&mut from.take(length), &mut file);
            let copied = copied.and_then(|copied| file.sync_all().map(|()| copied));
            if copied.map_err(JournalError::io(&path))? < length {
                let error = io::ErrorKind::UnexpectedEof.into();
                return Err(JournalError::io(&path)(error));
            }
            begin.get_or_insert(first);
        }
        let begin = begin.unwrap_or(sequence + 1);
        let (last, torn) = self.replay(begin - 1, |_, _, _, _| Ok::<_, JournalError>(()))?;
        if torn.is_some() || last != sequence {
            let path = self.path().to_owned();
            return Err(JournalError::Missing {
                path,
                from: last + 1,
                to: sequence,
            });
        }
        Ok(())
    }
}
