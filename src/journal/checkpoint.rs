//! Checkpoints: the state on disk from which replay starts.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use super::directory::{self, Directory, UNFINISHED};
use super::index::Index;
use super::record::{self, Found};
use super::{JournalError, record::HEAD, segment};

const MAGIC: &[u8; 8] = b"saimackp";
/// Offset of the first part.
const START: u64 = 16;
const EXTENSION: &str = "ckpt";

/// A finished checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Sequence of the last record that it covers.
    pub sequence: u64,
    /// The file.
    pub path: PathBuf,
}

impl Directory {
    /// Returns the newest checkpoint, if there is any.
    ///
    /// # Errors
    /// An I/O error.
    pub fn checkpoint(&self) -> Result<Option<Checkpoint>, JournalError> {
        let mut found = directory::numbered(&self.checkpoints(), EXTENSION)?;
        let newest = found.pop();
        Ok(newest.map(|(sequence, path)| Checkpoint { sequence, path }))
    }

    /// Writes a checkpoint that covers the records up to `sequence`; `fill` adds its parts. It replaces the previous one only when all of
    /// it is durable.
    ///
    /// # Errors
    /// An I/O error; the previous checkpoint stays.
    pub fn write_checkpoint(
        &self,
        sequence: u64,
        fill: impl FnOnce(&mut Parts) -> io::Result<()>,
    ) -> Result<Checkpoint, JournalError> {
        let path = directory::name(&self.checkpoints(), sequence, EXTENSION);
        let unfinished = path.with_extension(UNFINISHED);
        let written = Parts::create(&unfinished, sequence).and_then(|mut parts| {
            fill(&mut parts)?;
            parts.finish()
        });
        if let Err(error) = written {
            let _removed = fs::remove_file(&unfinished);
            return Err(JournalError::Io {
                path: unfinished,
                error,
            });
        }
        fs::rename(&unfinished, &path).map_err(JournalError::io(&path))?;
        directory::sync(&self.checkpoints())?;
        Ok(Checkpoint { sequence, path })
    }

    /// Copies the newest checkpoint and the journal to a directory that is empty or does not exist.
    ///
    /// # Errors
    /// An I/O error.
    pub fn copy_to(&self, target: &Path) -> Result<(), JournalError> {
        let copy = Self::open(target)?;
        let checkpoint = self.checkpoint()?;
        let segments = segment::list(self)?.into_iter().map(|(_, path)| path);
        for path in checkpoint.map(|it| it.path).into_iter().chain(segments) {
            let name = path.strip_prefix(self.path()).unwrap_or(&path);
            let to = copy.path().join(name);
            fs::copy(&path, &to).map_err(JournalError::io(&to))?;
            let written = File::open(&to).and_then(|file| file.sync_all());
            written.map_err(JournalError::io(&to))?;
        }
        directory::sync(&copy.journal())?;
        directory::sync(&copy.checkpoints())
    }

    /// Writes a checkpoint received from elsewhere into a directory that holds none, and begins the journal after it. If the journal before
    /// it follows, as [`Backup`](super::Backup) sends it, `with_journal` keeps that too.
    ///
    /// # Errors
    /// The bytes are not a whole backup, or an I/O error.
    pub fn receive(
        &self,
        mut from: impl Read,
        with_journal: bool,
    ) -> Result<Checkpoint, JournalError> {
        let unfinished = directory::name(&self.checkpoints(), 0, UNFINISHED);
        let file = File::create(&unfinished).map_err(JournalError::io(&unfinished))?;
        let mut file = BufWriter::new(file);
        let sequence = sequence_of(&mut from).filter(|it| *it < u64::MAX);
        let sequence = sequence.ok_or_else(|| JournalError::Damaged {
            path: unfinished.clone(),
            offset: 0,
            what: "it has no header of a checkpoint".to_owned(),
        })?;
        let path = directory::name(&self.checkpoints(), sequence, EXTENSION);
        let copied = file
            .write_all(MAGIC)
            .and_then(|()| file.write_all(&sequence.to_le_bytes()))
            .and_then(|()| copy_parts(&mut from, &mut file))
            .and_then(|()| file.flush())
            .and_then(|()| file.get_ref().sync_all());
        copied.map_err(JournalError::io(&unfinished))?;
        let received = Checkpoint {
            sequence,
            path: unfinished,
        };
        received.read(|_, _| Ok::<_, JournalError>(()))?;
        if with_journal {
            self.receive_segments(&mut from, sequence)?;
        }
        let journal = directory::name(&self.journal(), sequence + 1, segment::EXTENSION);
        directory::write_durably(&journal, segment::MAGIC)?;
        fs::rename(&received.path, &path).map_err(JournalError::io(&path))?;
        directory::sync(&self.checkpoints())?;
        Ok(Checkpoint { sequence, path })
    }

    /// Removes the checkpoints before `newest` and the unfinished ones.
    ///
    /// # Errors
    /// An I/O error.
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

    /// Removes covered segments, whose records all lie at or before `sequence`, the oldest first. Stops at the first segment for which
    /// `is_spare` returns `false`, given its metadata and the bytes of all covered segments still there. Returns the number removed.
    ///
    /// # Errors
    /// An I/O error.
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
            Index::remove(&path);
            bytes -= about.len();
            dropped += 1;
        }
        directory::sync(&self.journal())?;
        Ok(dropped)
    }

    /// Returns the segments whose records all lie at or before `sequence`.
    fn covered(&self, sequence: u64) -> Result<Vec<(PathBuf, fs::Metadata)>, JournalError> {
        segment::closed(self, sequence)?
            .into_iter()
            .map(|(_, path)| {
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
    fn create(path: &Path, sequence: u64) -> io::Result<Self> {
        let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        file.write_all(MAGIC)?;
        file.write_all(&sequence.to_le_bytes())?;
        Ok(Self {
            file,
            number: 0,
            record: Vec::new(),
        })
    }

    /// Adds a part with the content that `write` appends, which must not be empty.
    ///
    /// # Errors
    /// An I/O error.
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
    /// Visits its parts in order, each with its offset.
    ///
    /// # Errors
    /// Damage with its offset, or an error of `visit`.
    pub fn read<E: From<JournalError>>(
        &self,
        mut visit: impl FnMut(&[u8], u64) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut file = File::open(&self.path).map_err(JournalError::io(&self.path))?;
        let about = file.metadata().map_err(JournalError::io(&self.path))?;
        if sequence_of(&mut file) != Some(self.sequence) {
            return Err(self.damaged(0, "its header does not match its name"));
        }
        let (mut offset, mut record) = (START, Vec::new());
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

    /// Returns the error for damage at an offset of the file.
    pub fn damaged<E: From<JournalError>>(&self, offset: u64, what: &str) -> E {
        E::from(JournalError::Damaged {
            path: self.path.clone(),
            offset,
            what: what.to_owned(),
        })
    }
}

/// Copies the parts of a checkpoint, up to the empty one that ends it.
fn copy_parts(from: &mut impl Read, to: &mut impl Write) -> io::Result<()> {
    let mut record = Vec::new();
    loop {
        next(from, u64::MAX, &mut record)
            .map_err(|what| io::Error::new(io::ErrorKind::UnexpectedEof, what))?;
        to.write_all(&record)?;
        if record.len() == HEAD {
            return Ok(());
        }
    }
}

/// Reads the sequence at the beginning of a checkpoint.
fn sequence_of(file: &mut impl Read) -> Option<u64> {
    let (mut magic, mut sequence) = ([0; MAGIC.len()], [0; 8]);
    file.read_exact(&mut magic).ok()?;
    file.read_exact(&mut sequence).ok()?;
    (magic == *MAGIC).then(|| u64::from_le_bytes(sequence))
}

/// Reads the bytes of the next record, of at most `left` bytes. A length beyond that allocates nothing.
pub(super) fn next(
    file: &mut impl Read,
    left: u64,
    record: &mut Vec<u8>,
) -> Result<(), &'static str> {
    const SHORT: &str = "it is incomplete";
    record.clear();
    record.resize(HEAD, 0);
    file.read_exact(record).map_err(|_| SHORT)?;
    let length = record.first_chunk().map(|it| u32::from_le_bytes(*it));
    let length = usize::try_from(length.unwrap_or(0)).unwrap_or(usize::MAX);
    if length > record::MOST {
        return Err("the length of a part exceeds the maximum");
    }
    if (HEAD + length) as u64 > left {
        return Err(SHORT);
    }
    record.resize(HEAD + length, 0);
    file.read_exact(&mut record[HEAD..]).map_err(|_| SHORT)
}
