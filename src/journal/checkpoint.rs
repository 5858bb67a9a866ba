//! Checkpoints: the state on disk from which replay starts.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use super::directory::{self, Directory};
use super::record::{self, Found};
use super::{JournalError, record::HEAD, segment};

const MAGIC: &[u8; 8] = b"saimackp";
const EXTENSION: &str = "ckpt";
const UNFINISHED: &str = "part";

/// A finished checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The last record that it covers.
    pub sequence: u64,
    /// The file.
    pub path: PathBuf,
}

impl Directory {
    /// The newest checkpoint, if there is any.
    ///
    /// # Errors
    /// What the system refused.
    pub fn checkpoint(&self) -> Result<Option<Checkpoint>, JournalError> {
        let mut found = directory::numbered(&self.checkpoints(), EXTENSION)?;
        let newest = found.pop();
        Ok(newest.map(|(sequence, path)| Checkpoint { sequence, path }))
    }

    /// Writes a checkpoint that covers the records up to `sequence`: `fill` gives its parts. It counts only once all of it is durable.
    ///
    /// # Errors
    /// What the system refused; the checkpoint before stays.
    pub fn write_checkpoint(
        &self,
        sequence: u64,
        fill: impl FnOnce(&mut Parts) -> io::Result<()>,
    ) -> Result<Checkpoint, JournalError> {
        let path = directory::name(&self.checkpoints(), sequence, EXTENSION);
        let unfinished = path.with_extension(UNFINISHED);
        let written = Parts::create(&unfinished).and_then(|mut parts| {
            fill(&mut parts)?;
            parts.finish()
        });
        if let Err(error) = written {
            let _also_gone = fs::remove_file(&unfinished);
            return Err(JournalError::Io {
                path: unfinished,
                error,
            });
        }
        fs::rename(&unfinished, &path).map_err(JournalError::io(&path))?;
        directory::sync(&self.checkpoints())?;
        Ok(Checkpoint { sequence, path })
    }

    /// Removes the checkpoints before `newest` and what was left of unfinished ones.
    ///
    /// # Errors
    /// What the system refused.
    pub fn drop_checkpoints(&self, newest: &Checkpoint) -> Result<(), JournalError> {
        let checkpoints = self.checkpoints();
        let old = directory::numbered(&checkpoints, EXTENSION)?;
        let old = old.into_iter().filter(|(at, _)| *at < newest.sequence);
        let unfinished = directory::numbered(&checkpoints, UNFINISHED)?;
        for (_, path) in old.chain(unfinished) {
            fs::remove_file(&path).map_err(JournalError::io(&path))?;
        }
        directory::sync(&checkpoints)
    }

    /// Removes segments whose records all lie at or before `sequence`, the oldest first, as long as `is_spare` says so of a segment and
    /// of the bytes of all that are covered. How many went.
    ///
    /// # Errors
    /// What the system refused.
    pub fn drop_segments(
        &self,
        sequence: u64,
        is_spare: impl Fn(&fs::Metadata, u64) -> bool,
    ) -> Result<usize, JournalError> {
        let covered = self.covered(sequence)?;
        let mut bytes: u64 = covered.iter().map(|(_, about)| about.len()).sum();
        let mut dropped = 0;
        for (path, about) in covered {
            if !is_spare(&about, bytes) {
                break;
            }
            fs::remove_file(&path).map_err(JournalError::io(&path))?;
            bytes -= about.len();
            dropped += 1;
        }
        directory::sync(&self.journal())?;
        Ok(dropped)
    }

    /// The segments whose records all lie at or before `sequence`.
    fn covered(&self, sequence: u64) -> Result<Vec<(PathBuf, fs::Metadata)>, JournalError> {
        let segments = segment::list(self)?;
        let firsts: Vec<u64> = segments.iter().skip(1).map(|(first, _)| *first).collect();
        let covered = segments.into_iter().zip(firsts);
        let covered = covered.take_while(|(_, next)| *next <= sequence + 1);
        covered
            .map(|((_, path), _)| {
                let about = fs::metadata(&path).map_err(JournalError::io(&path))?;
                Ok((path, about))
            })
            .collect()
    }
}

/// The parts of a checkpoint that is being written.
#[derive(Debug)]
pub struct Parts {
    file: BufWriter<File>,
    number: u64,
    record: Vec<u8>,
}

impl Parts {
    fn create(path: &Path) -> io::Result<Self> {
        let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        file.write_all(MAGIC)?;
        Ok(Self {
            file,
            number: 0,
            record: Vec::new(),
        })
    }

    /// Adds a part, not empty, whose content is what `write` appends.
    ///
    /// # Errors
    /// What the system refused.
    pub fn add(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        self.number += 1;
        self.record.clear();
        record::append(&mut self.record, self.number, write);
        self.file.write_all(&self.record)
    }

    fn finish(mut self) -> io::Result<()> {
        self.add(|_| {})?;
        self.file.flush()?;
        self.file.get_ref().sync_all()
    }
}

impl Checkpoint {
    /// Visits its parts in order, with their place.
    ///
    /// # Errors
    /// Damage with its place, and whatever `visit` refuses.
    pub fn read<E: From<JournalError>>(
        &self,
        mut visit: impl FnMut(&[u8], u64) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut file = File::open(&self.path).map_err(JournalError::io(&self.path))?;
        let about = file.metadata().map_err(JournalError::io(&self.path))?;
        let mut magic = [0; MAGIC.len()];
        let read = file.read_exact(&mut magic);
        if read.is_err() || magic != *MAGIC {
            return Err(self.damaged(0, "it does not begin as a checkpoint does"));
        }
        let (mut offset, mut record) = (MAGIC.len() as u64, Vec::new());
        for number in 1.. {
            let left = about.len().saturating_sub(offset);
            if let Err(what) = next(&mut file, left, &mut record) {
                return Err(self.damaged(offset, what));
            }
            match record::read(&record) {
                Found::Record { sequence, content } if sequence == number => {
                    if content.is_empty() {
                        return Ok(());
                    }
                    visit(content, offset)?;
                }
                Found::Record { .. } | Found::End => {
                    return Err(self.damaged(offset, "a part is missing"));
                }
                Found::Bad(what) => return Err(self.damaged(offset, what)),
            }
            offset += record.len() as u64;
        }
        Ok(())
    }

    /// The error for something wrong at a place of the file.
    pub fn damaged<E: From<JournalError>>(&self, offset: u64, what: &str) -> E {
        E::from(JournalError::Damaged {
            path: self.path.clone(),
            offset,
            what: what.to_owned(),
        })
    }
}

/// Reads the bytes of the next record, of which so many can be left: room is not made for more, whatever its head says.
pub(super) fn next(
    file: &mut impl Read,
    left: u64,
    record: &mut Vec<u8>,
) -> Result<(), &'static str> {
    const SHORT: &str = "it breaks off";
    record.clear();
    record.resize(HEAD, 0);
    file.read_exact(record).map_err(|_| SHORT)?;
    let length = record.first_chunk().map(|it| u32::from_le_bytes(*it));
    let length = usize::try_from(length.unwrap_or(0)).unwrap_or(usize::MAX);
    if length > record::MOST {
        return Err("a part says that it is longer than any may be");
    }
    if (HEAD + length) as u64 > left {
        return Err(SHORT);
    }
    record.resize(HEAD + length, 0);
    file.read_exact(&mut record[HEAD..]).map_err(|_| SHORT)
}
