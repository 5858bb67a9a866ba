//! Backups on their way to another machine: a checkpoint, if asked for the journal before it, and other files of the data directory.
//!
//! The checkpoint ends itself. Then follow the segments, if there are any to send, and the other files: each list has a number and a
//! length before the bytes of each file, and two zeros at its end.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::directory::{self, Directory};
use super::segment::{self, EXTENSION};
use super::{Checkpoint, JournalError};

/// Bytes of a block.
const BLOCK: usize = 256 << 10;
/// Bytes before those of a file.
const HEAD: usize = 16;

/// The open files of a backup. They can be read to the end even if they are removed meanwhile.
#[derive(Debug)]
pub struct Backup {
    /// Each with the bytes that precede it.
    files: VecDeque<(Vec<u8>, Option<File>)>,
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
        let mut backup = Self {
            files: VecDeque::from([(Vec::new(), Some(file))]),
        };
        if journal {
            let mut segments = segment::list(directory)?;
            segments.retain(|(first, _)| *first <= checkpoint.sequence);
            backup.send(&segments)?;
        }
        Ok(backup)
    }

    /// Adds a list of files, each with a number above 0, as [`receive_files`] reads them.
    ///
    /// # Errors
    /// An I/O error. A file that is gone is left out.
    pub fn send(&mut self, list: &[(u64, impl AsRef<Path>)]) -> Result<(), JournalError> {
        for (number, path) in list {
            let path = path.as_ref();
            let file = match File::open(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                file => file.map_err(JournalError::io(path))?,
            };
            let about = file.metadata().map_err(JournalError::io(path))?;
            self.files
                .push_back((head(*number, about.len()), Some(file)));
        }
        self.files.push_back((head(0, 0), None));
        Ok(())
    }

    /// Returns the next block.
    fn block(&mut self) -> io::Result<Option<Vec<u8>>> {
        while let Some((head, file)) = self.files.front_mut() {
            if !head.is_empty() {
                return Ok(Some(std::mem::take(head)));
            }
            let mut bytes = vec![0; BLOCK];
            let read = file.as_mut().map_or(Ok(0), |file| file.read(&mut bytes))?;
            if read > 0 {
                bytes.truncate(read);
                return Ok(Some(bytes));
            }
            self.files.pop_front();
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

/// Reads a list of files as [`Backup::send`] adds them, and passes the number and the bytes of each to `each`, which must read them all.
///
/// # Errors
/// The list has no end, or an error of `each`.
pub fn receive_files(
    from: &mut impl Read,
    mut each: impl FnMut(u64, &mut dyn Read) -> io::Result<()>,
) -> io::Result<()> {
    loop {
        let mut head = [0; HEAD];
        from.read_exact(&mut head)?;
        let (number, length) = head.split_at(HEAD / 2);
        let whole = |bytes: &[u8]| bytes.try_into().map_or(0, u64::from_le_bytes);
        let (number, length) = (whole(number), whole(length));
        if number == 0 {
            return Ok(());
        }
        let mut bytes = from.by_ref().take(length);
        each(number, &mut bytes)?;
        if bytes.limit() > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
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
        let received = receive_files(from, |first, bytes| {
            let mut file = File::create(directory::name(&journal, first, EXTENSION))?;
            io::copy(bytes, &mut file)?;
            begin.get_or_insert(first);
            file.sync_all()
        });
        received.map_err(JournalError::io(&journal))?;
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
