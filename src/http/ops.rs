//! Handlers of the routes for entities, standings, back-ups, configuration, metrics and health.

use std::io;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::HeaderValue;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::admission::Work;
use super::app::App;
use super::call::Call;
use super::error::{Cause, Problem};
use super::overrides::shown;
use super::reply::{JSON, Reply};
use super::request_id::RequestId;
use crate::clock::SECOND;
use crate::config::Model;
use crate::engine::{Engine, EntityKind, RacePart, RaceQuery, Wanted};
use crate::model::view::{ClockReply, Health, LiveConfig, ModelView, RebuildReply};
use crate::model::{Fault, diagnose};
use crate::telemetry::SCRAPE_TYPE;

/// Bytes up to which a body that should be empty is checked for syntax; a larger one would block its thread.
const MOST_CHECKED: usize = 32 << 10;
/// Default maximum number of runners in an answer.
const RUNNERS: usize = 100;
/// Maximum number of chunks of a back-up that are read ahead of the network.
const BACKUP_CHUNKS: usize = 4;
const BYTES: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// Returns the problem for an unknown id.
pub(super) fn no_entity() -> Problem {
    Problem::new(Cause::NotFound, "there is no entity with that id")
}

/// Answers with the stored entity that `find` returns. What is learnt of it may be long, or take a walk over its lane.
pub(super) async fn show<V: Serialize>(
    mut call: Call<'_>,
    find: impl Fn(&Engine, &str) -> Option<V> + Send + 'static,
) -> Result<Reply, Problem> {
    let id = call.path("id").to_owned();
    let work = move |app: &App| {
        let entity = find(&app.engine, &id);
        entity.map(|entity| serde_json::to_vec(&entity))
    };
    let json = aside(&mut call, work).await?;
    written(&call, json.ok_or_else(no_entity)?)
}

/// Deletes one entity. The deletion keeps its admission to the end, even if the client disconnects.
pub(super) async fn delete(mut call: Call<'_>, kind: EntityKind) -> Result<Reply, Problem> {
    let wait = call.generation.config.admission.wait;
    call.admit(Work::Ingest, wait).await?;
    let (app, id) = (Arc::clone(call.app), call.path("id").to_owned());
    let granted = call.granted();
    let deletion = async move {
        let _until_done = granted;
        app.engine.delete(kind, &id).await
    };
    deleted(detached(call.app, call.id, deletion).await??)
}

/// Deletes what was learnt of a creator, in the same way.
pub(super) async fn delete_creator(mut call: Call<'_>) -> Result<Reply, Problem> {
    let wait = call.generation.config.admission.wait;
    call.admit(Work::Ingest, wait).await?;
    let (app, id) = (Arc::clone(call.app), call.path("id").to_owned());
    let granted = call.granted();
    let deletion = async move {
        let _until_done = granted;
        app.engine.delete_creator(&id).await
    };
    deleted(detached(call.app, call.id, deletion).await??)
}

fn deleted(existed: bool) -> Result<Reply, Problem> {
    existed.then(Reply::nothing).ok_or_else(no_entity)
}

/// Runs work to its end, even if the client disconnects. A panic is counted and logged as a bug.
async fn detached<T: Send + 'static>(
    app: &App,
    id: &RequestId,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::spawn(work).await;
    done.map_err(|error| app.bug(id, &error.to_string()))
}

/// Answers with the standings of a kind, in one lane or in all.
pub(super) async fn race(mut call: Call<'_>) -> Result<Reply, Problem> {
    let most = call.generation.config.vocabulary.limits.limit;
    let limit = call.query.get("limit").and_then(|limit| limit.parse().ok());
    let [kind, lane, after, around] =
        ["kind", "lane", "after", "id"].map(|name| call.query.get(name).map(str::to_owned));
    let work = move |app: &App| {
        let part = match (&after, &around) {
            (Some(id), _) => RacePart::After(id),
            (None, Some(id)) => RacePart::Around(id),
            (None, None) => RacePart::First,
        };
        let query = RaceQuery {
            kind: kind.as_deref().unwrap_or("merchant"),
            lane: lane.as_deref(),
            part,
            limit: limit.unwrap_or(RUNNERS.min(most)),
        };
        let standings = app.engine.race(&query);
        standings.map(|standings| serde_json::to_vec(&standings))
    };
    let json = aside(&mut call, work).await?;
    let unknown = || Problem::new(Cause::NotFound, "there is no such kind, lane or runner");
    written(&call, json.ok_or_else(unknown)?)
}

/// Answers with the lanes of the race.
pub(super) async fn lanes(mut call: Call<'_>) -> Result<Reply, Problem> {
    let work = |app: &App| serde_json::to_vec(&app.engine.lanes());
    let json = aside(&mut call, work).await?;
    written(&call, json)
}

/// Runs a read whose cost grows with its answer in a slot for reads, on a thread of its own.
pub(super) async fn aside<T: Send + 'static>(
    call: &mut Call<'_>,
    work: impl FnOnce(&App) -> T + Send + 'static,
) -> Result<T, Problem> {
    let wait = call.generation.config.admission.wait;
    call.admit(Work::Read, wait).await?;
    let (app, granted) = (Arc::clone(call.app), call.granted());
    let reading = move |_: &Wanted| {
        let _until_done = granted;
        work(&app)
    };
    Ok(call.app.engine.aside(reading).await)
}

/// Rebuilds the standings, and answers when they are live.
pub(super) async fn rebuild(mut call: Call<'_>) -> Result<Reply, Problem> {
    let body = call.read().await?;
    nothing(&body)?;
    let standings = call.app.engine.rebuild().await;
    let standings = standings.ok_or_else(|| call.app.bug(call.id, "the rebuild failed"))?;
    json(&call, &RebuildReply { standings })
}

/// Believes the machine's clock although it has jumped ahead.
pub(super) async fn confirm_clock(mut call: Call<'_>) -> Result<Reply, Problem> {
    let body = call.read().await?;
    nothing(&body)?;
    let clock = call.app.engine.clock();
    let confirmed = clock.confirm();
    let now = clock.wall();
    json(&call, &ClockReply { now, confirmed })
}

/// Writes a checkpoint and streams it from the disk.
pub(super) async fn backup(mut call: Call<'_>) -> Result<Reply, Problem> {
    let body = call.read().await?;
    nothing(&body)?;
    let journal = call.query.flag("journal")?;
    let Some(mut bytes) = call.app.engine.backup(journal).await? else {
        let detail = "facts are kept in memory only: there is no data directory to back up";
        return Err(Problem::new(Cause::Conflict, detail));
    };
    let (send, receive) = mpsc::channel(BACKUP_CHUNKS);
    let (app, id) = (Arc::clone(call.app), call.id.clone());
    let chunks_sent = tokio::task::spawn_blocking({
        let send = send.clone();
        move || {
            let client_is_gone = |chunk| send.blocking_send(chunk).is_err();
            bytes.any(client_is_gone);
        }
    });
    tokio::spawn(async move {
        if let Err(error) = chunks_sent.await {
            app.bug(&id, &error.to_string());
            // Without this error the answer would seem complete.
            let _client_is_gone = send.send(Err(io::Error::other(error))).await;
        }
    });
    let chunks = Body::from_stream(ReceiverStream::new(receive));
    Ok(Reply::of(BYTES, chunks))
}

/// Checks that a body is empty or an empty object.
fn nothing(body: &[u8]) -> Result<(), Problem> {
    let body = body.trim_ascii();
    let inner = body
        .strip_prefix(b"{")
        .and_then(|rest| rest.strip_suffix(b"}"));
    if body.is_empty() || inner.is_some_and(|inner| inner.trim_ascii().is_empty()) {
        return Ok(());
    }
    if body.len() <= MOST_CHECKED {
        let text = std::str::from_utf8(body).map_err(|_| diagnose::not_utf8())?;
        diagnose::syntax(text).map_err(Problem::not_json)?;
    }
    let fault = Fault::new("", "must be empty, or an empty object");
    Err(Problem::invalid(vec![fault]))
}

fn model(model: &Model) -> ModelView<'_> {
    ModelView {
        name: &model.name,
        sha256: &model.sha256,
        trees: model.forest.trees(),
        leaves: model.forest.leaves(),
        features: model.forest.features().collect(),
    }
}

/// Answers with the live configuration.
pub(super) async fn config(mut call: Call<'_>) -> Result<Reply, Problem> {
    let generation = Arc::clone(&call.generation);
    let work = move |_: &App| {
        serde_json::to_vec(&LiveConfig {
            generation: generation.number,
            config: &generation.config.effective(),
            overrides: &shown(&generation),
            models: generation.config.models.iter().map(model).collect(),
        })
    };
    let json = aside(&mut call, work).await?;
    written(&call, json)
}

/// Answers with the metrics.
pub(super) async fn metrics(mut call: Call<'_>) -> Result<Reply, Problem> {
    let generation = Arc::clone(&call.generation);
    let work = move |app: &App| {
        let telemetry = app.engine.telemetry();
        app.engine.measure();
        app.admission
            .measure(&generation.config.admission, &telemetry.admission);
        telemetry.scrape()
    };
    let scrape = aside(&mut call, work).await?;
    Ok(Reply::own(HeaderValue::from_static(SCRAPE_TYPE), scrape))
}

/// Answers that the service runs.
pub(super) fn health(call: &Call<'_>) -> Result<Reply, Problem> {
    let health = Health {
        status: "ok",
        reasons: None,
    };
    json(call, &health)
}

/// Answers whether the service is ready: its first standings are built, and it accepts facts. If a thread fails or the clock is held back,
/// requests are served all the same, so the answer is still 200.
pub(super) fn ready(call: &Call<'_>) -> Result<Reply, Problem> {
    let engine = &call.app.engine;
    engine.check_journal()?;
    if !call.app.is_ready() {
        let detail = "the first standings are not built yet, or the service is shutting down";
        return Err(Problem::new(Cause::NotReady, detail));
    }
    let reasons = degraded(engine);
    let health = Health {
        status: if reasons.is_empty() {
            "ready"
        } else {
            "degraded"
        },
        reasons: Some(reasons).filter(|reasons| !reasons.is_empty()),
    };
    json(call, &health)
}

/// Returns why a part of the service does not work, if any.
fn degraded(engine: &Engine) -> Vec<String> {
    let failing = engine.threads().failing();
    let thread = |name| format!("the thread \"{name}\" failed, and is started again; see the log");
    let mut reasons: Vec<String> = failing.into_iter().map(thread).collect();
    let ahead = engine.clock().ahead() / SECOND;
    if ahead > 0 {
        reasons.push(format!(
            "the machine's clock jumped {ahead} s ahead and is not followed until it comes back or POST /clock/confirm"
        ));
    }
    reasons.extend(engine.config_reasons());
    reasons.extend(engine.decisions_reason());
    reasons.extend(engine.short_race());
    reasons
}

/// Answers with the OpenAPI document.
pub(super) fn openapi(call: &Call<'_>) -> Reply {
    let secured = !call.app.tokens.is_open();
    let document = call.app.table.document;
    Reply::of(JSON, Bytes::from_static(document(secured)))
}

/// Answers 200 with a value.
pub(super) fn json(call: &Call<'_>, value: &impl Serialize) -> Result<Reply, Problem> {
    written(call, serde_json::to_vec(value))
}

/// Answers 200 with JSON as it was written.
pub(super) fn written(
    call: &Call<'_>,
    json: serde_json::Result<Vec<u8>>,
) -> Result<Reply, Problem> {
    json.map(Reply::json)
        .map_err(|error| call.app.bug(call.id, &error.to_string()))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::super::dispatch::TABLE;
    use super::*;
    use crate::config::{Config, Live};

    #[tokio::test]
    async fn a_panic_of_detached_work_is_counted() {
        let live = Arc::new(Live::new(Config::embedded()));
        let app = App::new(Engine::in_memory(live), Arc::default(), &TABLE);
        let id = app.ids.of(&HeaderMap::new());
        let panicking = async { assert!(std::hint::black_box(false), "on purpose") };
        let problem = detached(&app, &id, panicking).await.unwrap_err();
        assert_eq!(problem.cause, Cause::Internal);
        assert_eq!(app.engine.telemetry().requests.panics.get(), 1);
    }
}
