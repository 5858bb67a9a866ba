//! Notices that a data directory was deleted, moved or unmounted under the service: writes to its open files would still succeed.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A path, and the file or directory that it named at first.
#[derive(Clone, Debug)]
pub(super) struct Place {
    path: PathBuf,
    file: (u64, u64),
}

impl Place {
    /// Returns the place of an existing path, or `None`.
    pub(super) fn of(path: &Path) -> Option<Self> {
        Some(Self {
            file: file(path).ok()?,
            path: path.to_owned(),
        })
    }

    /// Checks that the path still names the same file.
    ///
    /// # Errors
    /// It does not.
    pub(super) fn check(&self) -> io::Result<()> {
        let what = match file(&self.path) {
            Ok(found) if found == self.file => return Ok(()),
            Ok(_) => "was replaced under the running service".to_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                "was deleted, moved or unmounted under the running service".to_owned()
            }
            Err(error) => error.to_string(),
        };
        Err(io::Error::other(format!("{} {what}", self.path.display())))
    }
}

/// Returns the device and the number of a file.
fn file(path: &Path) -> io::Result<(u64, u64)> {
    fs::metadata(path).map(|about| (about.dev(), about.ino()))
}
