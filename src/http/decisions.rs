//! Handlers of the routes about decisions: what was decided, and what another configuration would decide.

use std::sync::Arc;

use super::app::App;
use super::call::Call;
use super::configure::edit;
use super::error::{Cause, Problem};
use super::ops::{aside, written};
use super::reply::Reply;
use crate::config::{Config, ConfigFault, Edit};
use crate::engine::{Sample, Wanted};
use crate::model::view::{NotReplayed, Preview};
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

/// A configuration to preview.
enum Draft {
    /// What an edit makes of the live one.
    Edit(Edit),
    /// What another content of the file makes of it.
    File(String),
}

impl Draft {
    fn of(request: &PreviewRequest) -> Result<Self, Problem> {
        match (&request.set, &request.toml, &request.file) {
            (None, None, Some(file)) => Ok(Self::File(file.clone())),
            (set, toml, None) => edit(set.clone(), toml.clone()).map(Self::Edit),
            (Some(_), _, Some(_)) | (_, Some(_), Some(_)) => {
                Err(Problem::invalid(vec![Fault::new("", diagnose::ONE_DRAFT)]))
            }
        }
    }

    /// Returns the configuration, and the keys that need a restart and stay as they are.
    fn propose(&self, app: &App) -> Result<(Config, Vec<String>), Vec<ConfigFault>> {
        match self {
            Self::Edit(edit) => app.engine.propose(edit).map(|next| (next, Vec::new())),
            Self::File(text) => app.engine.live().propose_file(text),
        }
    }
}

/// Returns what the preview says of a key that needs a restart.
fn waiting(key: String) -> NotReplayed {
    let reason = "needs a restart".to_owned();
    NotReplayed { key, reason }
}

/// Answers with what a configuration would change.
pub(super) async fn preview(mut call: Call<'_>) -> Result<Reply, Problem> {
    let body = call.read().await?;
    let generation = Arc::clone(&call.generation);
    let vocabulary = &generation.config.vocabulary;
    let request: PreviewRequest = diagnose::body(&body, &schema::PREVIEW_REQUEST, vocabulary)?;
    let draft = Draft::of(&request)?;
    let (app, granted) = (Arc::clone(call.app), call.granted());
    let work = move |wanted: &Wanted| {
        let _until_done = granted;
        let faults = |it: Vec<_>| Problem::invalid(it.into_iter().map(Fault::from).collect());
        let (next, left) = draft.propose(&app).map_err(faults)?;
        let mut preview = previewed(&app, &request, &next, wanted)?;
        preview.not_replayed.extend(left.into_iter().map(waiting));
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
