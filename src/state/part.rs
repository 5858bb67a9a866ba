//! The books as parts of a checkpoint: a part is one byte of code and the content.
//!
//! Every kind of parts is written at least once, with empty content if there is none, and the head lists them all. If a kind is missing
//! that the head does not list, the checkpoint was written by a version that did not have it.

use std::collections::BTreeSet;

use super::format_1::{CODES_OF_USERS, NUMBERS, USERS, restore_users};
use super::table::{HEAD, HEAD_OF_FORMAT_1};
use super::{Book, Books, CODES, Format1, Frozen, THAW, WRITE};

/// The books at one instant, to be written part by part.
#[derive(Debug)]
pub struct Image {
    books: Frozen,
    place: Place,
}

/// The part that comes next.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    book: usize,
    kind: usize,
    part: usize,
}

impl Books {
    /// Freezes the books as they are now, until [`Self::thaw`].
    pub fn freeze(&mut self) -> Image {
        Image {
            books: self.freeze_all(),
            place: Place::default(),
        }
    }

    /// Ends the freezing of the first `count` books.
    pub fn thaw(&mut self, count: usize) {
        THAW.iter().take(count).for_each(|thaw| thaw(self));
    }
}

impl Image {
    /// Appends the next part; returns `false` at the end. `books` must be the books that the image was taken of.
    pub fn next(&mut self, books: &Books, bytes: &mut Vec<u8>) -> bool {
        while let Some(write) = WRITE.get(self.place.book) {
            if write(books, &self.books, &mut self.place, bytes) {
                return true;
            }
            self.place = Place {
                book: self.place.book + 1,
                ..Place::default()
            };
        }
        false
    }

    /// Returns the number of books that are written and need not stay frozen.
    #[must_use]
    pub fn books_written(&self) -> usize {
        self.place.book
    }
}

/// Appends the next part of a book; returns `false` if there is none.
pub(super) fn write<B: Book>(
    book: &B,
    image: &B::Image,
    codes: &[u8],
    place: &mut Place,
    bytes: &mut Vec<u8>,
) -> bool {
    while let Some(&code) = codes.get(place.kind) {
        let start = bytes.len();
        bytes.push(code);
        if book.write(image, place.kind, place.part, bytes) || place.part == 0 {
            place.part += 1;
            return true;
        }
        bytes.truncate(start);
        place.kind += 1;
        place.part = 0;
    }
    false
}

/// Returns the codes of all kinds of parts. A checkpoint lists them, so that a later version can tell a part that is missing from one that
/// did not exist yet.
#[must_use]
pub fn codes() -> Vec<u8> {
    let books = CODES.iter().map(|(_, codes)| *codes);
    books.flatten().copied().collect()
}

/// The codes of the parts that were restored, and of those that the version which wrote them knew.
#[derive(Clone, Debug, Default)]
pub struct Present {
    restored: BTreeSet<u8>,
    known: BTreeSet<u8>,
}

impl Present {
    /// Notes the codes that a checkpoint lists. Versions that listed none wrote at least those of format 1.
    pub fn list(&mut self, codes: &[u8]) {
        self.known.extend(codes);
    }

    /// Returns the names of the books of which a kind of parts is missing that the version which wrote them knew. If nothing was restored,
    /// there is no checkpoint and nothing is missing.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        self.lacking(|code| self.is_known(code))
    }

    /// Returns the names of the books with a kind of parts that did not exist yet.
    #[must_use]
    pub fn newer(&self) -> Vec<&'static str> {
        self.lacking(|code| !self.is_known(code))
    }

    fn is_known(&self, code: u8) -> bool {
        if self.known.is_empty() {
            return Format1::CODES.contains(&code);
        }
        self.known.contains(&code)
    }

    /// Returns the names of the books that lack a kind of parts for which `counts` holds.
    fn lacking(&self, counts: impl Fn(u8) -> bool) -> Vec<&'static str> {
        if self.restored.is_empty() {
            return Vec::new();
        }
        let lacks = |code: &u8| !self.restored.contains(code) && counts(*code);
        let books = CODES.iter().filter(|(_, codes)| codes.iter().any(lacks));
        books.map(|(name, _)| *name).collect()
    }
}

impl Books {
    /// Restores a part. Only its form is checked, and no memory is reserved that its bytes do not fill. Rows and numbers are not checked
    /// against each other: the checksum of the part shows that Saima wrote them.
    ///
    /// # Errors
    /// The code is unknown, or the bytes are not those of a part of that code.
    pub fn restore(
        &mut self,
        code: u8,
        bytes: &[u8],
        present: &mut Present,
    ) -> Result<(), postcard::Error> {
        present.restored.insert(code);
        if code == USERS {
            present.restored.extend(CODES_OF_USERS);
            return restore_users(self, bytes);
        }
        if bytes.is_empty() {
            return Ok(());
        }
        if code == NUMBERS {
            return self.users.figures.read_numbers(bytes);
        }
        self.restore_kind(code, bytes)
    }

    /// Restores the state of the books that the head of format 1 holds.
    pub fn restore_format_1(&mut self, head: Format1, present: &mut Present) {
        head.restore(self);
        present.restored.extend(Format1::CODES);
    }
}

/// Returns true if every code, the heads' included, belongs to one kind of part only.
pub(super) const fn are_unique(books: &[(&str, &[u8])]) -> bool {
    let mut used = [false; 1 << u8::BITS];
    used[HEAD as usize] = true;
    used[HEAD_OF_FORMAT_1 as usize] = true;
    used[USERS as usize] = true;
    used[NUMBERS as usize] = true;
    let mut book = 0;
    while book < books.len() {
        let codes = books[book].1;
        let mut kind = 0;
        while kind < codes.len() {
            if used[codes[kind] as usize] {
                return false;
            }
            used[codes[kind] as usize] = true;
            kind += 1;
        }
        book += 1;
    }
    true
}
