//! Finds the column of a field by the names that the field has elsewhere.

use super::sample::{Column, Sample};
use super::words::bare;

/// Names that say nothing without the name of the object around them.
const GENERIC: [&str; 4] = ["id", "name", "type", "value"];
/// Names of at least this many letters may be a part of a column's name.
const PART: usize = 5;

/// A column that may give a field.
#[derive(Clone, Copy)]
pub(super) struct Found<'s> {
    pub(super) column: &'s Column,
    /// False if the name is only a part of the column's.
    pub(super) sure: bool,
}

/// Returns the first column that has values and one of the names, which are separated by blanks, the best first.
pub(super) fn find<'s>(sample: &'s Sample, names: &str, used: &[&str]) -> Option<Found<'s>> {
    let sure = named(sample, names, used, &|name, column| {
        whole(&column.name) == name
    });
    let sure = sure.or_else(|| {
        named(sample, names, used, &|name, column| {
            last(&column.name).as_deref() == Some(name)
        })
    });
    sure.map(|column| Found { column, sure: true })
}

/// Returns the first column as [`find`] does, or one of whose name a name is a part.
pub(super) fn find_near<'s>(sample: &'s Sample, names: &str, used: &[&str]) -> Option<Found<'s>> {
    let sure = find(sample, names, used);
    let part =
        |name: &str, column: &Column| name.len() >= PART && bare(&column.name).contains(name);
    sure.or_else(|| {
        let column = named(sample, names, used, &part)?;
        let sure = false;
        Some(Found { column, sure })
    })
}

/// Returns the first column with values, by a name that it fits.
fn named<'s>(
    sample: &'s Sample,
    names: &str,
    used: &[&str],
    fits: &dyn Fn(&str, &Column) -> bool,
) -> Option<&'s Column> {
    let columns = || {
        let given = sample.columns.iter();
        given.filter(|column| !column.values.is_empty() && !used.contains(&column.name.as_str()))
    };
    let mut names = names.split(' ');
    names.find_map(|name| columns().find(|column| fits(name, column)))
}

/// Returns the name of a column; of a path the last two parts.
fn whole(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((object, last)) => bare(object) + &bare(last),
        None => bare(name),
    }
}

/// Returns the last part of a path, if it says something alone.
fn last(name: &str) -> Option<String> {
    name.contains('.')
        .then(|| bare(name))
        .filter(|name| !GENERIC.contains(&name.as_str()))
}
