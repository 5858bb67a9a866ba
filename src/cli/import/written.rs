//! Reads the fields of one section of a map, with all faults of each.

use toml::{Table, Value};

use super::cell::Kind;
use super::expression::Expression;
use super::keys::Keys;
use super::mapping::{Fact, Field, Origin, Source, Values, WHEN};
use super::settings::Settings;
use super::style::Style;
use super::times::Times;
use super::value::Cell;

/// The fields that hold ids and names.
const IDS: [&str; 10] = [
    "id",
    "user_id",
    "item_id",
    "merchant_id",
    "creator_id",
    "purchase_id",
    "request_id",
    "category",
    "brand",
    "region",
];

/// Reads a section: what a row makes of it, and every fault with its field. A field with a fault is left out.
pub(super) fn section(section: &Table, settings: &Settings) -> (Fact<String>, Vec<String>) {
    let mut faults = Vec::new();
    let mut note = |name: &str, found: Vec<String>| {
        let found = found.iter();
        faults.extend(found.map(|fault| format!("{name}: {fault}")));
    };
    let (mut when, mut fields) = (None, Vec::new());
    for (name, value) in section {
        if name == WHEN {
            match condition(value, &settings.numbers) {
                Ok(expression) => when = Some(expression),
                Err(found) => note(name, found),
            }
            continue;
        }
        match field(name, value, &settings.numbers) {
            Ok(field) => fields.push(field),
            Err(found) => note(name, found),
        }
    }
    (Fact { when, fields }, faults)
}

/// Reads the condition of a section: a text, or `{ cel = "…" }`.
fn condition(value: &Value, style: &Style) -> Result<Expression, Vec<String>> {
    let table = value.as_table().filter(|table| table.len() == 1);
    let text = table
        .and_then(|table| table.get("cel"))
        .unwrap_or(value)
        .as_str();
    let fault = || vec!["must be an expression of CEL, such as 'row.kind == \"sale\"'".to_owned()];
    Expression::new(text.ok_or_else(fault)?, style, true)
}

fn field(name: &str, value: &Value, style: &Style) -> Result<Field<String>, Vec<String>> {
    let several = value.as_array();
    let values = several.map_or(std::slice::from_ref(value), Vec::as_slice);
    let (mut sources, mut faults) = (Vec::new(), Vec::new());
    for value in values {
        match source(value, style) {
            Ok(source) => sources.push(source),
            Err(found) => faults.extend(found),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(Field {
        name: name.to_owned(),
        key: format!("{}:", serde_json::Value::from(name)),
        trims: IDS.contains(&name),
        list: several.is_some() || sources.iter().any(|source| source.split.is_some()),
        sources,
    })
}

fn source(value: &Value, style: &Style) -> Result<Source<String>, Vec<String>> {
    let bare;
    let table = if let Value::Table(table) = value {
        table
    } else if value.is_str() {
        bare = Table::from_iter([("column".to_owned(), value.clone())]);
        &bare
    } else {
        let fault = "must be the name of a column, a table, or a list of them";
        return Err(vec![fault.to_owned()]);
    };
    let mut keys = Keys::new(table);
    let source = read(&mut keys, style);
    let faults = keys.finish();
    match source {
        Some(source) if faults.is_empty() => Ok(source),
        _ => Err(faults),
    }
}

/// Reads a source. `None` only with a fault.
fn read(keys: &mut Keys<'_>, style: &Style) -> Option<Source<String>> {
    let kind = kind(keys, style);
    let prefix = keys.text("prefix").unwrap_or_default();
    let split = keys.text("split");
    if kind.as_ref().is_some_and(|kind| *kind != Kind::Text)
        && (!prefix.is_empty() || split.is_some())
    {
        keys.fault("prefix and split are valid with type text only");
    }
    if split == Some("") {
        keys.fault("split must not be empty");
    }
    let default = keys.check("default", constant);
    let values = values(keys);
    if values.is_some() && keys.gives("type") {
        keys.fault("values say their type themselves; leave type out");
    }
    Some(Source {
        from: origin(keys, style)?,
        prefix: prefix.to_owned(),
        kind: kind?,
        split: split.map(str::to_owned),
        default,
        values,
    })
}

/// Reads `values` with `else`.
fn values(keys: &mut Keys<'_>) -> Option<Values> {
    let words = keys.check("values", |value| {
        let table = value.as_table().filter(|table| !table.is_empty());
        let table = table.ok_or("must be a table of words")?;
        let pair = |(word, value): (&String, &Value)| {
            let cell = constant(value).map_err(|fault| format!("{word}: {fault}"))?;
            Ok((word.trim().to_owned(), cell))
        };
        table.iter().map(pair).collect::<Result<_, String>>()
    });
    let other = keys.check("else", constant);
    if keys.gives("else") && !keys.gives("values") {
        keys.fault("else is valid with values only");
    }
    words.map(|words| Values { words, other })
}

/// Reads the origin, of which there must be exactly one.
fn origin(keys: &mut Keys<'_>, style: &Style) -> Option<Origin<String>> {
    const ORIGINS: [&str; 6] = ["column", "columns", "first", "constant", "row", "cel"];
    let given = ORIGINS.into_iter().filter(|key| keys.gives(key)).count();
    let join = keys.text("join").unwrap_or_default().to_owned();
    let column = keys.text("column").map(|column| Origin::Columns {
        columns: vec![column.to_owned()],
        join: String::new(),
    });
    let columns = keys
        .texts("columns")
        .map(|columns| Origin::Columns { columns, join });
    let first = keys.texts("first").map(Origin::First);
    let constant = keys.check("constant", constant).map(Origin::Constant);
    let row = keys.read("row", "true", |value| value.as_bool().filter(|row| *row));
    let expression = keys.text("cel").and_then(|text| {
        let read = Expression::new(text, style, false);
        let note = |faults: Vec<String>| {
            faults
                .iter()
                .for_each(|fault| keys.fault(format!("cel: {fault}")))
        };
        read.map_err(note).ok()
    });
    if given != 1 {
        keys.fault(format!("give exactly one of {}", ORIGINS.join(", ")));
        return None;
    }
    column
        .or(columns)
        .or(first)
        .or(constant)
        .or(row.map(|_| Origin::Row))
        .or(expression.map(Origin::Expression))
}

fn kind(keys: &mut Keys<'_>, style: &Style) -> Option<Kind> {
    let kind = keys.text("type").unwrap_or("text");
    let formats = keys.one_or_more("format");
    let offset = keys.text("offset");
    if kind == "time" {
        let times = Times::new(&formats.unwrap_or(vec!["rfc3339"]), offset);
        return times
            .map(Kind::Time)
            .map_err(|faults| faults.into_iter().for_each(|fault| keys.fault(fault)))
            .ok();
    }
    if formats.is_some() || offset.is_some() {
        keys.fault("format and offset are valid with type time only");
    }
    match kind {
        "text" => Some(Kind::Text),
        "number" => Some(Kind::Number(style.clone())),
        "integer" => Some(Kind::Integer(style.clone())),
        "bool" => Some(Kind::Bool),
        other => {
            keys.fault(format!(
                "unknown type {other:?}; the types are text, number, integer, bool, time"
            ));
            None
        }
    }
}

fn constant(value: &Value) -> Result<Cell<'static>, String> {
    match value {
        Value::String(text) => Ok(Cell::Text(text.clone().into())),
        Value::Integer(number) => Ok(Cell::Integer(*number)),
        Value::Float(number) => Ok(Cell::Number(*number)),
        Value::Boolean(truth) => Ok(Cell::Bool(*truth)),
        Value::Datetime(_) | Value::Array(_) | Value::Table(_) => {
            Err("must be a text, a number, true or false".to_owned())
        }
    }
}
