//! The objects of requests, one static each.

use super::bounds::{
    AUTHOR, CAMPAIGNS, CANDIDATES, LATITUDE, LIMIT, LONGITUDE, MONEY, QUERY_BYTES, REASON, SHARE,
    TEXT, TIMEOUT_MS,
};
use super::shape::{Bound, Field, Object, Rule, Shape};
use crate::model::{EventKind, ItemKind};

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

/// [`RankRequest`](crate::model::RankRequest)
pub static RANK_REQUEST: Object = Object {
    name: "RankRequest",
    doc: "Candidates to rank for one user.",
    fields: &[
        required(
            "user_id",
            Shape::Id,
            "The user to rank for. An unknown user counts as new, not as an error.",
        ),
        required(
            "candidates",
            Shape::Candidates,
            "The items to rank: ids and objects, mixed. A repeated id counts once, at its first position.",
        ),
        optional(
            "scene",
            Shape::Scene,
            "The scene to rank for. Default: `default`.",
        ),
        optional(
            "limit",
            Shape::Whole(1, LIMIT),
            "Maximum number of items returned. Default: the scene's.",
        ),
        optional(
            "offset",
            Shape::Whole(0, CANDIDATES),
            "Number of places before the page, with the `request_id` of the first page. Default: 0. What stood on the pages before is left out, and an answered page is answered again as it was. If the pages before are forgotten, they are arranged anew, and the answer names `pages` in `degraded`.",
        ),
        optional(
            "timeout_ms",
            Shape::Whole(1, TIMEOUT_MS),
            "Milliseconds within which scoring must start, else 503. Default: the scene's.",
        ),
        optional(
            "explain",
            Shape::Flag,
            "Explains every score, and lists the candidates dropped by a rule.",
        ),
        optional(
            "features",
            Shape::Flag,
            "With `explain`: adds to each explanation every feature that a model may read, to train one.",
        ),
        optional(
            "request_id",
            Shape::Id,
            "Echoed in the answer; it names the list for later pages. Default: the header `X-Request-Id`, else a generated id.",
        ),
        optional(
            "arms",
            Shape::Arms,
            "Arms by the names of experiments, to try them: only these hold, whoever the user is, and nothing counts for the experiments. Default: the user's own.",
        ),
        optional(
            "context",
            Shape::Object(&CONTEXT),
            "The circumstances of a request.",
        ),
    ],
    rule: Some(Rule::DefaultScene),
    example: r#"{"user_id":"u-1001","candidates":["i-1",{"id":"i-2"}],"limit":20,"explain":true,"context":{"region":"CN-33-01","query":"玻尿酸","device":"ios"}}"#,
};

/// [`Context`](crate::model::Context)
pub static CONTEXT: Object = Object {
    name: "Context",
    doc: "The circumstances of a request.",
    fields: &[
        optional("region", Shape::Id, "The user's region code."),
        optional("lat", LATITUDE, "Latitude in degrees."),
        optional("lon", LONGITUDE, "Longitude in degrees."),
        optional(
            "query",
            Shape::Text(QUERY_BYTES),
            "The user's search query.",
        ),
        optional("device", Shape::Id, "The kind of device."),
    ],
    rule: None,
    example: r#"{"region":"CN-33-01","lat":30.27,"lon":120.15,"query":"玻尿酸","device":"ios"}"#,
};

/// A candidate given as an object.
pub static CANDIDATE: Object = Object {
    name: "Candidate",
    doc: "A candidate with the client's own predictions.",
    fields: &[
        required("id", Shape::Id, "The item's id."),
        optional(
            "predictions",
            Shape::Predictions,
            "The client's predictions for the item, by the names that the configuration declares.",
        ),
    ],
    rule: None,
    example: r#"{"id":"i-2"}"#,
};

/// The body of `POST /rank/batch`.
pub static BATCH_REQUEST: Object = Object {
    name: "RankBatchRequest",
    doc: "Rank requests, answered in their order.",
    fields: &[required(
        "requests",
        Shape::Requests,
        "The requests. An invalid one is answered by a problem in its position; the others are not affected.",
    )],
    rule: None,
    example: r#"{"requests":[{"user_id":"u-1001","candidates":["i-1","i-2"]},{"user_id":"u-1002","candidates":["i-1"]}]}"#,
};

/// [`Item`](crate::model::Item)
pub static ITEM: Object = Object {
    name: "Item",
    doc: "A declared item: anything that can be ranked.",
    fields: &[
        required("id", Shape::Id, "The item's id."),
        optional(
            "merchant_id",
            Shape::Id,
            "The merchant that sells it. An unknown merchant is created without declared fields.",
        ),
        optional("kind", Shape::OneOf(&ItemKind::NAMES), "Its kind."),
        optional(
            "category",
            Shape::Id,
            "Its category, which is also its lane in the race.",
        ),
        optional("tags", Shape::Tags, "Its tags."),
        optional("brand", Shape::Id, "Its brand."),
        optional("title", TEXT, "Its title."),
        optional("price", MONEY, "Its listed price."),
        optional("available", Shape::Flag, "Availability. Default: true."),
        optional("region", Shape::Id, "Its region code."),
        optional("lat", LATITUDE, "Latitude in degrees."),
        optional("lon", LONGITUDE, "Longitude in degrees."),
        optional("creator_id", Shape::Id, "Its creator."),
        optional("listed_at", Shape::Time, "Time of its listing."),
        optional(
            "campaigns",
            CAMPAIGNS,
            "The campaigns that it takes part in.",
        ),
        optional("quality", SHARE, "Its quality, from 0 to 1."),
        optional(
            "long_term_value",
            SHARE,
            "Its long-term value, from 0 to 1.",
        ),
    ],
    rule: None,
    example: r#"{"id":"item-1","merchant_id":"m-9","kind":"product","category":"skin-care","tags":{"hyaluronic":1.0,"moisture":0.5},"brand":"x","title":"Hyaluronic serum","price":129.0,"available":true,"region":"CN-33","lat":30.2,"lon":120.1,"creator_id":"c-1","listed_at":"2026-11-01T00:00:00Z","campaigns":["double-11"],"quality":0.9,"long_term_value":0.4}"#,
};

/// [`Merchant`](crate::model::Merchant)
pub static MERCHANT: Object = Object {
    name: "Merchant",
    doc: "A declared merchant.",
    fields: &[
        required("id", Shape::Id, "The merchant's id."),
        optional("name", TEXT, "Its name."),
        optional(
            "category",
            Shape::Id,
            "Its category, which is also its lane in the race.",
        ),
        optional("region", Shape::Id, "Its region code."),
        optional(
            "joined_at",
            Shape::Time,
            "Time at which it joined the marketplace.",
        ),
        optional(
            "integrity",
            SHARE,
            "Trust in its sales, from 0 to 1. Default: 1.",
        ),
        optional(
            "available",
            Shape::Flag,
            "False hides all its items from rankings. Default: true.",
        ),
        optional(
            "owner",
            Shape::Id,
            "Its owner. Shops of one owner count as one newcomer. Default: the merchant itself.",
        ),
        optional("goal", Shape::Id, "Its goal for its traffic."),
        optional(
            "campaigns",
            CAMPAIGNS,
            "The campaigns that it takes part in.",
        ),
    ],
    rule: None,
    example: r#"{"id":"m-9","name":"Nine","category":"beauty","region":"CN-33","joined_at":"2026-10-20T00:00:00Z","integrity":0.97,"available":true,"owner":"o-3","goal":"acquisition","campaigns":[]}"#,
};

/// [`User`](crate::model::User)
pub static USER: Object = Object {
    name: "User",
    doc: "A declared user. The profile is learnt from events.",
    fields: &[
        required("id", Shape::Id, "The user's id."),
        optional("tags", Shape::Tags, "Declared tags, which do not decay."),
        optional("region", Shape::Id, "The user's region code."),
    ],
    rule: None,
    example: r#"{"id":"u-1001","tags":{"skin-care":0.8},"region":"CN-33-01"}"#,
};

/// [`Event`](crate::model::Event)
pub static EVENT: Object = Object {
    name: "Event",
    doc: "An event of a user. `follow` and `unfollow` name a merchant or a creator, every other kind an item or a merchant.",
    fields: &[
        optional(
            "id",
            Shape::Id,
            "The event's own id. The first event with an id counts; a repeat is accepted and has no effect.",
        ),
        required(
            "user_id",
            Shape::Id,
            "The user. An unknown user is created.",
        ),
        optional("item_id", Shape::Id, "The item acted on."),
        optional("merchant_id", Shape::Id, "The merchant acted on."),
        optional(
            "creator_id",
            Shape::Id,
            "The creator followed or unfollowed.",
        ),
        required(
            "kind",
            Shape::OneOf(&EventKind::NAMES),
            "The kind of the event.",
        ),
        required("at", Shape::Time, "Time of the event."),
        optional("quantity", Shape::Number(0.0, 1e9), "Number of units."),
        optional(
            "amount",
            MONEY,
            "Money of the whole event. Default for a purchase: listed price × quantity.",
        ),
        optional(
            "purchase_id",
            Shape::Id,
            "For a refund: the event id of the purchase.",
        ),
        optional(
            "request_id",
            Shape::Id,
            "The rank request that showed the item.",
        ),
        optional(
            "position",
            Shape::Whole(0, Bound::Fixed(u32::MAX as u64)),
            "Place at which the item was shown, counted from 1. An impression without one counts as at place 10.",
        ),
        optional(
            "scene",
            Shape::Id,
            "The scene in which it was shown. Default for an impression: `default`.",
        ),
    ],
    rule: Some(Rule::Target),
    example: r#"{"id":"e-77","user_id":"u-1001","item_id":"item-1","kind":"purchase","at":"2026-11-20T10:00:00Z","quantity":1,"amount":129.0,"position":3,"scene":"feed"}"#,
};

/// [`MergeRequest`](crate::model::MergeRequest)
pub static MERGE_REQUEST: Object = Object {
    name: "MergeRequest",
    doc: "A merge of two users: `from` becomes another name of `into`.",
    fields: &[
        required("from", Shape::Id, "The id that becomes another name."),
        required(
            "into",
            Shape::Id,
            "The user whose name it becomes. An unknown user is created.",
        ),
    ],
    rule: None,
    example: r#"{"from":"cookie-77","into":"u-1001"}"#,
};

/// Maximum number of bytes of a whole configuration as text.
const CONFIG_TEXT: Bound = Bound::Fixed(16 << 20);

/// [`ConfigChange`](crate::model::ConfigChange)
pub static CONFIG_CHANGE: Object = Object {
    name: "ConfigChange",
    doc: "A change of the configuration: either `set` or `toml`, at once or for a time.",
    fields: &[
        optional(
            "set",
            Shape::AnyObject,
            "A merge patch (RFC 7386) over the file. Null gives a key back to the file.",
        ),
        optional(
            "toml",
            Shape::Text(CONFIG_TEXT),
            "The whole configuration that is wanted, in the format of the file.",
        ),
        optional("reason", REASON, "The reason, for the history."),
        optional(
            "author",
            AUTHOR,
            "Who asks. A named token or a client certificate counts instead, if there is one.",
        ),
        optional("from", Shape::Time, "When it is applied. Default: at once."),
        optional(
            "until",
            Shape::Time,
            "When it is taken back; what others changed meanwhile stays. Default: never.",
        ),
    ],
    rule: Some(Rule::Edit),
    example: r#"{"set":{"scene":{"default":{"weights":{"race.growth":0.2}}}},"reason":"growing shops"}"#,
};

/// [`ConfigRollback`](crate::model::ConfigRollback)
pub static CONFIG_ROLLBACK: Object = Object {
    name: "ConfigRollback",
    doc: "A return to an earlier generation of the configuration.",
    fields: &[
        required(
            "to",
            Shape::Whole(1, Bound::Fixed(u64::MAX)),
            "The generation.",
        ),
        optional("reason", REASON, "The reason, for the history."),
        optional(
            "author",
            AUTHOR,
            "Who asks. A named token or a client certificate counts instead, if there is one.",
        ),
    ],
    rule: None,
    example: r#"{"to":1,"reason":"fewer orders since"}"#,
};

/// [`PreviewRequest`](crate::model::PreviewRequest)
pub static PREVIEW_REQUEST: Object = Object {
    name: "PreviewRequest",
    doc: "A configuration to preview, as `set`, `toml` or `file`.",
    fields: &[
        optional(
            "set",
            Shape::AnyObject,
            "A merge patch (RFC 7386), as in `PUT /config`.",
        ),
        optional(
            "toml",
            Shape::Text(CONFIG_TEXT),
            "The whole configuration, in the format of the file.",
        ),
        optional(
            "file",
            Shape::Text(CONFIG_TEXT),
            "The configuration file as it would be: the live overrides lie over it, and what needs a restart stays as it is.",
        ),
        optional(
            "scene",
            Shape::Scene,
            "The scene whose logged requests count. Default: all.",
        ),
        optional(
            "requests",
            Shape::Whole(1, Bound::Fixed(2_000)),
            "Maximum number of logged requests, the newest first. Default: 200.",
        ),
        optional(
            "at",
            Shape::Time,
            "The instant by which the dates of rules and campaigns are judged under the new configuration. Default: that of each request.",
        ),
        optional(
            "rank",
            Shape::Requests,
            "Requests to rank on the live state instead of logged ones.",
        ),
    ],
    rule: Some(Rule::Draft),
    example: r#"{"set":{"scene":{"default":{"weights":{"race.growth":0.2}}}},"requests":500}"#,
};

/// Every object, for the OpenAPI document.
pub static OBJECTS: [&Object; 12] = [
    &RANK_REQUEST,
    &CONTEXT,
    &CANDIDATE,
    &BATCH_REQUEST,
    &ITEM,
    &MERCHANT,
    &USER,
    &EVENT,
    &MERGE_REQUEST,
    &CONFIG_CHANGE,
    &CONFIG_ROLLBACK,
    &PREVIEW_REQUEST,
];
