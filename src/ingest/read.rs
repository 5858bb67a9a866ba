//! Reads a line of JSON as a fact, or reports every fault of it.

use serde_json::{Map, Value};

use super::{EntityKind, Operation, Rejected, Trace};
use crate::model::declared::{normalise, text_of};
use crate::model::{Entity, Event, Fault, Item, Merchant, User, Vocabulary, diagnose, schema};

/// A fact that is valid in itself. Contradictions with the state are found when it is applied.
#[derive(Debug)]
pub enum Fact<'a> {
    /// An item, and its text as it is kept.
    Item(Item<'a>, Box<str>),
    /// A merchant, and its text as it is kept.
    Merchant(Merchant<'a>, Box<str>),
    /// A user, and its text as it is kept.
    User(User<'a>, Box<str>),
    /// A merge patch for an existing entity.
    Patch(Patch),
    /// An event.
    Event(Event<'a>),
    /// An event that was late when it arrived.
    Late(Event<'a>),
    /// The rest of an event whose user was deleted.
    Trace(Trace<'a>),
    /// The rest of one that was late when it arrived.
    LateTrace(Trace<'a>),
}

impl<'a> Fact<'a> {
    /// Returns the event, if the fact is one.
    pub(super) fn event(&self) -> Option<&Event<'a>> {
        match self {
            Self::Event(event) | Self::Late(event) => Some(event),
            Self::Item(..) | Self::Merchant(..) | Self::User(..) => None,
            Self::Patch(_) | Self::Trace(_) | Self::LateTrace(_) => None,
        }
    }
}

/// A merge patch (RFC 7386) for one entity.
#[derive(Debug)]
pub struct Patch {
    /// The kind of the entity.
    pub(super) kind: EntityKind,
    /// The id of the entity.
    pub(super) id: String,
    /// The changes, without the id.
    pub(super) changes: Map<String, Value>,
    /// The names and limits by which the result must be valid.
    pub(super) vocabulary: Vocabulary,
}

/// Reads one line, whose faults may fill a whole answer.
///
/// # Errors
/// The line is not JSON or breaks a rule.
pub fn read<'a>(
    operation: Operation,
    line: &'a str,
    vocabulary: &Vocabulary,
) -> Result<Fact<'a>, Rejected> {
    read_within(operation, line, vocabulary, &mut {
        vocabulary.limits.faults
    })
}

/// Reads one of the lines of an answer that may list `room` more faults.
///
/// # Errors
/// The line is not JSON or breaks a rule.
pub fn read_within<'a>(
    operation: Operation,
    line: &'a str,
    vocabulary: &Vocabulary,
    room: &mut usize,
) -> Result<Fact<'a>, Rejected> {
    match operation {
        Operation::Events => {
            fact::<Event<'a>>(line, &schema::EVENT, vocabulary, room).map(Fact::Event)
        }
        Operation::Patch(kind) => patch(kind, line, vocabulary, room).map(Fact::Patch),
        Operation::Upsert(EntityKind::Item) => {
            let item = fact::<Item<'a>>(line, &schema::ITEM, vocabulary, room)?;
            Ok(Fact::Item(item, declared(line)))
        }
        Operation::Upsert(EntityKind::Merchant) => {
            let merchant = fact::<Merchant<'a>>(line, &schema::MERCHANT, vocabulary, room)?;
            Ok(Fact::Merchant(merchant, declared(line)))
        }
        Operation::Upsert(EntityKind::User) => {
            let user = fact::<User<'a>>(line, &schema::USER, vocabulary, room)?;
            Ok(Fact::User(user, declared(line)))
        }
    }
}

pub(super) fn fact<'a, T: Entity<'a>>(
    line: &'a str,
    schema: &schema::Object,
    vocabulary: &Vocabulary,
    room: &mut usize,
) -> Result<T, Rejected> {
    diagnose::line::<T>(line, schema, vocabulary, room)
        .map_err(|(id, errors)| Rejected { id, errors })
}

/// Returns the text of a valid line as it is kept: without nulls, ids as strings, a list of tags as a map.
fn declared(line: &str) -> Box<str> {
    let Ok(Value::Object(mut fields)) = serde_json::from_str(line) else {
        return Box::default();
    };
    normalise(&mut fields);
    Value::Object(fields).to_string().into()
}

fn patch(
    kind: EntityKind,
    line: &str,
    vocabulary: &Vocabulary,
    room: &mut usize,
) -> Result<Patch, Rejected> {
    let schema: &schema::Object = match kind {
        EntityKind::Item => &schema::ITEM,
        EntityKind::Merchant => &schema::MERCHANT,
        EntityKind::User => &schema::USER,
    };
    diagnose::patch(line, schema, vocabulary, room)
        .map_err(|(id, errors)| Rejected { id, errors })?;
    let Ok(Value::Object(mut changes)) = serde_json::from_str(line) else {
        return Err(Rejected {
            id: None,
            errors: vec![Fault::new("", "must be a JSON object")],
        });
    };
    let id = changes.remove("id").map(text_of).unwrap_or_default();
    Ok(Patch {
        kind,
        id,
        changes,
        // The declared fields were accepted before.
        vocabulary: Vocabulary {
            recorded: true,
            ..vocabulary.clone()
        },
    })
}
