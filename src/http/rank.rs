//! `POST /rank` and `POST /rank/batch`.
//!
//! One request is read, ranked and written on the thread that received it, in a few microseconds: passing it to another thread would
//! cost more. What would take longer than a millisecond goes to the workers: batches, whose requests run there in parallel, very large
//! bodies, large faulty ones, and long explanations.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use rayon::prelude::*;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::admission::{AnswerBytes, Rejection, Work};
use super::answer;
use super::app::App;
use super::call::Call;
use super::error::{Cause, Problem};
use super::reply::Reply;
use crate::config::{Config, Generation};
use crate::engine::{RankError, Ranked, Unwanted, Wanted};
use crate::model::Id;
use crate::model::schema::{self, BATCH_CANDIDATES};
use crate::model::{DEFAULT_SCENE, Diagnosis, Fault, RankRequest, Vocabulary, diagnose};

/// Size from which a body is read on the workers, because it would block its thread for too long.
const LARGE: usize = 512 << 10;
/// The same for a faulty body, whose faults take longer to find.
const LARGE_FAULTY: usize = 32 << 10;
/// Number of explained items from which a request runs on the workers.
const MANY_EXPLAINED: usize = 200;

/// Answers one request, after it received a permit to run.
pub(super) async fn one(mut call: Call<'_>) -> Result<Reply, Problem> {
    let generation = Arc::clone(&call.generation);
    let vocabulary = &generation.config.vocabulary;
    let body = call.read().await?;
    if body.len() >= LARGE {
        return large(call, generation, body).await;
    }
    let begun = Instant::now();
    let text = std::str::from_utf8(&body).map_err(|_| diagnose::not_utf8())?;
    let request = match diagnose::quick(text, vocabulary) {
        Some(request) if !is_long(&request, &generation.config) => request,
        None if body.len() < LARGE_FAULTY => {
            let mut room = vocabulary.limits.faults;
            return Err(diagnosed(text, vocabulary, &mut room));
        }
        Some(_) | None => return large(call, Arc::clone(&generation), body.clone()).await,
    };
    let read = begun.elapsed();
    let timeout = timeout(&generation.config, request.scene(), request.timeout_ms);
    let patience = timeout.saturating_sub(call.arrived.elapsed());
    if let Err(rejection) = call.permit(patience).await {
        let late = u64::from(rejection == Rejection::Late);
        call.app.engine.telemetry().ranking.late.inc_by(late);
        return Err(with_own_id(&request, rejection.into()));
    }
    ranked(call.app, &request, read, call.id.as_str(), call.arrived)
}

/// Returns whether a request would block its thread for too long.
fn is_long(request: &RankRequest<'_>, config: &Config) -> bool {
    let candidates = request.candidates.ids.len();
    let scene = config.answering(request.scene());
    let limit = request.limit.or(scene.map(|scene| scene.limit));
    let explains = request.explain == Some(true);
    candidates >= config.server.parallel_candidates
        || (explains && candidates.min(limit.unwrap_or_default()) > MANY_EXPLAINED)
}

/// Answers a large request on the workers, with a permit for a batch.
async fn large(
    mut call: Call<'_>,
    generation: Arc<Generation>,
    body: Bytes,
) -> Result<Reply, Problem> {
    let timeout = Outline::read(&body).timeout(&generation.config);
    let patience = timeout.saturating_sub(call.arrived.elapsed());
    let wait = generation.config.admission.wait.min(patience);
    call.check(Work::Batch)?;
    call.admit(Work::Batch, wait).await?;
    let (app, id, arrived) = (Arc::clone(call.app), call.id.clone(), call.arrived);
    let granted = call.granted();
    let work = move |wanted: &Wanted| {
        let _until_done = granted;
        let begun = Instant::now();
        let vocabulary = &generation.config.vocabulary;
        let request = diagnose::request(&body, vocabulary).map_err(|fault| faulty(fault, &body))?;
        wanted.check()?;
        ranked(&app, &request, begun.elapsed(), id.as_str(), arrived)
    };
    call.app.engine.on_workers(work).await
}

/// Returns the time, from arrival, within which scoring must begin: the request's own, else that of the scene.
fn timeout(config: &Config, scene: &str, timeout_ms: Option<u64>) -> Duration {
    let scene = config.answering(scene);
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
    let own = request.request_id.as_deref();
    let id = own.unwrap_or(id);
    let ranking = app.engine.page(request, id, arrived);
    let ranking = match ranking.map_err(|error| with_own_id(request, rejected(app, error)))? {
        Ranked::New(ranking) => ranking,
        Ranked::Again(json) => {
            let reply = Reply::json(json.to_vec()).with_id(own.map(str::to_owned));
            return Ok(reply.timed("rank", begun.elapsed()));
        }
    };
    let ranked = Instant::now();
    let answer = answer::write(&ranking, id);
    app.engine
        .remember(request, (id, &ranking), &answer, arrived);
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

/// Returns the problem of a request that the engine rejected, and counts a late one.
fn rejected(app: &App, error: RankError) -> Problem {
    match error {
        RankError::Invalid(faults) => Problem::invalid(faults),
        RankError::Late => {
            app.engine.telemetry().ranking.late.inc();
            Problem::new(
                Cause::Late,
                "the timeout_ms of the request expired before scoring began",
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
    let work = move |wanted: &Wanted| {
        let _until_done = granted;
        rank_all(
            &app,
            wanted,
            &generation.config,
            &body,
            id.as_str(),
            arrived,
        )
    };
    let begun = Instant::now();
    let answer = call.app.engine.on_workers(work).await?;
    Ok(Reply::json(answer).timed("rank", begun.elapsed()))
}

/// Ranks the requests of a batch in parallel, those of one list in their order, and returns the answer as JSON, in the order of the requests.
///
/// # Errors
/// If the body is not a batch, its requests have too many candidates in all, or the client has gone. Faults of single requests are part
/// of the answer.
fn rank_all(
    app: &App,
    wanted: &Wanted,
    config: &Config,
    body: &Bytes,
    id: &str,
    arrived: Instant,
) -> Result<Vec<u8>, Problem> {
    let vocabulary = &config.vocabulary;
    let parts = diagnose::batch(body, vocabulary)?;
    let limit = BATCH_CANDIDATES.most(&vocabulary.limits);
    let candidates = AtomicU64::new(0);
    let requests: Vec<_> = parts
        .par_iter()
        .filter(|_| candidates.load(Ordering::Relaxed) <= limit && wanted.check().is_ok())
        .map(|part| read_one(part.get(), vocabulary, &candidates))
        .collect();
    if candidates.into_inner() > limit {
        let message = format!(
            "must have at most {limit} candidates in all{}",
            BATCH_CANDIDATES.named()
        );
        return Err(Problem::invalid(vec![Fault::new("requests", message)]));
    }
    // One after the other, because the faults of all requests together are bounded.
    let mut room = vocabulary.limits.faults;
    let requests = requests.into_iter().zip(parts).map(|(request, part)| {
        wanted.check()?;
        Ok(request.ok_or_else(|| diagnosed(part.get(), vocabulary, &mut room)))
    });
    let requests = requests.collect::<Result<Vec<_>, Unwanted>>()?;
    let answer = |(index, request): (usize, _)| {
        wanted.check()?;
        let json = result(app, request, &format!("{id}.{index}"), arrived);
        let (work, admission) = (Some(Work::Batch), &config.admission);
        let held = app.admission.answer(work, json.len(), None, admission)?;
        Ok((index, (json, held)))
    };
    let lists = by_list(requests).into_par_iter();
    let results = lists.map(|list| list.into_iter().map(answer).collect());
    let results: Vec<Vec<_>> = results.collect::<Result<_, Problem>>()?;
    let mut results: Vec<_> = results.into_iter().flatten().collect();
    results.sort_unstable_by_key(|(index, _)| *index);
    Ok(join_results(
        results.into_iter().map(|(_, result)| result).collect(),
    ))
}

/// A request of a batch with its index, or the problem of an invalid one.
type Indexed<'a> = (usize, Result<RankRequest<'a>, Problem>);

/// Returns requests by the list whose pages they may ask for: those with one `request_id` are answered one after the other.
fn by_list(requests: Vec<Result<RankRequest<'_>, Problem>>) -> Vec<Vec<Indexed<'_>>> {
    let mut lists: Vec<Vec<Indexed<'_>>> = Vec::with_capacity(requests.len());
    let mut known = HashMap::<String, usize>::new();
    for (index, request) in requests.into_iter().enumerate() {
        let id = request.as_ref().ok();
        let id = id.and_then(|request| request.request_id.as_deref());
        let list = id.map_or(lists.len(), |id| {
            *known.entry(id.to_owned()).or_insert(lists.len())
        });
        match lists.get_mut(list) {
            Some(list) => list.push((index, request)),
            None => lists.push(vec![(index, request)]),
        }
    }
    lists
}

/// Reads one request of a batch, `None` if it is invalid, and adds the number of its candidates to `candidates` in any case.
fn read_one<'a>(
    text: &'a str,
    vocabulary: &Vocabulary,
    candidates: &AtomicU64,
) -> Option<RankRequest<'a>> {
    let request = diagnose::quick(text, vocabulary);
    let count = match &request {
        Some(request) => request.candidates.ids.len(),
        None => Outline::read(text.as_bytes()).candidates(),
    };
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    candidates.fetch_add(count, Ordering::Relaxed);
    request
}

/// Returns the problem of an invalid request, whose answer may list `room` more faults.
fn diagnosed(text: &str, vocabulary: &Vocabulary, room: &mut usize) -> Problem {
    let fault = diagnose::diagnose(text, &schema::RANK_REQUEST, vocabulary, room);
    faulty(fault, text.as_bytes())
}

/// The fields that are needed of a request before it is read, or if it is invalid. Each is read on its own.
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
    fn read(body: &'a [u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }

    fn request_id(&self) -> Option<String> {
        read_id(self.request_id?)
    }

    fn timeout(&self, config: &Config) -> Duration {
        let scene = self.scene.and_then(read_id);
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
fn read_id(given: &RawValue) -> Option<String> {
    let id: Option<Id<'_>> = serde_json::from_str(given.get()).ok();
    id.map(|id| id.0.into_owned())
}

/// Returns the problem of an invalid request, with the request's own id if it can be read.
fn faulty(fault: Diagnosis, body: &[u8]) -> Problem {
    Problem {
        request_id: Outline::read(body).request_id(),
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
    match app.engine.page(&request, id, arrived) {
        Ok(Ranked::New(ranking)) => {
            let answer = answer::write(&ranking, id);
            app.engine
                .remember(&request, (id, &ranking), &answer, arrived);
            answer
        }
        Ok(Ranked::Again(json)) => json.to_vec(),
        Err(error) => rejected(app, error).json(id),
    }
}

/// Joins the results, each of which is JSON, to the answer of a batch. Their bytes count until then.
fn join_results(results: Vec<(Vec<u8>, AnswerBytes)>) -> Vec<u8> {
    let size: usize = results.iter().map(|(json, _)| json.len() + 1).sum();
    let mut out = Vec::with_capacity(size + 16);
    out.extend_from_slice(b"{\"results\":[");
    for (index, (json, _held)) in results.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(&json);
    }
    out.extend_from_slice(b"]}");
    out
}
