//! The walk: checks a text field by field against the table of its object, and collects the faults.

use std::collections::HashSet;

use serde_json::Value;
use serde_json::value::RawValue;

use super::raw::{Kind, depth, elements, kind, members};
use crate::model::schema::{self, Bound, Field, Object, Shape};
use crate::model::{Fault, Vocabulary};
use crate::number::wide;

/// Maximum number of bytes of a name in a path; the rest of a longer one is left out.
const MAX_NAME: usize = 128;

/// A walk over one text: the path of the current value, and the faults so far.
pub(super) struct Walk<'v> {
    pub(super) vocabulary: &'v Vocabulary,
    /// True if the text is a merge patch, in which the weight of a tag may be null.
    pub(super) patch: bool,
    path: String,
    faults: Vec<Fault>,
    /// Number of faults that the answer may still list.
    room: &'v mut usize,
    /// Number of faults that are not listed.
    more: usize,
}

impl<'v> Walk<'v> {
    pub(super) fn new(vocabulary: &'v Vocabulary, room: &'v mut usize) -> Self {
        Self {
            vocabulary,
            patch: false,
            path: String::new(),
            faults: Vec::new(),
            room,
            more: 0,
        }
    }

    /// Returns the faults of a whole text, which must be one object.
    pub(super) fn whole(mut self, text: &str, object: &Object) -> Vec<Fault> {
        let deepest = schema::NESTING.most(&self.vocabulary.limits);
        if !object.is_cut() && wide(depth(text)) > deepest {
            self.fault(format!(
                "must not nest deeper than {deepest} levels{}",
                schema::NESTING.named()
            ));
        }
        match serde_json::from_str::<&RawValue>(text) {
            Ok(raw) => self.object(object, raw),
            Err(error) => self.fault(format!("not JSON: {error}")),
        }
        if self.more > 0 {
            let message = format!("there are {} more faults, which are not listed", self.more);
            self.faults.push(Fault::new("", message));
        }
        self.faults
    }

    pub(super) fn fault(&mut self, message: impl Into<String>) {
        match self.room.checked_sub(1) {
            Some(rest) => {
                *self.room = rest;
                self.faults.push(Fault::new(&*self.path, message));
            }
            None => self.more += 1,
        }
    }

    pub(super) fn check(&mut self, holds: bool, message: impl FnOnce() -> String) {
        match (holds, *self.room) {
            (true, _) => {}
            (false, 0) => self.more += 1,
            (false, _) => self.fault(message()),
        }
    }

    /// Runs `then` with the path extended by a member.
    pub(super) fn within(&mut self, name: &str, then: impl FnOnce(&mut Self)) {
        let outer = self.path.len();
        if outer > 0 {
            self.path.push('.');
        }
        let shown = name.floor_char_boundary(MAX_NAME);
        self.path.push_str(&name[..shown]);
        if shown < name.len() {
            self.path.push('…');
        }
        then(self);
        self.path.truncate(outer);
    }

    /// Runs `then` with the path extended by an index.
    fn at(&mut self, place: usize, then: impl FnOnce(&mut Self)) {
        let outer = self.path.len();
        self.path.push_str(&format!("[{place}]"));
        then(self);
        self.path.truncate(outer);
    }

    pub(super) fn value(&mut self, shape: &Shape, raw: &RawValue) {
        match shape {
            Shape::Id => self.id(raw),
            Shape::Ids(bound) => self.list(raw, *bound, Self::id),
            Shape::Text(bound) => self.text(raw, *bound),
            Shape::Line(least, bound) => self.line(raw, *least, *bound),
            Shape::Flag => self.check(kind(raw) == Kind::Flag, || {
                "must be true or false".to_owned()
            }),
            Shape::Number(low, high) => self.number(raw, *low, *high),
            Shape::Whole(low, bound) => self.whole_number(raw, *low, *bound),
            Shape::Time => self.time(raw),
            Shape::OneOf(names) => self.one_of(raw, names),
            Shape::Scene => self.scene(raw),
            Shape::Tags => self.tags(raw),
            Shape::Candidates => self.list(raw, schema::CANDIDATES, Self::candidate),
            Shape::Predictions => self.predictions(raw),
            Shape::Arms => self.arms(raw),
            Shape::Object(object) => self.object(object, raw),
            Shape::AnyObject => self.any_object(raw),
            Shape::Requests => self.list(raw, schema::BATCH_REQUESTS, |_, _| {}),
        }
    }

    pub(super) fn object(&mut self, object: &Object, raw: &RawValue) {
        if kind(raw) != Kind::Object {
            return self.fault("must be an object");
        }
        let mut given: Vec<(&'static Field, &RawValue)> = Vec::new();
        let mut listed = false;
        let unicode = members(raw, |name, value| match object.field(&name) {
            None => {
                let lists = !std::mem::replace(&mut listed, true);
                self.within(&name, |walk| walk.check(false, || unknown(object, lists)));
            }
            Some(field) if given.iter().any(|(known, _)| known.name == name) => {
                self.within(field.name, |walk| walk.fault("must not be given twice"));
            }
            Some(field) => {
                given.push((field, value));
                self.field(field, value);
            }
        });
        self.check(unicode, || "must have names in Unicode".to_owned());
        for field in object.fields {
            let missing =
                field.required && !given.iter().any(|(known, _)| known.name == field.name);
            self.within(field.name, |walk| {
                walk.check(!missing, || "is required".to_owned());
            });
        }
        if let Some(rule) = object.rule {
            given.retain(|(_, value)| kind(value) != Kind::Null);
            self.rule(rule, &given);
        }
    }

    /// Checks an object of any members: texts in Unicode, numbers that a double can hold, and no name twice.
    fn any_object(&mut self, raw: &RawValue) {
        if kind(raw) != Kind::Object {
            return self.fault("must be an object");
        }
        match serde_json::from_str::<Value>(raw.get()) {
            Ok(_) => self.distinct(raw),
            Err(error) => self.fault(format!("cannot be read: {error}")),
        }
    }

    /// Checks that no member of an object, or of one inside it, is given twice: only the last would count.
    fn distinct(&mut self, raw: &RawValue) {
        match kind(raw) {
            Kind::Object => {
                let mut given = HashSet::new();
                members(raw, |name, value| {
                    self.within(&name, |walk| {
                        walk.check(!given.contains(&name), || {
                            "must not be given twice".to_owned()
                        });
                        walk.distinct(value);
                    });
                    given.insert(name);
                });
            }
            Kind::List => {
                elements(raw.get(), |place, element| {
                    self.at(place, |walk| walk.distinct(element));
                });
            }
            Kind::Null | Kind::Flag | Kind::Number | Kind::Text => {}
        }
    }

    fn field(&mut self, field: &Field, raw: &RawValue) {
        if field.required || kind(raw) != Kind::Null {
            self.within(field.name, |walk| walk.value(&field.shape, raw));
        }
    }

    /// Checks a list of at most `bound` elements; those beyond are not checked.
    pub(super) fn list(
        &mut self,
        raw: &RawValue,
        bound: Bound,
        each: impl Fn(&mut Self, &RawValue),
    ) {
        if kind(raw) != Kind::List {
            return self.fault("must be a list");
        }
        let most = bound.most(&self.vocabulary.limits);
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let count = elements(raw.get(), |place, element| {
            if place < most {
                self.at(place, |walk| each(walk, element));
            }
        });
        self.at_most(count.unwrap_or(0), bound);
    }

    pub(super) fn at_most(&mut self, count: usize, bound: Bound) {
        let most = bound.most(&self.vocabulary.limits);
        self.check(wide(count) <= most, || {
            format!(
                "must have at most {most} entries{}, not {count}",
                bound.named()
            )
        });
    }
}

/// Returns the fault of an unknown field. The known ones are listed once for each object.
fn unknown(object: &Object, lists: bool) -> String {
    if !lists {
        return format!("is not a field of {}", object.name);
    }
    let names: Vec<&str> = object.fields.iter().map(|field| field.name).collect();
    format!(
        "is not a field of {}; its fields are {}",
        object.name,
        names.join(", ")
    )
}
