//! The engine with a manual clock and a real data directory.

mod decisions;
mod market;
mod placements;
mod refunds;
mod selections;
mod tables;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Engine, EntityKind, Operation, RacePart, RaceQuery, Stored};
use crate::clock::{Clock, DAY, HOUR, Time};
use crate::config::{Config, Live};
use crate::journal::Directory;
use crate::model::diagnose;
use crate::telemetry::Telemetry;
use crate::threads::Threads;

const NOON: &str = "2026-03-20T12:00:00Z";
/// Maximum time to wait for the end of an engine's threads.
const PATIENCE: Duration = Duration::from_secs(60);

fn noon() -> Time {
    Time::parse(NOON).unwrap()
}

fn open(path: &Path, at: Time) -> Arc<Engine> {
    let live = Arc::new(Live::new(Config::embedded()));
    let stored = Stored::open(path, &live.load().config, &Threads::default()).unwrap();
    Engine::start(live, Clock::manual(at), Telemetry::default(), stored)
}

/// Ends an engine, and waits until its threads release the directory.
fn end(engine: Arc<Engine>, path: &Path) {
    drop(engine);
    let begun = Instant::now();
    while Directory::existing(path).is_err() {
        assert!(begun.elapsed() < PATIENCE, "the engine does not end");
        std::thread::yield_now();
    }
}

/// Sends one fact. The error is the reason of the rejection.
fn send(engine: &Engine, operation: Operation, line: &Value) -> Result<(), String> {
    let line = line.to_string();
    let fates = engine.ingest(operation, &[line.as_bytes()]).unwrap();
    pollster::block_on(engine.durable()).unwrap();
    match &fates[0] {
        Ok(_) => Ok(()),
        Err(rejected) => Err(format!("{:?}", rejected.errors)),
    }
}

fn purchase(number: u32, at: Time) -> Value {
    json!({
        "id": format!("e{number}"), "user_id": format!("u{}", number % 7), "item_id": format!("i{}", number % 3),
        "kind": "purchase", "at": at.to_string(), "quantity": 1, "amount": 10 + number % 5,
    })
}

/// Fills a marketplace with 40 days of sales up to noon.
fn fill(engine: &Engine) {
    for item in 0..3 {
        let item =
            json!({"id": format!("i{item}"), "merchant_id": format!("m{item}"), "price": 10});
        send(engine, Operation::Upsert(EntityKind::Item), &item).unwrap();
    }
    for number in 0..240 {
        let at = noon().plus(-i64::from(number) * 4 * HOUR - HOUR);
        send(engine, Operation::Events, &purchase(number, at)).unwrap();
    }
}

/// Returns the answers after a rebuild: a ranking with its reasons, and both boards.
fn answers(engine: &Engine) -> [String; 3] {
    pollster::block_on(engine.rebuild());
    let body = br#"{"user_id":"u1","candidates":["i0","i1","i2"],"explain":true}"#;
    let generation = engine.generation();
    let request = diagnose::request(body, &generation.config.vocabulary).unwrap();
    let ranking = engine.rank(&request, Instant::now()).unwrap();
    let board = |kind| {
        let (lane, limit) = (None, 10);
        let mut board = engine
            .race(&RaceQuery {
                kind,
                lane,
                part: RacePart::First,
                limit,
            })
            .unwrap();
        board.standings = 0;
        serde_json::to_string(&board).unwrap()
    };
    let ranked = format!("{} {:?}", ranking.as_of, ranking.placed);
    [ranked, board("merchant"), board("item")]
}

#[test]
fn a_clock_that_jumps_back_damages_nothing() {
    let steady = tempfile::tempdir().unwrap();
    let steady = open(steady.path(), noon());
    fill(&steady);
    let sent_back = purchase(1_000, noon().plus(-3 * DAY));
    send(&steady, Operation::Events, &sent_back).unwrap();

    let directory = tempfile::tempdir().unwrap();
    let engine = open(directory.path(), noon());
    fill(&engine);
    let before = answers(&engine);
    let back = noon().plus(-3 * DAY);
    engine.clock().set(back);
    let meanwhile = answers(&engine);
    assert_ne!(meanwhile, before, "the last days are ahead now");
    let ahead = send(&engine, Operation::Events, &purchase(1_001, noon()));
    assert!(ahead.unwrap_err().contains("ahead of the clock"));
    send(&engine, Operation::Events, &sent_back).unwrap();
    engine.checkpoint().unwrap();
    end(engine, directory.path());

    let engine = open(directory.path(), back);
    send(&engine, Operation::Events, &sent_back).unwrap();
    let again = answers(&engine);
    engine.clock().set(noon());
    let after = answers(&engine);
    assert_ne!(again, after);
    assert_eq!(
        after,
        answers(&steady),
        "an event sent while the clock was back counts once"
    );
}

#[test]
fn a_clock_jumping_ahead_ends_no_day() {
    let home = tempfile::tempdir().unwrap();
    let live = Arc::new(Live::new(Config::embedded()));
    let stored = Stored::open(home.path(), &live.load().config, &Threads::default()).unwrap();
    let clock = Clock::guarded(noon());
    let engine = Engine::start(live, clock, Telemetry::default(), stored);
    fill(&engine);
    pollster::block_on(engine.rebuild());
    let config = engine.generation();
    let before = engine.last_complete(&config.config);
    let purchases = engine.facts.read().books.sales.counts().purchases;
    let segments = || {
        std::fs::read_dir(home.path().join("journal"))
            .unwrap()
            .count()
    };
    engine.checkpoint().unwrap();
    let kept = segments();
    assert!(purchases > 0 && kept > 1);

    let years = noon().plus(3 * 365 * DAY);
    engine.clock().set(years);
    let unchanged = || {
        pollster::block_on(engine.rebuild());
        engine.checkpoint().unwrap();
        assert_eq!(engine.last_complete(&config.config), before);
        assert_eq!(
            engine.facts.read().books.sales.counts().purchases,
            purchases
        );
        assert!(segments() >= kept);
    };
    unchanged();
    assert!(engine.clock().ahead() > 1_000 * DAY);
    engine.clock().set(noon().plus(HOUR / 2));
    unchanged();
    assert_eq!(engine.clock().ahead(), 0);
    assert!(!engine.clock().confirm());

    engine.clock().set(years);
    unchanged();
    assert!(engine.clock().confirm());
    pollster::block_on(engine.rebuild());
    assert_eq!(engine.clock().wall(), years);
    assert_eq!(engine.facts.read().books.sales.counts().purchases, 0);
    engine.checkpoint().unwrap();
    assert!(segments() < kept + 2);
    end(engine, home.path());
}

/// Waits until a condition holds.
fn wait(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn idle_users_are_evicted_in_quiet() {
    let home = tempfile::tempdir().unwrap();
    let engine = open(home.path(), noon());
    for n in 0..100 {
        let user = json!({"id": format!("u{n}")});
        send(&engine, Operation::Upsert(EntityKind::User), &user).unwrap();
    }
    let users = |engine: &Engine| engine.facts.read().books.users.len();
    assert_eq!(users(&engine), 100);
    engine.clock().set(noon().plus(500 * DAY));
    wait("idle users stay", || users(&engine) == 0);
    pollster::block_on(engine.durable()).unwrap();
    end(engine, home.path());
    let engine = open(home.path(), noon());
    assert_eq!(users(&engine), 0, "the evictions are in the journal");
    end(engine, home.path());
}

#[test]
fn a_race_beyond_its_bound_says_so() {
    let mut config = Config::embedded();
    config.store.purchases = 100;
    let stored = Stored::in_memory(&config, &Threads::default());
    let live = Arc::new(Live::new(config));
    let engine = Engine::start(live, Clock::manual(noon()), Telemetry::default(), stored);
    pollster::block_on(engine.rebuild());
    assert_eq!(engine.short_race(), None);
    fill(&engine);
    let more: Vec<Value> = (300..420)
        .map(|n| purchase(n, noon().plus(-HOUR)))
        .collect();
    more.iter()
        .for_each(|event| send(&engine, Operation::Events, event).unwrap());
    pollster::block_on(engine.rebuild());
    let reason = engine.short_race().unwrap();
    assert!(reason.contains("store.purchases"), "{reason}");
    let sales = &engine.facts.read().books.sales;
    assert_eq!(sales.counts().purchases, 100);
    assert!(sales.evicted() > 100);
}
