//! The facts that a row makes for one target: their fields, each with the sources of its values.

use std::collections::HashMap;

use super::cell::Kind;
use super::expression::{Data, Expression};
use super::settings::Settings;
use super::target::Target;
use super::value::Cell;

/// The key of a section that says which rows make a fact.
pub(super) const WHEN: &str = "when";

/// The fields of one target, each with its sources. `C` identifies a column, by name or by position in the header.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping<C = String> {
    pub(super) target: Target,
    pub(super) settings: Settings,
    /// The facts that a row makes.
    pub(super) facts: Vec<Fact<C>>,
}

/// A fact that a row makes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fact<C> {
    /// The condition under which a row makes it.
    pub(super) when: Option<Expression<C>>,
    /// The fields, ordered by name.
    pub(super) fields: Vec<Field<C>>,
}

/// A field of the fact.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field<C> {
    pub(super) name: String,
    /// The name as JSON, with the colon after it.
    pub(super) key: String,
    /// True if the field is an id or a name, around which blanks are removed.
    pub(super) trims: bool,
    /// True if the field is a list even with one value.
    pub(super) list: bool,
    pub(super) sources: Vec<Source<C>>,
}

/// The source of a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Source<C> {
    pub(super) from: Origin<C>,
    pub(super) prefix: String,
    pub(super) kind: Kind,
    /// Splits one text into several values.
    pub(super) split: Option<String>,
    pub(super) default: Option<Cell<'static>>,
    pub(super) values: Option<Values>,
}

/// The values of some words.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Values {
    pub(super) words: HashMap<String, Cell<'static>>,
    /// The value of every other word; such a word is invalid if there is none.
    pub(super) other: Option<Cell<'static>>,
}

impl Values {
    /// Returns the value of a word, or its fault. The value "" means not given.
    pub(super) fn read(&self, word: &str) -> Result<Option<Cell<'static>>, String> {
        let found = self.words.get(word).or(self.other.as_ref());
        let cell = found.ok_or_else(|| {
            let mut known: Vec<&str> = self.words.keys().map(String::as_str).collect();
            known.sort_unstable();
            known.truncate(20);
            format!("{word:?} is not in values ({})", known.join(", "))
        })?;
        let empty = matches!(cell, Cell::Text(text) if text.is_empty());
        Ok(Some(cell.clone()).filter(|_| !empty))
    }
}

/// The origin of a source's text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Origin<C> {
    /// The texts of some columns, joined.
    Columns {
        columns: Vec<C>,
        join: String,
    },
    /// The text of the first of some columns that is not empty.
    First(Vec<C>),
    Constant(Cell<'static>),
    Row,
    Expression(Expression<C>),
}

/// Finds the position of a column, given the field that reads it, its name, and how a fault is shown.
type Place<'p> = dyn FnMut(&str, &str, &dyn Fn(&str) -> String) -> usize + 'p;

impl Mapping {
    /// Returns the columns of which a file must have one each: a column alone, or several of which the first that is given counts.
    pub(super) fn needs(&self) -> impl Iterator<Item = &[String]> {
        let fields = self.facts.iter().flat_map(|fact| &fact.fields);
        let sources = fields.flat_map(|field| &field.sources);
        sources.flat_map(|source| match &source.from {
            Origin::Columns { columns, .. } => columns.chunks(1),
            Origin::First(columns) => columns.chunks(columns.len().max(1)),
            Origin::Constant(_) | Origin::Row | Origin::Expression(_) => {
                <&[String]>::default().chunks(1)
            }
        })
    }

    /// Returns the same mapping with the positions that `place` finds, and every value of a wrong type.
    pub(super) fn bound(&self, data: Data, place: &mut Place<'_>) -> (Mapping<usize>, Vec<String>) {
        let mut faults = Vec::new();
        let facts = self
            .facts
            .iter()
            .map(|fact| fact.bind(data, place, &mut faults));
        let facts = facts.collect();
        let (target, settings) = (self.target, self.settings.clone());
        let bound = Mapping {
            target,
            settings,
            facts,
        };
        (bound, faults)
    }
}

impl Mapping<usize> {
    /// Returns true if a fact is made of a column.
    pub(super) fn reads(&self, column: usize) -> bool {
        let of = |source: &Source<usize>| match &source.from {
            Origin::Columns { columns, .. } | Origin::First(columns) => columns.contains(&column),
            Origin::Expression(expression) => expression.reads(&column),
            Origin::Constant(_) | Origin::Row => false,
        };
        self.facts.iter().any(|fact| {
            let mut sources = fact.fields.iter().flat_map(|field| &field.sources);
            let when = fact.when.as_ref();
            sources.any(of) || when.is_some_and(|when| when.reads(&column))
        })
    }
}

impl Fact<String> {
    fn bind(&self, data: Data, place: &mut Place<'_>, faults: &mut Vec<String>) -> Fact<usize> {
        let when = self.when.as_ref().and_then(|when| {
            let bound = when.bind(data, true, |column, show| place(WHEN, column, show));
            noted(WHEN, bound, faults)
        });
        let fields = self
            .fields
            .iter()
            .map(|field| field.bind(data, place, faults));
        Fact {
            when,
            fields: fields.collect(),
        }
    }
}

impl Field<String> {
    fn bind(&self, data: Data, place: &mut Place<'_>, faults: &mut Vec<String>) -> Field<usize> {
        let sources = self.sources.iter();
        let sources = sources.filter_map(|source| source.bind(&self.name, data, place, faults));
        Field {
            name: self.name.clone(),
            key: self.key.clone(),
            trims: self.trims,
            list: self.list,
            sources: sources.collect(),
        }
    }
}

impl Source<String> {
    /// Binds a source. `None` only with a fault.
    fn bind(
        &self,
        field: &str,
        data: Data,
        place: &mut Place<'_>,
        faults: &mut Vec<String>,
    ) -> Option<Source<usize>> {
        let column = |column: &String| place(field, column, &str::to_owned);
        let from = match &self.from {
            Origin::Columns { columns, join } => Origin::Columns {
                columns: columns.iter().map(column).collect(),
                join: join.clone(),
            },
            Origin::First(columns) => Origin::First(columns.iter().map(column).collect()),
            Origin::Constant(cell) => Origin::Constant(cell.clone()),
            Origin::Row => Origin::Row,
            Origin::Expression(expression) => {
                let bound = expression.bind(data, false, |column, show| place(field, column, show));
                Origin::Expression(noted(field, bound, faults)?)
            }
        };
        Some(Source {
            from,
            prefix: self.prefix.clone(),
            kind: self.kind.clone(),
            split: self.split.clone(),
            default: self.default.clone(),
            values: self.values.clone(),
        })
    }
}

/// Returns an expression, or notes its faults.
fn noted(
    field: &str,
    bound: Result<Expression<usize>, Vec<String>>,
    faults: &mut Vec<String>,
) -> Option<Expression<usize>> {
    bound
        .map_err(|found| faults.extend(found.iter().map(|fault| format!("{field}: {fault}"))))
        .ok()
}
