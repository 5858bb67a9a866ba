//! Many reloads under traffic: no request fails, and each answer comes from one generation.
//!
//! Two configurations alternate, one for odd and one for even generations, so the number in an answer says which weights and limits must
//! have made it. In process, each of ten thousand changes is a generation. Through the file, the watcher can miss a change that is soon
//! followed by another. Content that is already live makes no generation, so the two still alternate.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use saima::clock::{Clock, ClockMode};
use saima::config::{Config, Live};
use saima::engine::{Engine, EntityKind, Operation, Stored};
use saima::model::{Decision, diagnose};
use saima::telemetry::Telemetry;
use saima::threads::Threads;
use serde_json::{Value, json};

use crate::service::{Service, ids};

/// Live in odd generations: the best first. Requests still name the other scene, so it is retired.
const ODD: &str = "[scene.default]\nlimit = 3\n[scene.default.weights]\nquality = 1\n[scene.feed]\nretired = true\n";
/// Live in even generations: the worst first, only two of them, and one more scene.
const EVEN: &str =
    "[scene.default]\nlimit = 2\n[scene.default.weights]\nquality = -2\n[scene.feed]\nlimit = 1\n";

/// The items with their qualities, evenly spaced.
const ITEMS: [(&str, f64); 3] = [("a", 0.875), ("b", 0.5), ("c", 0.125)];

fn of(generation: u64) -> &'static str {
    if generation % 2 == 1 { ODD } else { EVEN }
}

/// Returns the correct answer in the default scene.
fn expected(generation: u64) -> Vec<(String, f64)> {
    let own = |&(id, quality): &(&str, f64)| (id.to_owned(), quality);
    let opposite = |&(id, quality): &(&str, f64)| (id.to_owned(), 1.0 - quality);
    if generation % 2 == 1 {
        ITEMS.iter().map(own).collect()
    } else {
        ITEMS.iter().rev().take(2).map(opposite).collect()
    }
}

fn same(found: &[(String, f64)], generation: u64) {
    let expected = expected(generation);
    let near = |(found, expected): (&(String, f64), &(String, f64))| {
        found.0 == expected.0 && (found.1 - expected.1).abs() < 1e-6
    };
    let agree = found.len() == expected.len() && found.iter().zip(&expected).all(near);
    assert!(agree, "{found:?} in generation {generation}");
}

fn items() -> Vec<Value> {
    let item = |(id, quality): &(&str, f64)| json!({"id": id, "quality": quality});
    ITEMS.iter().map(item).collect()
}

fn request(scene: &str) -> Value {
    json!({"user_id": "u", "candidates": ["b", "a", "c"], "scene": scene, "explain": true, "timeout_ms": 60_000})
}

/// Number of generations after the first.
const RELOADS: u64 = 10_000;

fn engine(live: &Arc<Live>) -> Arc<Engine> {
    let stored = Stored::in_memory(&live.load().config, &Threads::default());
    let clock = Clock::new(ClockMode::Event);
    let engine = Engine::start(Arc::clone(live), clock, Telemetry::default(), stored);
    let lines: Vec<String> = items().iter().map(Value::to_string).collect();
    let lines: Vec<&[u8]> = lines.iter().map(String::as_bytes).collect();
    let fates = engine.ingest(Operation::Upsert(EntityKind::Item), &lines);
    assert!(fates.unwrap().iter().all(Result::is_ok));
    engine
}

/// Ends the traffic on drop, also after a failure, so that endless threads cannot hide it.
struct EndOfTraffic<'t>(&'t AtomicBool);

impl Drop for EndOfTraffic<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Asserts that scores, weights and limit are those of the generation that the ranking names.
fn consistent(ranking: &Decision<'_>) {
    let found = ranking.placed.iter();
    let found: Vec<(String, f64)> = found
        .map(|item| (item.id.to_owned(), f64::from(item.score)))
        .collect();
    same(&found, ranking.generation);
    let weight = if ranking.generation % 2 == 1 {
        1.0
    } else {
        -2.0
    };
    for item in &ranking.placed {
        let parts = &item.explain.as_ref().unwrap().objectives;
        assert!(
            parts
                .iter()
                .all(|part| (f64::from(part.weight) - weight).abs() < 1e-6)
        );
    }
}

/// Ranks in both scenes until the reloads end. Returns the number of rankings.
fn rank_on(engine: &Engine, over: &AtomicBool) -> u64 {
    let (default, feed) = (request("default").to_string(), request("feed").to_string());
    let (mut turns, mut last) = (0, 0);
    while !over.load(Ordering::Relaxed) {
        let vocabulary = engine.generation().config.vocabulary.clone();
        let read = diagnose::request(default.as_bytes(), &vocabulary).unwrap();
        let ranking = engine.rank(&read, Instant::now()).unwrap();
        consistent(&ranking);
        assert!(ranking.generation >= last, "an older generation came back");
        last = ranking.generation;
        let read = diagnose::request(feed.as_bytes(), &vocabulary).unwrap();
        let ranking = engine.rank(&read, Instant::now()).unwrap();
        if ranking.generation.is_multiple_of(2) {
            assert_eq!((&*ranking.scene, ranking.placed.len()), ("feed", 1));
        } else {
            assert_eq!(ranking.scene_asked.as_deref(), Some("feed"));
            consistent(&ranking);
        }
        turns += 1;
    }
    turns
}

#[test]
fn a_ranking_never_mixes_generations() {
    let live = Arc::new(Live::new(Config::parse("odd", ODD).unwrap()));
    let engine = engine(&live);
    let configs = [EVEN, ODD].map(|text| Config::parse("reloads", text).unwrap());
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let traffic: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| rank_on(&engine, &over)))
            .collect();
        let end = EndOfTraffic(&over);
        for (number, config) in (2..=RELOADS + 1).zip(configs.iter().cycle()) {
            assert_eq!(live.replace(config.clone()), Ok(number));
        }
        drop(end);
        for thread in traffic {
            assert!(thread.join().unwrap() > 0);
        }
    });
    assert_eq!(live.load().number, RELOADS + 1);
}

/// Number of successive changes of the file of which only the last is awaited. It is odd, so the last differs from the live one.
const IN_A_ROW: u64 = 201;
/// Number of such series.
const AWAITED: u64 = 50;

fn placed(ranking: &Value) -> Vec<(String, f64)> {
    let scores = ranking["items"].as_array().unwrap().iter();
    let scores = scores.map(|item| item["score"].as_f64().unwrap());
    ids(ranking).into_iter().zip(scores).collect()
}

fn generation(answer: &Value) -> u64 {
    answer["generation"].as_u64().unwrap()
}

/// Requests everything that depends on the configuration once.
fn ask(service: &Service) {
    let ranking = service.rank(&request("default"));
    same(&placed(&ranking), generation(&ranking));
    let batch = json!({"requests": [request("default"), request("default")]});
    let answer = service.json("POST", "/rank/batch", &batch).ok();
    for ranking in answer["results"].as_array().unwrap() {
        same(&placed(ranking), generation(ranking));
    }
    let shown = service.get("/config").ok();
    let weight = if of(generation(&shown)) == ODD {
        1.0
    } else {
        -2.0
    };
    let weights = &shown["config"]["scene"]["default"]["weights"];
    assert_eq!(weights["quality"], weight);
    assert_eq!(service.get("/readyz").status, 200);
}

#[test]
fn ten_thousand_file_changes_fail_no_request() {
    let service = Service::with_config(ODD);
    service.items(&items());
    let (over, asked) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    ask(&service);
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let _traffic = EndOfTraffic(&over);
        for turn in 0..AWAITED {
            (0..IN_A_ROW).for_each(|change| service.reconfigure(of(turn + change)));
            service.wait("the last change is live", |service| {
                of(generation(&service.get("/config").ok())) == of(turn + IN_A_ROW - 1)
            });
        }
    });
    assert!(asked.into_inner() > 0);
    assert!(service.metric("saima_config_refused_total") < 1.0);
}
