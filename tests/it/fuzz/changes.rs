//! Bodies that change or preview the configuration: every fault is named, or the change is previewed. A preview makes nothing live.

use std::sync::Arc;

use saima::clock::{Clock, ClockMode};
use saima::config::{Edit, Live};
use saima::engine::{Engine, Sample, Stored, Wanted};
use saima::model::schema::{CONFIG_CHANGE, Object, PREVIEW_REQUEST};
use saima::model::{ConfigChange, Diagnosis, PreviewRequest, diagnose};
use saima::telemetry::Telemetry;
use saima::threads::Threads;
use serde::de::DeserializeOwned;

use super::records::RULED;
use super::{JSON, seeds, sift, words};

/// Creates an engine under rules of every kind, with the entities that the seeds of facts name.
fn engine() -> Arc<Engine> {
    let config = RULED.clone();
    let stored = Stored::in_memory(&config, &Threads::default());
    let live = Arc::new(Live::new(config));
    let clock = Clock::new(ClockMode::Event);
    let engine = Engine::start(live, clock, Telemetry::default(), stored);
    for (operation, lines) in super::facts::all() {
        let lines: Vec<&[u8]> = lines.split(|byte| *byte == b'\n').collect();
        engine.ingest(operation, &lines).unwrap();
    }
    engine
}

/// Reads a body along its table, which must name every fault.
fn read<T: DeserializeOwned>(bytes: &[u8], object: &Object) -> Option<T> {
    match diagnose::body(bytes, object, &RULED.vocabulary) {
        Ok(body) => Some(body),
        Err(Diagnosis::NotJson(_)) => None,
        Err(Diagnosis::Invalid(faults)) => {
            let unnamed = format!("could not be read as {}", object.name);
            let is_named = |message: &str| !message.starts_with(&unnamed);
            assert!(!faults.is_empty());
            assert!(faults.iter().all(|it| is_named(&it.message)), "{faults:?}");
            None
        }
    }
}

fn edit(request: &PreviewRequest) -> Edit {
    match (&request.set, &request.toml) {
        (Some(set), None) => Edit::Set(set.clone()),
        (None, Some(toml)) => Edit::Toml(toml.clone()),
        _ => panic!("the table of the body lets only one pass"),
    }
}

/// Previews what a body asks for; returns whether it is valid.
fn preview(engine: &Arc<Engine>, bytes: &[u8]) -> bool {
    read::<ConfigChange>(bytes, &CONFIG_CHANGE);
    let Some(request) = read::<PreviewRequest>(bytes, &PREVIEW_REQUEST) else {
        return false;
    };
    let generation = engine.generation().number;
    let proposed = engine.propose(&edit(&request));
    assert!(proposed.as_ref().err().is_none_or(|it| !it.is_empty()));
    let Ok(next) = proposed else {
        return false;
    };
    let previewing = Arc::clone(engine);
    let work = move |wanted: &Wanted| {
        let rank = request.rank.iter().flatten();
        let requests = rank.map(|it| diagnose::request(it.get().as_bytes(), &RULED.vocabulary));
        let requests: Vec<_> = requests.flatten().collect();
        let sample = Sample {
            scene: request.scene.clone(),
            most: request.requests.unwrap_or(200),
            at: request.at,
        };
        let logged = previewing.preview(&next, &sample, wanted);
        let asked = previewing.preview_requests(&next, &requests, request.at, wanted);
        assert!(logged.is_ok());
        assert_eq!(asked.unwrap().replayed, requests.len());
    };
    pollster::block_on(engine.on_workers(work));
    assert_eq!(engine.generation().number, generation);
    true
}

#[test]
fn a_change_is_previewed_or_every_fault_named() {
    let engine = engine();
    let try_one = |_: &str, bytes: &[u8]| preview(&engine, bytes);
    sift(2_000, &seeds("changes"), &words(JSON), try_one);
}
