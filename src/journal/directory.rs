//! The data directory: its owner, its version and its files.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::JournalError;
use super::error::is_full;

/// The file that marks a data directory.
pub const MARK: &str = "saima-data";
const VERSION: &str = "1";
/// The file that names the process that uses a data directory.
pub const LOCK: &str = "lock";
/// The directory in which a back-up is prepared that will take the place of the data.
pub const RESTORING: &str = "restoring";
const NOTE: &str = "erasing";
/// Extension of files that are being written, until they are renamed.
pub(super) const UNFINISHED: &str = "part";
const JOURNAL: &str = "journal";
const CHECKPOINTS: &str = "checkpoint";

/// A data directory locked by this process until this value is dropped.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    /// The directory itself. Its lock does not depend on a file that a cleaner of temporary files could remove.
    own: File,
    /// The file that names the process. It is locked too, for file systems that cannot lock a directory.
    name: Option<File>,
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Closing the file is not enough: a child process that is just being spawned still has a copy of the handle.
        let files = [Some(&self.own), self.name.as_ref()];
        for file in files.into_iter().flatten() {
            let _gone_with_it = file.unlock();
        }
    }
}

impl Directory {
    /// Opens a directory and locks it; creates it if there is none.
    ///
    /// # Errors
    /// The directory belongs to another program or version, is in use by another process, or cannot be written to.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let directory = Self::claim(path)?;
        directory.furnish()?;
        Ok(directory)
    }

    /// Does the same, but creates nothing in the directory: the disk may be full.
    ///
    /// # Errors
    /// As for [`Self::open`]; also if there is no directory and it cannot be created.
    pub fn claim(path: &Path) -> Result<Self, JournalError> {
        let mut private = fs::DirBuilder::new();
        // No other account of the machine may read the data of users.
        let made = private.recursive(true).mode(0o700).create(path);
        made.map_err(JournalError::io(path))?;
        if !is_empty(path)? {
            check(path)?;
        }
        let directory = lock(path)?;
        narrow(path)?;
        Ok(directory)
    }

    /// Opens an existing directory and locks it.
    ///
    /// # Errors
    /// As for [`Self::open`]; also if there is none.
    pub fn existing(path: &Path) -> Result<Self, JournalError> {
        check(path)?;
        let directory = lock(path)?;
        narrow(path)?;
        directory.furnish()?;
        Ok(directory)
    }

    /// Creates what a data directory always holds, and removes unfinished files.
    ///
    /// # Errors
    /// An I/O error.
    pub fn furnish(&self) -> Result<(), JournalError> {
        let mark = self.path.join(MARK);
        if !mark.exists() {
            write_durably(&mark, format!("{VERSION}\n").as_bytes())?;
        }
        for kept in [self.journal(), self.checkpoints()] {
            fs::create_dir_all(&kept).map_err(JournalError::io(&kept))?;
            clear(&kept)?;
        }
        clear(&self.path)
    }

    /// Opens an existing directory for reading. It may be on a read-only file system.
    ///
    /// # Errors
    /// As for [`Self::existing`], except for a directory that cannot be written to.
    pub fn read_only(path: &Path) -> Result<Self, JournalError> {
        let is_protected = |error: &io::Error| {
            use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
            matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem)
        };
        match Self::existing(path) {
            Err(JournalError::Io { error, .. }) if is_protected(&error) => Self::unlocked(path),
            Err(JournalError::Exposed { .. }) => Self::unlocked(path),
            locked => locked,
        }
    }

    fn unlocked(path: &Path) -> Result<Self, JournalError> {
        Ok(Self {
            own: File::open(path).map_err(JournalError::io(path))?,
            name: None,
            path: path.to_owned(),
        })
    }

    /// Returns its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the note of [`Self::write_note`], if it was not removed.
    ///
    /// # Errors
    /// An I/O error.
    pub fn note(&self) -> Result<Option<Vec<u8>>, JournalError> {
        let path = self.path.join(NOTE);
        match fs::read(&path) {
            Ok(note) => Ok(Some(note)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(JournalError::Io { path, error }),
        }
    }

    /// Writes a note of the erasure that begins, durably.
    ///
    /// # Errors
    /// An I/O error.
    pub fn write_note(&self, note: &[u8]) -> Result<(), JournalError> {
        write_durably(&self.path.join(NOTE), note)
    }

    /// Removes the note.
    ///
    /// # Errors
    /// An I/O error.
    pub fn drop_note(&self) -> Result<(), JournalError> {
        let path = self.path.join(NOTE);
        fs::remove_file(&path).map_err(JournalError::io(&path))?;
        sync(&self.path)
    }

    /// Returns the path of the segments.
    pub(super) fn journal(&self) -> PathBuf {
        self.path.join(JOURNAL)
    }

    /// Returns the path of the checkpoints.
    pub(super) fn checkpoints(&self) -> PathBuf {
        self.path.join(CHECKPOINTS)
    }
}

/// Rejects anything but a data directory of this version.
fn check(path: &Path) -> Result<(), JournalError> {
    if !path.is_dir() || is_empty(path)? {
        return Err(JournalError::Absent(path.to_owned()));
    }
    let mark = path.join(MARK);
    let Ok(found) = fs::read_to_string(&mark) else {
        return Err(JournalError::Foreign(path.to_owned()));
    };
    if found.trim() != VERSION {
        let found = found.trim().to_owned();
        return Err(JournalError::Version { path: mark, found });
    }
    Ok(())
}

/// Returns whether a directory is empty, except for what a file system creates itself.
fn is_empty(path: &Path) -> Result<bool, JournalError> {
    // What a first start leaves that ended before the mark was written does not count.
    let unfinished = Path::new(MARK).with_extension(UNFINISHED);
    let known = [Path::new("lost+found"), Path::new(LOCK), &unfinished];
    let names = entries(path)?;
    Ok(names
        .iter()
        .all(|entry| known.iter().any(|name| entry.ends_with(name))))
}

/// Returns the paths in a directory.
fn entries(directory: &Path) -> Result<Vec<PathBuf>, JournalError> {
    let entries = fs::read_dir(directory).map_err(JournalError::io(directory))?;
    let paths = entries.map(|entry| Ok(entry?.path()));
    let paths: io::Result<Vec<PathBuf>> = paths.collect();
    paths.map_err(JournalError::io(directory))
}

/// Makes a directory private: no other account of the machine may read the data of users.
fn narrow(path: &Path) -> Result<(), JournalError> {
    let about = fs::metadata(path).map_err(JournalError::io(path))?;
    let mode = about.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    match fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o700)) {
        Ok(()) => {
            tracing::warn!(
                "{} could be read by other accounts (mode {mode:o}); its mode is now {:o}",
                path.display(),
                mode & 0o700
            );
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            let path = path.to_owned();
            Err(JournalError::Exposed { path, mode })
        }
        Err(error) => Err(JournalError::io(path)(error)),
    }
}

/// Locks a directory, and the file in it that names the process.
fn lock(path: &Path) -> Result<Directory, JournalError> {
    let own = File::open(path).map_err(JournalError::io(path))?;
    let name = open_name(&path.join(LOCK))?;
    let locked = hold(path, &own)?;
    let named = name.as_ref().map_or(Ok(false), |name| hold(path, name))?;
    if !locked && !named {
        let error = io::ErrorKind::Unsupported.into();
        return Err(JournalError::io(path)(error));
    }
    if let Some(mut name) = name.as_ref() {
        // On a full disk the name is missing. The lock does not need it.
        let _unnamed = name
            .set_len(0)
            .and_then(|()| writeln!(name, "{}", std::process::id()));
    }
    let path = path.to_owned();
    Ok(Directory { path, own, name })
}

/// Opens the file that names the process; `None` if the disk is too full to create it.
fn open_name(path: &Path) -> Result<Option<File>, JournalError> {
    let mut options = File::options();
    let options = options.read(true).write(true).create(true).truncate(false);
    match options.open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if is_full(&error) => Ok(None),
        Err(error) => Err(JournalError::io(path)(error)),
    }
}

/// Locks an open file of a directory. Returns false if the file system cannot lock it.
fn hold(directory: &Path, file: &File) -> Result<bool, JournalError> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => {
            let by = fs::read_to_string(directory.join(LOCK)).unwrap_or_default();
            Err(JournalError::InUse {
                path: directory.to_owned(),
                by: by.trim().to_owned(),
            })
        }
        Err(TryLockError::Error(_)) => Ok(false),
    }
}

/// Replaces the content of a file, atomically and durably.
pub(super) fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), JournalError> {
    let unfinished = path.with_extension(UNFINISHED);
    let mut file = File::create(&unfinished).map_err(JournalError::io(&unfinished))?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.map_err(JournalError::io(&unfinished))?;
    fs::rename(&unfinished, path).map_err(JournalError::io(path))?;
    path.parent().map_or(Ok(()), sync)
}

/// Removes files that were being written when a process ended.
fn clear(directory: &Path) -> Result<(), JournalError> {
    let unfinished = |path: &PathBuf| path.extension().is_some_and(|end| end == UNFINISHED);
    let files = entries(directory)?.into_iter().filter(unfinished);
    for path in files.filter(|path| path.is_file()) {
        fs::remove_file(&path).map_err(JournalError::io(&path))?;
    }
    sync(directory)
}

/// Makes the names in a directory durable.
pub(super) fn sync(directory: &Path) -> Result<(), JournalError> {
    let opened = File::open(directory).map_err(JournalError::io(directory))?;
    opened.sync_all().map_err(JournalError::io(directory))
}

/// Returns the numbered files of a directory with that extension, in order; files with other names are ignored. A directory that does not
/// exist has none.
///
/// # Errors
/// An I/O error, or a number that has no successor.
pub(super) fn numbered(
    directory: &Path,
    extension: &str,
) -> Result<Vec<(u64, PathBuf)>, JournalError> {
    let entries = match entries(directory) {
        Err(JournalError::Io { error, .. }) if error.kind() == io::ErrorKind::NotFound => {
            Vec::new()
        }
        entries => entries?,
    };
    let mut files: Vec<(u64, PathBuf)> = entries
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == extension))
        .filter_map(|path| Some((path.file_stem()?.to_str()?.parse().ok()?, path)))
        .filter(|(number, path)| *path == name(directory, *number, extension))
        .collect();
    files.sort_unstable();
    match files.pop_if(|(number, _)| *number == u64::MAX) {
        Some((_, path)) => Err(JournalError::Damaged {
            path,
            offset: 0,
            what: "the number of its name has no successor".to_owned(),
        }),
        None => Ok(files),
    }
}

/// Returns the path of a numbered file.
pub(super) fn name(directory: &Path, number: u64, extension: &str) -> PathBuf {
    directory.join(format!("{number:020}.{extension}"))
}
