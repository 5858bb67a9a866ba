//! Diagnosis of a data directory, and its repair.
//!
//! Records after a damaged place are not lost: the segment is rewritten with fillers in place of the unreadable records, so that the
//! sequence has no gap. The damaged file is set aside, not deleted.

use std::fmt;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::directory::{self, Directory};
use super::index::Index;
use super::newest::{self, Newest};
use super::record::{self, Found, HEAD};
use super::segment::{self, EXTENSION, MAGIC};
use super::{Checkpoint, JournalError};

/// Directory to which damaged files are moved.
const ASIDE: &str = "damaged";
/// Maximum number of lost records that are replaced by fillers; if more are missing, a file belongs to another journal.
const MOST_LOST: u64 = 1 << 24;

/// All damage of a data directory.
#[derive(Debug, Default)]
pub struct Diagnosis {
    /// Each fault, in the order of the records.
    pub faults: Vec<Damage>,
    segments: Vec<Salvaged>,
    checkpoint: Option<(Checkpoint, bool)>,
}

/// One instance of damage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// The checkpoint cannot be read.
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// The kind of damage.
        what: String,
        /// True if the journal goes back to the first record, so that everything but the list of deleted users can be learnt from it.
        replaceable: bool,
    },
    /// Bytes of a segment cannot be read.
    Bytes {
        /// The segment.
        path: PathBuf,
        /// Their offsets.
        bytes: Range<u64>,
    },
    /// A segment is missing.
    Absent {
        /// The segment.
        path: PathBuf,
    },
    /// A note cannot be read: it is replaced by what the journal says.
    Note {
        /// The file.
        path: PathBuf,
        /// The kind of damage.
        what: String,
    },
    /// Records are lost: they could not be read, or no file holds them.
    Records {
        /// The first and the one after the last.
        records: Range<u64>,
    },
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checkpoint {
                path,
                what,
                replaceable,
            } => {
                let path = path.display();
                let then = if *replaceable {
                    "only the list of deleted users is lost: the journal goes back to the first record"
                } else {
                    "everything before the journal is lost: restore a backup instead"
                };
                write!(f, "{path}: {what}; {then}")
            }
            Self::Bytes { path, bytes } => {
                let (path, Range { start, end }) = (path.display(), bytes);
                write!(f, "{path}: bytes {start} to {end} cannot be read")
            }
            Self::Note { path, what } => {
                write!(
                    f,
                    "{}: cannot be read: {what}; the journal holds what it says",
                    path.display()
                )
            }
            Self::Absent { path } => write!(f, "{}: is missing", path.display()),
            Self::Records { records } => {
                write!(
                    f,
                    "records {} to {} are lost",
                    records.start,
                    records.end - 1
                )
            }
        }
    }
}

/// Returns the message of an error without the path and without the advice to repair.
fn fault(error: &JournalError) -> String {
    match error {
        JournalError::Damaged { offset, what, .. } => {
            format!("is damaged at byte {offset}: {what}")
        }
        JournalError::Io { error, .. } => error.to_string(),
        other @ (JournalError::Broken(_)
        | JournalError::Foreign(_)
        | JournalError::Version { .. }
        | JournalError::InUse { .. }
        | JournalError::Absent(_)
        | JournalError::NoJournal { .. }
        | JournalError::Missing { .. }
        | JournalError::Short { .. }
        | JournalError::Exposed { .. }) => other.to_string(),
    }
}

/// The readable part of one segment.
#[derive(Debug)]
struct Salvaged {
    first: u64,
    path: PathBuf,
    /// The readable records: sequence, and range of the content.
    records: Vec<(u64, Range<usize>)>,
    /// The unreadable bytes.
    bad: Vec<Range<u64>>,
    /// Sequence after the last record that belongs here.
    end: u64,
    /// The file is missing.
    absent: bool,
    /// The file has no byte.
    headless: bool,
}

impl Salvaged {
    /// Creates the entry of a missing segment, which held `records`.
    fn absent(directory: &Path, records: Range<u64>) -> Self {
        Self {
            first: records.start,
            path: directory::name(directory, records.start, EXTENSION),
            records: Vec::new(),
            bad: Vec::new(),
            end: records.end,
            absent: true,
            headless: false,
        }
    }

    fn read(first: u64, path: PathBuf, bytes: &[u8]) -> Self {
        let mut found = Self {
            first,
            path,
            records: Vec::new(),
            bad: Vec::new(),
            end: first,
            absent: false,
            headless: bytes.is_empty(),
        };
        let mut at = if bytes.starts_with(MAGIC) {
            MAGIC.len()
        } else {
            found.skip(bytes, 0)
        };
        loop {
            match record::read(&bytes[at..]) {
                Found::End => return found,
                Found::Record { sequence, content } if sequence >= found.end => {
                    let start = at + HEAD;
                    found.records.push((sequence, start..start + content.len()));
                    found.end = sequence + 1;
                    at = start + content.len();
                }
                Found::Record { .. } | Found::Bad(_) => at = found.skip(bytes, at),
            }
        }
    }

    /// Skips unreadable bytes, up to the next whole record or the end.
    fn skip(&mut self, bytes: &[u8], at: usize) -> usize {
        let next = record::later(&bytes[at..], self.end - 1);
        let next = next.map_or(bytes.len(), |ahead| at + ahead);
        self.bad.push(at as u64..next as u64);
        next
    }

    /// Returns the records that belong here and could not be read.
    fn lost(&self) -> Vec<Range<u64>> {
        let ends = self.records.iter().map(|(sequence, _)| *sequence);
        let starts = std::iter::once(self.first).chain(ends.clone().map(|it| it + 1));
        let gaps = starts
            .zip(ends.chain([self.end]))
            .map(|(from, to)| from..to);
        gaps.filter(|gap| !gap.is_empty()).collect()
    }

    fn is_whole(&self) -> bool {
        !self.absent && self.bad.is_empty() && self.lost().is_empty()
    }

    /// Returns the bytes of the repaired segment, with `filler` as the content of lost records.
    fn repaired(&self, bytes: &[u8], filler: &[u8]) -> Vec<u8> {
        let mut records = self.records.iter().peekable();
        let mut fresh = MAGIC.to_vec();
        for sequence in self.first..self.end {
            let here = records.next_if(|(found, _)| *found == sequence);
            let content = here.map_or(filler, |(_, range)| &bytes[range.clone()]);
            record::append(&mut fresh, sequence, |to| to.extend_from_slice(content));
        }
        fresh
    }
}

impl Directory {
    /// Finds all damage. Changes nothing.
    ///
    /// # Errors
    /// An I/O error.
    pub fn diagnose(&self) -> Result<Diagnosis, JournalError> {
        let mut diagnosis = Diagnosis::default();
        for (first, path) in segment::list(self)? {
            let bytes = fs::read(&path).map_err(JournalError::io(&path))?;
            diagnosis.segments.push(Salvaged::read(first, path, &bytes));
        }
        let replaceable = diagnosis.segments.first().is_some_and(|it| it.first == 1);
        diagnosis.checkpoint = self.checkpoint()?.map(|checkpoint| {
            let read = checkpoint.read(|_, _| Ok::<_, JournalError>(()));
            if let Err(error) = &read {
                diagnosis.faults.push(Damage::Checkpoint {
                    path: checkpoint.path.clone(),
                    what: fault(error),
                    replaceable,
                });
            }
            (checkpoint, read.is_ok())
        });
        diagnosis.join(&self.journal());
        match self.newest() {
            Ok(Some(newest)) => diagnosis.extend_to(newest, &self.journal()),
            Ok(None) => {}
            Err(JournalError::Damaged { path, what, .. }) => {
                diagnosis.faults.push(Damage::Note { path, what });
            }
            Err(other) => return Err(other),
        }
        let faults = diagnosis.segments.iter().flat_map(Salvaged::faults);
        diagnosis.faults.extend(faults);
        Ok(diagnosis)
    }

    /// Repairs what [`Self::diagnose`] found, with `filler` as the content of lost records. Damaged files are set aside.
    ///
    /// # Errors
    /// An I/O error.
    pub fn repair(&self, diagnosis: &Diagnosis, filler: &[u8]) -> Result<(), JournalError> {
        if let Some((checkpoint, false)) = &diagnosis.checkpoint {
            self.set_aside(&checkpoint.path)?;
            directory::sync(&self.checkpoints())?;
        }
        for segment in &diagnosis.segments {
            if segment.is_whole() {
                continue;
            }
            let path = &segment.path;
            let mut bytes = Vec::new();
            if !segment.absent {
                bytes = fs::read(path).map_err(JournalError::io(path))?;
                self.set_aside(path)?;
            }
            Index::remove(path);
            directory::write_durably(path, &segment.repaired(&bytes, filler))?;
        }
        if self.newest().is_err() {
            let noted = self.path().join(newest::NAME);
            fs::remove_file(&noted).map_err(JournalError::io(&noted))?;
        }
        directory::sync(self.path())
    }

    fn set_aside(&self, path: &Path) -> Result<(), JournalError> {
        let aside = self.path().join(ASIDE);
        fs::create_dir_all(&aside).map_err(JournalError::io(&aside))?;
        let name = path.file_name().unwrap_or_default();
        let mut place = aside.join(name);
        while place.exists() {
            place.as_mut_os_string().push("~");
        }
        fs::copy(path, &place).map_err(JournalError::io(&place))?;
        let kept = fs::File::open(&place).and_then(|file| file.sync_all());
        kept.map_err(JournalError::io(&place))?;
        directory::sync(&aside)?;
        directory::sync(self.path())?;
        if path.extension().is_some_and(|end| end != EXTENSION) {
            fs::remove_file(path).map_err(JournalError::io(path))?;
        }
        Ok(())
    }
}

impl Diagnosis {
    /// Adds damage that only the owner of the content can recognise.
    pub fn add(&mut self, damage: Damage) {
        self.faults.push(damage);
    }

    /// Returns whether there is no damage.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.faults.is_empty()
    }

    /// Returns whether a start is possible after a repair.
    #[must_use]
    pub fn can_start(&self) -> bool {
        let hopeless = |fault: &Damage| match fault {
            Damage::Checkpoint { replaceable, .. } => !replaceable,
            Damage::Records { records } => records.end - records.start > MOST_LOST,
            Damage::Bytes { .. } | Damage::Absent { .. } | Damage::Note { .. } => false,
        };
        !self.faults.iter().any(hopeless)
    }

    /// Sets the end of each segment to the beginning of the next, and adds missing segments after the checkpoint.
    fn join(&mut self, directory: &Path) {
        let nexts: Vec<u64> = self.segments.iter().skip(1).map(|it| it.first).collect();
        for (segment, next) in self.segments.iter_mut().zip(nexts) {
            segment.end = segment.end.max(next);
        }
        let covered = match &self.checkpoint {
            Some((checkpoint, true)) => checkpoint.sequence,
            Some((_, false)) | None => 0,
        };
        let first = self.segments.first().map_or(covered + 1, |it| it.first);
        if first > covered + 1 {
            let absent = Salvaged::absent(directory, covered + 1..first);
            self.segments.insert(0, absent);
        }
        let last = self.segments.last().map_or(0, |it| it.end);
        if covered > 0 && last <= covered {
            let absent = Salvaged::absent(directory, covered + 1..covered + 1);
            self.segments.push(absent);
        }
        // An empty newest file is a torn end of no bytes: the process was killed before the first write. A start replaces it.
        if let Some(newest) = self.segments.last_mut() {
            newest.bad.retain(|bytes| !bytes.is_empty());
        }
    }

    /// Adds the records and segments that are missing at the end, according to the note of the newest segment.
    fn extend_to(&mut self, noted: Newest, directory: &Path) {
        let next = noted.segment.max(noted.last + 1);
        if self.segments.is_empty() && noted.segment > 1 {
            let absent = Salvaged::absent(directory, 1..noted.segment);
            self.segments.push(absent);
        }
        match self.segments.last_mut() {
            Some(newest) if newest.first >= noted.segment => {
                newest.end = newest.end.max(noted.last + 1);
                newest.absent |= newest.headless && newest.first == noted.segment;
            }
            Some(last) => {
                last.end = last.end.max(noted.segment);
                let absent = Salvaged::absent(directory, noted.segment..next);
                self.segments.push(absent);
            }
            None => self
                .segments
                .push(Salvaged::absent(directory, noted.segment..next)),
        }
    }
}

impl Salvaged {
    fn faults(&self) -> impl Iterator<Item = Damage> {
        let path = || self.path.clone();
        let absent = self.absent.then(|| Damage::Absent { path: path() });
        let bytes = self.bad.iter().map(move |bytes| Damage::Bytes {
            path: path(),
            bytes: bytes.clone(),
        });
        let lost = self.lost().into_iter();
        let lost = lost.map(|records| Damage::Records { records });
        absent.into_iter().chain(bytes).chain(lost)
    }
}
