//! Handlers of the routes about decisions: what was decided, and what another configuration would decide.

use std::sync::Arc;

use super::app::App;
use super::call::Call;
use super::configure::edit;
use super::error::{Cause, Problem};
use super::ops::{aside, written};
use super::reply::Reply;
use crate::config::Config;
use crate::engine::{Sample, Wanted};
use crate::model::view::Preview;
use crate::model::{Diagnosis, Fault, PreviewRequest, diagnose, schema};
use crate::number::wide;

/// Default maximum number of logged requests in a preview.
const REQUESTS: usize = 200;

/// Answers with the newest logged decision of a request.
pub(super) async fn decision(mut call: Call<'_>) -> Result<Reply, Problem> {
    let id = call.path("request_id").to_owned();
    let item = call.query.get("item").map(str::to_owned);
    let work = move |app: &App| {
        let decision = app.engine.decision(&id, item.as_deref());
        decision.map(|decision| serde_json::to_vec(&decision))
    };
    let json = aside(&mut call, work).await?;
    let unknown = || {
        let detail = "no decision of that request is logged, or it is older than what is searched: see [decisions] and `saima decisions show`";
        Problem::new(Cause::NotFound, detail)
    };
    written(&call, json.ok_or_else(unknown)?)
}

/// Answers with what a configuration would change.
pub(super) async fn preview(mut call: Call<'_>) -> Result<Reply, Problem> {
    let body = call.read().await?;
    let generation = Arc::clone(&call.generation);
    let vocabulary = &generation.config.vocabulary;
    let request: PreviewRequest = diagnose::body(&body, &schema::PREVIEW_REQUEST, vocabulary)?;
    let edit = edit(request.set.clone(), request.toml.clone())?;
    let (app, granted) = (Arc::clone(call.app), call.granted());
    let work = move |wanted: &Wanted| {
        let _until_done = granted;
        let next = app.engine.live().propose(&edit);
        let faults = |it: Vec<_>| Problem::invalid(it.into_iter().map(Fault::from).collect());
        let preview = previewed(&app, &request, &next.map_err(faults)?, wanted)?;
        Ok::<_, Problem>(serde_json::to_vec(&preview))
    };
    let json = call.app.engine.aside(work).await?;
    written(&call, json)
}

fn previewed(
    app: &App,
    request: &PreviewRequest,
    next: &Config,
    wanted: &Wanted,
) -> Result<Preview, Problem> {
    let Some(rank) = &request.rank else {
        let sample = Sample {
            scene: request.scene.clone(),
            most: request.requests.unwrap_or(REQUESTS),
            at: request.at,
        };
        return Ok(app.engine.preview(next, &sample, wanted)?);
    };
    let generation = app.engine.generation();
    let vocabulary = &generation.config.vocabulary;
    let (mut requests, mut candidates) = (Vec::with_capacity(rank.len()), 0);
    for (place, raw) in rank.iter().enumerate() {
        wanted.check()?;
        let read = diagnose::request(raw.get().as_bytes(), vocabulary);
        let read = read.map_err(|found| of_request(place, found))?;
        candidates += wide(read.candidates.ids.len());
        requests.push(read);
    }
    let most = schema::BATCH_CANDIDATES.most(&vocabulary.limits);
    if candidates > most {
        let named = schema::BATCH_CANDIDATES.named();
        let message = format!("must have at most {most} candidates in all{named}");
        return Err(Problem::invalid(vec![Fault::new("rank", message)]));
    }
    let preview = app
        .engine
        .preview_requests(next, &requests, request.at, wanted);
    Ok(preview?)
}

/// Returns the problem of a request in the list.
fn of_request(place: usize, found: Diagnosis) -> Problem {
    let mut problem = Problem::from(found);
    for fault in &mut problem.errors {
        let dot = if fault.path.is_empty() { "" } else { "." };
        fault.path = format!("rank[{place}]{dot}{}", fault.path);
    }
    problem
}
