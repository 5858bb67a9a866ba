//! `[pages]`: how many answered pages are remembered, so that the next page of a list repeats nothing.

use std::time::Duration;

use serde_json::{Value, json};

use super::section::Section;

/// Bounds of the answered pages that are remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pages {
    /// Maximum number of pages; 0 remembers none.
    pub pages: usize,
    /// Maximum number of bytes of their answers.
    pub bytes: usize,
    /// Time after the last use of a list at which it is forgotten.
    pub kept: Duration,
}

/// Reads the section.
pub(super) fn read(s: &Section<'_>) -> Pages {
    Pages {
        pages: s.integer("pages", 0..=100_000_000),
        bytes: s.integer("bytes", 0..=1 << 40),
        kept: s.seconds("seconds", 86_400.0),
    }
}

/// Returns the section in the names and units of the file.
pub(super) fn shown(pages: &Pages) -> Value {
    json!({
        "pages": pages.pages,
        "bytes": pages.bytes,
        "seconds": pages.kept.as_secs_f64(),
    })
}
