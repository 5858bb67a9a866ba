//! The tables of idf² that rebuilds prepare for the threads that rank.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::send;
use crate::allocator::allocated;
use crate::config::{Config, Live};
use crate::engine::{Engine, EntityKind, Operation};
use crate::model::diagnose;

fn put(engine: &Engine, kind: EntityKind, line: &serde_json::Value) {
    send(engine, Operation::Upsert(kind), line).unwrap();
}

/// Returns the items in order, with their scores.
fn ranked(engine: &Engine) -> Vec<(String, f32)> {
    let body = br#"{"user_id":"u","candidates":["i0","i1","i2","i3"]}"#;
    let generation = engine.generation();
    let request = diagnose::request(body, &generation.config.vocabulary).unwrap();
    let decision = engine.rank(&request, Instant::now()).unwrap();
    let placed = decision.placed.iter();
    placed.map(|it| (it.id.to_string(), it.score)).collect()
}

/// Returns the same from a thread that never ranked.
fn ranked_afresh(engine: &Engine) -> Vec<(String, f32)> {
    thread::scope(|scope| scope.spawn(|| ranked(engine)).join().unwrap())
}

/// Waits until tables of so many tags were prepared.
fn wait_for_room(engine: &Engine, tags: usize) {
    let begun = Instant::now();
    while engine.standings.load().idf.prepared() < tags {
        assert!(begun.elapsed() < Duration::from_secs(60), "no wider table");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_request_after_a_rebuild_fills_no_table() {
    let engine = Engine::in_memory(Arc::new(Live::new(Config::embedded())));
    for item in 0..4 {
        let tags = json!({format!("t{item}"): 0.5, "every": 1.0, format!("t{}", item / 2): 0.3});
        put(
            &engine,
            EntityKind::Item,
            &json!({"id": format!("i{item}"), "tags": tags}),
        );
    }
    let user = json!({"id": "u", "tags": {"t1": 0.7, "t2": 0.2, "every": 0.1}});
    put(&engine, EntityKind::User, &user);
    let threads = rayon::current_num_threads();
    let filled = || engine.standings.load().idf.filled();
    let mut answers = Vec::new();
    for _ in 0..3 {
        pollster::block_on(engine.rebuild());
        assert_eq!(filled(), threads, "by the rebuild");
        answers.push(ranked(&engine));
        for _ in 1..threads {
            answers.push(ranked_afresh(&engine));
        }
        assert_eq!(filled(), threads, "each thread found one");
        answers.push(ranked_afresh(&engine));
        assert_eq!(
            filled(),
            threads + 1,
            "one more than there are fills its own"
        );
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert!(answers[0][0].1 > answers[0][3].1, "tags tell them apart");

    let tags: serde_json::Map<_, _> = (0..40)
        .map(|tag| (format!("new{tag}"), json!(0.5)))
        .collect();
    put(
        &engine,
        EntityKind::Item,
        &json!({"id": "i3", "tags": tags}),
    );
    put(
        &engine,
        EntityKind::User,
        &json!({"id": "u", "tags": {"new7": 1.0, "t1": 0.1}}),
    );
    let extended = ranked(&engine);
    wait_for_room(&engine, 64);
    let before = filled();
    assert_eq!(extended, ranked_afresh(&engine), "with a wider table");
    assert_eq!(extended, ranked(&engine));
    assert_eq!(filled(), before, "the rebuild's thread prepared it");
    assert_eq!(extended[0].0, "i3");
}

#[test]
fn a_ranking_that_holds_the_facts_makes_no_room_for_new_tags() {
    const TAGS: usize = 30_000;
    let engine = Engine::in_memory(Arc::new(Live::new(Config::embedded())));
    for item in 0..TAGS / 60 {
        let name = |tag| format!("t{item}-{tag}");
        let tags: serde_json::Map<_, _> = (0..60).map(|tag| (name(tag), json!(0.5))).collect();
        let item = json!({"id": format!("i{item}"), "tags": tags});
        put(&engine, EntityKind::Item, &item);
    }
    wait_for_room(&engine, TAGS * 4 / 3);
    // Other threads take what was prepared.
    while engine.standings.load().idf.exchange(&mut Vec::new()) {}
    let before = allocated();
    drop(engine.facts_to_rank());
    assert!(allocated() - before >= 8 * TAGS, "the room for them");
    let before = allocated();
    assert_eq!(ranked(&engine).len(), 4);
    assert!(allocated() - before < 8 * TAGS);
}
