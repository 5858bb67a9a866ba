//! The one table of the objects on the wire: their fields, the shape of each, and the rules between fields.
//!
//! The slow walk of [`diagnose`](super::diagnose) and the schemas of the OpenAPI document both follow it. The fast readers
//! of [the fast readers](super) are written by hand for speed; a property test holds the two to the same verdict on any input.

use super::id::MAX_ID;
use super::{
    EventKind, ItemKind, Limits, MAX_CAMPAIGNS, MAX_MONEY, MAX_TAG_WEIGHT, MAX_TEXT, Vocabulary,
};

/// An object on the wire.
#[derive(Debug)]
pub struct Object {
    /// Its name in the OpenAPI document.
    pub name: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// Its fields, in the order of the docs; no others may be given.
    pub fields: &'static [Field],
    /// What must hold between its fields.
    pub rule: Option<Rule>,
    /// An example as JSON.
    pub example: &'static str,
}

/// A field of an object.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Whether it must be given; one that need not be may also be null, which means not given.
    pub required: bool,
    /// What may stand there.
    pub shape: Shape,
    /// What it means.
    pub doc: &'static str,
}

/// What may stand in a place.
#[derive(Debug)]
pub enum Shape {
    /// An id: 1 to 128 bytes without control characters, or a JSON integer.
    Id,
    /// A list of ids, at most so many.
    Ids(Bound),
    /// Text of at most so many bytes.
    Text(Bound),
    /// `true` or `false`.
    Flag,
    /// A finite number between the two, both included.
    Number(f64, f64),
    /// A whole number between the two, both included.
    Whole(u64, Bound),
    /// RFC 3339 or epoch milliseconds.
    Time,
    /// One of these names.
    OneOf(&'static [&'static str]),
    /// The name of a scene of the live configuration.
    Scene,
    /// Tags with weights, or a list of tags.
    Tags,
    /// A list of candidates, ids and objects mixed.
    Candidates,
    /// A number for each of some predictions of the live configuration.
    Predictions,
    /// An object.
    Object(&'static Object),
    /// A list of rank requests, each looked into on its own.
    Requests,
}

/// The most that may be given.
#[derive(Clone, Copy, Debug)]
pub enum Bound {
    /// The same always.
    Fixed(u64),
    /// As the configuration says: the name of the limit, and its value.
    Limit(&'static str, fn(&Limits) -> u64),
}

impl Bound {
    /// The most under these limits.
    #[must_use]
    pub fn most(self, limits: &Limits) -> u64 {
        match self {
            Self::Fixed(most) => most,
            Self::Limit(_, of) => of(limits),
        }
    }

    /// The limit's name in brackets, for a message; empty where it is fixed.
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
    /// Which ids an event of its kind must and must not name.
    Target,
}

/// A count as the `u64` in which the wire's whole numbers are compared.
const fn wide(count: usize) -> u64 {
    count as u64
}

/// `limits.candidates`
pub const CANDIDATES: Bound = Bound::Limit("limits.candidates", |limits| wide(limits.candidates));
/// `limits.limit`
pub const LIMIT: Bound = Bound::Limit("limits.limit", |limits| wide(limits.limit));
/// `limits.batch_requests`
pub const BATCH_REQUESTS: Bound = Bound::Limit("limits.batch_requests", |limits| {
    wide(limits.batch_requests)
});
/// `limits.batch_candidates`
pub const BATCH_CANDIDATES: Bound = Bound::Limit("limits.batch_candidates", |limits| {
    wide(limits.batch_candidates)
});
/// `limits.lines`
pub const LINES: Bound = Bound::Limit("limits.lines", |limits| wide(limits.lines));
/// `limits.tags`
pub const TAGS: Bound = Bound::Limit("limits.tags", |limits| wide(limits.tags));
/// `limits.nesting`
pub const NESTING: Bound = Bound::Limit("limits.nesting", |limits| wide(limits.nesting));
/// `limits.query_bytes`
pub const QUERY_BYTES: Bound =
    Bound::Limit("limits.query_bytes", |limits| wide(limits.query_bytes));
/// `limits.timeout_ms`
pub const TIMEOUT_MS: Bound = Bound::Limit("limits.timeout_ms", |limits| limits.timeout_ms);

const TEXT: Shape = Shape::Text(Bound::Fixed(wide(MAX_TEXT)));
const CAMPAIGNS: Shape = Shape::Ids(Bound::Fixed(wide(MAX_CAMPAIGNS)));
const SHARE: Shape = Shape::Number(0.0, 1.0);
const MONEY: Shape = Shape::Number(0.0, MAX_MONEY);
const LATITUDE: Shape = Shape::Number(-90.0, 90.0);
const LONGITUDE: Shape = Shape::Number(-180.0, 180.0);

/// The weight of a declared tag.
pub const TAG_WEIGHT: Shape = Shape::Number(-MAX_TAG_WEIGHT, MAX_TAG_WEIGHT);
/// A caller's prediction: any finite number.
pub const PREDICTION: Shape = Shape::Number(f64::MIN, f64::MAX);
/// The most bytes of an id.
pub const ID_BYTES: usize = MAX_ID;

const fn required(name: &'static str, shape: Shape, doc: &'static str) -> Field {
    Field {
        name,
        required: true,
        shape,
        doc,
    }
}

const fn optional(name: &'static str, shape: Shape, doc: &'static str) -> Field {
    Field {
        name,
        required: false,
        shape,
        doc,
    }
}

/// [`RankRequest`](super::RankRequest)
pub static RANK_REQUEST: Object = Object {
    name: "RankRequest",
    doc: "One user's candidates, to be put in order.",
    fields: &[
        required(
            "user_id",
            Shape::Id,
            "Whose page it is. A user nobody told us of is a new user, not an error.",
        ),
        required(
            "candidates",
            Shape::Candidates,
            "What may stand on the page: ids and objects, mixed. One given twice counts once, at its first place.",
        ),
        optional(
            "scene",
            Shape::Scene,
            "The place it is for. Not given: `default`.",
        ),
        optional(
            "limit",
            Shape::Whole(1, LIMIT),
            "How many places. Not given: the scene's.",
        ),
        optional(
            "timeout_ms",
            Shape::Whole(1, TIMEOUT_MS),
            "Milliseconds within which scoring must begin, else 503. Not given: the scene's.",
        ),
        optional(
            "explain",
            Shape::Flag,
            "Whether every score is to be explained, and what a rule kept out to be listed.",
        ),
        optional(
            "request_id",
            Shape::Id,
            "Echoed in the answer. Not given: the header `X-Request-Id`, else a new one.",
        ),
        optional(
            "context",
            Shape::Object(&CONTEXT),
            "What the caller knows of the moment.",
        ),
    ],
    rule: Some(Rule::DefaultScene),
    example: r#"{"user_id":"u-1001","candidates":["i-1",{"id":"i-2"}],"limit":20,"explain":true,"context":{"region":"CN-33-01","query":"玻尿酸","device":"ios"}}"#,
};

/// [`Context`](super::Context)
pub static CONTEXT: Object = Object {
    name: "Context",
    doc: "What the caller knows of the moment.",
    fields: &[
        optional("region", Shape::Id, "Where the user is, as a region code."),
        optional("lat", LATITUDE, "Latitude in degrees."),
        optional("lon", LONGITUDE, "Longitude in degrees."),
        optional(
            "query",
            Shape::Text(QUERY_BYTES),
            "What the user searched for.",
        ),
        optional("device", Shape::Id, "The kind of device."),
    ],
    rule: None,
    example: r#"{"region":"CN-33-01","lat":30.27,"lon":120.15,"query":"玻尿酸","device":"ios"}"#,
};

/// A candidate given as an object.
pub static CANDIDATE: Object = Object {
    name: "Candidate",
    doc: "A candidate with the caller's own numbers.",
    fields: &[
        required("id", Shape::Id, "The item's id."),
        optional(
            "predictions",
            Shape::Predictions,
            "The caller's own numbers for it, by the names that the configuration declares.",
        ),
    ],
    rule: None,
    example: r#"{"id":"i-2"}"#,
};

/// The body of `POST /rank/batch`.
pub static BATCH_REQUEST: Object = Object {
    name: "BatchRequest",
    doc: "Rank requests, to be answered in their order.",
    fields: &[required(
        "requests",
        Shape::Requests,
        "The requests. One that is faulty is answered by a problem in its place; the others are not touched by it.",
    )],
    rule: None,
    example: r#"{"requests":[{"user_id":"u-1001","candidates":["i-1","i-2"]},{"user_id":"u-1002","candidates":["i-1"]}]}"#,
};

/// [`Item`](super::Item)
pub static ITEM: Object = Object {
    name: "Item",
    doc: "An item as declared: anything that can be ranked.",
    fields: &[
        required("id", Shape::Id, "The item's id."),
        optional(
            "merchant_id",
            Shape::Id,
            "Who sells it. An unknown merchant is created bare.",
        ),
        optional("kind", Shape::OneOf(&ItemKind::NAMES), "What it is."),
        optional("category", Shape::Id, "Its category: the lane it races in."),
        optional("tags", Shape::Tags, "Its tags."),
        optional("brand", Shape::Id, "Its brand."),
        optional("title", TEXT, "Its title."),
        optional("price", MONEY, "Its listed price."),
        optional(
            "available",
            Shape::Flag,
            "Whether it can be had. Not given: yes.",
        ),
        optional("region", Shape::Id, "Where it is, as a region code."),
        optional("lat", LATITUDE, "Latitude in degrees."),
        optional("lon", LONGITUDE, "Longitude in degrees."),
        optional("creator_id", Shape::Id, "Who made it."),
        optional("listed_at", Shape::Time, "Since when it is listed."),
        optional(
            "campaigns",
            CAMPAIGNS,
            "The campaigns that it is enrolled in.",
        ),
        optional("quality", SHARE, "Its quality."),
        optional("long_term_value", SHARE, "Its long-term value."),
    ],
    rule: None,
    example: r#"{"id":"item-1","merchant_id":"m-9","kind":"product","category":"skin-care","tags":{"hyaluronic":1.0,"moisture":0.5},"brand":"x","title":"Hyaluronic serum","price":129.0,"available":true,"region":"CN-33","lat":30.2,"lon":120.1,"creator_id":"c-1","listed_at":"2026-11-01T00:00:00Z","campaigns":["double-11"],"quality":0.9,"long_term_value":0.4}"#,
};

/// [`Merchant`](super::Merchant)
pub static MERCHANT: Object = Object {
    name: "Merchant",
    doc: "A merchant as declared.",
    fields: &[
        required("id", Shape::Id, "The merchant's id."),
        optional("name", TEXT, "Its name."),
        optional("category", Shape::Id, "Its category: the lane it races in."),
        optional("region", Shape::Id, "Where it is, as a region code."),
        optional("joined_at", Shape::Time, "Since when it sells here."),
        optional(
            "integrity",
            SHARE,
            "How far its sales can be trusted. Not given: 1.",
        ),
        optional("goal", Shape::Id, "What it wants of its traffic."),
        optional(
            "campaigns",
            CAMPAIGNS,
            "The campaigns that it is enrolled in.",
        ),
    ],
    rule: None,
    example: r#"{"id":"m-9","name":"Nine","category":"beauty","region":"CN-33","joined_at":"2026-10-20T00:00:00Z","integrity":0.97,"goal":"acquisition","campaigns":[]}"#,
};

/// [`User`](super::User)
pub static USER: Object = Object {
    name: "User",
    doc: "A user as declared; what is learnt of them comes from events.",
    fields: &[
        required("id", Shape::Id, "The user's id."),
        optional("tags", Shape::Tags, "Declared tags; they do not fade."),
        optional("region", Shape::Id, "Where the user is, as a region code."),
    ],
    rule: None,
    example: r#"{"id":"u-1001","tags":{"skin-care":0.8},"region":"CN-33-01"}"#,
};

/// [`Event`](super::Event)
pub static EVENT: Object = Object {
    name: "Event",
    doc: "What a user did. `follow` and `unfollow` name a merchant or a creator, every other kind an item or a merchant.",
    fields: &[
        optional(
            "id",
            Shape::Id,
            "The event's own id. The first event with an id counts; a repeat is accepted and changes nothing.",
        ),
        required(
            "user_id",
            Shape::Id,
            "Who did it. An unknown user is created.",
        ),
        optional("item_id", Shape::Id, "With which item."),
        optional("merchant_id", Shape::Id, "With which merchant."),
        optional("creator_id", Shape::Id, "Which creator is followed."),
        required("kind", Shape::OneOf(&EventKind::NAMES), "What was done."),
        required("at", Shape::Time, "When."),
        optional("quantity", Shape::Number(0.0, 1e9), "How many."),
        optional(
            "amount",
            MONEY,
            "The money of the whole event. Of a purchase not given: the listed price × quantity.",
        ),
        optional(
            "purchase_id",
            Shape::Id,
            "Of a refund: the event id of the purchase that is given back.",
        ),
        optional(
            "request_id",
            Shape::Id,
            "The rank request that showed the item.",
        ),
        optional(
            "position",
            Shape::Whole(0, Bound::Fixed(u32::MAX as u64)),
            "The place at which it was shown.",
        ),
        optional("scene", Shape::Id, "The scene in which it was shown."),
    ],
    rule: Some(Rule::Target),
    example: r#"{"id":"e-77","user_id":"u-1001","item_id":"item-1","kind":"purchase","at":"2026-11-20T10:00:00Z","quantity":1,"amount":129.0,"position":3,"scene":"feed"}"#,
};

/// Every object, for the OpenAPI document.
pub static OBJECTS: [&Object; 8] = [
    &RANK_REQUEST,
    &CONTEXT,
    &CANDIDATE,
    &BATCH_REQUEST,
    &ITEM,
    &MERCHANT,
    &USER,
    &EVENT,
];

impl Object {
    /// Whether it holds requests that are cut out of it and looked into on their own, how deep they nest included.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        let mut fields = self.fields.iter();
        fields.any(|field| matches!(field.shape, Shape::Requests))
    }

    /// The field of that name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// The scenes that a request may name, for a message.
#[must_use]
pub fn scenes(vocabulary: &Vocabulary) -> String {
    vocabulary.scenes.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::diagnose;

    #[test]
    fn examples_are_free_of_faults() {
        let vocabulary = Vocabulary {
            scenes: vec!["default".to_owned()],
            ..Vocabulary::default()
        };
        for object in OBJECTS {
            let faults = diagnose::faults(object.example, object, &vocabulary);
            assert_eq!(faults, [], "{}", object.name);
        }
    }

    #[test]
    fn names_are_given_once() {
        for object in OBJECTS {
            for field in object.fields {
                let same = object.fields.iter().filter(|one| one.name == field.name);
                assert_eq!(same.count(), 1, "{}.{}", object.name, field.name);
            }
        }
    }
}
