//! Proposes a map by the names of the columns and their first values.

use std::fmt::Write;

use super::column::{Numbers, numbers, time, words};
use super::sample::{Column, Sample};
use super::words::{CATALOGUE, EVENT, Known, bare, kind};

/// Maximum number of words of a column of kinds.
const WORDS: usize = 30;

/// A line of a section: the field, its source, and a comment.
struct Line {
    field: &'static str,
    source: String,
    comment: String,
}

/// Returns the map that is proposed for a file.
pub(super) fn map(sample: &Sample, file: &str) -> String {
    let events = find(sample, &EVENT[0]).is_some() && find(sample, &EVENT[3]).is_some();
    let (target, fields): (_, &[Known]) = if events {
        ("events", &EVENT)
    } else {
        ("items", &CATALOGUE)
    };
    let mut style = Numbers::default();
    let mut used: Vec<&str> = Vec::new();
    let mut lines = Vec::new();
    for known in fields {
        let found = find(sample, known).filter(|(column, _)| !used.contains(&column.name.as_str()));
        if let Some((column, sure)) = found {
            used.push(&column.name);
            lines.push(line(known.field, column, sure, &mut style));
        } else {
            lines.extend(missing(known.field, events));
        }
    }
    let mut map = format!(
        "# Proposed by `saima import --guess`. Read it, and mend what is unsure.\n#\n#   saima import --into {target} --map map.toml {file}\n"
    );
    settings(&mut map, sample, &style);
    let _ = writeln!(map, "\n[{target}]");
    for Line {
        field,
        source,
        comment,
    } in lines
    {
        let comment = if comment.is_empty() {
            comment
        } else {
            format!(" # {comment}")
        };
        let _ = writeln!(map, "{field} = {source}{comment}");
    }
    let unused = sample
        .columns
        .iter()
        .filter(|column| !used.contains(&column.name.as_str()));
    let unused: Vec<String> = unused.map(|column| format!("{:?}", column.name)).collect();
    if !unused.is_empty() {
        let _ = writeln!(map, "# not used: {}", unused.join(", "));
    }
    map
}

/// Returns the column of a field, and whether its name is known.
fn find<'s>(sample: &'s Sample, known: &Known) -> Option<(&'s Column, bool)> {
    let columns = || {
        sample
            .columns
            .iter()
            .filter(|column| !column.values.is_empty())
    };
    let named = |name: &str| columns().find(|column| bare(&column.name) == name);
    if let Some(column) = known.names.split(' ').find_map(named) {
        return Some((column, true));
    }
    let contains =
        |name: &str| columns().find(|column| name.len() >= 5 && bare(&column.name).contains(name));
    known
        .names
        .split(' ')
        .find_map(contains)
        .map(|column| (column, false))
}

/// Returns the line of a field that a column gives.
fn line(field: &'static str, column: &Column, sure: bool, style: &mut Numbers) -> Line {
    let name = format!("{:?}", column.name);
    let mut comment = if sure {
        String::new()
    } else {
        "unsure: is it this column?".to_owned()
    };
    let source = match field {
        "at" | "listed_at" => {
            let reading = time(column);
            comment.extend(reading.doubt);
            format!("{{ column = {name}{} }}", reading.keys)
        }
        "amount" | "price" | "quantity" => {
            match numbers(column) {
                Some(found) => note(style, found),
                None => comment.push_str("unsure: not all of these are numbers"),
            }
            format!("{{ column = {name}, type = \"number\" }}")
        }
        "kind" => return kinds(column, &name),
        "available" => return available(column, &name),
        "tags" if !column.list => {
            let marks = ["|", ";", ","];
            let mark = marks
                .into_iter()
                .find(|mark| column.values.iter().any(|value| value.contains(mark)));
            format!("{{ column = {name}, split = {:?} }}", mark.unwrap_or(","))
        }
        "id" if column.values.len() > words(column).len() => {
            comment = "unsure: this column repeats, and facts of one id count once".to_owned();
            name
        }
        _ => name,
    };
    Line {
        field,
        source,
        comment,
    }
}

/// Keeps the marks of numbers for `[file]`.
fn note(style: &mut Numbers, found: Numbers) {
    style.decimal = style.decimal.or(found.decimal);
    style.thousands = style.thousands.or(found.thousands);
    for word in found.currency {
        if !style.currency.contains(&word) {
            style.currency.push(word);
        }
    }
}

fn kinds(column: &Column, name: &str) -> Line {
    let words = words(column);
    let (mut pairs, mut unknown) = (Vec::new(), Vec::new());
    for word in words.iter().take(WORDS) {
        match kind(word) {
            Some(kind) => pairs.push(format!("{word:?} = {kind:?}")),
            None => unknown.push(format!("{word:?}")),
        }
    }
    let mut comment = String::new();
    if !unknown.is_empty() {
        comment = format!(
            "unsure: which kinds are {}? rows with other words are rejected",
            unknown.join(", ")
        );
    }
    if pairs.is_empty() {
        pairs.push("\"…\" = \"view\"".to_owned());
    }
    let source = format!("{{ column = {name}, values = {{ {} }} }}", pairs.join(", "));
    Line {
        field: "kind",
        source,
        comment,
    }
}

fn available(column: &Column, name: &str) -> Line {
    let yes = [
        "instock",
        "active",
        "available",
        "yes",
        "true",
        "1",
        "published",
        "有货",
        "上架",
    ];
    let words = words(column);
    let means: Vec<&&str> = words
        .iter()
        .filter(|word| yes.contains(&bare(word).as_str()))
        .collect();
    let pairs: Vec<String> = means
        .iter()
        .map(|word| format!("{word:?} = true"))
        .collect();
    if pairs.is_empty() {
        let source = format!("{{ cel = 'row[{name}] != \"0\"' }}");
        return Line {
            field: "available",
            source,
            comment: "unsure: when can it be bought?".to_owned(),
        };
    }
    let source = format!(
        "{{ column = {name}, values = {{ {} }}, else = false }}",
        pairs.join(", ")
    );
    Line {
        field: "available",
        source,
        comment: String::new(),
    }
}

/// Returns the line of a field that no column gives, if the fact needs it.
fn missing(field: &'static str, events: bool) -> Option<Line> {
    let (source, comment) = match (field, events) {
        ("kind", true) => (
            "{ constant = \"purchase\" }",
            "unsure: what do these rows tell?",
        ),
        ("id", true) => (
            "{ row = true, prefix = \"e\" }",
            "the number of the row: import the same files again, and they count once",
        ),
        ("id", false) | ("item_id", true) => ("\"…\"", "unsure: which column names the item?"),
        _ => return None,
    };
    let (source, comment) = (source.to_owned(), comment.to_owned());
    Some(Line {
        field,
        source,
        comment,
    })
}

fn settings(map: &mut String, sample: &Sample, style: &Numbers) {
    let mut lines: Vec<String> = Vec::new();
    for (key, value, comment) in &sample.settings {
        let comment = if comment.is_empty() {
            String::new()
        } else {
            format!(" # {comment}")
        };
        lines.push(format!("{key} = {value}{comment}"));
    }
    lines.extend(style.decimal.map(|mark| format!("decimal = \"{mark}\"")));
    lines.extend(
        style
            .thousands
            .map(|mark| format!("thousands = \"{mark}\"")),
    );
    if !style.currency.is_empty() {
        lines.push(format!("currency = {:?}", style.currency));
    }
    if !lines.is_empty() {
        let _ = writeln!(map, "\n[file]\n{}", lines.join("\n"));
    }
}
