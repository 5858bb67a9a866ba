//! The table of routes. The router, the checks before a handler, admission, the metrics, the OpenAPI document and the test of all roles
//! follow from it. A new route is one row here, and its handler.

use axum::http::Method;

use super::admission::Work;
use super::assets::Page;
use super::auth::Role;
use super::param::Param;
use super::route::{Answer, Route, Tag, Takes, now};
use super::{configure, decisions, experiments, facts, market, ops, rank, report};
use crate::engine::{Engine, EntityKind, Operation, RACE_KINDS};
use crate::model::schema::{self, Bound, Shape};
use crate::model::view::{self, View};

const GET: Method = Method::GET;
const PUT: Method = Method::PUT;
const POST: Method = Method::POST;
const PATCH: Method = Method::PATCH;
const DELETE: Method = Method::DELETE;

pub(super) const RACE_PARAMS: &[Param] = &[
    Param {
        name: "kind",
        shape: Shape::OneOf(&RACE_KINDS),
        doc: "Kind of runners. Default: `merchant`.",
        example: None,
        required: false,
    },
    Param {
        name: "lane",
        shape: Shape::Id,
        doc: "Name of the lane. Default: all runners of the kind.",
        example: None,
        required: false,
    },
    Param {
        name: "id",
        shape: Shape::Id,
        doc: "Id of a runner: the answer has it in the middle of its neighbours. Ignored beside `after`.",
        example: None,
        required: false,
    },
    Param {
        name: "after",
        shape: Shape::Id,
        doc: "Id of the last runner of the page before. Default: the page begins with the first runner.",
        example: None,
        required: false,
    },
    Param {
        name: "limit",
        shape: Shape::Whole(1, schema::LIMIT),
        doc: "Maximum number of runners. Default: 100.",
        example: None,
        required: false,
    },
];

const CAMPAIGN_PARAMS: &[Param] = &[Param {
    name: "at",
    shape: Shape::Time,
    doc: "The time, as RFC 3339 or milliseconds since 1970. Default: now.",
    example: Some("2026-11-11T00:00:00Z"),
    required: false,
}];

const HISTORY_PARAMS: &[Param] = &[
    Param {
        name: "limit",
        shape: Shape::Whole(1, schema::LIMIT),
        doc: "Maximum number of generations. Default: 20.",
        example: None,
        required: false,
    },
    Param {
        name: "after",
        shape: Shape::Whole(1, Bound::Fixed(u64::MAX)),
        doc: "The last generation of the page before. Default: the page begins with the newest.",
        example: None,
        required: false,
    },
];

const DECISION_PARAMS: &[Param] = &[Param {
    name: "item",
    shape: Shape::Id,
    doc: "Id of a candidate to explain, shown or not.",
    example: None,
    required: false,
}];

const ASSIGNMENT_PARAMS: &[Param] = &[Param {
    name: "user",
    shape: Shape::Id,
    doc: "Id of the user.",
    example: Some("u-1001"),
    required: true,
}];

const BACKUP_PARAMS: &[Param] = &[Param {
    name: "journal",
    shape: Shape::OneOf(&["true", "false"]),
    doc: "Send the journal before the checkpoint too. Default: `false`.",
    example: None,
    required: false,
}];

const BULK_PARAMS: &[Param] = &[
    Param {
        name: "dry_run",
        shape: Shape::OneOf(&["true", "false"]),
        doc: "Validate and compare with the state, and report what would happen, but change nothing. Default: `false`.",
        example: None,
        required: false,
    },
    Param {
        name: "effects",
        shape: Shape::OneOf(&["true", "false"]),
        doc: "Report what the objects do, such as fields that they empty. Default: `false`; a dry run always does.",
        example: None,
        required: false,
    },
];

/// Every route. Routes of one path are adjacent.
#[rustfmt::skip]
pub(super) static ROUTES: [Route; 46] = {
    use Answer::{File, Json, Readable};
    use EntityKind::{Item, Merchant, User};
    use Operation::{Events, Patch, Upsert};
    use Role::{Open, Ops, Rank, Read, Write};
    use Tag::{Data, Insight, Operations, Ranking};
    use Takes::{Many, One, Patches, Empty};
    [
        Route::new(POST, "/rank", Rank, Ranking, "rank", "Rank one user's candidates",
            |call| Box::pin(rank::one(call)))
            .takes(One(&schema::RANK_REQUEST)).admits(Work::Rank).answers(Json(view::Ranking::VIEW)),
        Route::new(POST, "/rank/batch", Rank, Ranking, "rankBatch", "Answer many rank requests, in order",
            |call| Box::pin(rank::batch(call)))
            .takes(One(&schema::BATCH_REQUEST)).admits(Work::Batch).answers(Json(view::RankBatchReply::VIEW)),

        Route::new(POST, "/events", Write, Data, "sendEvents", "Send behaviour events",
            |call| Box::pin(facts::ingest(call, Events)))
            .takes(Many(&schema::EVENT)).params(BULK_PARAMS).admits(Work::Ingest).answers(Json(view::BulkReply::VIEW)),

        Route::new(PUT, "/items", Write, Data, "upsertItems", "Declare items: replaces what was declared, keeps what was learnt",
            |call| Box::pin(facts::ingest(call, Upsert(Item))))
            .takes(Many(&schema::ITEM)).params(BULK_PARAMS).admits(Work::Ingest).answers(Json(view::BulkReply::VIEW)),
        Route::new(PATCH, "/items", Write, Data, "patchItems", "Change fields of items by merge patch (RFC 7386)",
            |call| Box::pin(facts::ingest(call, Patch(Item))))
            .takes(Patches(&schema::ITEM)).params(BULK_PARAMS).admits(Work::Ingest).answers(Json(view::BulkReply::VIEW)),
        Route::new(GET, "/items/{id}", Read, Insight, "getItem", "Get an item as declared and as learnt",
            |call| Box::pin(ops::show(call, Engine::item)))
            .admits(Work::Read).answers(Json(view::StoredItem::VIEW)),
        Route::new(DELETE, "/items/{id}", Write, Data, "deleteItem", "Delete an item and what was learnt of it",
            |call| Box::pin(ops::delete(call, Item)))
            .admits(Work::Ingest),

        Route::new(PUT, "/merchants", Write, Data, "upsertMerchants", "Declare merchants: replaces what was declared, keeps what was learnt",
            |call| Box::pin(facts::ingest(call, Upsert(Merchant))))
            .takes(Many(&schema::MERCHANT)).params(BULK_PARAMS).admits(Work::Ingest).answers(Json(view::BulkReply::VIEW)),
        Route::new(PATCH, "/merchants", Write, Data, "patchMerchants", "Change fields of merchants by merge patch (RFC 7386)",
            |call| Box::pin(facts::ingest(call, Patch(Merchant))))
            .takes(Patches(&schema::MERCHANT)).params(BULK_PARAMS).admits(Work::Ingest).answers(Json(view::BulkReply::VIEW)),
        Route::new(GET, "/merchants/{id}", Read, Insight, "getMerchant", "Get a merchant as declared and as learnt",
            |call| Box::pin(ops::show(call, Engine::merchant)))
            .admits(Work::Read).answers(Json(view::StoredMerchant::VIEW)),
        Route::new(DELETE, "/merchants/{id}", Write, Data, "deleteMerchant", "Delete a merchant and what was learnt of it",
            |call| Box::pin(ops::delete(call, Merchant)))
            .admits(Work::Ingest),

        Route::new(GET, "/merchants/{id}/report", Read, Insight, "getMerchantReport", "Get what a merchant sold and was shown, and what helped and hurt it, as JSON or Markdown",
            |call| Box::pin(report::report(call, Engine::merchant_report)))
            .admits(Work::Read).answers(Readable(view::Report::VIEW)),

        Route::new(GET, "/creators/{id}", Read, Insight, "getCreator", "Get a creator of items as learnt",
            |call| Box::pin(ops::show(call, Engine::creator)))
            .admits(Work::Read).answers(Json(view::StoredCreator::VIEW)),
        Route::new(DELETE, "/creators/{id}", Write, Data, "deleteCreator", "Delete what was learnt of a creator",
            |call| Box::pin(ops::delete_creator(call)))
            .admits(Work::Ingest),
        Route::new(GET, "/creators/{id}/report", Read, Insight, "getCreatorReport", "Get what a creator sold and was shown, and what helped and hurt it, as JSON or Markdown",
            |call| Box::pin(report::report(call, Engine::creator_report)))
            .admits(Work::Read).answers(Readable(view::Report::VIEW)),

        Route::new(PUT, "/users", Write, Data, "upsertUsers", "Declare users: replaces what was declared, keeps what was learnt",
            |call| Box::pin(facts::ingest(call, Upsert(User))))
            .takes(Many(&schema::USER)).params(BULK_PARAMS).admits(Work::Ingest).answers(Json(view::BulkReply::VIEW)),
        Route::new(PATCH, "/users", Write, Data, "patchUsers", "Change fields of users by merge patch (RFC 7386)",
            |call| Box::pin(facts::ingest(call, Patch(User))))
            .takes(Patches(&schema::USER)).params(BULK_PARAMS).admits(Work::Ingest).answers(Json(view::BulkReply::VIEW)),
        Route::new(GET, "/users/{id}", Read, Insight, "getUser", "Get a user as declared, with the profile as learnt",
            |call| Box::pin(ops::show(call, Engine::user)))
            .admits(Work::Read).answers(Json(view::StoredUser::VIEW)),
        Route::new(DELETE, "/users/{id}", Write, Data, "deleteUser", "Delete a user and what was learnt of them",
            |call| Box::pin(ops::delete(call, User)))
            .admits(Work::Ingest),

        Route::new(POST, "/users/merge", Write, Data, "mergeUsers", "Make an id another name of a user, when a visitor logs in",
            |call| Box::pin(facts::merge(call)))
            .takes(One(&schema::MERGE_REQUEST)).admits(Work::Ingest).answers(Json(view::MergeReply::VIEW)).fails(&[404, 409]),

        Route::new(GET, "/race", Read, Insight, "getRace", "Get the standings of a lane, best first",
            |call| Box::pin(ops::race(call)))
            .admits(Work::Read).params(RACE_PARAMS).answers(Json(view::Race::VIEW)).fails(&[404]),
        Route::new(GET, "/race/lanes", Read, Insight, "getLanes", "Get the lanes of the race with their sizes",
            |call| Box::pin(ops::lanes(call)))
            .admits(Work::Read).answers(Json(view::RaceLanes::VIEW)),
        Route::new(GET, "/campaigns", Read, Insight, "getCampaigns", "Get the campaigns at a time: what is live, what each has used, and what conflicts",
            |call| Box::pin(market::campaigns(call)))
            .admits(Work::Read).params(CAMPAIGN_PARAMS).answers(Json(view::Campaigns::VIEW)),
        Route::new(GET, "/experiments", Read, Insight, "getExperiments", "Get the experiments with their results",
            |call| Box::pin(experiments::all(call)))
            .admits(Work::Read).answers(Json(view::Experiments::VIEW)),
        Route::new(GET, "/experiments/{name}", Read, Insight, "getExperiment", "Get an experiment with its results",
            |call| Box::pin(experiments::one(call)))
            .admits(Work::Read).answers(Json(view::Experiment::VIEW)).fails(&[404]),
        Route::new(GET, "/experiments/{name}/assignment", Read, Insight, "getAssignment", "Get the place of a user in an experiment: the part of its layer, the arm and the cell",
            |call| Box::pin(experiments::assignment(call)))
            .admits(Work::Read).params(ASSIGNMENT_PARAMS).answers(Json(view::Assignment::VIEW)).fails(&[404]),
        Route::new(POST, "/race/rebuild", Ops, Operations, "rebuildRace", "Rebuild the standings now; answers when they are live",
            |call| Box::pin(ops::rebuild(call)))
            .takes(Empty).answers(Json(view::RebuildReply::VIEW)),

        Route::new(POST, "/clock/confirm", Ops, Operations, "confirmClock", "Believe the machine's clock although it has jumped ahead",
            |call| Box::pin(ops::confirm_clock(call)))
            .takes(Empty).answers(Json(view::ClockReply::VIEW)),

        Route::new(POST, "/backup", Ops, Operations, "createBackup", "Write a checkpoint now and send it with the shared configuration; `saima backup` turns it into a data directory",
            |call| Box::pin(ops::backup(call)))
            .params(BACKUP_PARAMS).takes(Empty).answers(File("application/octet-stream")).fails(&[409]),
        Route::new(GET, "/config", Ops, Operations, "getConfig", "Get the effective configuration, without secrets",
            |call| Box::pin(ops::config(call)))
            .admits(Work::Read).answers(Json(view::LiveConfig::VIEW)),
        Route::new(PUT, "/config", Ops, Operations, "changeConfig", "Change the configuration over its file, at once or for a time",
            |call| Box::pin(configure::change(call)))
            .takes(One(&schema::CONFIG_CHANGE)).admits(Work::Read).answers(Json(view::ConfigChanged::VIEW)).fails(&[409, 428]),
        Route::new(GET, "/config/overrides", Ops, Operations, "getConfigOverrides", "Get the overrides as TOML to commit to the file, after which they vanish",
            |call| Box::pin(configure::overrides(call)))
            .admits(Work::Read).answers(File("application/toml")),
        Route::new(GET, "/config/history", Ops, Operations, "getConfigHistory", "Get the generations that are kept, the newest first",
            |call| Box::pin(configure::history(call)))
            .admits(Work::Read).params(HISTORY_PARAMS).answers(Json(view::ConfigHistory::VIEW)),
        Route::new(GET, "/config/history/{generation}", Ops, Operations, "getConfigGeneration", "Get a generation of the configuration",
            |call| Box::pin(configure::generation(call)))
            .admits(Work::Read).answers(Json(view::ConfigGeneration::VIEW)),
        Route::new(POST, "/config/rollback", Ops, Operations, "rollBackConfig", "Go back to an earlier generation, as a new one",
            |call| Box::pin(configure::roll_back(call)))
            .takes(One(&schema::CONFIG_ROLLBACK)).admits(Work::Read).answers(Json(view::ConfigChanged::VIEW)).fails(&[404, 409, 428]),
        Route::new(GET, "/config/plans", Ops, Operations, "getConfigPlans", "Get the planned changes of the configuration",
            |call| Box::pin(configure::plans(call)))
            .admits(Work::Read).answers(Json(view::ConfigPlans::VIEW)),
        Route::new(DELETE, "/config/plans/{id}", Ops, Operations, "cancelConfigPlan", "Cancel a planned change; one that is applied is taken back",
            |call| Box::pin(configure::cancel(call)))
            .admits(Work::Read),
        Route::new(POST, "/config/preview", Ops, Operations, "previewConfig", "Rank logged or given requests again under another configuration, and compare",
            |call| Box::pin(decisions::preview(call)))
            .takes(One(&schema::PREVIEW_REQUEST)).admits(Work::Read).answers(Json(view::Preview::VIEW)),
        Route::new(GET, "/decisions/{request_id}", Ops, Insight, "getDecision", "Get the newest logged decision of a request, explained as it was",
            |call| Box::pin(decisions::decision(call)))
            .admits(Work::Read).params(DECISION_PARAMS).answers(Json(view::LoggedDecision::VIEW)),
        Route::new(GET, "/metrics", Role::Metrics, Operations, "getMetrics", "Get the metrics, for Prometheus",
            |call| Box::pin(ops::metrics(call)))
            .admits(Work::Read).answers(File("application/openmetrics-text")),
        Route::new(GET, "/healthz", Open, Operations, "getHealth", "Check that the service runs",
            |call| now(ops::health(&call)))
            .answers(Json(view::Health::VIEW)),
        Route::new(GET, "/readyz", Open, Operations, "getReadiness", "Check that the service is ready: its first standings are built, and it accepts facts",
            |call| now(ops::ready(&call)))
            .answers(Json(view::Health::VIEW)),

        Route::new(GET, "/openapi.json", Open, Operations, "getOpenApi", "Get this document",
            |call| now(Ok(ops::openapi(&call))))
            .answers(Json(view::OpenApiDocument::VIEW)),
        Route::new(GET, "/", Open, Operations, "getRoot", "Redirect to `/docs`",
            |_| now(Page::Root.reply("")))
            .answers(Answer::Page(Page::Root)),
        Route::new(GET, "/docs", Open, Operations, "getDocs", "Get the list of guides, as a page",
            |_| now(Page::Overview.reply("")))
            .answers(Answer::Page(Page::Overview)),
        Route::new(GET, "/docs/{page}", Open, Operations, "getDocsPage", "Get a guide, the API reference or a file that they load",
            |call| now(Page::Named.reply(call.path("page"))))
            .answers(Answer::Page(Page::Named)),
    ]
};

/// The path parameters that the patterns of the routes use.
pub(super) static PATH_PARAMS: [Param; 5] = [
    Param {
        name: "generation",
        shape: Shape::Id,
        doc: "Number of the generation.",
        example: Some("12"),
        required: false,
    },
    Param {
        name: "name",
        shape: Shape::Id,
        doc: "Name of the experiment.",
        example: Some("growth-up"),
        required: false,
    },
    Param {
        name: "id",
        shape: Shape::Id,
        doc: "Id of the entity.",
        example: None,
        required: false,
    },
    Param {
        name: "request_id",
        shape: Shape::Id,
        doc: "Id of the rank request.",
        example: None,
        required: false,
    },
    Param {
        name: "page",
        shape: Shape::Id,
        doc: "Name of a guide or a file.",
        example: Some("scoring"),
        required: false,
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn routes_of_one_path_are_adjacent() {
        let paths = ROUTES.chunk_by(|one, other| one.path == other.path);
        let paths: Vec<&str> = paths.map(|routes| routes[0].path).collect();
        let distinct: BTreeSet<&str> = paths.iter().copied().collect();
        assert_eq!(paths.len(), distinct.len());
    }

    #[test]
    fn operations_are_distinct() {
        let names: BTreeSet<&str> = ROUTES.iter().map(|route| route.operation).collect();
        assert_eq!(names.len(), ROUTES.len());
    }

    #[test]
    fn path_parameters_come_from_the_pattern() {
        let names = |path| {
            let route = Route::new(GET, path, Role::Read, Tag::Insight, "test", "", |call| {
                now(ops::health(&call))
            });
            route.path_params().collect::<Vec<_>>()
        };
        assert_eq!(names("/merchants/{id}/report"), ["id"]);
        assert_eq!(names("/a/{x}/{y}"), ["x", "y"]);
        assert!(names("/race").is_empty());
        let known = |name| PATH_PARAMS.iter().any(|param| param.name == name);
        assert!(ROUTES.iter().flat_map(Route::path_params).all(known));
    }
}
