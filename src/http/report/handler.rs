//! The handler of the reports.

use axum::http::header::VARY;
use axum::http::{HeaderName, HeaderValue};

use super::markdown;
use crate::engine::Engine;
use crate::http::accept;
use crate::http::app::App;
use crate::http::call::Call;
use crate::http::error::{Cause, Problem};
use crate::http::ops::{aside, no_entity, written};
use crate::http::reply::Reply;
use crate::model::view::Report;

/// The media type of a report for people.
pub(in crate::http) const MARKDOWN: &str = "text/markdown";
const MARKDOWN_UTF8: HeaderValue = HeaderValue::from_static("text/markdown; charset=utf-8");
static VARY_BY_ACCEPT: [(HeaderName, HeaderValue); 1] =
    [(VARY, HeaderValue::from_static("accept"))];
const JSON: &str = "application/json";

/// Answers with the report that `find` returns.
pub(in crate::http) async fn report(
    mut call: Call<'_>,
    find: fn(&Engine, &str) -> Option<Report>,
) -> Result<Reply, Problem> {
    let media = accept::preferred(call.headers, &[JSON, MARKDOWN]);
    let media = media.ok_or_else(|| {
        let detail =
            "a report is application/json or text/markdown; the header Accept allows neither";
        Problem::new(Cause::NotAcceptable, detail)
    })?;
    let id = call.path("id").to_owned();
    let work = move |app: &App| find(&app.engine, &id);
    let report = aside(&mut call, work).await?.ok_or_else(no_entity)?;
    let reply = if media == MARKDOWN {
        Reply::own(MARKDOWN_UTF8, markdown::text(&report))
    } else {
        written(&call, serde_json::to_vec(&report))?
    };
    Ok(reply.with_headers(&VARY_BY_ACCEPT))
}
