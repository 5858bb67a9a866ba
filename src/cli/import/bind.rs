//! Binds a mapping to the columns of one file, and checks what is known only then: that they exist, and the types of expressions.

use super::expression::Data;
use super::fields::of_expressions;
use super::header::Header;
use super::mapping::Mapping;

/// Returns a mapping with the positions of a header instead of names.
///
/// # Errors
/// Every value of a wrong type and every column that is missing in the header, one per line.
pub(super) fn to_table(
    mapping: &Mapping,
    mut header: Header<'_>,
) -> Result<Mapping<usize>, String> {
    let mut place = |field: &str, column: &str, show: &dyn Fn(&str) -> String| {
        header.place(field, column, show)
    };
    let (bound, mut faults) = mapping.bound(Data::Table, &mut place);
    faults.extend(typed(&bound));
    faults.extend(header.finish().err());
    joined(bound, &faults)
}

/// Returns a mapping with the positions in a list of paths, and that list. A header names the values at the top of every object, if
/// they are known.
///
/// # Errors
/// Every value of a wrong type and every path that leads nowhere, one per line.
pub(super) fn to_paths(
    mapping: &Mapping,
    mut header: Option<Header<'_>>,
) -> Result<(Mapping<usize>, Vec<String>), String> {
    let mut paths: Vec<String> = Vec::new();
    let mut place = |field: &str, column: &str, show: &dyn Fn(&str) -> String| {
        if let Some(header) = &mut header
            && !header.leads(column)
        {
            header.place(field, column, show);
        }
        let known = paths.iter().position(|path| path == column);
        known.unwrap_or_else(|| {
            paths.push(column.to_owned());
            paths.len() - 1
        })
    };
    let (bound, mut faults) = mapping.bound(Data::Json, &mut place);
    faults.extend(typed(&bound));
    faults.extend(header.and_then(|header| header.finish().err()));
    Ok((joined(bound, &faults)?, paths))
}

fn typed(mapping: &Mapping<usize>) -> Vec<String> {
    let facts = mapping.facts.iter();
    facts
        .flat_map(|fact| of_expressions(mapping.target, fact))
        .collect()
}

fn joined(mapping: Mapping<usize>, faults: &[String]) -> Result<Mapping<usize>, String> {
    if faults.is_empty() {
        Ok(mapping)
    } else {
        Err(faults.join("\n"))
    }
}
