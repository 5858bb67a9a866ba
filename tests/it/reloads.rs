//! A storm of reloads under traffic: no request fails, and each answer is of one generation alone.
//!
//! Two configurations take turns, so that odd generations are of the one and even ones of the other: the number in an answer tells
//! which weights and limits must have made it. In process each of ten thousand changes is a generation. Through the file a change that
//! is followed by another before the watcher looked is passed over; but a content that is already in force makes no generation, so the
//! two still take turns.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use saima::clock::{Clock, ClockMode};
use saima::config::{Config, Live};
use saima::engine::{Engine, EntityKind, Operation, RankError, Stored};
use saima::model::{Decision, diagnose};
use saima::telemetry::Telemetry;
use serde_json::{Value, json};

use crate::service::{Service, ids};

/// In force in odd generations: the best first.
const ODD: &str = "[scene.default]\nlimit = 3\n[scene.default.weights]\nquality = 1\n";
/// In force in even generations: the worst first, and only two of them; a scene more.
const EVEN: &str =
    "[scene.default]\nlimit = 2\n[scene.default.weights]\nquality = -2\n[scene.feed]\nlimit = 1\n";

/// The items with their qualities, each as far from the next as from the ends.
const ITEMS: [(&str, f64); 3] = [("a", 0.875), ("b", 0.5), ("c", 0.125)];

fn of(generation: u64) -> &'static str {
    if generation % 2 == 1 { ODD } else { EVEN }
}

/// What must be answered in the default scene.
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

/// Generations after the first.
const RELOADS: u64 = 10_000;

fn engine(live: &Arc<Live>) -> Arc<Engine> {
    let stored = Stored::in_memory(&live.load().config);
    let clock = Clock::new(ClockMode::Event);
    let engine = Engine::start(Arc::clone(live), clock, Telemetry::default(), stored);
    let lines: Vec<String> = items().iter().map(Value::to_string).collect();
    let lines: Vec<&[u8]> = lines.iter().map(String::as_bytes).collect();
    let fates = engine.ingest(Operation::Upsert(EntityKind::Item), &lines);
    assert!(fates.unwrap().iter().all(Result::is_ok));
    engine
}

/// Ends the traffic when the storm is over, also where it fails: threads that go on for ever would hide that.
struct Storm<'t>(&'t AtomicBool);

impl Drop for Storm<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Whether scores, weights and limit are those of the generation that the ranking names.
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

/// Ranks in both scenes until the storm is over; how often.
fn rank_on(engine: &Engine, over: &AtomicBool) -> u64 {
    let (default, feed) = (request("default").to_string(), request("feed").to_string());
    let (mut turns, mut last) = (0, 0);
    while !over.load(Ordering::Relaxed) {
        let vocabulary = engine.generation().config.vocabulary.clone();
        let read = diagnose::request(default.as_bytes(), &vocabulary).unwrap();
        let ranking = engine.rank(&read, Instant::now()).unwrap();
        consistent(&ranking);
        assert!(ranking.generation >= last, "a generation came back");
        last = ranking.generation;
        // The scene may go between the reading and the ranking of a request: then it is refused by its name.
        if let Ok(read) = diagnose::request(feed.as_bytes(), &vocabulary) {
            match engine.rank(&read, Instant::now()) {
                Ok(ranking) => assert!(ranking.generation % 2 == 0 && ranking.placed.len() == 1),
                Err(RankError::Invalid(faults)) => assert_eq!(faults[0].path, "scene"),
                Err(RankError::Late) => panic!("a minute was not enough"),
            }
        }
        turns += 1;
    }
    turns
}

#[test]
fn ten_thousand_generations_never_show_in_one_ranking() {
    let live = Arc::new(Live::new(Config::parse("odd", ODD).unwrap()));
    let engine = engine(&live);
    let configs = [EVEN, ODD].map(|text| Config::parse("storm", text).unwrap());
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let traffic: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| rank_on(&engine, &over)))
            .collect();
        let storm = Storm(&over);
        for (number, config) in (2..=RELOADS + 1).zip(configs.iter().cycle()) {
            assert_eq!(live.replace(config.clone()), Ok(number));
        }
        drop(storm);
        for thread in traffic {
            assert!(thread.join().unwrap() > 0);
        }
    });
    assert_eq!(live.load().number, RELOADS + 1);
}

/// Changes of the file in a row that nobody waits for, but for the last: an odd number, so that the last is another than that in force.
const IN_A_ROW: u64 = 201;
/// How often the last of them is waited for.
const AWAITED: u64 = 50;

fn placed(ranking: &Value) -> Vec<(String, f64)> {
    let scores = ranking["items"].as_array().unwrap().iter();
    let scores = scores.map(|item| item["score"].as_f64().unwrap());
    ids(ranking).into_iter().zip(scores).collect()
}

fn generation(answer: &Value) -> u64 {
    answer["generation"].as_u64().unwrap()
}

/// One turn of everything that shows a configuration.
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
fn a_file_that_changes_ten_thousand_times_fails_no_request() {
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
        let _storm = Storm(&over);
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
