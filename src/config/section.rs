//! A typed reader over one TOML table, with others that it takes missing keys from.
//!
//! Every getter gives a value, come what may: at a fault it notes the fault and gives the default, so that one pass over the
//! file finds all of them. That is why this is not serde: a deserializer stops at its first error, and knows no line for the
//! faults that only show when two keys are looked at together.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::Report;
use super::value::{self, Checked};

/// A configuration of the program's own, which has no fault.
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

/// One number among tables within tables: `race.growth` of `race = { growth = 0.1 }`.
pub(super) struct Leaf<'a> {
    /// The names on the way to it, joined by dots.
    pub(super) name: String,
    /// The byte of the file at which it is given; `None` for a default.
    pub(super) at: Option<usize>,
    /// What is given.
    pub(super) value: &'a DeValue<'a>,
}

impl<'a> Section<'a> {
    /// The whole file over the whole of the configurations below it.
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

    /// The table of that name; what the file does not give comes from the defaults.
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

    /// The table of that name from the first alone that gives it: the file, or a configuration below it.
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

    /// The table of that name; the embedded configuration counts only if nothing else gives the table.
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

    /// Reads the table of that name to its end: keys that nobody asked for are faults.
    pub(super) fn within<T>(&self, key: &str, read: impl FnOnce(&Self) -> T) -> T {
        let section = self.section(key);
        let value = read(&section);
        section.finish();
        value
    }

    /// Every name that the file or the defaults give here, sorted.
    pub(super) fn names(&self) -> BTreeSet<&'a str> {
        let tables = self.own.into_iter().chain(self.bases.into_iter().flatten());
        tables
            .flat_map(|table| table.keys().map(|key| key.get_ref().as_ref()))
            .collect()
    }

    /// Whether the file or the defaults give this key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.ask(key);
        self.gives(key) || self.default(key).is_some()
    }

    /// Whether the file itself gives this key.
    pub(super) fn gives(&self, key: &str) -> bool {
        self.own.is_some_and(|own| own.contains_key(key))
    }

    /// A number within a range; integers count as numbers.
    pub(super) fn number(&self, key: &str, range: RangeInclusive<f64>) -> f64 {
        self.read(key, *range.start(), |given| value::number(given, &range))
    }

    /// A whole number within a range.
    pub(super) fn integer<T>(&self, key: &str, range: RangeInclusive<T>) -> T
    where
        T: TryFrom<i128> + PartialOrd + Display + Copy,
    {
        self.read(key, *range.start(), |given| value::integer(given, &range))
    }

    /// A number of seconds from 0 to so many.
    pub(super) fn seconds(&self, key: &str, most: f64) -> Duration {
        Duration::try_from_secs_f64(self.number(key, 0.0..=most)).unwrap_or_default()
    }

    /// A number of seconds to wait for somebody else: from a tenth to so many.
    pub(super) fn patience(&self, key: &str, most: f64) -> Duration {
        Duration::try_from_secs_f64(self.number(key, 0.1..=most)).unwrap_or_default()
    }

    /// One of a few names.
    pub(super) fn choice<T: Copy>(&self, key: &str, choices: &[(&str, T)], stand_in: T) -> T {
        self.read(key, stand_in, |given| value::choice(given, choices))
    }

    /// A text that a check accepts.
    pub(super) fn text<T>(&self, key: &str, stand_in: T, check: impl Fn(&str) -> Checked<T>) -> T {
        self.read(key, stand_in, |given| check(value::text(given)?))
    }

    /// A list whose elements and whole are checked.
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

    /// Everything given here, through tables within tables; of the configurations below only what the file does not give.
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

    /// Notes a fault of a key; of the table itself where the key is empty.
    pub(super) fn fault(&self, key: &str, message: impl Into<String>) {
        let own = self.own.and_then(|own| own.get_key_value(key));
        let at = own.map(|(key, _)| key.span().start).or(self.at);
        self.fault_at(at, key, message);
    }

    /// Notes a fault of a key that stands at a byte of the file.
    pub(super) fn fault_at(&self, at: Option<usize>, key: &str, message: impl Into<String>) {
        self.report.add(at, self.path_of(key), message.into());
    }

    /// Whether nothing below this table is at fault so far.
    pub(super) fn is_clean(&self) -> bool {
        self.report.is_clean(&self.path)
    }

    /// Notes every key that nobody asked for.
    pub(super) fn finish(&self) {
        let asked = self.asked.borrow();
        let given = self.own.into_iter().flat_map(|own| own.keys());
        for key in given.filter(|key| !asked.contains(key.get_ref().as_ref())) {
            let known = asked.iter().map(String::as_str);
            self.fault(key.get_ref(), unknown("key", key.get_ref(), known));
        }
    }

    /// The value of a key: the file's, else the default, checked; the default, else the stand-in, at a fault.
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

    /// The value of a key without the file.
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

/// Lists what a table gives, and the tables within it.
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

/// "unknown key; did you mean …?", or what there is where nothing is near.
pub(super) fn unknown<'k>(
    what: &str,
    name: &str,
    known: impl Iterator<Item = &'k str> + Clone,
) -> String {
    let distance = |known: &&str| strsim::damerau_levenshtein(name, known);
    let nearest = known.clone().min_by_key(distance);
    match nearest.filter(|nearest| distance(nearest) <= nearest.len() / 3) {
        Some(nearest) => format!("unknown {what}; did you mean {nearest}?"),
        None => {
            let known: Vec<&str> = known.collect();
            format!("unknown {what}; there are: {}", known.join(", "))
        }
    }
}
