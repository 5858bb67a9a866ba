//! `POST /rank` and `POST /rank/batch`.
//!
//! One request is read, and at its turn ranked and written in one go, where it arrived: handing a few microseconds of work to
//! another thread would cost more than the work. Only a very large body goes to the workers, and a batch, whose requests they share.

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

/// Bytes of a body from which reading it would keep others waiting for too long.
const LARGE: usize = 512 << 10;

/// Answers one request, once it is its turn.
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

/// Answers a large request on the workers, where it takes the turn of a batch.
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

/// The time within which scoring must begin, by what the request says of it.
fn timeout(config: &Config, scene: &str, timeout_ms: Option<u64>) -> Duration {
    let scene = config.scenes.get(scene);
    let own = timeout_ms.map(Duration::from_millis);
    own.or(scene.map(|scene| scene.timeout)).unwrap_or_default()
}

/// Ranks a request that was read within a time, and writes the answer.
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

/// A refusal under the id that the request gave itself.
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
            Problem::new(Cause::Late, "its timeout_ms ran out before scoring began")
        }
    }
}

/// Answers many requests, each a ranking or a problem.
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

/// What can be made out of a faulty request.
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
    /// The outline of a text; of one that is no JSON object there is nothing to see.
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

/// An id as a request gives it.
fn id(given: &RawValue) -> Option<String> {
    let id: Option<Id<'_>> = serde_json::from_str(given.get()).ok();
    id.map(|id| id.0.into_owned())
}

/// The refusal of a request that has faults, under the id that it gave itself.
fn faulty(fault: Diagnosis, body: &[u8]) -> Problem {
    Problem {
        request_id: Outline::of(body).request_id(),
        ..Problem::from(fault)
    }
}

/// One request's ranking or problem as JSON, with its own id or, without one, the batch's and its place.
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
