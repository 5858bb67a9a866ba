//! The source of a field: how the map reads a column, and what is not sure of it.

use super::column::{Numbers, numbers, words};
use super::find::Found;
use super::sample::Column;
use super::time::time;
use super::words::{bare, is_no_sale, kind};

/// Maximum number of words of a column of kinds.
const WORDS: usize = 30;
/// Words for what can be bought.
const YES: &str = "instock active available yes true 1 published 有货 上架 在售";

/// A line of a section: the field, its source, and a comment.
pub(super) struct Line {
    pub(super) field: &'static str,
    pub(super) source: String,
    pub(super) comment: String,
}

impl Line {
    pub(super) fn new(field: &'static str, source: impl Into<String>, comment: &str) -> Self {
        Self {
            field,
            source: source.into(),
            comment: comment.to_owned(),
        }
    }
}

/// Returns the line of a field that a column gives. Marks of numbers are noted for `[file]`.
pub(super) fn line(field: &'static str, found: Found<'_>, style: &mut Numbers) -> Line {
    let (column, name) = (found.column, format!("{:?}", found.column.name));
    let unsure = "unsure: is it this column?";
    let mut comment = if found.sure { "" } else { unsure }.to_owned();
    let source = match field {
        "at" | "listed_at" | "joined_at" => {
            let reading = time(column);
            if let Some(doubt) = reading.doubt {
                comment = joined(&comment, &doubt);
            }
            reading.source
        }
        "amount" | "price" | "quantity" => {
            match numbers(column) {
                Some(found) if found.doubtful => {
                    comment = joined(
                        &comment,
                        "unsure: is the mark in these numbers a decimal one?",
                    );
                    note(style, found);
                }
                Some(found) => note(style, found),
                None => comment = joined(&comment, "unsure: not all of these are numbers"),
            }
            format!("{{ column = {name}, type = \"number\" }}")
        }
        "kind" => return kinds(column, &name),
        "available" => return available(column, &name),
        "tags" if !column.list => {
            let marks = ["|", ";", ","];
            let splits = |mark: &&str| column.values.iter().any(|value| value.contains(mark));
            match marks.into_iter().find(splits) {
                Some(mark) => format!("{{ column = {name}, split = {mark:?} }}"),
                None => name,
            }
        }
        "user_id" | "item_id" | "merchant_id" | "id" => id(column, name, &mut comment),
        _ => name,
    };
    Line {
        field,
        source,
        comment,
    }
}

fn joined(comment: &str, doubt: &str) -> String {
    match comment {
        "" => doubt.to_owned(),
        other => format!("{other} {}", doubt.trim_start_matches("unsure: ")),
    }
}

/// Returns the source of an id: in lower case if it is an address, without the fraction that some programs add to whole numbers.
fn id(column: &Column, name: String, comment: &mut String) -> String {
    let all = |test: &dyn Fn(&str) -> bool| column.values.iter().all(|value| test(value));
    let whole = |value: &str| {
        let digits = value.strip_suffix(".0").unwrap_or_default();
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    if all(&whole) {
        *comment = joined(comment, "the .0 is not a part of these ids");
        return format!("{{ cel = 'row[{name}].split(\".\")[0]' }}");
    }
    if all(&|value| value.contains('@')) {
        return format!("{{ cel = 'row[{name}].trim().lower()' }}");
    }
    name
}

/// Keeps the marks of numbers for `[file]`.
pub(super) fn note(style: &mut Numbers, found: Numbers) {
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

/// Returns the kind that a rating means.
pub(super) fn rating(column: &Column) -> Line {
    let name = format!("number(row[{:?}])", column.name);
    let source = format!(
        "{{ cel = '{name} >= 4.0 ? \"favourite\" : {name} <= 2.0 ? \"dislike\" : \"view\"' }}"
    );
    Line::new("kind", source, "unsure: what do these ratings mean?")
}

/// Returns the condition that leaves out orders that are no sale, or what to ask.
pub(super) fn sales(column: &Column) -> Line {
    let words = words(column);
    let list = |words: Vec<&&str>| {
        let words = words.into_iter().take(WORDS);
        let shown: Vec<String> = words.map(|word| format!("{word:?}")).collect();
        shown.join(", ")
    };
    let (none, others) = words.iter().partition(|word| is_no_sale(word));
    let (none, others): (Vec<_>, Vec<_>) = (none, others);
    let name = &column.name;
    if none.is_empty() {
        let comment = format!("unsure: are all of {} sales?", list(others));
        return Line::new(
            "when",
            format!("'row[{name:?}] != \"cancelled\"'"),
            &comment,
        );
    }
    let source = format!("'!(row[{name:?}] in [{}])'", list(none));
    Line::new("when", source, "unsure: do other words mean no sale?")
}

fn available(column: &Column, name: &str) -> Line {
    let words = words(column);
    let yes = |word: &&&str| YES.split(' ').any(|known| known == bare(word));
    let pairs: Vec<String> = words
        .iter()
        .filter(yes)
        .map(|word| format!("{word:?} = true"))
        .collect();
    let truth =
        |word: &&str| ["1", "0", "true", "false", "yes", "no"].contains(&bare(word).as_str());
    if numbers(column).is_some() && !words.iter().all(truth) {
        let source =
            format!("{{ cel = 'row[{name}] == \"\" ? null : number(row[{name}]) > 0.0' }}");
        return Line::new(
            "available",
            source,
            "unsure: can it be bought while there are pieces?",
        );
    }
    if pairs.is_empty() {
        let source = format!("{{ cel = 'row[{name}] != \"0\"' }}");
        return Line::new("available", source, "unsure: when can it be bought?");
    }
    let source = format!(
        "{{ column = {name}, values = {{ {} }}, else = false }}",
        pairs.join(", ")
    );
    Line::new("available", source, "")
}
