//! Handlers of the routes about the market.

use super::app::App;
use super::call::Call;
use super::error::Problem;
use super::ops::{aside, written};
use super::reply::Reply;
use crate::clock::Time;
use crate::model::Fault;

/// Answers with the campaigns at a time, now by default.
pub(super) async fn campaigns(mut call: Call<'_>) -> Result<Reply, Problem> {
    let at = call.query.get("at").map(time).transpose()?;
    let work = move |app: &App| serde_json::to_vec(&app.engine.campaigns(at));
    let json = aside(&mut call, work).await?;
    written(&call, json)
}

/// Reads a time: RFC 3339, or milliseconds since 1970.
fn time(text: &str) -> Result<Time, Problem> {
    let millis = text.parse().ok().and_then(Time::from_millis);
    let millis = millis.filter(|at| *at >= Time::LIKELY);
    let fault = || {
        let message = "must be RFC 3339, such as 2026-11-11T00:00:00Z, or milliseconds since 1970";
        Problem::invalid(vec![Fault::new("at", message)])
    };
    Time::parse(text).or(millis).ok_or_else(fault)
}
