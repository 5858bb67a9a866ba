//! Checks the fields of a map against the facts that it makes, before a row is read: names, types, and the values that the map gives.
//!
//! The service checks every fact anyway. But a fault of the map is one of every row, so it is reported once, before anything is sent.

use super::cell::Kind;
use super::mapping::{Fact, Field, Origin, Source, WHEN};
use super::target::Target;
use super::value::Cell;
use crate::clock::Time;
use crate::config::unknown;
use crate::expression::Type;
use crate::model::is_id;
use crate::model::schema::{Rule, Shape};

/// Of these an event needs one.
const RUNNERS: [&str; 3] = ["item_id", "merchant_id", "creator_id"];

/// The type of a value, as far as the map says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Text,
    Number,
    Truth,
    Time,
}

/// Makes every field that is a list one, also if a row gives a single value.
pub(super) fn complete(target: Target, fact: &mut Fact<String>) {
    for field in &mut fact.fields {
        let known = target.object().field(&field.name);
        field.list |= known.is_some_and(|known| is_list(&known.shape));
    }
}

/// Returns the faults of the names of a section: unknown ones, and required ones that it lacks.
pub(super) fn names(target: Target, given: &[&str]) -> Vec<String> {
    let object = target.object();
    let has = |name: &str| given.contains(&name);
    let required = object.fields.iter().filter(|known| known.required);
    let absent = required.filter(|known| !has(known.name));
    let mut faults: Vec<String> = absent
        .map(|known| format!("{}: is required", known.name))
        .collect();
    if object.rule == Some(Rule::Target) && !RUNNERS.into_iter().any(has) {
        faults.push("item_id: is required, or a merchant_id".to_owned());
    }
    for name in given.iter().copied() {
        if name != WHEN && object.field(name).is_none() {
            let known = object.fields.iter().map(|known| known.name);
            faults.push(format!("{name}: {}", unknown("field", name, known)));
        }
    }
    faults
}

/// Returns the values of a wrong type, each with its field.
pub(super) fn types(target: Target, fact: &Fact<String>) -> Vec<String> {
    let mut faults = Vec::new();
    for field in &fact.fields {
        let known = target.object().field(&field.name);
        let found = known.map_or(Vec::new(), |known| of_field(&known.shape, field));
        faults.extend(found.iter().map(|fault| format!("{}: {fault}", field.name)));
    }
    faults
}

/// Returns the faults of the expressions of a fact that is bound to a file, whose columns then have a type.
pub(super) fn of_expressions<C>(target: Target, fact: &Fact<C>) -> Vec<String> {
    let mut faults = Vec::new();
    for field in &fact.fields {
        let known = target.object().field(&field.name);
        let sources = field.sources.iter();
        let found = sources.filter_map(|source| of_expression(&known?.shape, source));
        faults.extend(found.map(|fault| format!("{}: {fault}", field.name)));
    }
    faults
}

const fn is_list(shape: &Shape) -> bool {
    matches!(shape, Shape::Tags | Shape::Ids(_))
}

fn of_field<C>(shape: &Shape, field: &Field<C>) -> Vec<String> {
    let mut faults = Vec::new();
    if field.list && !is_list(shape) {
        faults.push("takes one value: leave out split and lists, or use first".to_owned());
    }
    for source in &field.sources {
        match &source.from {
            Origin::Constant(cell) => faults.extend(of_cell(shape, cell)),
            Origin::Expression(_) => faults.extend(of_expression(shape, source)),
            Origin::Columns { .. } | Origin::First(_) | Origin::Row => {
                faults.extend(of_text(shape, source));
            }
        }
        faults.extend(
            source
                .default
                .iter()
                .filter_map(|cell| of_cell(shape, cell)),
        );
    }
    faults
}

/// Returns the faults of what a source makes of a text: the values of words, or one type.
fn of_text<C>(shape: &Shape, source: &Source<C>) -> Vec<String> {
    let Some(values) = &source.values else {
        let what = match source.kind {
            Kind::Text => What::Text,
            Kind::Number(_) | Kind::Integer(_) => What::Number,
            Kind::Bool => What::Truth,
            Kind::Time(_) => What::Time,
        };
        return of_type(shape, what).into_iter().collect();
    };
    // The value "" means not given.
    let is_given = |cell: &&Cell<'_>| !matches!(cell, Cell::Text(text) if text.is_empty());
    let cells = values.words.values().chain(&values.other);
    let mut faults: Vec<String> = cells
        .filter(is_given)
        .filter_map(|cell| of_cell(shape, cell))
        .map(|fault| format!("values: {fault}"))
        .collect();
    faults.sort_unstable();
    faults
}

/// Returns the fault of an expression, if its type is known.
fn of_expression<C>(shape: &Shape, source: &Source<C>) -> Option<String> {
    let Origin::Expression(expression) = &source.from else {
        return None;
    };
    let what = match expression.gives() {
        Type::List(_) if !is_list(shape) => return Some("takes one value, not a list".to_owned()),
        Type::Text => return of_text(shape, source).into_iter().next(),
        Type::Bool => What::Truth,
        Type::Int | Type::Double => What::Number,
        Type::Time => What::Time,
        Type::Any
        | Type::Json
        | Type::Null
        | Type::List(_)
        | Type::Map
        | Type::Weights
        | Type::Constant => {
            return None;
        }
    };
    of_type(shape, what)
}

fn of_type(shape: &Shape, what: What) -> Option<String> {
    let fault = match (shape, what) {
        (Shape::Number(..) | Shape::Whole(..), What::Text) => {
            "must be a number; add type = \"number\", or number(…) in an expression"
        }
        (Shape::Number(..) | Shape::Whole(..), What::Truth | What::Time) => "must be a number",
        (Shape::Flag, What::Text) => {
            "must be true or false; add type = \"bool\", or values that are true or false"
        }
        (Shape::Flag, What::Number | What::Time) => "must be true or false",
        (Shape::Time, What::Truth) => "must be a time; add type = \"time\"",
        (Shape::Id | Shape::Ids(_) | Shape::Tags, What::Truth) => "must be a text",
        (Shape::Text(_), What::Number | What::Truth | What::Time) => "must be a text",
        (Shape::OneOf(names), What::Number | What::Truth | What::Time) => {
            return Some(format!("must be one of {}", names.join(", ")));
        }
        _ => return None,
    };
    Some(fault.to_owned())
}

/// Returns the fault of a value that the map gives.
fn of_cell(shape: &Shape, cell: &Cell<'_>) -> Option<String> {
    let within = |number: f64, low: f64, high: f64| {
        let fault = || format!("{number}: must lie between {low} and {high}");
        (!(low..=high).contains(&number)).then(fault)
    };
    let what = match (shape, cell) {
        (Shape::OneOf(names), Cell::Text(text)) => {
            let fault = || format!("{text:?}: {}", unknown("word", text, names.iter().copied()));
            return (!names.contains(&&**text)).then(fault);
        }
        (Shape::Id | Shape::Ids(_) | Shape::Tags, Cell::Text(text)) => {
            let fault = "must have 1 to 128 bytes, and no control characters";
            return (!is_id(text)).then(|| format!("{text:?}: {fault}"));
        }
        (Shape::Time, Cell::Text(text)) => {
            let fault = || format!("{text:?}: must be RFC 3339, such as 2026-11-20T10:00:00Z");
            return Time::parse(text).is_none().then(fault);
        }
        (Shape::Number(low, high), Cell::Number(number)) => return within(*number, *low, *high),
        (Shape::Number(low, high), Cell::Integer(number)) => {
            return within(number.to_string().parse().ok()?, *low, *high);
        }
        (_, Cell::Text(text)) => {
            let fault = of_type(shape, What::Text)?;
            let fault = fault.split(';').next().unwrap_or_default();
            return Some(format!("{text:?}: {fault}"));
        }
        (_, Cell::Number(_) | Cell::Integer(_)) => What::Number,
        (_, Cell::Bool(_)) => What::Truth,
        (_, Cell::Null) => return None,
    };
    of_type(shape, what)
}

#[cfg(test)]
mod tests {
    use super::super::map::MapFile;

    fn faults(map: &str) -> Vec<String> {
        let read = MapFile::parse(map).unwrap_err();
        read.lines().map(str::to_owned).collect()
    }

    #[test]
    fn unknown_and_missing_fields_are_faults() {
        assert_eq!(
            faults(
                "[items]\nid = 'a'\nprise = 'b'\n[[events]]\nkind = { constant = 'view' }\n[users]\nid = 'a'\nvip = 'b'"
            ),
            [
                "events.user_id: is required",
                "events.at: is required",
                "events.item_id: is required, or a merchant_id",
                "items.prise: unknown field; did you mean price?",
                "users.vip: unknown field; known: id, tags, region",
            ]
        );
    }

    #[test]
    fn wrong_types_are_faults() {
        let map = r#"
            [items]
            id = { cel = 'row.a == "x"' }
            available = "b"
            category = { column = "c", split = ">" }
            kind = { constant = "produkt" }
            lat = { constant = 91 }
            listed_at = { constant = "yesterday" }
            lon = { cel = 'row.l.trim()' }
            price = "p"
            quality = { column = "q", type = "number", default = 2.5 }
            tags = "t"
            title = { column = "d", type = "number" }
        "#;
        assert_eq!(
            faults(map),
            [
                "items.available: must be true or false; add type = \"bool\", or values that are true or false",
                "items.category: takes one value: leave out split and lists, or use first",
                "items.id: must be a text",
                "items.kind: \"produkt\": unknown word; did you mean product?",
                "items.lat: 91: must lie between -90 and 90",
                "items.listed_at: \"yesterday\": must be RFC 3339, such as 2026-11-20T10:00:00Z",
                "items.lon: must be a number; add type = \"number\", or number(…) in an expression",
                "items.price: must be a number; add type = \"number\", or number(…) in an expression",
                "items.quality: 2.5: must lie between 0 and 1",
                "items.title: must be a text",
            ]
        );
    }

    #[test]
    fn words_of_values_are_checked() {
        let map = "[events]\nuser_id = 'u'\nitem_id = 'i'\nat = 'a'\n\
                   kind = { column = 'k', values = { x = 'buy', y = 'view', z = '' }, else = 'vew' }\n\
                   amount = { column = 'm', values = { x = 'y' } }";
        assert_eq!(
            faults(map),
            [
                "events.amount: values: \"y\": must be a number",
                "events.kind: values: \"buy\": unknown word; known: impression, view, click, favourite, cart, purchase, refund, share, follow, unfollow, dislike, remove_from_cart",
                "events.kind: values: \"vew\": unknown word; did you mean view?",
            ]
        );
    }
}
