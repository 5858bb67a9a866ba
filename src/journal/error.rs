//! What can be wrong with a data directory, and what stops a journal.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The system refused.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
    /// The journal cannot be written to any more.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// The directory holds something else.
    #[error("{} is not empty, and not a data directory of saima: give it a directory of its own", .0.display())]
    Foreign(PathBuf),
    /// The directory is of another version of the format.
    #[error("{} says that its data are of format {found:?}; this saima reads format 1", path.display())]
    Version {
        /// The file that says so.
        path: PathBuf,
        /// What it says.
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
        /// Where in it.
        offset: u64,
        /// What is wrong there.
        what: String,
    },
    /// There is a checkpoint, and no journal that goes on from there.
    #[error("{} holds a checkpoint of record {after}, but not the journal after it; `saima repair` shows what could be saved", path.display())]
    NoJournal {
        /// The directory.
        path: PathBuf,
        /// The last record that the checkpoint covers.
        after: u64,
    },
    /// Records are missing.
    #[error("{}: records {from} to {to} are missing; `saima repair` shows what could be saved", path.display())]
    Missing {
        /// Where they should be.
        path: PathBuf,
        /// The first of them.
        from: u64,
        /// The last of them.
        to: u64,
    },
}

impl JournalError {
    /// For [`Result::map_err`]: what the system refused at a path.
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::Io { path, error }
    }
}

/// A journal that can no longer keep its promise: since this happened nothing more is acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("facts cannot be made durable: {0}")]
pub struct Broken(pub Arc<str>);
