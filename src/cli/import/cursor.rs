//! The place of an import in its rows: the number of the next row, and the original text of the current one.
//!
//! A file of rejects has a line before each row, which tells the row's number. Rows that are corrected there and sent again therefore keep
//! their numbers, and what is made of them its id.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::rows::{Line, ReadError};

/// Begins the line before a rejected row. The number follows.
pub(super) const NOTE: &str = "# saima: row ";

/// The row that is read, and those before it.
#[derive(Debug, Default)]
pub struct Cursor {
    /// Number of the next row. It continues through all files, because ids made of it must not repeat.
    next: Cell<u64>,
    /// Number of the first row that the current text makes.
    row: Cell<u64>,
    /// The current text, if texts are kept.
    text: RefCell<Rc<[u8]>>,
    /// The lines before the first row: those that are skipped, and the header.
    head: RefCell<Vec<u8>>,
    keeps: bool,
    /// Number of ids with blanks around them, which were removed.
    trimmed: Cell<u64>,
}

impl Cursor {
    /// Returns the place before the first row, which keeps the texts of rows if they are needed.
    pub(super) fn new(keeps: bool) -> Self {
        Self {
            keeps,
            ..Self::default()
        }
    }

    pub(super) const fn keeps(&self) -> bool {
        self.keeps
    }

    /// Begins a row, or a value that makes several.
    pub(super) fn begin(&self, text: impl FnOnce() -> Vec<u8>) {
        self.row.set(self.next.get());
        if self.keeps {
            *self.text.borrow_mut() = text().into();
        }
    }

    /// Returns the number of the next row, and passes it.
    pub(super) fn pass(&self) -> u64 {
        self.next.replace(self.next.get() + 1)
    }

    pub(super) fn count_trimmed(&self, ids: u64) {
        self.trimmed.set(self.trimmed.get() + ids);
    }

    pub(super) const fn trimmed(&self) -> u64 {
        self.trimmed.get()
    }

    /// Sets the lines before the first row of a file.
    pub(super) fn set_head(&self, head: Vec<u8>) {
        *self.head.borrow_mut() = head;
    }

    pub(super) fn head(&self) -> Vec<u8> {
        self.head.borrow().clone()
    }

    /// Returns the number and the text of the current row.
    pub(super) fn origin(&self) -> (u64, Rc<[u8]>) {
        (self.row.get(), Rc::clone(&self.text.borrow()))
    }

    /// Reads the line before a rejected row. Returns false for any other line.
    pub(super) fn reads(&self, line: &str) -> bool {
        let Some(rest) = line.strip_prefix(NOTE) else {
            return false;
        };
        let digits = rest.split(|digit: char| !digit.is_ascii_digit()).next();
        let number = digits.and_then(|digits| digits.parse().ok());
        number.into_iter().for_each(|number| self.next.set(number));
        number.is_some()
    }

    /// Passes lines of JSON, each a row of its own unless a map makes more of it.
    pub(super) fn watch<'n>(
        &'n self,
        lines: impl Iterator<Item = Result<Line, ReadError>> + 'n,
        mapped: bool,
    ) -> Box<dyn Iterator<Item = Result<Line, ReadError>> + 'n> {
        let seen = move |line: &Result<Line, ReadError>| {
            let Ok(line) = line else {
                return true;
            };
            let text = std::str::from_utf8(&line.json).unwrap_or_default();
            if line.json.starts_with(b"#") && self.reads(text) {
                return false;
            }
            self.begin(|| line.json.clone());
            if !mapped {
                self.pass();
            }
            true
        };
        Box::new(lines.filter(seen))
    }
}
