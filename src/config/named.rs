//! Files that the configuration names and whose content is part of it: models and their checks.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::file;

/// A file that a configuration names, as it was when it was read.
#[derive(Clone, Debug)]
pub(super) struct Named {
    path: PathBuf,
    found: Found,
}

/// The hash of a content.
type Hash = [u8; 32];
type Found = Result<Hash, io::ErrorKind>;

impl Named {
    /// Reads a file. Returns its content too.
    pub(super) fn read(path: PathBuf) -> (Self, io::Result<Vec<u8>>) {
        let read = file::read(&path);
        let found = found(&read);
        (Self { path, found }, read)
    }

    /// Returns whether the file is still as it was.
    pub(super) fn is_unchanged(&self) -> bool {
        found(&file::read(&self.path)) == self.found
    }

    /// Returns the path of the file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

fn found(read: &io::Result<Vec<u8>>) -> Found {
    let hashed = read.as_ref().map(|content| Sha256::digest(content).into());
    hashed.map_err(io::Error::kind)
}

/// Returns the SHA-256 of a content in hexadecimal, as `sha256sum` prints it.
pub(super) fn sha256(content: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(content) {
        // Writing to a text does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first vector of FIPS 180-2.
    #[test]
    fn sha256_agrees_with_the_standard() {
        let right = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(b"abc"), right);
    }
}
