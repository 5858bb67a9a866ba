//! The files of the log: their names, in the order of time, and the folder that holds them.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::clock::Time;

/// Name of the folder in a data directory.
pub const FOLDER: &str = "decisions";
/// The end of the name of a file.
const END: &str = ".ndjson.zst";
/// Maximum number of files of one hour.
const NUMBERS: u32 = 10_000;

/// A file of the log.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    /// Time of the last change.
    pub(super) changed: SystemTime,
}

/// Returns the files of a folder, the oldest first; none if there is no folder.
pub(super) fn list(folder: &Path) -> io::Result<Vec<Found>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let is_log = entry.file_name().to_string_lossy().ends_with(END);
        // A file may go while the folder is read.
        let Some(about) = entry.metadata().ok().filter(|it| is_log && it.is_file()) else {
            continue;
        };
        found.push(Found {
            path: entry.path(),
            bytes: about.len(),
            changed: about.modified()?,
        });
    }
    found.sort_unstable_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

/// Returns the hour of an instant, as it begins the names of its files.
pub(super) fn hour(at: Time) -> String {
    at.to_string().chars().take("2026-11-30T05".len()).collect()
}

/// Creates the next file of an hour.
pub(super) fn create(folder: &Path, hour: &str) -> io::Result<(PathBuf, File)> {
    ensure(folder)?;
    for number in 0..NUMBERS {
        let path = folder.join(format!("{hour}-{number:04}{END}"));
        match File::options().append(true).create_new(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            created => return Ok((path, created?)),
        }
    }
    Err(io::Error::other(format!(
        "the hour {hour} has {NUMBERS} files"
    )))
}

/// Creates a folder that other accounts of the machine cannot read.
pub(super) fn ensure(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Makes the names in a folder durable.
pub(super) fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_sort_by_time() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join(FOLDER);
        assert!(list(&folder).unwrap().is_empty());
        let at = Time::parse("2026-11-30T05:59:59Z").unwrap();
        for at in [at.plus(1_000), at, at] {
            create(&folder, &hour(at)).unwrap();
        }
        fs::write(folder.join("salt"), "").unwrap();
        let names = list(&folder).unwrap();
        let names: Vec<_> = names
            .iter()
            .map(|it| it.path.file_name().unwrap().to_string_lossy())
            .collect();
        let right = [
            "2026-11-30T05-0000",
            "2026-11-30T05-0001",
            "2026-11-30T06-0000",
        ];
        assert_eq!(names, right.map(|it| format!("{it}{END}")));
    }
}
