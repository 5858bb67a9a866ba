//! Reads a log: every record of every file in order, except for those of deleted users. A damaged frame is reported and skipped.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::files::{self, Found};
use super::frame::{Damage, Frames};
use super::pseudonym::{PseudonymError, Pseudonyms};
use super::record::{Record, VERSION};

/// A log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A file or the folder cannot be read.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file or the folder.
        path: PathBuf,
        /// The error.
        #[source]
        error: io::Error,
    },
    /// The names of users cannot be read.
    #[error(transparent)]
    Names(#[from] PseudonymError),
}

/// A record, or the reason why some are missing.
#[derive(Debug)]
pub enum Line {
    /// A record.
    Record(Box<Record>),
    /// A frame is damaged.
    Damaged {
        /// The file.
        file: PathBuf,
        /// The frame.
        damage: Damage,
    },
    /// A line of a sound frame is no record of this version.
    Foreign {
        /// The file.
        file: PathBuf,
        /// The frame, from 1.
        frame: usize,
        /// The fault in words.
        what: String,
    },
}

/// The fields that are needed of a line before it is read.
#[derive(Deserialize)]
pub(super) struct Outline {
    v: u8,
    pub(super) at: i64,
    #[serde(default)]
    pub(super) user: Option<String>,
}

/// Reads a log.
#[derive(Debug)]
pub struct Reader {
    folder: PathBuf,
    names: Pseudonyms,
}

impl Reader {
    /// Opens the log of a data directory; a service may be writing to it.
    ///
    /// # Errors
    /// There is no log.
    pub fn open(data: &Path) -> Result<Self, ReadError> {
        let folder = data.join(files::FOLDER);
        Ok(Self {
            names: Pseudonyms::existing(&folder)?,
            folder,
        })
    }

    /// Returns the names of users.
    #[must_use]
    pub fn names(&self) -> &Pseudonyms {
        &self.names
    }

    /// Passes every line whose record is made within some times, in milliseconds, until `each` returns false.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn read(
        &self,
        (since, until): (i64, i64),
        mut each: impl FnMut(Line) -> bool,
    ) -> Result<(), ReadError> {
        let failed = |path: &Path, error| ReadError::Io {
            path: path.to_owned(),
            error,
        };
        let found = files::list(&self.folder).map_err(|error| failed(&self.folder, error))?;
        for Found { path, .. } in found {
            let content = match fs::read(&path) {
                // Retention removed it meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                content => content.map_err(|error| failed(&path, error))?,
            };
            let wanted = |outline: &Outline| {
                (since..until).contains(&outline.at) && !is_gone(&self.names, outline)
            };
            if !lines(&path, &content, wanted, &mut each) {
                break;
            }
        }
        Ok(())
    }
}

/// Returns whether a line is of a user who was deleted since.
pub(super) fn is_gone(names: &Pseudonyms, outline: &Outline) -> bool {
    let user = outline.user.as_deref();
    user.is_some_and(|user| names.is_deleted(user, outline.at))
}

/// Passes the lines of a file that are wanted. Returns false if `each` did.
fn lines(
    path: &Path,
    content: &[u8],
    wanted: impl Fn(&Outline) -> bool,
    each: &mut impl FnMut(Line) -> bool,
) -> bool {
    for (frame, lines) in Frames::new(content).enumerate() {
        let lines = match lines {
            Ok(lines) => lines,
            Err(damage) => {
                let file = path.to_owned();
                if !each(Line::Damaged { file, damage }) {
                    return false;
                }
                continue;
            }
        };
        for line in lines
            .split(|byte| *byte == b'\n')
            .filter(|it| !it.is_empty())
        {
            let line = match record(line, &wanted) {
                Ok(None) => continue,
                Ok(Some(record)) => Line::Record(Box::new(record)),
                Err(what) => Line::Foreign {
                    file: path.to_owned(),
                    frame: frame + 1,
                    what,
                },
            };
            if !each(line) {
                return false;
            }
        }
    }
    true
}

/// Returns the record of a line if it is wanted.
fn record(line: &[u8], wanted: impl Fn(&Outline) -> bool) -> Result<Option<Record>, String> {
    let outline: Outline = serde_json::from_slice(line).map_err(|it| it.to_string())?;
    if outline.v != VERSION {
        return Err(format!("its version is {}, not {VERSION}", outline.v));
    }
    if !wanted(&outline) {
        return Ok(None);
    }
    let record = serde_json::from_slice(line);
    record.map(Some).map_err(|error| error.to_string())
}

/// Passes the whole records of a folder, the newest first, until `each` returns false. At most `most` bytes are read of each file, from
/// its end.
pub(super) fn newest(
    folder: &Path,
    names: &Pseudonyms,
    most: u64,
    mut each: impl FnMut(Record) -> bool,
) -> io::Result<()> {
    for found in files::list(folder)?.into_iter().rev() {
        let content = tail(&found.path, most)?;
        let mut records = Vec::new();
        let wanted = |outline: &Outline| !is_gone(names, outline);
        lines(&found.path, &content, wanted, &mut |line| {
            match line {
                Line::Record(record) if record.whole.is_some() => records.push(*record),
                Line::Record(_) | Line::Damaged { .. } | Line::Foreign { .. } => {}
            }
            true
        });
        if !records.into_iter().rev().all(&mut each) {
            break;
        }
    }
    Ok(())
}

fn tail(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let bytes = file.metadata()?.len();
    file.seek(SeekFrom::Start(bytes.saturating_sub(most)))?;
    let mut content = Vec::new();
    file.take(most).read_to_end(&mut content)?;
    Ok(content)
}

/// Returns the newest record of a request among the newest `most` bytes of the files.
pub(super) fn find(
    folder: &Path,
    names: &Pseudonyms,
    request_id: &str,
    mut most: u64,
) -> io::Result<Option<Record>> {
    let id = serde_json::to_string(request_id)?;
    for found in files::list(folder)?.into_iter().rev() {
        let content = tail(&found.path, most)?;
        most = most.saturating_sub(found.bytes);
        let mut newest = None;
        for lines in Frames::new(&content).flatten() {
            if memchr::memmem::find(&lines, id.as_bytes()).is_none() {
                continue;
            }
            for line in lines.split(|byte| *byte == b'\n') {
                let wanted = |outline: &Outline| !is_gone(names, outline);
                let read = record(line, wanted).ok().flatten();
                newest = read.filter(|it| it.request_id == request_id).or(newest);
            }
        }
        if newest.is_some() || most == 0 {
            return Ok(newest);
        }
    }
    Ok(None)
}
