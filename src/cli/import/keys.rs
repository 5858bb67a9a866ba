//! Reads the keys of one table of a map, and collects every fault instead of stopping at the first.

use std::collections::BTreeSet;

use toml::{Table, Value};

use crate::spelling::unknown;

/// The keys of a table.
pub(super) struct Keys<'a> {
    table: &'a Table,
    asked: BTreeSet<&'static str>,
    faults: Vec<String>,
}

impl<'a> Keys<'a> {
    pub(super) fn new(table: &'a Table) -> Self {
        Self {
            table,
            asked: BTreeSet::new(),
            faults: Vec::new(),
        }
    }

    /// Reads a key if it is given. `what` says what `read` accepts.
    pub(super) fn read<T>(
        &mut self,
        key: &'static str,
        what: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<T> {
        self.check(key, |value| {
            read(value).ok_or_else(|| format!("must be {what}"))
        })
    }

    /// Reads a key if it is given, by a check that says what is wrong.
    pub(super) fn check<T>(
        &mut self,
        key: &'static str,
        check: impl FnOnce(&'a Value) -> Result<T, String>,
    ) -> Option<T> {
        self.asked.insert(key);
        match check(self.table.get(key)?) {
            Ok(value) => Some(value),
            Err(fault) => {
                self.fault(format!("{key}: {fault}"));
                None
            }
        }
    }

    pub(super) fn text(&mut self, key: &'static str) -> Option<&'a str> {
        self.read(key, "a text", Value::as_str)
    }

    pub(super) fn texts(&mut self, key: &'static str) -> Option<Vec<String>> {
        self.read(key, "a list of texts, not empty", |value| {
            let list = texts(value)?.into_iter();
            Some(list.map(str::to_owned).collect())
        })
    }

    /// Reads one text, or a list of them.
    pub(super) fn one_or_more(&mut self, key: &'static str) -> Option<Vec<&'a str>> {
        self.read(key, "a text, or a list of texts", |value| {
            match value.as_str() {
                Some(text) => Some(vec![text]),
                None => texts(value),
            }
        })
    }

    pub(super) fn gives(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    pub(super) fn fault(&mut self, fault: impl Into<String>) {
        self.faults.push(fault.into());
    }

    /// Returns the faults, with every key that was not asked for.
    pub(super) fn finish(mut self) -> Vec<String> {
        for key in self.table.keys() {
            if !self.asked.contains(key.as_str()) {
                let known = self.asked.iter().copied();
                self.faults
                    .push(format!("{key}: {}", unknown("key", key, known)));
            }
        }
        self.faults
    }
}

/// Returns the texts of a list that is not empty.
fn texts(value: &Value) -> Option<Vec<&str>> {
    let list = value.as_array().filter(|list| !list.is_empty())?;
    list.iter().map(Value::as_str).collect()
}
