//! Errors of data directories and journals.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Returns whether an error means that the disk is full.
pub(super) fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{QuotaExceeded, StorageFull};
    matches!(error.kind(), QuotaExceeded | StorageFull)
}

/// The reason why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// An I/O error.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The error of the system.
        error: io::Error,
    },
    /// The journal can no longer be written to.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// The directory holds something else.
    #[error("{} is not empty and not a data directory of saima: choose another directory", .0.display())]
    Foreign(PathBuf),
    /// The directory has another version of the format.
    #[error("{} names format {found:?}; this version reads format 1", path.display())]
    Version {
        /// The file that names the format.
        path: PathBuf,
        /// The format that it names.
        found: String,
    },
    /// Another process uses the directory.
    #[error("{} is in use by process {by}: two processes cannot share a data directory", path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
        /// The process that uses it.
        by: String,
    },
    /// There is no data directory.
    #[error("{} is not a data directory of saima", .0.display())]
    Absent(PathBuf),
    /// A file is damaged.
    #[error("{} is damaged at byte {offset}: {what}; `saima repair` shows what could be saved", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The offset of the damage.
        offset: u64,
        /// The kind of damage.
        what: String,
    },
    /// There is a checkpoint, but not the journal after it.
    #[error("{} holds a checkpoint of record {after}, but not the journal after it; `saima repair` shows what could be saved", path.display())]
    NoJournal {
        /// The directory.
        path: PathBuf,
        /// The last record that the checkpoint covers.
        after: u64,
    },
    /// The newest segments are missing.
    #[error(
        "{} ends with record {last}, but record {noted} was durable and a segment began with record {segment}: the newest segments are missing; \
         `saima repair` shows what could be saved",
        path.display()
    )]
    Short {
        /// The directory.
        path: PathBuf,
        /// The last record found.
        last: u64,
        /// The last record known to be durable.
        noted: u64,
        /// The first record of the newest segment.
        segment: u64,
    },
    /// Other accounts of the machine can read the directory.
    #[error(
        "{} can be read by other accounts (mode {mode:o}), and its mode cannot be changed to 700: give it to this account, or name a directory inside it",
        path.display()
    )]
    Exposed {
        /// The directory.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Records are missing.
    #[error("{}: records {from} to {to} are missing; `saima repair` shows what could be saved", path.display())]
    Missing {
        /// The directory in which they should be.
        path: PathBuf,
        /// The first of them.
        from: u64,
        /// The last of them.
        to: u64,
    },
}

impl JournalError {
    /// Returns a function for [`Result::map_err`] that adds the path to an I/O error.
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::Io { path, error }
    }

    /// Returns whether the disk is full.
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Io { error, .. } if is_full(error))
    }

    /// Returns the error as one of I/O; that of an I/O error without its path.
    pub(super) fn into_io(self) -> io::Error {
        if let Self::Io { error, .. } = self {
            return error;
        }
        io::Error::other(self)
    }
}

/// The reason why a journal can no longer make facts durable. No later fact is acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("facts cannot be made durable: {0}")]
pub struct Broken(pub Arc<str>);
