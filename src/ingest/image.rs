//! All facts at one instant, in parts, for a checkpoint.
//!
//! [`Facts::freeze`] holds the lock for a moment. [`Image::next`] then writes one part after the other, each under its own short hold of
//! the lock, while facts are applied in between. [`Restored`] rebuilds the facts from the parts.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{Facts, Retired};
use crate::binary::append;
use crate::clock::{Day, Time};
use crate::config::Config;
use crate::id::{EventId, UserRow};
use crate::state::{self, Format1, HEAD, HEAD_OF_FORMAT_1, Present};

/// The first part: the state that belongs to no book. The codes of all kinds of parts follow it; older versions wrote none.
#[derive(Debug, Deserialize, Serialize)]
struct Head {
    latest: Option<Time>,
    revision: u64,
    leaving: VecDeque<(Day, UserRow)>,
    retired: VecDeque<Retired>,
    deleted: VecDeque<EventId>,
    /// The settings under which the next facts are learnt.
    terms: String,
}

/// All facts at one instant, to be written part by part.
#[derive(Debug)]
pub struct Image {
    /// `None` once it is written.
    head: Option<Head>,
    books: state::Image,
}

impl Facts {
    /// Freezes the facts as they are now: small parts are copied, shared chunks are cloned by reference, and columns of rows stay frozen
    /// (copy-on-write) until [`Self::thaw`]. `terms` are the settings under which later facts are learnt.
    pub fn freeze(&mut self, terms: String) -> Image {
        let head = Head {
            latest: self.latest,
            revision: self.revision,
            leaving: self.leaving.queue().clone(),
            retired: self.retired.clone(),
            deleted: self.deleted.clone(),
            terms,
        };
        Image {
            head: Some(head),
            books: self.books.freeze(),
        }
    }

    /// Ends the freezing of the first `count` books.
    pub fn thaw(&mut self, count: usize) {
        self.books.thaw(count);
    }

    /// Ends the freezing of every book.
    pub fn thaw_all(&mut self) {
        self.books.thaw(usize::MAX);
    }
}

impl Image {
    /// Appends the next part; returns `false` at the end. `facts` must be the facts that the image was taken of.
    pub fn next(&mut self, facts: &Facts, bytes: &mut Vec<u8>) -> bool {
        let Some(head) = self.head.take() else {
            return self.books.next(&facts.books, bytes);
        };
        bytes.push(HEAD);
        append(&head, bytes);
        bytes.extend(state::codes());
        true
    }

    /// Returns the number of books that are written and need not stay frozen.
    #[must_use]
    pub fn books_written(&self) -> usize {
        self.books.books_written()
    }
}

/// Facts that are being restored from the parts of an image.
#[derive(Debug)]
pub struct Restored {
    /// The facts.
    pub facts: Facts,
    /// The settings under which the facts after the image are learnt; empty before the first part.
    pub terms: String,
    present: Present,
}

impl Restored {
    /// Returns empty facts with the bounds of a configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            facts: Facts::new(config),
            terms: String::new(),
            present: Present::default(),
        }
    }

    /// Restores the next part.
    ///
    /// # Errors
    /// The code of the part is unknown, or its bytes are invalid.
    pub fn part(&mut self, part: &[u8]) -> Result<(), postcard::Error> {
        let Some((&code, content)) = part.split_first() else {
            return Ok(());
        };
        let books = &mut self.facts.books;
        match code {
            HEAD => {
                let (head, codes) = postcard::take_from_bytes(content)?;
                self.present.list(codes);
                self.head(head);
            }
            HEAD_OF_FORMAT_1 => {
                let (of_books, head): (Format1, Head) = postcard::from_bytes(content)?;
                books.restore_format_1(of_books, &mut self.present);
                self.head(head);
            }
            _ => books.restore(code, content, &mut self.present)?,
        }
        Ok(())
    }

    /// Returns the names of the books that are missing or incomplete although the version which wrote the parts knew them.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        self.present.missing()
    }

    /// Returns the names of the books with a part that did not exist when the parts were written.
    #[must_use]
    pub fn newer(&self) -> Vec<&'static str> {
        self.present.newer()
    }

    fn head(&mut self, head: Head) {
        let facts = &mut self.facts;
        facts.latest = head.latest;
        facts.revision = head.revision;
        facts.leaving = head.leaving.into();
        facts.retired = head.retired;
        facts.deleted = head.deleted;
        self.terms = head.terms;
    }
}
