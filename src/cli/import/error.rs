//! Errors that stop an import.

use std::path::Path;

use thiserror::Error;

use crate::cli::client::CallError;

/// An error that stops an import.
#[derive(Debug, Error)]
pub enum ImportError {
    /// The call for a batch failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// A file cannot be read or written.
    #[error("{path}: {message}")]
    File {
        /// The file.
        path: String,
        /// The fault.
        message: String,
    },
    /// Standard output cannot be written.
    #[error("standard output: {0}")]
    Output(#[from] std::io::Error),
    /// A table was given without a map.
    #[error("{0}: a table needs --map, which maps its columns to fields")]
    NoMap(String),
    /// Events cannot be patched.
    #[error("--patch is for items, merchants and users; an event is sent once")]
    PatchOfEvents,
    /// A file is no match for one of several sections of the map.
    #[error("[{section}] {fault}")]
    Section {
        /// The section.
        section: &'static str,
        /// The fault of the file.
        fault: Box<Self>,
    },
    /// Several files or sections have faults.
    #[error("{0}")]
    Several(String),
    /// Several kinds of facts are asked for without a map.
    #[error("several kinds of facts in one command need --map, which says which row makes which")]
    SeveralKinds,
    /// A file that can be read only once is to be sent as several kinds of facts.
    #[error("{0}: can be read only once; save it as a file, or name one kind of facts with --into")]
    ReadOnce(String),
    /// The name of a file has no known extension.
    #[error(
        "{0}: the name must end in .csv, .tsv, .txt, .inter, .ndjson, .jsonl or .json, optionally with .gz or .zst, or in .parquet; else give --format"
    )]
    Shape(String),
}

impl ImportError {
    pub(super) fn file(path: &Path, message: impl ToString) -> Self {
        Self::File {
            path: path.display().to_string(),
            message: message.to_string(),
        }
    }

    /// Joins several faults. `advice` follows them.
    pub(super) fn several(faults: &[Self], advice: &str) -> Self {
        let faults: Vec<String> = faults.iter().map(Self::to_string).collect();
        Self::Several(format!("{}{advice}", faults.join("\n")))
    }
}
