//! The slow walk: every fault of a text, each with its place, along the tables of [`schema`].
//!
//! It runs only when the fast way has refused. It cuts the text into raw pieces instead of building values, because only
//! the raw text still shows a number too large for a float, a field given twice or an integer beyond 64 bits; and each
//! plain piece is then read by the very reader of the fast way, so that the two cannot differ in what they take.
//! What it holds in memory is bounded by [`MAX_FAULTS`], not by the input.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::id::{Id, is_id};
use super::read;
use super::schema::{self, Bound, Field, Object, Rule, Shape};
use super::whole::Whole;
use super::{Entity, EventKind, Fault, RankRequest, Vocabulary};
use crate::clock::Time;

/// The most faults that are listed; one more says that there are more.
pub const MAX_FAULTS: usize = 10_000;

/// Why a text was refused; the list is never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Diagnosis {
    /// It is not JSON in UTF-8.
    NotJson(Fault),
    /// It is JSON, but not what it should be.
    Invalid(Vec<Fault>),
}

impl Diagnosis {
    /// The faults, whatever their nature.
    #[must_use]
    pub fn into_faults(self) -> Vec<Fault> {
        match self {
            Self::NotJson(fault) => vec![fault],
            Self::Invalid(faults) => faults,
        }
    }
}

/// Reads a rank request, or says all that is wrong with it.
///
/// # Errors
/// Every fault found.
pub fn request<'a>(bytes: &'a [u8], vocabulary: &Vocabulary) -> Result<RankRequest<'a>, Diagnosis> {
    let text = std::str::from_utf8(bytes).map_err(|_| not_utf8())?;
    match read::whole::<RankRequest<'a>>(text) {
        Some(request) if request.holds(vocabulary) => Ok(request),
        Some(_) | None => Err(diagnose(text, &schema::RANK_REQUEST, vocabulary)),
    }
}

/// The texts of the requests of a batch, or all that is wrong with the batch but for the requests themselves.
///
/// # Errors
/// Every fault found.
pub fn batch<'a>(bytes: &'a [u8], vocabulary: &Vocabulary) -> Result<Vec<&'a RawValue>, Diagnosis> {
    let text = std::str::from_utf8(bytes).map_err(|_| not_utf8())?;
    match read::whole::<read::Batch<'a>>(text) {
        Some(batch) if batch.requests.0.len() <= vocabulary.limits.batch_requests => {
            Ok(batch.requests.0)
        }
        Some(_) | None => Err(diagnose(text, &schema::BATCH_REQUEST, vocabulary)),
    }
}

/// Reads one fact, or says whose it is, where that can be read, and all that is wrong with it.
///
/// # Errors
/// The fact's id and every fault found.
pub fn line<'a, T: Entity<'a>>(
    bytes: &'a [u8],
    object: &Object,
    vocabulary: &Vocabulary,
) -> Result<T, (Option<String>, Vec<Fault>)> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err((None, not_utf8().into_faults()));
    };
    match read::whole::<T>(text) {
        Some(fact) if fact.holds(&vocabulary.limits) => Ok(fact),
        Some(_) | None => Err((
            id_of(text),
            diagnose(text, object, vocabulary).into_faults(),
        )),
    }
}

/// All that is wrong with a merge patch (RFC 7386) of such an object, and the id where it can be read. A patch that has no
/// fault here leaves an entity whose fields are each sound; only how many tags there are after merging is not known yet.
///
/// # Errors
/// The patch's id and every fault found.
pub fn patch(
    bytes: &[u8],
    object: &Object,
    vocabulary: &Vocabulary,
) -> Result<(), (Option<String>, Vec<Fault>)> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err((None, not_utf8().into_faults()));
    };
    if let Err(fault) = syntax(text) {
        return Err((None, vec![fault]));
    }
    let mut walk = Walk::new(vocabulary);
    walk.patch = true;
    match walk.whole(text, object) {
        faults if faults.is_empty() => Ok(()),
        faults => Err((id_of(text), faults)),
    }
}

/// Says all that is wrong with a text that the fast way refused.
#[must_use]
pub fn diagnose(text: &str, object: &Object, vocabulary: &Vocabulary) -> Diagnosis {
    if let Err(fault) = syntax(text) {
        return Diagnosis::NotJson(fault);
    }
    let mut faults = faults(text, object, vocabulary);
    if faults.is_empty() {
        let message = format!("could not be read as {}", object.name);
        faults.push(Fault::new("", message));
    }
    Diagnosis::Invalid(faults)
}

/// The faults of a JSON text, none where there are none.
#[must_use]
pub fn faults(text: &str, object: &Object, vocabulary: &Vocabulary) -> Vec<Fault> {
    Walk::new(vocabulary).whole(text, object)
}

/// Whether a text is JSON.
///
/// # Errors
/// What is wrong, with its line and column.
pub fn syntax(text: &str) -> Result<(), Fault> {
    match serde_json::from_str::<&RawValue>(text) {
        Ok(_) => Ok(()),
        Err(error) => Err(Fault::new("", format!("not JSON: {error}"))),
    }
}

/// The fault of bytes that are not UTF-8.
#[must_use]
pub fn not_utf8() -> Diagnosis {
    Diagnosis::NotJson(Fault::new("", "not JSON: not UTF-8"))
}

/// The field `id` of an object, where that much can be read.
fn id_of(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow)]
        id: Id<'a>,
    }
    let named: Named<'_> = read::whole(text)?;
    Some(named.id.0.into_owned())
}

/// How deep arrays and objects nest in a JSON text.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut quoted, mut escaped) = (false, false);
    for byte in text.bytes() {
        if quoted {
            quoted = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
        } else {
            match byte {
                b'"' => quoted = true,
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            deepest = deepest.max(depth);
        }
    }
    deepest
}

/// What a raw piece is, by its first byte.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Null,
    Flag,
    Number,
    Text,
    List,
    Object,
}

fn kind(raw: &RawValue) -> Kind {
    match raw.get().as_bytes().first() {
        Some(b'{') => Kind::Object,
        Some(b'[') => Kind::List,
        Some(b'"') => Kind::Text,
        Some(b't' | b'f') => Kind::Flag,
        Some(b'n') | None => Kind::Null,
        Some(_) => Kind::Number,
    }
}

/// Calls for each member of an object; stops and says `false` at a name that is not Unicode.
struct Members<F>(F);

impl<'de, F: FnMut(String, &'de RawValue)> Visitor<'de> for Members<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some((name, raw)) = map.next_entry()? {
            (self.0)(name, raw);
        }
        Ok(())
    }
}

fn members<'a>(raw: &'a RawValue, each: impl FnMut(String, &'a RawValue)) -> bool {
    serde_json::Deserializer::from_str(raw.get())
        .deserialize_map(Members(each))
        .is_ok()
}

/// Calls for each element of a list, with its place.
struct Elements<F>(F);

impl<'de, F: FnMut(usize, &'de RawValue)> Visitor<'de> for Elements<F> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<usize, A::Error> {
        let mut place = 0;
        while let Some(raw) = list.next_element()? {
            (self.0)(place, raw);
            place += 1;
        }
        Ok(place)
    }
}

/// Calls for each element of a list and says how many there are; `None` where it is not a list.
pub fn elements<'a>(text: &'a str, each: impl FnMut(usize, &'a RawValue)) -> Option<usize> {
    serde_json::Deserializer::from_str(text)
        .deserialize_seq(Elements(each))
        .ok()
}

/// One walk over one text.
struct Walk<'v> {
    vocabulary: &'v Vocabulary,
    /// Whether it is a merge patch, in which a tag's weight may be null.
    patch: bool,
    path: String,
    faults: Vec<Fault>,
}

impl<'v> Walk<'v> {
    fn new(vocabulary: &'v Vocabulary) -> Self {
        Self {
            vocabulary,
            patch: false,
            path: String::new(),
            faults: Vec::new(),
        }
    }

    fn whole(mut self, text: &str, object: &Object) -> Vec<Fault> {
        let deepest = schema::NESTING.most(&self.vocabulary.limits);
        if !object.is_cut() && u64::try_from(depth(text)).unwrap_or(u64::MAX) > deepest {
            self.fault(format!(
                "must not nest deeper than {deepest} levels{}",
                schema::NESTING.named()
            ));
        }
        match serde_json::from_str::<&RawValue>(text) {
            Ok(raw) => self.object(object, raw),
            Err(error) => self.fault(format!("not JSON: {error}")),
        }
        self.faults
    }

    fn fault(&mut self, message: impl Into<String>) {
        match self.faults.len() {
            listed if listed < MAX_FAULTS => self.faults.push(Fault::new(&*self.path, message)),
            MAX_FAULTS => self.faults.push(Fault::new(
                "",
                "there are more faults, which are not listed",
            )),
            _ => {}
        }
    }

    fn check(&mut self, holds: bool, message: impl FnOnce() -> String) {
        if !holds {
            self.fault(message());
        }
    }

    /// Goes on in the member of that name.
    fn within(&mut self, name: &str, then: impl FnOnce(&mut Self)) {
        let outer = self.path.len();
        if outer > 0 {
            self.path.push('.');
        }
        self.path.push_str(name);
        then(self);
        self.path.truncate(outer);
    }

    /// Goes on in the element at that place.
    fn at(&mut self, place: usize, then: impl FnOnce(&mut Self)) {
        let outer = self.path.len();
        self.path.push_str(&format!("[{place}]"));
        then(self);
        self.path.truncate(outer);
    }

    fn value(&mut self, shape: &Shape, raw: &RawValue) {
        match shape {
            Shape::Id => self.id(raw),
            Shape::Ids(bound) => self.list(raw, *bound, Self::id),
            Shape::Text(bound) => self.text(raw, *bound),
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
            Shape::Object(object) => self.object(object, raw),
            Shape::Requests => self.list(raw, schema::BATCH_REQUESTS, |_, _| {}),
        }
    }

    fn object(&mut self, object: &Object, raw: &RawValue) {
        if kind(raw) != Kind::Object {
            return self.fault("must be an object");
        }
        let mut given: Vec<(&'static Field, &RawValue)> = Vec::new();
        let unicode = members(raw, |name, value| match object.field(&name) {
            None => self.within(&name, |walk| walk.fault(unknown(object))),
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

    fn field(&mut self, field: &Field, raw: &RawValue) {
        if field.required || kind(raw) != Kind::Null {
            self.within(field.name, |walk| walk.value(&field.shape, raw));
        }
    }

    /// A list of at most `bound` elements; those beyond are not looked into.
    fn list(&mut self, raw: &RawValue, bound: Bound, each: impl Fn(&mut Self, &RawValue)) {
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
        self.few(count.unwrap_or(0), bound);
    }

    fn few(&mut self, count: usize, bound: Bound) {
        let most = bound.most(&self.vocabulary.limits);
        self.check(
            u64::try_from(count).is_ok_and(|count| count <= most),
            || {
                format!(
                    "must have at most {most} entries{}, not {count}",
                    bound.named()
                )
            },
        );
    }

    fn id(&mut self, raw: &RawValue) {
        match kind(raw) {
            Kind::Text => {
                if let Some(text) = self.unicode(raw) {
                    self.id_text(&text);
                }
            }
            Kind::Number => self.check(serde_json::from_str::<Id<'_>>(raw.get()).is_ok(), || {
                "must be a string or an integer of 64 bits".to_owned()
            }),
            Kind::Null | Kind::Flag | Kind::List | Kind::Object => {
                self.fault("must be a string or an integer");
            }
        }
    }

    fn id_text(&mut self, text: &str) {
        if text.is_empty() {
            self.fault("must not be empty");
        } else if text.len() > schema::ID_BYTES {
            self.fault(format!("must have at most {} bytes", schema::ID_BYTES));
        } else {
            self.check(is_id(text), || {
                "must not contain control characters".to_owned()
            });
        }
    }

    /// The text of a JSON string; a fault where it holds half of a surrogate pair.
    fn unicode(&mut self, raw: &RawValue) -> Option<String> {
        let text = serde_json::from_str(raw.get()).ok();
        self.check(text.is_some(), || "must be text in Unicode".to_owned());
        text
    }

    fn text(&mut self, raw: &RawValue, bound: Bound) {
        if kind(raw) != Kind::Text {
            return self.fault("must be a string");
        }
        let most = bound.most(&self.vocabulary.limits);
        if let Some(text) = self.unicode(raw) {
            self.check(
                u64::try_from(text.len()).is_ok_and(|bytes| bytes <= most),
                || format!("must have at most {most} bytes{}", bound.named()),
            );
        }
    }

    fn number(&mut self, raw: &RawValue, low: f64, high: f64) {
        if kind(raw) != Kind::Number {
            return self.fault("must be a number");
        }
        match serde_json::from_str::<f64>(raw.get()) {
            Err(_) => self.fault("must be finite"),
            Ok(number) => self.check((low..=high).contains(&number), || {
                format!("must lie between {low} and {high}")
            }),
        }
    }

    fn whole_number(&mut self, raw: &RawValue, low: u64, bound: Bound) {
        let high = bound.most(&self.vocabulary.limits);
        let number = serde_json::from_str::<Whole<u64>>(raw.get()).map(|whole| whole.0);
        self.check(
            number.is_ok_and(|number| (low..=high).contains(&number)),
            || {
                format!(
                    "must be a whole number from {low} to {high}{}",
                    bound.named()
                )
            },
        );
    }

    fn time(&mut self, raw: &RawValue) {
        self.check(serde_json::from_str::<Time>(raw.get()).is_ok(), || {
            "must be an RFC 3339 time or epoch milliseconds, within the years 0000 to 9999"
                .to_owned()
        });
    }

    fn one_of(&mut self, raw: &RawValue, names: &[&str]) {
        let name = serde_json::from_str::<String>(raw.get());
        self.check(name.is_ok_and(|name| names.contains(&&*name)), || {
            format!("must be one of {}", names.join(", "))
        });
    }

    fn scene(&mut self, raw: &RawValue) {
        let known = serde_json::from_str::<Id<'_>>(raw.get())
            .is_ok_and(|scene| self.vocabulary.has_scene(&scene));
        self.check(known, || {
            format!(
                "must be a scene of the configuration: {}",
                schema::scenes(self.vocabulary)
            )
        });
    }

    fn tags(&mut self, raw: &RawValue) {
        match kind(raw) {
            Kind::List => self.list(raw, schema::TAGS, Self::id),
            Kind::Object => self.weights(raw),
            Kind::Null | Kind::Flag | Kind::Number | Kind::Text => {
                self.fault("must be an object of weights, or a list of names");
            }
        }
    }

    fn weights(&mut self, raw: &RawValue) {
        let mut count = 0_usize;
        let most = schema::TAGS.most(&self.vocabulary.limits);
        let unicode = members(raw, |name, weight| {
            let taken_away = self.patch && kind(weight) == Kind::Null;
            count += usize::from(!taken_away);
            if !taken_away && u64::try_from(count).is_ok_and(|count| count <= most) {
                self.within(&name, |walk| {
                    walk.id_text(&name);
                    walk.value(&schema::TAG_WEIGHT, weight);
                });
            }
        });
        self.check(unicode, || "must have names in Unicode".to_owned());
        self.few(count, schema::TAGS);
    }

    fn candidate(&mut self, raw: &RawValue) {
        match kind(raw) {
            Kind::Object => self.object(&schema::CANDIDATE, raw),
            Kind::Text | Kind::Number => self.id(raw),
            Kind::Null | Kind::Flag | Kind::List => {
                self.fault("must be an id, or an object with an id");
            }
        }
    }

    fn predictions(&mut self, raw: &RawValue) {
        if kind(raw) != Kind::Object {
            return self.fault("must be an object of numbers");
        }
        let mut given: Vec<String> = Vec::new();
        let unicode = members(raw, |name, number| {
            let twice = given.contains(&name);
            self.within(&name, |walk| walk.prediction(&name, twice, number));
            if kind(number) != Kind::Null && walk_on(&given) {
                given.push(name);
            }
        });
        self.check(unicode, || "must have names in Unicode".to_owned());
    }

    /// One prediction; null is not given, whatever its name.
    fn prediction(&mut self, name: &str, twice: bool, number: &RawValue) {
        self.check(!twice, || "must not be given twice".to_owned());
        if kind(number) != Kind::Null {
            let vocabulary = self.vocabulary;
            self.check(vocabulary.prediction(name).is_some(), || {
                undeclared(&vocabulary.predictions)
            });
            self.value(&schema::PREDICTION, number);
        }
    }

    fn rule(&mut self, rule: Rule, given: &[(&'static Field, &RawValue)]) {
        let of = |name: &str| given.iter().find(|(field, _)| field.name == name);
        let has = |name: &str| of(name).is_some();
        match rule {
            Rule::DefaultScene => {
                let known = has("scene") || self.vocabulary.has_scene("default");
                self.within("scene", |walk| {
                    walk.check(known, || {
                        "is required: there is no scene `default`".to_owned()
                    });
                });
            }
            Rule::Target => {
                let kind = of("kind").and_then(|(_, raw)| serde_json::from_str(raw.get()).ok());
                if let Some(kind) = kind {
                    self.target(kind, has);
                }
            }
        }
    }

    /// Which ids an event of that kind must and must not name.
    fn target(&mut self, kind: EventKind, has: impl Fn(&str) -> bool) {
        let wrong: [(&str, bool, &str); 6] = [
            (
                "item_id",
                kind.is_bond() && has("item_id"),
                "must not be given: one follows a merchant or a creator",
            ),
            (
                "creator_id",
                kind.is_bond() && has("creator_id") && has("merchant_id"),
                "must not be given beside merchant_id",
            ),
            (
                "merchant_id",
                kind.is_bond() && !has("creator_id") && !has("merchant_id"),
                "is required, or a creator_id",
            ),
            (
                "creator_id",
                !kind.is_bond() && has("creator_id"),
                "must not be given but for follow and unfollow",
            ),
            (
                "item_id",
                !kind.is_bond() && !has("item_id") && !has("merchant_id"),
                "is required, or a merchant_id",
            ),
            (
                "purchase_id",
                kind != EventKind::Refund && has("purchase_id"),
                "must not be given but for refund",
            ),
        ];
        for (name, _, message) in wrong.iter().filter(|(_, wrong, _)| *wrong) {
            self.within(name, |walk| walk.fault(*message));
        }
    }
}

/// Whether another name is worth remembering: an object of that many predictions is long lost.
fn walk_on(given: &[String]) -> bool {
    given.len() < 1_000
}

fn unknown(object: &Object) -> String {
    let names: Vec<&str> = object.fields.iter().map(|field| field.name).collect();
    format!(
        "is not a field of {}; its fields are {}",
        object.name,
        names.join(", ")
    )
}

fn undeclared(declared: &[String]) -> String {
    match declared {
        [] => "is not declared: the configuration declares no predictions".to_owned(),
        names => format!(
            "is not declared; the configuration declares {}",
            names.join(", ")
        ),
    }
}

#[cfg(test)]
#[path = "diagnose_tests.rs"]
mod tests;
