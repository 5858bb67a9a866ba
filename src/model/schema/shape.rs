//! The types of the table.

use crate::model::Limits;

/// An object on the wire.
#[derive(Debug)]
pub struct Object {
    /// Its name in the OpenAPI document.
    pub name: &'static str,
    /// Its description.
    pub doc: &'static str,
    /// Its fields, in the order of the docs. No others are accepted.
    pub fields: &'static [Field],
    /// The rule between its fields.
    pub rule: Option<Rule>,
    /// An example as JSON.
    pub example: &'static str,
}

/// A field of an object.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// True if the field is required. A null in an optional field means not given.
    pub required: bool,
    /// The accepted values.
    pub shape: Shape,
    /// Its description.
    pub doc: &'static str,
}

/// A set of accepted values.
#[derive(Debug)]
pub enum Shape {
    /// An id: 1 to 128 bytes without control characters, or a JSON integer.
    Id,
    /// A list of ids, with a maximum number.
    Ids(Bound),
    /// Text, with a maximum number of bytes.
    Text(Bound),
    /// Text of one line: without control characters, with a minimum and a maximum number of bytes.
    Line(u64, Bound),
    /// `true` or `false`.
    Flag,
    /// A finite number from the first bound to the second, both included.
    Number(f64, f64),
    /// A whole number from the first bound to the second, both included.
    Whole(u64, Bound),
    /// RFC 3339 or epoch milliseconds.
    Time,
    /// One of a set of names.
    OneOf(&'static [&'static str]),
    /// The name of a scene of the live configuration.
    Scene,
    /// Tags with weights, or a list of tags.
    Tags,
    /// An object of arms by the names of experiments of the live configuration.
    Arms,
    /// A list of candidates, ids and objects mixed.
    Candidates,
    /// An object of numbers by the names of predictions of the live configuration.
    Predictions,
    /// An object.
    Object(&'static Object),
    /// A list of rank requests, each of which is read on its own.
    Requests,
    /// An object with any members.
    AnyObject,
}

/// A maximum.
#[derive(Clone, Copy, Debug)]
pub enum Bound {
    /// A constant.
    Fixed(u64),
    /// A limit of the configuration: its name and its value.
    Limit(&'static str, fn(&Limits) -> u64),
}

impl Bound {
    /// Returns the maximum under these limits.
    #[must_use]
    pub fn most(self, limits: &Limits) -> u64 {
        match self {
            Self::Fixed(most) => most,
            Self::Limit(_, of) => of(limits),
        }
    }

    /// Returns the limit's name in brackets, for a message; empty if the maximum is a constant.
    #[must_use]
    pub fn named(self) -> String {
        match self {
            Self::Fixed(_) => String::new(),
            Self::Limit(name, _) => format!(" ({name})"),
        }
    }
}

/// Rules between the fields of one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A request that names no scene needs the scene `default`.
    DefaultScene,
    /// An event names the ids that its kind needs, and no others.
    Target,
    /// A change of the configuration has either `set` or `toml`.
    Edit,
    /// A configuration to preview is one of `set`, `toml` and `file`.
    Draft,
}

impl Object {
    /// Returns whether it contains requests that are read on their own, their nesting included.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        let mut fields = self.fields.iter();
        fields.any(|field| matches!(field.shape, Shape::Requests))
    }

    /// Returns the field of a name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// Returns names for a message: the first ones, and how many more there are.
#[must_use]
pub fn listed(names: &[String]) -> String {
    const SHOWN: usize = 16;
    let first = names.get(..SHOWN).unwrap_or(names).join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}
