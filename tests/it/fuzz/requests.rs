//! Rank requests and batches: the fast readers and the walk agree on every input, and a valid request can be ranked.

use std::sync::{Arc, LazyLock};
use std::time::Instant;

use saima::clock::{Clock, ClockMode};
use saima::config::{Config, Live};
use saima::engine::{Engine, Stored};
use saima::model::schema::{BATCH_REQUEST, Object, RANK_REQUEST};
use saima::model::{Diagnosis, Vocabulary, diagnose};
use saima::telemetry::Telemetry;
use saima::threads::Threads;

use super::{JSON, seeds, sift, words};

/// Limits small enough for edited seeds to exceed.
pub(super) const NARROW: &str = "[limits]\ncandidates = 6\nlimit = 9\nbatch_requests = 3\ntags = 4\nnesting = 6\nquery_bytes = 12\n\
    [store]\nevent_ids = 50\nwaiting_refunds = 5\n[scene.default]\nlimit = 5\n[scene.feed]\nlimit = 3\nweights = { pctr = 1 }\n";

pub(super) static CONFIG: LazyLock<Config> =
    LazyLock::new(|| Config::parse("narrow", NARROW).unwrap());

/// Checks that the walk finds a fault if and only if the fast readers reject the text.
pub(super) fn agree(bytes: &[u8], rejected: Option<&Diagnosis>, object: &Object) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        assert!(matches!(rejected, Some(Diagnosis::NotJson(_))));
        return;
    };
    let is_json = diagnose::syntax(text).is_ok();
    match rejected {
        None => {
            let faults = diagnose::faults(text, object, &CONFIG.vocabulary);
            assert_eq!(faults, [], "the text was accepted");
        }
        Some(Diagnosis::NotJson(_)) => assert!(!is_json, "the text is JSON"),
        Some(Diagnosis::Invalid(faults)) => {
            assert!(is_json && !faults.is_empty());
            let unnamed = format!("could not be read as {}", object.name);
            assert!(faults.iter().all(|fault| fault.message != unnamed));
        }
    }
}

/// Reads and ranks one request; returns whether it was valid.
fn request(engine: &Engine, vocabulary: &Vocabulary, bytes: &[u8]) -> bool {
    let read = diagnose::request(bytes, vocabulary);
    agree(bytes, read.as_ref().err(), &RANK_REQUEST);
    if let Ok(request) = &read {
        let ranked = engine.rank(request, Instant::now());
        let known = ranked.map_or(0, |ranking| ranking.placed.len() + ranking.unknown.len());
        assert!(known <= request.candidates.ids.len());
    }
    read.is_ok()
}

/// Creates an engine with the entities that the seeds name.
fn engine() -> Arc<Engine> {
    let config = CONFIG.clone();
    let clock = Clock::new(ClockMode::Event);
    let stored = Stored::in_memory(&config, &Threads::default());
    let engine = Engine::start(
        Arc::new(Live::new(config)),
        clock,
        Telemetry::default(),
        stored,
    );
    for (operation, lines) in super::facts::all() {
        let lines: Vec<&[u8]> = lines.split(|byte| *byte == b'\n').collect();
        let fates = engine.ingest(operation, &lines).unwrap();
        assert!(fates.iter().any(Result::is_ok), "{operation:?}");
    }
    engine
}

#[test]
fn a_request_is_ranked_or_every_fault_reported() {
    let engine = engine();
    let try_one = |_: &str, bytes: &[u8]| request(&engine, &CONFIG.vocabulary, bytes);
    sift(20_000, &seeds("requests"), &words(JSON), try_one);
}

#[test]
fn a_batch_is_split_or_every_fault_reported() {
    let engine = engine();
    let try_one = |_: &str, bytes: &[u8]| {
        let parts = diagnose::batch(bytes, &CONFIG.vocabulary);
        agree(bytes, parts.as_ref().err(), &BATCH_REQUEST);
        for part in parts.iter().flatten() {
            request(&engine, &CONFIG.vocabulary, part.get().as_bytes());
        }
        parts.is_ok()
    };
    sift(10_000, &seeds("batches"), &words(JSON), try_one);
}

#[test]
fn the_seeds_are_valid_requests() {
    let vocabulary = &CONFIG.vocabulary;
    for seed in seeds("requests") {
        let read = diagnose::request(&seed.bytes, vocabulary);
        assert_eq!(read.is_err(), seed.name.starts_with("bad"), "{}", seed.name);
    }
    for seed in seeds("batches") {
        let read = diagnose::batch(&seed.bytes, vocabulary);
        assert_eq!(read.is_err(), seed.name.starts_with("bad"), "{}", seed.name);
    }
}
