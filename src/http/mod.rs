//! The edge: every route, its method, its role and its handler in one table, `ROUTES`.
//!
//! The router, the checks before a handler, the metrics, the OpenAPI document and a test that walks all routes with all
//! roles follow from it. A request passes, in this order: host → route and method → token → content type → query →
//! room → handler.

mod admission;
mod answer;
mod app;
mod assets;
mod auth;
mod body;
mod call;
mod connection;
mod dispatch;
mod error;
mod facts;
mod number;
mod openapi;
mod ops;
mod query;
mod rank;
mod reply;
mod request_id;
mod serve;
mod tls;

#[cfg(test)]
mod tests;

pub use auth::{Role, TokenError, Tokens};
pub use serve::serve;
pub use tls::{Tls, TlsError};

use axum::http::Method;

use crate::engine::{EntityKind, Operation, RACE_KINDS};
use crate::model::schema::{self, Object, Shape};
use body::Media;

/// A method of a path, and all that follows from it.
#[derive(Debug)]
struct Route {
    method: Method,
    path: &'static str,
    role: Role,
    action: Action,
    takes: Takes,
    params: &'static [Param],
    /// What it does, for the docs.
    summary: &'static str,
}

/// The handler of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Rank,
    Batch,
    Ingest(Operation),
    Show(EntityKind),
    Delete(EntityKind),
    Race,
    Rebuild,
    Backup,
    Config,
    Metrics,
    Health,
    Ready,
    OpenApi,
    Docs(assets::Page),
}

/// The body that a route takes.
#[derive(Clone, Copy, Debug)]
enum Takes {
    /// None; one that is sent is not looked at.
    Nothing,
    /// None, or an empty object: what a browser cannot send to another site without asking.
    Trifle,
    /// One such object.
    One(&'static Object),
    /// Many such objects, as an array or as lines.
    Many(&'static Object),
    /// Many merge patches of such objects.
    Patches(&'static Object),
}

impl Takes {
    /// The content types of such a body; any will do where the list is empty.
    const fn media(self) -> &'static [Media] {
        match self {
            Self::Nothing => &[],
            Self::One(_) => &[Media::Json],
            Self::Trifle | Self::Many(_) | Self::Patches(_) => &[Media::Json, Media::Lines],
        }
    }
}

/// A query parameter; none is required.
#[derive(Debug)]
struct Param {
    name: &'static str,
    shape: Shape,
    doc: &'static str,
}

const RACE_PARAMS: &[Param] = &[
    Param {
        name: "kind",
        shape: Shape::OneOf(&RACE_KINDS),
        doc: "What races. Not given: `merchant`.",
    },
    Param {
        name: "lane",
        shape: Shape::Id,
        doc: "The lane. Not given: all of the kind.",
    },
    Param {
        name: "limit",
        shape: Shape::Whole(1, schema::LIMIT),
        doc: "How many runners. Not given: 100.",
    },
];

const fn route(
    method: Method,
    path: &'static str,
    role: Role,
    action: Action,
    takes: Takes,
    summary: &'static str,
) -> Route {
    let params: &[Param] = if matches!(action, Action::Race) {
        RACE_PARAMS
    } else {
        &[]
    };
    Route {
        method,
        path,
        role,
        action,
        takes,
        params,
        summary,
    }
}

const GET: Method = Method::GET;
const PUT: Method = Method::PUT;
const POST: Method = Method::POST;
const PATCH: Method = Method::PATCH;
const DELETE: Method = Method::DELETE;

/// Every route; those of one path stand together.
#[rustfmt::skip]
static ROUTES: [Route; 26] = {
    use Action::*;
    use assets::Page;
    use EntityKind::{Item, Merchant, User};
    use Operation::{Events, Patch, Upsert};
    use Takes::*;
    [
        route(POST, "/rank", Role::Rank, Rank, One(&schema::RANK_REQUEST), "Order one user's candidates"),
        route(POST, "/rank/batch", Role::Rank, Batch, One(&schema::BATCH_REQUEST), "Answer many rank requests, in their order"),
        route(POST, "/events", Role::Write, Ingest(Events), Many(&schema::EVENT), "Tell what users did"),
        route(PUT, "/items", Role::Write, Ingest(Upsert(Item)), Many(&schema::ITEM), "Declare items: replaces what was declared, keeps what was learnt"),
        route(PATCH, "/items", Role::Write, Ingest(Patch(Item)), Patches(&schema::ITEM), "Change fields of items by merge patch (RFC 7386)"),
        route(GET, "/items/{id}", Role::Read, Show(Item), Nothing, "One item, as declared and as learnt"),
        route(DELETE, "/items/{id}", Role::Write, Delete(Item), Nothing, "Forget an item and what was learnt of it"),
        route(PUT, "/merchants", Role::Write, Ingest(Upsert(Merchant)), Many(&schema::MERCHANT), "Declare merchants: replaces what was declared, keeps what was learnt"),
        route(PATCH, "/merchants", Role::Write, Ingest(Patch(Merchant)), Patches(&schema::MERCHANT), "Change fields of merchants by merge patch (RFC 7386)"),
        route(GET, "/merchants/{id}", Role::Read, Show(Merchant), Nothing, "One merchant, as declared and as learnt"),
        route(DELETE, "/merchants/{id}", Role::Write, Delete(Merchant), Nothing, "Forget a merchant and what was learnt of it"),
        route(PUT, "/users", Role::Write, Ingest(Upsert(User)), Many(&schema::USER), "Declare users: replaces what was declared, keeps what was learnt"),
        route(PATCH, "/users", Role::Write, Ingest(Patch(User)), Patches(&schema::USER), "Change fields of users by merge patch (RFC 7386)"),
        route(GET, "/users/{id}", Role::Read, Show(User), Nothing, "One user, as declared, and the profile as learnt"),
        route(DELETE, "/users/{id}", Role::Write, Delete(User), Nothing, "Forget a user and what was learnt of them"),
        route(GET, "/race", Role::Read, Race, Nothing, "The standings of a lane, best first"),
        route(POST, "/race/rebuild", Role::Ops, Rebuild, Trifle, "Rebuild the standings now; answers when they are live"),
        route(POST, "/backup", Role::Ops, Backup, Trifle, "A checkpoint of now, as the file that `saima backup` makes a data directory of"),
        route(GET, "/config", Role::Ops, Config, Nothing, "The effective configuration, without secrets"),
        route(GET, "/metrics", Role::Read, Metrics, Nothing, "Metrics for Prometheus"),
        route(GET, "/healthz", Role::Open, Health, Nothing, "Whether the service runs"),
        route(GET, "/readyz", Role::Open, Ready, Nothing, "Whether the first standings are built"),
        route(GET, "/openapi.json", Role::Open, OpenApi, Nothing, "This document"),
        route(GET, "/", Role::Open, Docs(Page::Root), Nothing, "Redirect to `/docs`"),
        route(GET, "/docs", Role::Open, Docs(Page::Overview), Nothing, "The guides"),
        route(GET, "/docs/{page}", Role::Open, Docs(Page::Named), Nothing, "A guide, the API reference or a file of theirs"),
    ]
};
