//! The place of a data directory that another one is to take: a name in its parent directory, or a mount point.
//!
//! A name is exchanged atomically. A mount point cannot be renamed, so its files are: the mark of a data directory goes first and comes
//! last, and a service does not start without it.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use rustix::fs::{AtFlags, CWD, RenameFlags, StatxAttributes, StatxFlags, renameat_with, statx};
use rustix::io::Errno;

use crate::journal::{LOCK, MARK, RESTORING};

/// Directories in a mount point that are no part of the data.
const OTHERS: [&str; 2] = ["lost+found", LOCK];

/// The place of a data directory.
#[derive(Debug)]
pub(super) struct Place {
    /// The directory, without symbolic links.
    directory: PathBuf,
    is_mount_point: bool,
}

impl Place {
    /// Returns the place that a path names. It may end with a slash, and may be a symbolic link to a directory.
    pub(super) fn of(path: &Path) -> Result<Self> {
        let directory = resolved(path)?;
        let is_free = !directory.exists() || directory.is_dir();
        ensure!(is_free, "{} is not a directory", directory.display());
        let is_mount_point = is_mount_point(&directory);
        Ok(Self {
            directory,
            is_mount_point,
        })
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns whether there is something in the directory.
    pub(super) fn is_occupied(&self) -> bool {
        !self.files().unwrap_or_default().is_empty()
    }

    /// Returns the path at which the new directory is prepared, on the same file system.
    pub(super) fn unfinished(&self) -> PathBuf {
        if self.is_mount_point {
            self.directory.join(RESTORING)
        } else {
            self.beside(&format!(".{RESTORING}"))
        }
    }

    /// Puts the new directory in place, durably. Returns where the old one is now, if there was one.
    pub(super) fn take(&self, new: &Path) -> io::Result<Option<PathBuf>> {
        if self.is_mount_point {
            return self.refill(new);
        }
        let aside = self.is_occupied().then(|| self.aside());
        match &aside {
            Some(aside) => replace(&self.directory, new, aside)?,
            // The rename replaces an empty directory.
            None => fs::rename(new, &self.directory)?,
        }
        self.directory.parent().map_or(Ok(()), sync)?;
        Ok(aside)
    }

    /// Moves the files in the mount point aside, and those of the new directory in.
    fn refill(&self, new: &Path) -> io::Result<Option<PathBuf>> {
        let old = self.files()?;
        let aside = (!old.is_empty()).then(|| self.aside());
        if let Some(aside) = &aside {
            DirBuilder::new().mode(0o700).create(aside)?;
            let (marks, rest) = parted(old);
            for name in marks.iter().chain(&rest) {
                fs::rename(self.directory.join(name), aside.join(name))?;
                sync(&self.directory)?;
            }
            sync(aside)?;
        }
        let (marks, rest) = parted(names(new)?);
        for name in rest.iter().chain(&marks) {
            if name != OsStr::new(LOCK) {
                fs::rename(new.join(name), self.directory.join(name))?;
                sync(&self.directory)?;
            }
        }
        fs::remove_dir_all(new)?;
        sync(&self.directory)?;
        Ok(aside)
    }

    /// Returns the names of the files that belong to the data.
    fn files(&self) -> io::Result<Vec<OsString>> {
        let mut names = match names(&self.directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            names => names?,
        };
        if self.is_mount_point {
            let is_other = |name: &OsStr| {
                OTHERS.iter().any(|other| name == *other)
                    || name == RESTORING
                    || name.as_encoded_bytes().starts_with(b"before-")
            };
            names.retain(|name| !is_other(name));
        }
        Ok(names)
    }

    /// Returns a free name for the old directory.
    fn aside(&self) -> PathBuf {
        let name = |number: u32| match self.is_mount_point {
            true => self.directory.join(format!("before-{number}")),
            false => self.beside(&format!(".before-{number}")),
        };
        (1..)
            .map(name)
            .find(|path| !path.exists())
            .unwrap_or_default()
    }

    /// Returns the name of the directory with more at its end.
    fn beside(&self, more: &str) -> PathBuf {
        let mut path = self.directory.clone();
        path.as_mut_os_string().push(more);
        path
    }
}

/// Returns the path without symbolic links, dots and trailing slash. Creates the parent directory.
fn resolved(path: &Path) -> Result<PathBuf> {
    let path: PathBuf = path.components().collect();
    if let Ok(found) = fs::canonicalize(&path) {
        return Ok(found);
    }
    ensure!(
        !path.is_symlink(),
        "{} is a symbolic link to a directory that does not exist: create it first",
        path.display()
    );
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    let mut private = DirBuilder::new();
    let made = private.recursive(true).mode(0o700).create(parent);
    let found = made.and_then(|()| fs::canonicalize(parent));
    let found = found.with_context(|| format!("cannot create {}", parent.display()))?;
    Ok(found.join(path.file_name().unwrap_or_default()))
}

/// Returns whether a directory is the root of a mounted file system, or of a part of one.
fn is_mount_point(directory: &Path) -> bool {
    let of_kernel = statx(CWD, directory, AtFlags::empty(), StatxFlags::empty());
    if of_kernel.is_ok_and(|it| it.stx_attributes.contains(StatxAttributes::MOUNT_ROOT)) {
        return true;
    }
    let device = |path: &Path| fs::metadata(path).ok().map(|it| it.dev());
    let parent = directory.parent().and_then(device);
    parent.is_some_and(|parent| device(directory).is_some_and(|own| own != parent))
}

/// Replaces a directory by another and moves the old one aside.
///
/// The two are exchanged atomically, because a service that started while the name is missing would begin with no data. On a file
/// system without such an exchange, the name is missing for a moment.
fn replace(old: &Path, new: &Path, aside: &Path) -> io::Result<()> {
    fs::rename(new, aside)?;
    match renameat_with(CWD, aside, CWD, old, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(()),
        Err(Errno::INVAL | Errno::NOSYS) => {
            fs::rename(aside, new)?;
            fs::rename(old, aside)?;
            fs::rename(new, old)
        }
        Err(other) => Err(other.into()),
    }
}

fn names(directory: &Path) -> io::Result<Vec<OsString>> {
    fs::read_dir(directory)?
        .map(|entry| Ok(entry?.file_name()))
        .collect()
}

/// Parts the mark of a data directory from the other names.
fn parted(names: Vec<OsString>) -> (Vec<OsString>, Vec<OsString>) {
    names.into_iter().partition(|name| name == MARK)
}

fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}
