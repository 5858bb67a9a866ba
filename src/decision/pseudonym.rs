//! Names of users in the log: digests under a salt that is made once for a data directory and never leaves it.
//!
//! The pseudonym of an id is the first 32 hexadecimal digits of SHA-256(salt, byte 0, id). Without the salt nobody can compute it, not
//! even for a guessed id. The same salt seals the key of a user's lots, from which a guessed id could be confirmed. A deleted user is
//! kept on a list by pseudonym and time, so that readers skip what was logged before, until retention has removed it.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};

use super::files::{ensure, sync};

/// Bytes of the salt.
const SALT: usize = 32;
const SALT_NAME: &str = "salt";
const DELETED_NAME: &str = "deleted";
/// Maximum number of deleted users who are remembered; beyond, the oldest are forgotten.
const MOST_DELETED: usize = 1_000_000;

/// The salt or the list of deleted users cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PseudonymError {
    /// A file cannot be read or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The error.
        #[source]
        error: io::Error,
    },
    /// The file of the salt holds something else.
    #[error("{}: is no salt of {SALT} bytes in hexadecimal", .0.display())]
    Salt(PathBuf),
}

/// The deletion of a user, in milliseconds.
#[derive(Clone, Copy, Debug)]
struct Deletion {
    /// The time of the service, as the records have it.
    at: i64,
    /// The time of the machine, by which retention goes.
    wall: i64,
}

/// The names of users in the log.
#[derive(Debug)]
pub struct Pseudonyms {
    salt: [u8; SALT],
    folder: Option<PathBuf>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// True once the salt is on the disk.
    is_saved: bool,
    /// By pseudonym of a deleted user.
    deleted: BTreeMap<String, Deletion>,
    /// True if the list on the disk lacks a deletion.
    is_behind: bool,
}

impl Pseudonyms {
    /// Makes a salt that is kept in memory only.
    #[must_use]
    pub fn in_memory() -> Self {
        Self {
            salt: random(),
            folder: None,
            state: Mutex::default(),
        }
    }

    /// Reads the salt and the list of deleted users of a folder. If there is no salt, makes one, and saves it if the disk lets it.
    ///
    /// # Errors
    /// A file cannot be read, or is damaged.
    pub fn open(folder: &Path) -> Result<Self, PseudonymError> {
        let known = read_salt(folder)?;
        let salt = known.unwrap_or_else(random);
        let names = Self {
            salt,
            folder: Some(folder.to_owned()),
            state: Mutex::new(State {
                is_saved: known.is_some(),
                deleted: read_deleted(folder)?,
                is_behind: false,
            }),
        };
        if let Err(error) = names.save() {
            tracing::warn!("decisions are not logged yet: {error}");
        }
        Ok(names)
    }

    /// Reads the salt and the list of deleted users of an existing log, for reading.
    ///
    /// # Errors
    /// As for [`Self::open`]; also if there is no salt.
    pub fn existing(folder: &Path) -> Result<Self, PseudonymError> {
        let salt = read_salt(folder)?;
        Ok(Self {
            salt: salt.ok_or_else(|| PseudonymError::Salt(folder.join(SALT_NAME)))?,
            folder: Some(folder.to_owned()),
            state: Mutex::new(State {
                is_saved: true,
                deleted: read_deleted(folder)?,
                is_behind: false,
            }),
        })
    }

    /// Returns the pseudonym of a user.
    #[must_use]
    pub fn of(&self, id: &str) -> String {
        hex(&self.digest(0, id, 0)[..16])
    }

    /// Seals the key of a user's lots for one record, or opens a sealed one.
    #[must_use]
    pub fn seal(&self, key: u64, request_id: &str, at: i64) -> u64 {
        let digest = self.digest(1, request_id, at);
        let stream = digest.iter().take(8);
        key ^ stream.fold(0, |word, byte| word << 8 | u64::from(*byte))
    }

    fn digest(&self, space: u8, id: &str, at: i64) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(self.salt);
        digest.update([space]);
        digest.update(id);
        if space != 0 {
            digest.update([0]);
            digest.update(at.to_le_bytes());
        }
        digest.finalize().into()
    }

    /// Returns whether a record of a user, made at some time, is of a user who was deleted since.
    #[must_use]
    pub fn is_deleted(&self, pseudonym: &str, at: i64) -> bool {
        let state = self.state.lock();
        state
            .deleted
            .get(pseudonym)
            .is_some_and(|gone| at <= gone.at)
    }

    /// Returns the time of the machine at the newest deletion.
    #[must_use]
    pub fn last_deletion(&self) -> Option<i64> {
        self.state.lock().deleted.values().map(|it| it.wall).max()
    }

    /// Remembers users as deleted at a time of the service and of the machine, durably if the disk lets it.
    ///
    /// # Errors
    /// The list cannot be written; [`Self::save`] tries again.
    pub fn delete<'i>(
        &self,
        ids: impl Iterator<Item = &'i str>,
        (at, wall): (i64, i64),
    ) -> Result<(), PseudonymError> {
        let pseudonyms: Vec<String> = ids.map(|id| self.of(id)).collect();
        let mut state = self.state.lock();
        let lines: String = pseudonyms
            .iter()
            .map(|it| format!("{it} {at} {wall}\n"))
            .collect();
        state
            .deleted
            .extend(pseudonyms.into_iter().map(|it| (it, Deletion { at, wall })));
        while state.deleted.len() > MOST_DELETED {
            let oldest = state.deleted.iter().min_by_key(|(_, gone)| gone.wall);
            let Some(oldest) = oldest.map(|(name, _)| name.clone()) else {
                break;
            };
            state.deleted.remove(&oldest);
        }
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        let path = folder.join(DELETED_NAME);
        let appended = append(folder, &path, lines.as_bytes());
        state.is_behind |= appended.is_err();
        appended.map_err(|error| PseudonymError::Io { path, error })
    }

    /// Writes what is not on the disk yet: the salt, and deletions.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn save(&self) -> Result<(), PseudonymError> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        let mut state = self.state.lock();
        if !state.is_saved {
            let path = folder.join(SALT_NAME);
            let saved = ensure(folder).and_then(|()| replace(&path, hex(&self.salt).as_bytes()));
            saved.map_err(|error| PseudonymError::Io { path, error })?;
            state.is_saved = true;
        }
        if state.is_behind {
            self.rewrite(&state.deleted)?;
            state.is_behind = false;
        }
        Ok(())
    }

    /// Forgets the deletions before a time of the machine, of whom nothing is left in the log.
    ///
    /// # Errors
    /// The list cannot be written.
    pub fn expire(&self, before: i64) -> Result<(), PseudonymError> {
        let mut state = self.state.lock();
        let held = state.deleted.len();
        state.deleted.retain(|_, gone| gone.wall >= before);
        if state.deleted.len() < held {
            self.rewrite(&state.deleted)?;
        }
        Ok(())
    }

    fn rewrite(&self, deleted: &BTreeMap<String, Deletion>) -> Result<(), PseudonymError> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        let lines: String = deleted
            .iter()
            .map(|(name, gone)| format!("{name} {} {}\n", gone.at, gone.wall))
            .collect();
        let path = folder.join(DELETED_NAME);
        let written = replace(&path, lines.as_bytes());
        written.map_err(|error| PseudonymError::Io { path, error })
    }
}

/// Returns a random salt. Without the random source of the machine, it comes from the secret keys of hash tables.
fn random() -> [u8; SALT] {
    let mut salt = [0; SALT];
    if getrandom::fill(&mut salt).is_err() {
        for part in salt.as_chunks_mut::<8>().0 {
            *part = RandomState::new().build_hasher().finish().to_le_bytes();
        }
    }
    salt
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digit = |digit: u8| char::from(b"0123456789abcdef"[usize::from(digit)]);
    digits.map(digit).collect()
}

/// Returns the salt of a folder; `None` if it has none.
fn read_salt(folder: &Path) -> Result<Option<[u8; SALT]>, PseudonymError> {
    let path = folder.join(SALT_NAME);
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(|error| PseudonymError::Io {
            path: path.clone(),
            error,
        })?,
    };
    let text = text.trim();
    let mut salt = [0; SALT];
    let is_right = text.len() == 2 * SALT && text.is_ascii();
    for (place, byte) in salt.iter_mut().enumerate() {
        let digits = text.get(2 * place..2 * place + 2).filter(|_| is_right);
        let read = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        *byte = read.ok_or_else(|| PseudonymError::Salt(path.clone()))?;
    }
    Ok(Some(salt))
}

/// Returns the deleted users of a folder. A line that a crash cut off is skipped.
fn read_deleted(folder: &Path) -> Result<BTreeMap<String, Deletion>, PseudonymError> {
    let path = folder.join(DELETED_NAME);
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        read => read.map_err(|error| PseudonymError::Io { path, error })?,
    };
    let line = |line: &str| {
        let mut parts = line.split(' ');
        let name = parts.next()?.to_owned();
        let [at, wall] = [parts.next()?, parts.next()?].map(|it| it.parse().ok());
        Some((
            name,
            Deletion {
                at: at?,
                wall: wall?,
            },
        ))
    };
    Ok(text.lines().filter_map(line).collect())
}

/// Replaces the content of a private file, atomically and durably.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension("part");
    let mut private = OpenOptions::new();
    let private = private.write(true).create(true).truncate(true).mode(0o600);
    let mut file = private.open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    path.parent().map_or(Ok(()), sync)
}

fn append(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    ensure(folder)?;
    let is_new = !path.exists();
    let mut private = OpenOptions::new();
    let mut file: File = private.append(true).create(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    if is_new { sync(folder) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_salt_lasts_and_is_private() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("decisions");
        let names = Pseudonyms::open(&folder).unwrap();
        let name = names.of("u-1001");
        assert_eq!(name.len(), 32);
        assert!(!name.contains("1001") && name != names.of("u-1002"));
        assert_eq!(Pseudonyms::open(&folder).unwrap().of("u-1001"), name);
        assert_eq!(Pseudonyms::existing(&folder).unwrap().of("u-1001"), name);
        let mode = fs::metadata(folder.join("salt"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        let other = Pseudonyms::in_memory();
        assert_ne!(other.of("u-1001"), name, "another directory, another salt");
    }

    #[test]
    fn a_sealed_key_opens_with_the_salt_alone() {
        let names = Pseudonyms::in_memory();
        let sealed = names.seal(7, "r-1", 5);
        assert_ne!(sealed, 7);
        assert_eq!(names.seal(sealed, "r-1", 5), 7);
        assert_ne!(names.seal(sealed, "r-1", 6), 7);
        assert_ne!(Pseudonyms::in_memory().seal(sealed, "r-1", 5), 7);
    }

    #[test]
    fn deletions_last_until_they_expire() {
        let home = tempfile::tempdir().unwrap();
        let names = Pseudonyms::open(home.path()).unwrap();
        names.delete(["u-1", "u-2"].into_iter(), (100, 7)).unwrap();
        for names in [&names, &Pseudonyms::open(home.path()).unwrap()] {
            let gone = names.of("u-1");
            assert!(names.is_deleted(&gone, 100) && !names.is_deleted(&gone, 101));
            assert!(!names.is_deleted(&names.of("u-3"), 1));
        }
        names.expire(8).unwrap();
        let again = Pseudonyms::open(home.path()).unwrap();
        assert!(!again.is_deleted(&again.of("u-1"), 100));
    }

    #[test]
    fn a_damaged_salt_is_an_error() {
        let home = tempfile::tempdir().unwrap();
        for text in ["", "abc", &"x".repeat(64), &"é".repeat(32)] {
            fs::write(home.path().join("salt"), text).unwrap();
            let error = Pseudonyms::open(home.path()).unwrap_err();
            assert!(error.to_string().contains("salt"), "{error}");
        }
    }
}
