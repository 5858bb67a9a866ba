//! What is wrong with a configuration: every fault with its line, so that one look at the list is enough to mend the file.

use std::cell::RefCell;
use std::fmt;

use serde::Serialize;
use toml::de::{DeTable, DeValue};

/// One fault of a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigFault {
    /// The line, from 1; 0 where there is none (an unreadable file, a section that is not in the file).
    pub line: usize,
    /// The key: `scene.feed.weights.race.growth`; empty for the file as a whole and for faults of its syntax.
    pub path: String,
    /// What is wrong and what would be right.
    pub message: String,
}

/// Every fault of one file, by line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFaults {
    /// The file's name as the caller gave it.
    pub file: String,
    /// At least one fault, in the order of their lines.
    pub faults: Vec<ConfigFault>,
}

impl ConfigFaults {
    /// The one fault of a file that cannot be read at all.
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

impl fmt::Display for ConfigFaults {
    /// `FILE:LINE: path: message`, one fault a line, without a line break at the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, fault) in self.faults.iter().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&self.file)?;
            if fault.line > 0 {
                write!(f, ":{}", fault.line)?;
            }
            if !fault.path.is_empty() {
                write!(f, ": {}", fault.path)?;
            }
            write!(f, ": {}", fault.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigFaults {}

/// Collects the faults of one text while it is read.
pub(super) struct Report<'a> {
    text: &'a str,
    faults: RefCell<Vec<ConfigFault>>,
}

impl<'a> Report<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let faults = RefCell::default();
        Self { text, faults }
    }

    /// The text as a table. What could be recovered from broken syntax is not looked at further: it would only add faults
    /// that vanish with the first ones.
    pub(super) fn syntax(&self, file: &str) -> Result<DeTable<'a>, ConfigFaults> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let at = error.span().map(|span| span.start);
            self.add(at, String::new(), error.message().to_owned());
        }
        self.judge(file, table.into_inner())
    }

    /// Notes a fault at a byte of the text; `None`: nowhere in it.
    pub(super) fn add(&self, at: Option<usize>, path: String, message: String) {
        self.faults.borrow_mut().push(ConfigFault {
            line: at.map_or(0, |at| line(self.text, at)),
            path,
            message,
        });
    }

    /// Whether no fault was noted at a path or below it.
    pub(super) fn is_clean(&self, path: &str) -> bool {
        let below = |fault: &ConfigFault| {
            let rest = fault.path.strip_prefix(path);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        !self.faults.borrow().iter().any(below)
    }

    /// The value, if nothing was wrong with it.
    pub(super) fn judge<T>(&self, file: &str, value: T) -> Result<T, ConfigFaults> {
        let mut faults = self.faults.take();
        if faults.is_empty() {
            return Ok(value);
        }
        faults.sort_by_key(|fault| fault.line);
        Err(ConfigFaults {
            file: file.to_owned(),
            faults,
        })
    }
}

/// The line, from 1, of a byte of the text.
pub(super) fn line(text: &str, at: usize) -> usize {
    let before = text.bytes().take(at);
    1 + before.filter(|byte| *byte == b'\n').count()
}

/// The line of a key given by its path of bare names; of the innermost table on the way where the key itself is not given.
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
