//! A typed reader of one TOML table over others that supply missing keys.
//!
//! Every getter returns a value: at a fault it reports the fault and returns the default, so one pass over the file finds all faults.
//! Serde would not do: a deserializer stops at its first error, and knows no line for a fault between two keys.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::Report;
use super::named::Named;
use super::value::{self, Checked};
pub(super) use crate::spelling::unknown;

/// A table of a valid configuration that the file is laid over.
pub(super) type Base<'a> = Option<&'a DeTable<'a>>;

/// One table of the file, over the same table of the configurations below it.
pub(super) struct Section<'a> {
    report: &'a Report<'a>,
    path: String,
    at: Option<usize>,
    own: Option<&'a DeTable<'a>>,
    /// The configuration that the file is laid over, if it is not the embedded one, and the embedded one.
    bases: [Base<'a>; 2],
    asked: RefCell<BTreeSet<String>>,
}

/// One value in nested tables: `race.growth` of `race = { growth = 0.1 }`.
pub(super) struct Leaf<'a> {
    /// Its path, joined by dots.
    pub(super) name: String,
    /// Its byte offset in the file; `None` for a default.
    pub(super) at: Option<usize>,
    /// Its value.
    pub(super) value: &'a DeValue<'a>,
}

/// The text of a file that a key names.
pub(super) struct Content {
    /// The path as given.
    pub(super) given: PathBuf,
    /// The file that was read.
    pub(super) named: Named,
    pub(super) text: String,
}

impl<'a> Section<'a> {
    /// Creates the reader of the whole file over the configurations below it.
    pub(super) fn root(report: &'a Report<'a>, own: &'a DeTable<'a>, bases: [Base<'a>; 2]) -> Self {
        Self {
            report,
            path: String::new(),
            at: None,
            own: Some(own),
            bases,
            asked: RefCell::default(),
        }
    }

    /// Returns the table with a name. Keys that the file does not set come from the defaults.
    pub(super) fn section(&self, key: &str) -> Self {
        self.ask(key);
        let own = self.own.and_then(|own| own.get_key_value(key));
        if let Some((_, given)) = own
            && !given.get_ref().is_table()
        {
            self.fault(key, value::wrong(given.get_ref(), "a table"));
        }
        Self {
            report: self.report,
            path: self.path_of(key),
            at: own.map(|(key, _)| key.span().start).or(self.at),
            own: own.and_then(|(_, given)| given.get_ref().as_table()),
            bases: self
                .bases
                .map(|base| base.and_then(|base| base.get(key)?.get_ref().as_table())),
            asked: RefCell::default(),
        }
    }

    /// Returns the tables of a list: those of the file, or of the first configuration below it that sets the key.
    pub(super) fn tables(&self, key: &str) -> Vec<Self> {
        self.ask(key);
        let own = self.own.and_then(|own| own.get(key));
        let Some(given) = own.or(self.default(key)) else {
            return Vec::new();
        };
        let Some(list) = given.get_ref().as_array() else {
            self.fault(key, value::wrong(given.get_ref(), "a list of tables"));
            return Vec::new();
        };
        let tables = list.iter().enumerate().filter_map(|(place, given)| {
            let at = own.map(|_| given.span().start);
            let path = format!("{}[{place}]", self.path_of(key));
            let Some(table) = given.get_ref().as_table() else {
                self.report
                    .add(at, path, value::wrong(given.get_ref(), "a table"));
                return None;
            };
            let (own, base) = if own.is_some() {
                (Some(table), None)
            } else {
                (None, Some(table))
            };
            Some(Self {
                report: self.report,
                path,
                at,
                own,
                bases: [base, None],
                asked: RefCell::default(),
            })
        });
        tables.collect()
    }

    /// Returns the table with a name from the first source that sets it: the file, or a configuration below it.
    pub(super) fn alone(&self, key: &str) -> Self {
        let mut section = self.section(key);
        let first = section.bases.iter().position(Option::is_some);
        for (place, base) in section.bases.iter_mut().enumerate() {
            if section.own.is_some() || first != Some(place) {
                *base = None;
            }
        }
        section
    }

    /// Returns the table with a name. The embedded configuration counts only if no other source sets the table.
    pub(super) fn without_embedded(&self, key: &str) -> Self {
        let mut section = self.section(key);
        let [over, embedded] = section.bases;
        if section.own.is_some() || over.is_some() {
            section.bases = [over, None];
        } else {
            section.bases = [None, embedded];
        }
        section
    }

    /// Reads the whole table with a name. Keys that `read` does not ask for are faults.
    pub(super) fn within<T>(&self, key: &str, read: impl FnOnce(&Self) -> T) -> T {
        let section = self.section(key);
        let value = read(&section);
        section.finish();
        value
    }

    /// Returns every name that the file or the defaults set here, sorted.
    pub(super) fn names(&self) -> BTreeSet<&'a str> {
        let tables = self.own.into_iter().chain(self.bases.into_iter().flatten());
        tables
            .flat_map(|table| table.keys().map(|key| key.get_ref().as_ref()))
            .collect()
    }

    /// Returns every name in the order in which they are written: those of the defaults first, then those that only the file sets.
    pub(super) fn written(&self) -> Vec<&'a str> {
        let mut names = Vec::new();
        let bases = self.bases.into_iter().rev().flatten();
        for table in bases.chain(self.own) {
            let mut keys: Vec<_> = table.keys().collect();
            keys.sort_by_key(|key| key.span().start);
            for key in keys {
                let name = key.get_ref().as_ref();
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names
    }

    /// Returns whether the file or the defaults set a key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.ask(key);
        self.gives(key) || self.default(key).is_some()
    }

    /// Returns whether a key is set to a table.
    pub(super) fn is_table(&self, key: &str) -> bool {
        let own = self.own.and_then(|own| own.get(key));
        let given = own.or_else(|| self.default(key));
        given.is_some_and(|given| given.get_ref().is_table())
    }

    /// Returns whether the file itself sets a key.
    pub(super) fn gives(&self, key: &str) -> bool {
        self.own.is_some_and(|own| own.contains_key(key))
    }

    /// Reads a number within a range. Integers count as numbers.
    pub(super) fn number(&self, key: &str, range: RangeInclusive<f64>) -> f64 {
        self.read(key, *range.start(), |given| value::number(given, &range))
    }

    /// Reads a whole number within a range.
    pub(super) fn integer<T>(&self, key: &str, range: RangeInclusive<T>) -> T
    where
        T: TryFrom<i128> + PartialOrd + Display + Copy,
    {
        self.read(key, *range.start(), |given| value::integer(given, &range))
    }

    /// Reads a whole number from 1 to the value of another key.
    pub(super) fn integer_up_to(&self, key: &str, most: u64, most_key: &str) -> u64 {
        self.read(key, 1, |given| {
            let right = || format!("a whole number from 1 to {most} ({most_key})");
            value::integer(given, &(1..=most)).map_err(|_| value::wrong(given, &right()))
        })
    }

    /// Reads a number of seconds from 0 to `most`.
    pub(super) fn seconds(&self, key: &str, most: f64) -> Duration {
        Duration::try_from_secs_f64(self.number(key, 0.0..=most)).unwrap_or_default()
    }

    /// Reads a number of seconds from 0.1 to `most`, for waiting on a client.
    pub(super) fn timeout(&self, key: &str, most: f64) -> Duration {
        Duration::try_from_secs_f64(self.number(key, 0.1..=most)).unwrap_or_default()
    }

    /// Reads `true` or `false`; `false` if the key is not set.
    pub(super) fn flag(&self, key: &str) -> bool {
        self.has(key) && self.read(key, false, value::flag)
    }

    /// Reads one of a few names.
    pub(super) fn choice<T: Copy>(&self, key: &str, choices: &[(&str, T)], stand_in: T) -> T {
        self.read(key, stand_in, |given| value::choice(given, choices))
    }

    /// Reads a string that a check accepts.
    pub(super) fn text<T>(&self, key: &str, stand_in: T, check: impl Fn(&str) -> Checked<T>) -> T {
        self.read(key, stand_in, |given| check(value::text(given)?))
    }

    /// Reads any value that a check accepts.
    pub(super) fn value<T>(
        &self,
        key: &str,
        stand_in: T,
        check: impl Fn(&DeValue<'_>) -> Checked<T>,
    ) -> T {
        self.read(key, stand_in, check)
    }

    /// Reads a list; checks its elements and the whole.
    pub(super) fn list<T>(
        &self,
        key: &str,
        element: impl Fn(&DeValue<'_>) -> Checked<T>,
        whole: impl Fn(&[T]) -> Checked<()>,
    ) -> Vec<T> {
        self.read(key, Vec::new(), |given| {
            let list = value::list(given, &element)?;
            whole(&list).map(|()| list)
        })
    }

    /// Reads the text of the file that a key names. A relative path starts in the directory of the configuration. `None` at a fault.
    pub(super) fn content(&self, key: &str) -> Option<Content> {
        let given = self.text(key, None, |text| Ok(Some(PathBuf::from(text))))?;
        let Some(path) = self.placed(&given) else {
            let message = "is a relative path, but this configuration is no file in a directory; give an absolute one";
            self.fault(key, message);
            return None;
        };
        let (named, read) = Named::read(path);
        self.report.note(named.clone());
        let text = read
            .map_err(|error| error.to_string())
            .and_then(|bytes| String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned()));
        match text {
            Ok(text) => Some(Content { given, named, text }),
            Err(error) => {
                let message = format!("{} cannot be read: {error}", named.path().display());
                self.fault(key, message);
                None
            }
        }
    }

    /// Returns where a path leads; `None` for a relative one without a place to start.
    fn placed(&self, given: &Path) -> Option<PathBuf> {
        if given.is_absolute() {
            return Some(given.to_owned());
        }
        self.report.directory.map(|directory| directory.join(given))
    }

    /// Returns every value in nested tables: those of the file, and the defaults that it does not set.
    pub(super) fn leaves(&self) -> Vec<Leaf<'a>> {
        let mut leaves = Vec::new();
        if let Some(table) = self.own {
            gather(table, "", true, &mut leaves);
        }
        for base in self.bases.into_iter().flatten() {
            let mut below = Vec::new();
            gather(base, "", false, &mut below);
            below.retain(|leaf| leaves.iter().all(|given| given.name != leaf.name));
            leaves.append(&mut below);
        }
        leaves
    }

    /// Reports a fault of a key, or of the table itself if the key is empty.
    pub(super) fn fault(&self, key: &str, message: impl Into<String>) {
        let own = self.own.and_then(|own| own.get_key_value(key));
        let at = own.map(|(key, _)| key.span().start).or(self.at);
        self.fault_at(at, key, message);
    }

    /// Warns of a key that is valid, but probably not meant.
    pub(super) fn warn(&self, key: &str, message: impl Into<String>) {
        let own = self.own.and_then(|own| own.get_key_value(key));
        let at = own.map(|(key, _)| key.span().start).or(self.at);
        self.report.warn(at, self.path_of(key), message.into());
    }

    /// Reports a fault of a key at a byte offset of the file.
    pub(super) fn fault_at(&self, at: Option<usize>, key: &str, message: impl Into<String>) {
        self.report.add(at, self.path_of(key), message.into());
    }

    /// Returns whether no fault is reported for this table or below it.
    pub(super) fn is_clean(&self) -> bool {
        self.report.is_clean(&self.path)
    }

    /// Reports every key that no reader asked for.
    pub(super) fn finish(&self) {
        let asked = self.asked.borrow();
        let given = self.own.into_iter().flat_map(|own| own.keys());
        for key in given.filter(|key| !asked.contains(key.get_ref().as_ref())) {
            let known = asked.iter().map(String::as_str);
            self.fault(key.get_ref(), unknown("key", key.get_ref(), known));
        }
    }

    /// Reads a key from the file, or from the defaults if the file does not set it. At a fault, returns the default or `stand_in`.
    fn read<T>(&self, key: &str, stand_in: T, check: impl Fn(&DeValue<'_>) -> Checked<T>) -> T {
        self.ask(key);
        let default = self.default(key);
        let own = self.own.and_then(|own| own.get(key));
        match own.or(default).map(|given| check(given.get_ref())) {
            Some(Ok(value)) => return value,
            Some(Err(message)) => self.fault(key, message),
            None => self.fault(key, "is missing and has no default"),
        }
        default
            .and_then(|default| check(default.get_ref()).ok())
            .unwrap_or(stand_in)
    }

    /// Returns the default of a key.
    fn default(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        let mut bases = self.bases.into_iter().flatten();
        bases.find_map(|base| base.get(key))
    }

    fn ask(&self, key: &str) {
        self.asked.borrow_mut().insert(key.to_owned());
    }

    fn path_of(&self, key: &str) -> String {
        join(&self.path, &key.escape_debug().to_string())
    }
}

/// Collects the values of a table and of the tables in it.
fn gather<'a>(table: &'a DeTable<'a>, path: &str, own: bool, leaves: &mut Vec<Leaf<'a>>) {
    for (key, value) in table {
        let name = join(path, key.get_ref());
        match value.get_ref().as_table() {
            Some(table) if !table.is_empty() => gather(table, &name, own, leaves),
            _ => leaves.push(Leaf {
                name,
                at: own.then(|| key.span().start),
                value: value.get_ref(),
            }),
        }
    }
}

fn join(path: &str, key: &str) -> String {
    let dot = if path.is_empty() || key.is_empty() {
        ""
    } else {
        "."
    };
    format!("{path}{dot}{key}")
}
