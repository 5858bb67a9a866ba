//! The table behind the views: objects, their fields and the shapes of the values.

use crate::model::schema;

/// A JSON object of an answer. It has no members besides its fields.
#[derive(Debug)]
pub struct Object {
    /// Its name in the OpenAPI document.
    pub name: &'static str,
    /// Its description.
    pub doc: &'static str,
    /// The declared fields that come first, if it is a stored entity.
    pub declared: Option<Declared>,
    /// Its own fields, in the order of the answer.
    pub fields: &'static [Field],
}

/// The declared fields of a stored entity, in the order in which the client gave them.
#[derive(Debug)]
pub struct Declared {
    /// The object that the client sent.
    pub object: &'static schema::Object,
    /// Optional fields that the answer always has.
    pub always: &'static [&'static str],
}

/// A member of an object.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// True if the answer always has it.
    pub required: bool,
    /// Its values.
    pub shape: &'static Shape,
    /// Its description.
    pub doc: &'static str,
}

/// A set of values in an answer.
#[derive(Debug)]
pub enum Shape {
    /// Text, ids included.
    Text,
    /// `true` or `false`.
    Flag,
    /// A number.
    Number,
    /// A whole number ≥ 0.
    Whole,
    /// RFC 3339.
    Time,
    /// RFC 3339 or epoch milliseconds, as the client declared it.
    DeclaredTime,
    /// Null, or a value of a shape.
    OrNull(&'static Self),
    /// A list.
    List(&'static Self),
    /// An object of numbers by name.
    Weights,
    /// An object of texts by name.
    Names,
    /// An object of the table.
    Object(&'static Object),
    /// One of several objects.
    OneOf(&'static [&'static Object]),
    /// An object with any members.
    AnyObject,
    /// Any value.
    Any,
}

impl Object {
    /// Returns the fields: declared ones first, then its own.
    pub fn fields(&self) -> impl Iterator<Item = Field> {
        let declared = self.declared.iter().flat_map(|declared| {
            let fields = declared.object.fields.iter();
            fields.map(|field| Field {
                name: field.name,
                required: field.required || declared.always.contains(&field.name),
                shape: stored(&field.shape),
                doc: field.doc,
            })
        });
        declared.chain(self.fields.iter().copied())
    }
}

/// Returns the shape in which a declared value is stored. The names of a set become plain text, so that a client accepts new ones.
const fn stored(shape: &schema::Shape) -> &'static Shape {
    match shape {
        schema::Shape::Id
        | schema::Shape::Text(_)
        | schema::Shape::Line(..)
        | schema::Shape::OneOf(_)
        | schema::Shape::Scene => &Shape::Text,
        schema::Shape::Ids(_) => &Shape::List(&Shape::Text),
        schema::Shape::Flag => &Shape::Flag,
        schema::Shape::Number(..) => &Shape::Number,
        schema::Shape::Whole(..) => &Shape::Whole,
        schema::Shape::Time => &Shape::DeclaredTime,
        schema::Shape::Tags | schema::Shape::Predictions => &Shape::Weights,
        schema::Shape::Object(_) | schema::Shape::AnyObject | schema::Shape::Arms => {
            &Shape::AnyObject
        }
        schema::Shape::Candidates | schema::Shape::Requests => &Shape::List(&Shape::AnyObject),
    }
}
