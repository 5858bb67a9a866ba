//! `POST /rank` and `POST /rank/batch`.
//!
//! One request is read, ranked and written on the thread where it arrived: a hand-over to another thread would cost more than these
//! few microseconds. Only very large bodies and batches go to the workers; the requests of a batch run there in parallel.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use rayon::prelude::*;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::admission::{Refusal, Work};
use super::answer;
use super::app::App;
use super::call::Call;
use super::error::{Cause, Problem};
use super::reply::Reply;
use crate::config::{Config, Generation};
use crate::engine::RankError;
use crate::model::Id;
use crate::model::schema::BATCH_CANDIDATES;
use crate::model::{DEFAULT_SCENE, Diagnosis, Fault, RankRequest, Vocabulary, diagnose};

/// Size from which a body is read on the workers, because it would block its thread for too long.
const LARGE: usize = 512 << 10;

/// Answers one request, once it has a permit.
pub(super) async fn one(mut call: Call<'_>) -> Result<Reply, Problem> {
    let generation = Arc::clone(&call.generation);
    let vocabulary = &generation.config.vocabulary;
    let body = call.read().await?;
    if body.len() >= LARGE {
        return large(call, generation, body).await;
    }
    let begun = Instant::now();
    let request = diagnose::request(&body, vocabulary).map_err(|fault| faulty(fault, &body))?;
    let read = begun.elapsed();
    let timeout = timeout(&generation.config, request.scene(), request.timeout_ms);
    let patience = timeout.saturating_sub(call.arrived.elapsed());
    if let Err(refusal) = call.permit(patience).await {
        let late = u64::from(refusal == Refusal::Late);
        call.app.engine.telemetry().ranking.late.inc_by(late);
        return Err(with_own_id(&request, refusal.into()));
    }
    ranked(call.app, &request, read, call.id.as_str(), call.arrived)
}

/// Answers a large request on the workers, with a permit for a batch.
async fn large(
    mut call: Call<'_>,
    generation: Arc<Generation>,
    body: Bytes,
) -> Result<Reply, Problem> {
    let timeout = Outline::of(&body).timeout(&generation.config);
    let patience = timeout.saturating_sub(call.arrived.elapsed());
    let wait = generation.config.admission.wait.min(patience);
    call.admit(Work::Batch, wait).await?;
    let (app, id, arrived) = (Arc::clone(call.app), call.id.clone(), call.arrived);
    let granted = call.granted();
    let work = move || {
        let _until_done = granted;
        let begun = Instant::now();
        let vocabulary = &generation.config.vocabulary;
        let request = diagnose::request(&body, vocabulary).map_err(|fault| faulty(fault, &body))?;
        ranked(&app, &request, begun.elapsed(), id.as_str(), arrived)
    };
    let done = call.app.engine.on_workers(work).await;
    done.unwrap_or_else(|| Err(call.app.bug(call.id, "a large request panicked")))
}

/// Returns the time within which scoring must begin: that of the request, else that of the scene.
fn timeout(config: &Config, scene: &str, timeout_ms: Option<u64>) -> Duration {
    let scene = config.scenes.get(scene);
    let own = timeout_ms.map(Duration::from_millis);
    own.or(scene.map(|scene| scene.timeout)).unwrap_or_default()
}

/// Ranks a request and writes the answer. `read` is the time spent reading it.
fn ranked(
    app: &App,
    request: &RankRequest<'_>,
    read: Duration,
    id: &str,
    arrived: Instant,
) -> Result<Reply, Problem> {
    let begun = Instant::now();
    let ranking = app
        .engine
        .rank(request, arrived)
        .map_err(|error| with_own_id(request, refused(app, error)))?;
    let ranked = Instant::now();
    let own = request.request_id.as_deref();
    let answer = answer::write(&ranking, own.unwrap_or(id));
    let scene = app.engine.telemetry().ranking.scene(&ranking.scene);
    scene.read.observe(read);
    scene.rank.observe(ranked - begun);
    scene.write.observe(ranked.elapsed());
    Ok(Reply::json(answer)
        .with_id(own.map(str::to_owned))
        .timed("rank", ranked - begun))
}

/// Sets the request's own id, if it has one.
fn with_own_id(request: &RankRequest<'_>, problem: Problem) -> Problem {
    Problem {
        request_id: request.request_id.as_deref().map(str::to_owned),
        ..problem
    }
}

fn refused(app: &App, error: RankError) -> Problem {
    match error {
        RankError::Invalid(faults) => Problem::invalid(faults),
        RankError::Late => {
            app.engine.telemetry().ranking.late.inc();
            Problem::new(
                Cause::Late,
                "the timeout_ms of the request ran out before scoring began",
            )
        }
    }
}

/// Answers many requests, each with a ranking or a problem.
pub(super) async fn batch(mut call: Call<'_>) -> Result<Reply, Problem> {
    let body = call.read().await?;
    let generation = Arc::clone(&call.generation);
    let (app, id, arrived) = (Arc::clone(call.app), call.id.clone(), call.arrived);
    let granted = call.granted();
    let work = move || {
        let _until_done = granted;
        all(
            &app,
            &generation.config.vocabulary,
            &body,
            id.as_str(),
            arrived,
        )
    };
    let begun = Instant::now();
    let done = call.app.engine.on_workers(work).await;
    let answer = done.unwrap_or_else(|| Err(call.app.bug(call.id, "a batch panicked")))?;
    Ok(Reply::json(answer).timed("rank", begun.elapsed()))
}

fn all(
    app: &App,
    vocabulary: &Vocabulary,
    body: &Bytes,
    id: &str,
    arrived: Instant,
) -> Result<Vec<u8>, Problem> {
    let parts = diagnose::batch(body, vocabulary)?;
    let most = BATCH_CANDIDATES.most(&vocabulary.limits);
    let candidates = AtomicU64::new(0);
    let requests: Vec<_> = parts
        .par_iter()
        .filter(|_| candidates.load(Ordering::Relaxed) <= most)
        .map(|part| read(part.get(), vocabulary, &candidates))
        .collect();
    if candidates.into_inner() > most {
        let message = format!(
            "must have at most {most} candidates in all{}",
            BATCH_CANDIDATES.named()
        );
        return Err(Problem::invalid(vec![Fault::new("requests", message)]));
    }
    let results = requests.into_par_iter().enumerate();
    let results =
        results.map(|(place, request)| result(app, request, &format!("{id}.{place}"), arrived));
    Ok(joined(&results.collect::<Vec<_>>()))
}

fn read<'a>(
    text: &'a str,
    vocabulary: &Vocabulary,
    candidates: &AtomicU64,
) -> Result<RankRequest<'a>, Problem> {
    let request = diagnose::request(text.as_bytes(), vocabulary);
    let count = match &request {
        Ok(request) => request.candidates.ids.len(),
        Err(_) => Outline::of(text.as_bytes()).candidates(),
    };
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    candidates.fetch_add(count, Ordering::Relaxed);
    request.map_err(|fault| faulty(fault, text.as_bytes()))
}

/// The readable fields of a faulty request.
#[derive(Default, Deserialize)]
struct Outline<'a> {
    #[serde(borrow)]
    request_id: Option<&'a RawValue>,
    #[serde(borrow)]
    candidates: Option<&'a RawValue>,
    #[serde(borrow)]
    scene: Option<&'a RawValue>,
    #[serde(borrow)]
    timeout_ms: Option<&'a RawValue>,
}

impl<'a> Outline<'a> {
    /// Reads the outline of a body; empty if it is not a JSON object.
    fn of(body: &'a [u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }

    fn request_id(&self) -> Option<String> {
        id(self.request_id?)
    }

    fn timeout(&self, config: &Config) -> Duration {
        let scene = self.scene.and_then(id);
        let own = self
            .timeout_ms
            .map(|given| serde_json::from_str(given.get()));
        let scene = scene.as_deref().unwrap_or(DEFAULT_SCENE);
        timeout(config, scene, own.and_then(Result::ok))
    }

    fn candidates(&self) -> usize {
        let list = self.candidates.map(|list| serde_json::from_str(list.get()));
        list.and_then(Result::ok)
            .map_or(0, |list: Vec<IgnoredAny>| list.len())
    }
}

/// Reads an id; `None` if it is invalid.
fn id(given: &RawValue) -> Option<String> {
    let id: Option<Id<'_>> = serde_json::from_str(given.get()).ok();
    id.map(|id| id.0.into_owned())
}

/// Returns the problem of a faulty request, with the request's own id.
fn faulty(fault: Diagnosis, body: &[u8]) -> Problem {
    Problem {
        request_id: Outline::of(body).request_id(),
        ..Problem::from(fault)
    }
}

/// Returns the ranking or the problem of one request as JSON. A request without an own id gets the batch's id and its index.
fn result(
    app: &App,
    request: Result<RankRequest<'_>, Problem>,
    id: &str,
    arrived: Instant,
) -> Vec<u8> {
    let request = match request {
        Ok(request) => request,
        Err(problem) => return problem.json(id),
    };
    let id = request.request_id.as_deref().unwrap_or(id);
    match app.engine.rank(&request, arrived) {
        Ok(ranking) => answer::write(&ranking, id),
        Err(error) => refused(app, error).json(id),
    }
}

fn joined(results: &[Vec<u8>]) -> Vec<u8> {
    let mut out = b"{\"results\":[".to_vec();
    for (place, result) in results.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        out.extend_from_slice(result);
    }
    out.extend_from_slice(b"]}");
    out
}
