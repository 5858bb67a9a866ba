//! Checks JSON against the table of views.

use serde_json::{Map, Value};

use super::shape::{Object, Shape};
use crate::clock::Time;

/// Asserts that a value is an object of the view: its members are fields, in their order, and the required ones are present.
#[track_caller]
pub(crate) fn assert_is(object: &Object, value: &Value) {
    let mut faults = Vec::new();
    members(object, value, object.name, &mut faults);
    assert!(faults.is_empty(), "{}\n{value}", faults.join("\n"));
}

fn members(object: &Object, value: &Value, path: &str, faults: &mut Vec<String>) {
    let Some(members) = value.as_object() else {
        faults.push(format!("{path} is no object"));
        return;
    };
    let mut known = Vec::new();
    for field in object.fields() {
        match members.get(field.name) {
            Some(member) => {
                known.push(field.name);
                let path = format!("{path}.{}", field.name);
                shape(field.shape, member, &path, faults);
            }
            None if field.required => faults.push(format!("{path} lacks {}", field.name)),
            None => {}
        }
    }
    let own = own(object, members);
    let own_fields = object.fields.iter().map(|field| field.name);
    let order: Vec<&str> = own_fields.filter(|name| own.contains(name)).collect();
    if own != order {
        faults.push(format!("{path} has {own:?}, not {order:?}"));
    }
    for name in members
        .keys()
        .filter(|name| !known.contains(&name.as_str()))
    {
        faults.push(format!("{path}.{name} is no field"));
    }
}

/// Returns the members that are not declared fields, in their order.
fn own<'v>(object: &Object, members: &'v Map<String, Value>) -> Vec<&'v str> {
    let declared = |name: &str| {
        let declared = object.declared.as_ref();
        declared.is_some_and(|declared| declared.object.field(name).is_some())
    };
    let names = members.keys().map(String::as_str);
    names.filter(|name| !declared(name)).collect()
}

fn shape(expected: &Shape, value: &Value, path: &str, faults: &mut Vec<String>) {
    let time = |value: &Value| {
        value
            .as_str()
            .is_some_and(|text| Time::parse(text).is_some())
    };
    let fits = match expected {
        Shape::Text => value.is_string(),
        Shape::Flag => value.is_boolean(),
        Shape::Number => value.is_number(),
        Shape::Whole => value.is_u64(),
        Shape::Time => time(value),
        Shape::DeclaredTime => time(value) || value.is_i64(),
        Shape::Weights => value
            .as_object()
            .is_some_and(|weights| weights.values().all(Value::is_number)),
        Shape::Names => value
            .as_object()
            .is_some_and(|names| names.values().all(Value::is_string)),
        Shape::AnyObject => value.is_object(),
        Shape::Any => true,
        Shape::OrNull(inner) => {
            if !value.is_null() {
                shape(inner, value, path, faults);
            }
            true
        }
        Shape::List(inner) => {
            let elements = value.as_array();
            for (index, element) in elements.into_iter().flatten().enumerate() {
                shape(inner, element, &format!("{path}[{index}]"), faults);
            }
            elements.is_some()
        }
        Shape::Object(object) => {
            members(object, value, path, faults);
            true
        }
        Shape::OneOf(objects) => objects.iter().any(|object| {
            let mut faults = Vec::new();
            members(object, value, path, &mut faults);
            faults.is_empty()
        }),
    };
    if !fits {
        faults.push(format!("{path} is {value}, not {expected:?}"));
    }
}
