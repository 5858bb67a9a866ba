//! The progress of an import, kept in a file beside its first input, so that an import that broke off goes on from there.
//!
//! The file holds how many rows were acknowledged, and a checksum of them. `--resume` reads the input again from its beginning, sends
//! nothing up to there, and compares the checksum: a file or a map that changed before that place is noticed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::ImportError;
use super::source::is_standard_input;
use super::totals::Totals;

/// Ends the name of the file.
const ENDING: &str = "saima-resume";

/// What was acknowledged.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Mark {
    /// The kind of facts and how they are sent.
    pub(super) sends: String,
    /// Number of facts and bad rows, through all files.
    pub(super) rows: u64,
    /// Checksum of them.
    checksum: u32,
    /// The file, and the line on which the last of them begins.
    pub(super) file: PathBuf,
    pub(super) line: u64,
    pub(super) totals: Totals,
    /// Sizes of the files of rejects.
    pub(super) rejects: Vec<u64>,
}

impl Mark {
    /// Returns the mark of an import before its first row.
    pub(super) fn new(sends: String) -> Self {
        Self {
            sends,
            ..Self::default()
        }
    }

    /// Adds a fact or the fault of a bad row.
    pub(super) fn add(&mut self, line: u64, text: &[u8]) {
        let mut hasher = crc32fast::Hasher::new_with_initial(self.checksum);
        hasher.update(text);
        hasher.update(b"\n");
        self.checksum = hasher.finalize();
        self.rows += 1;
        self.line = line;
    }
}

/// The place of the file, and what must be acknowledged again before anything is sent.
pub(super) struct Progress {
    path: Option<PathBuf>,
    /// The mark of an earlier import, up to which nothing is sent.
    pub(super) earlier: Option<Mark>,
}

impl Progress {
    /// Opens the progress of an import that sends the first file in this way. A rehearsal keeps none.
    pub(super) fn open(
        first: Option<&Path>,
        sends: &str,
        resumes: bool,
    ) -> Result<Self, ImportError> {
        let path = first.filter(|path| !is_standard_input(path)).map(place);
        let Some(path) = path.as_ref().filter(|_| resumes) else {
            let earlier = None;
            return Ok(Self { path, earlier });
        };
        let earlier = read(path)?;
        if earlier.sends != sends {
            let message = format!("the import that broke off sends {}", earlier.sends);
            return Err(ImportError::file(path, message));
        }
        Ok(Self {
            path: Some(path.clone()),
            earlier: Some(earlier),
        })
    }

    /// Returns how the import of that first file that broke off sends its facts.
    ///
    /// # Errors
    /// If there is none, or it cannot be read.
    pub(super) fn sends(first: &Path) -> Result<String, ImportError> {
        Ok(read(&place(first))?.sends)
    }

    /// Returns true if a fact was acknowledged before. The fact is already added to `mark`.
    ///
    /// # Errors
    /// If what was read up to the earlier mark differs from what was acknowledged.
    pub(super) fn passes(&mut self, mark: &mut Mark) -> Result<bool, ImportError> {
        let Some(earlier) = &self.earlier else {
            return Ok(false);
        };
        if mark.rows < earlier.rows {
            return Ok(true);
        }
        if mark.checksum != earlier.checksum {
            return Err(self.changed());
        }
        mark.totals = earlier.totals.clone();
        mark.rejects.clone_from(&earlier.rejects);
        self.earlier = None;
        Ok(true)
    }

    /// Reports input that differs from what was acknowledged.
    pub(super) fn changed(&self) -> ImportError {
        let earlier = self.earlier.clone().unwrap_or_default();
        let message = format!(
            "the files or the map changed before line {}, up to which they were acknowledged; import them again without --resume",
            earlier.line
        );
        ImportError::file(&earlier.file, message)
    }

    /// Keeps a mark. Returns the path of the file, or why it cannot be kept.
    pub(super) fn keep(&self, mark: &Mark) -> Option<io::Result<&Path>> {
        let path = self.path.as_deref()?;
        let write = || {
            let fresh = path.with_extension(format!("{ENDING}-new"));
            fs::write(&fresh, serde_json::to_vec(mark)?)?;
            fs::rename(fresh, path)
        };
        Some(write().map(|()| path))
    }

    /// Removes the file.
    pub(super) fn remove(&self) {
        if let Some(path) = &self.path {
            // It may never have been written.
            let _absent = fs::remove_file(path);
        }
    }
}

/// Returns the place of the progress of an import of that first file.
fn place(first: &Path) -> PathBuf {
    let mut name = first.as_os_str().to_owned();
    name.push(".");
    name.push(ENDING);
    name.into()
}

/// Reads the file.
fn read(path: &Path) -> Result<Mark, ImportError> {
    let fault = |fault: &dyn ToString| ImportError::file(path, fault.to_string());
    let text = fs::read(path).map_err(|cause| {
        if cause.kind() == io::ErrorKind::NotFound {
            return fault(&"there is no such file, so no import of these files broke off here");
        }
        fault(&cause)
    })?;
    serde_json::from_slice(&text).map_err(|cause| fault(&cause))
}
