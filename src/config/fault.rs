//! Faults of a configuration: all of them at once, each with its line, so the file can be corrected in one pass.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use serde::Serialize;
use toml::de::{DeTable, DeValue};

use super::named::Named;

/// One fault of a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigFault {
    /// Line from 1; 0 if there is none (an unreadable file, a section that is not in the file).
    pub line: usize,
    /// Path of the key: `scene.feed.weights.race.growth`; empty for the whole file and for syntax errors.
    pub path: String,
    /// The fault, and what would be valid.
    pub message: String,
}

/// Every fault of one file, by line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFaults {
    /// Name of the file as the caller gave it.
    pub file: String,
    /// At least one fault, in order of lines.
    pub faults: Vec<ConfigFault>,
}

impl ConfigFaults {
    /// Creates the single fault of a file that cannot be read.
    pub(super) fn whole(file: impl Into<String>, line: usize, message: String) -> Self {
        let path = String::new();
        let faults = vec![ConfigFault {
            line,
            path,
            message,
        }];
        Self {
            file: file.into(),
            faults,
        }
    }
}

impl ConfigFault {
    /// Returns `FILE:LINE: path: message`.
    #[must_use]
    pub fn shown(&self, file: &str) -> String {
        let mut text = file.to_owned();
        if self.line > 0 {
            text += &format!(":{}", self.line);
        }
        if !self.path.is_empty() {
            text += &format!(": {}", self.path);
        }
        text + ": " + &self.message
    }
}

impl fmt::Display for ConfigFaults {
    /// Writes `FILE:LINE: path: message`, one fault per line, without a final line break.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults = self.faults.iter();
        let shown: Vec<String> = faults.map(|fault| fault.shown(&self.file)).collect();
        f.write_str(&shown.join("\n"))
    }
}

impl std::error::Error for ConfigFaults {}

/// Collects the faults of one text during reading.
pub(super) struct Report<'a> {
    text: &'a str,
    /// The faults with their byte offsets.
    faults: RefCell<Vec<(Option<usize>, ConfigFault)>>,
    /// The paths of the faults.
    paths: RefCell<BTreeSet<String>>,
    /// What is valid, but probably not meant.
    warnings: RefCell<Vec<ConfigFault>>,
    /// Where the relative paths in the text start, if anywhere.
    pub(super) directory: Option<&'a Path>,
    /// The files that the text names.
    named: RefCell<Vec<Named>>,
}

impl<'a> Report<'a> {
    /// Creates the report of a text whose relative paths start in a directory, if anywhere.
    pub(super) fn new(text: &'a str, directory: Option<&'a Path>) -> Self {
        Self {
            text,
            faults: RefCell::default(),
            paths: RefCell::default(),
            warnings: RefCell::default(),
            directory,
            named: RefCell::default(),
        }
    }

    /// Parses the text. A text with syntax errors is not read further: it would only add faults that follow from them.
    pub(super) fn syntax(&self, file: &str) -> Result<DeTable<'a>, ConfigFaults> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let at = error.span().map(|span| span.start);
            self.add(at, String::new(), error.message().to_owned());
        }
        self.judge(file, table.into_inner())
    }

    /// Reports a fault at a byte offset of the text, or at no line for `None`.
    pub(super) fn add(&self, at: Option<usize>, path: String, message: String) {
        self.paths.borrow_mut().insert(path.clone());
        let fault = ConfigFault {
            line: 0,
            path,
            message,
        };
        self.faults.borrow_mut().push((at, fault));
    }

    /// Adds a warning at a byte offset of the text, or at no line for `None`.
    pub(super) fn warn(&self, at: Option<usize>, path: String, message: String) {
        self.warnings.borrow_mut().push(ConfigFault {
            line: at.map_or(0, |at| line(self.text, at)),
            path,
            message,
        });
    }

    /// Notes a file that the text names.
    pub(super) fn note(&self, named: Named) {
        self.named.borrow_mut().push(named);
    }

    /// Returns the files that the text names.
    pub(super) fn named(&self) -> Vec<Named> {
        self.named.take()
    }

    /// Returns the warnings, in order of lines.
    pub(super) fn warnings(&self) -> Vec<ConfigFault> {
        let mut warnings = self.warnings.take();
        warnings.sort_by_key(|warning| warning.line);
        warnings
    }

    /// Returns whether no fault is reported at a path or below it.
    pub(super) fn is_clean(&self, path: &str) -> bool {
        let (paths, below) = (self.paths.borrow(), format!("{path}."));
        let next = paths.range(below.clone()..).next();
        !paths.contains(path) && !next.is_some_and(|next| next.starts_with(&below))
    }

    /// Returns the value if there is no fault, else all faults.
    pub(super) fn judge<T>(&self, file: &str, value: T) -> Result<T, ConfigFaults> {
        let mut faults = self.faults.take();
        if faults.is_empty() {
            return Ok(value);
        }
        // One pass over the text finds all lines.
        let mut placed: Vec<_> = faults.iter_mut().collect();
        placed.sort_by_key(|(at, _)| *at);
        let (mut reached, mut number) = (0, 1);
        for (at, fault) in placed {
            if let Some(at) = at.map(|at| at.min(self.text.len())) {
                number += breaks(&self.text.as_bytes()[reached..at]);
                (reached, fault.line) = (at, number);
            }
        }
        faults.sort_by_key(|(_, fault)| fault.line);
        Err(ConfigFaults {
            file: file.to_owned(),
            faults: faults.into_iter().map(|(_, fault)| fault).collect(),
        })
    }
}

/// Returns the line, from 1, of a byte offset of the text.
pub(super) fn line(text: &str, at: usize) -> usize {
    1 + breaks(&text.as_bytes()[..at.min(text.len())])
}

/// Returns the number of line breaks.
fn breaks(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte == b'\n').count()
}

/// Returns the line of a key by its path of bare names, or of the innermost table on the path if the key is not in the text.
pub(super) fn line_of(text: &str, path: &str) -> usize {
    let (table, _) = DeTable::parse_recoverable(text);
    let (mut table, mut found) = (Some(table.get_ref()), 0);
    for name in path.split('.') {
        let Some((key, value)) = table.and_then(|table| table.get_key_value(name)) else {
            break;
        };
        found = line(text, key.span().start);
        table = DeValue::as_table(value.get_ref());
    }
    found
}
