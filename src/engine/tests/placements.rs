//! Exposure by answers: counted once, as evidence only until a user's click, and kept by the journal.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};

use super::super::{Engine, EntityKind, Operation, Stored};
use super::{end, noon, send};
use crate::clock::Clock;
use crate::config::{Config, Live};
use crate::id::{KeyOf, RunnerKey};
use crate::model::diagnose;
use crate::telemetry::Telemetry;
use crate::threads::Threads;

fn open(path: &Path, source: &str) -> Arc<Engine> {
    let config = format!(
        "[scene.feed]\nlimit = 2\nweights = {{ quality = 1 }}\n[exposure]\nsource = \"{source}\"\n\
         [race]\ninterval_seconds = 3600\n"
    );
    let live = Arc::new(Live::new(Config::parse("test", &config).unwrap()));
    let stored = Stored::open(path, &live.load().config, &Threads::default()).unwrap();
    Engine::start(live, Clock::manual(noon()), Telemetry::default(), stored)
}

fn event(kind: &str, user: &str) -> Value {
    json!({"user_id": user, "item_id": "i0", "kind": kind, "at": noon().to_string(), "position": 1, "scene": "feed"})
}

fn rank(engine: &Engine, user: &str) {
    let request = json!({"user_id": user, "candidates": ["i0", "i1", "i2"], "scene": "feed"});
    let (text, generation) = (request.to_string(), engine.generation());
    let request = diagnose::quick(&text, &generation.config.vocabulary).unwrap();
    assert_eq!(
        engine.rank(&request, Instant::now()).unwrap().placed.len(),
        2
    );
}

/// Returns the exposure of today, and the weight that is evidence, of each item and of the merchant of the first two.
fn shown(engine: &Engine) -> Vec<(f64, f64)> {
    let facts = engine.facts.read();
    let (books, exposure) = (&facts.books, &facts.books.exposure);
    let item = |id: &str| KeyOf::Item(books.items.find(books.hasher.hash(id), id).unwrap());
    let merchant = KeyOf::Merchant(books.merchants.find(&books.hasher, "m").unwrap());
    let all = [item("i0"), item("i1"), item("i2"), merchant];
    let feed = exposure.scene("feed").unwrap_or_default();
    let of = |of| {
        let runner = RunnerKey::new(of).unwrap();
        let amount = exposure.on(runner, feed, noon().day(0)).exposures();
        (amount, exposure.clicks(runner, noon()).weight)
    };
    all.map(of).to_vec()
}

fn near(found: &[(f64, f64)], right: &[(f64, f64)]) {
    for (found, right) in found.iter().zip(right) {
        let off = (found.0 - right.0).abs().max((found.1 - right.1).abs());
        assert!(off < 1e-5, "{found:?} {right:?}");
    }
}

#[test]
fn answers_count_where_no_impressions_come() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("data");
    let engine = open(&path, "answers");
    for (item, quality) in [("i0", 0.9), ("i1", 0.5), ("i2", 0.1)] {
        let merchant = if item == "i2" { "other" } else { "m" };
        let item = json!({"id": item, "merchant_id": merchant, "quality": quality});
        send(&engine, Operation::Upsert(EntityKind::Item), &item).unwrap();
    }
    send(&engine, Operation::Events, &event("impression", "u0")).unwrap();
    // The next rebuild, which counts too, is an hour away.
    pollster::block_on(engine.rebuild());
    rank(&engine, "u0");
    near(&shown(&engine), &[(0.0, 0.0); 4]);
    engine.apply_placed();
    let second = 1.0 / 3_f64.log2();
    let right = [
        (1.0, 1.0),
        (second, second),
        (0.0, 0.0),
        (1.0 + second, 1.0 + second),
    ];
    near(&shown(&engine), &right);
    engine.apply_placed();
    near(&shown(&engine), &right);

    send(&engine, Operation::Events, &event("click", "u0")).unwrap();
    rank(&engine, "u0");
    engine.close();
    // The click was on the first item, and so on its merchant.
    let right = [
        (2.0, 1.0),
        (2.0 * second, 2.0 * second),
        (0.0, 0.0),
        (2.0 + 2.0 * second, 1.0 + second),
    ];
    near(&shown(&engine), &right);
    end(engine, &path);
    let engine = open(&path, "answers");
    near(&shown(&engine), &right);
    end(engine, &path);
    // Counted as they were: the journal knows under which settings.
    let engine = open(&path, "events");
    near(&shown(&engine), &right);
    rank(&engine, "u0");
    engine.apply_placed();
    near(&shown(&engine), &right);
    end(engine, &path);
}
