//! Whole records of the decision log, ranked again: under their own configuration as they were logged, and under another one as that
//! configuration ranks once it is live.

use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};

use super::{end, noon, send};
use crate::clock::{Clock, DAY, HOUR};
use crate::config::{Config, Live};
use crate::decision::{Logged, Record};
use crate::engine::{Engine, EntityKind, Operation, Stored};
use crate::model::diagnose;
use crate::random::Random;
use crate::rank::{Recorded, Replay};
use crate::telemetry::Telemetry;
use crate::threads::Threads;

/// Scenes with every rule, and all targets.
const FIRST: &str = r#"
[decisions]
whole = 1
[selection.tea]
where = 'item.category == "tea"'
[selection.videos]
where = 'item.kind == "video"'
[selection.cheap]
where = 'item.price < 30.0'
[audience.fresh]
where = '!user.known'
[audience.ios]
where = 'request.device == "ios"'
[predictions.pctr]
normaliser = "log"
reference = 0.3
neutral = 0.2
[scene.default]
limit = 10
[scene.default.weights]
"affinity.tags" = 0.3
"affinity.item" = 0.1
"affinity.merchant" = 0.1
"race.level" = 0.2
quality = 0.2
freshness = -0.1
pctr = 0.1
[scene.default.weights_for.ios]
quality = 0.6
[scene.plain]
[scene.feed]
limit = 12
[[scene.feed.rules]]
name = "no videos"
rule = "hide"
select = "videos"
audience = "ios"
[[scene.feed.rules]]
name = "shown"
rule = "seen"
after = 1
days = 7
factor = 0.5
[[scene.feed.rules]]
name = "tea day"
rule = "boost"
select = "tea"
factor = 1.3
[[scene.feed.rules]]
name = "notice"
rule = "pin"
item = "i7"
place = 3
[[scene.feed.rules]]
name = "deal"
rule = "slot"
places = [4, 11]
select = "cheap"
weights = { quality = 1, "race.level" = 0.5 }
[[scene.feed.rules]]
name = "shops"
rule = "cap"
by = "merchant"
max = 1
window = 3
[[scene.feed.rules]]
name = "kinds"
rule = "cap"
by = "kind"
max = 4
[[scene.feed.rules]]
name = "spread"
rule = "decay"
factor = 0.6
floor = 0.2
[scene.mixed]
[[scene.mixed.rules]]
name = "mixed"
rule = "mmr"
lambda = 0.7
[[scene.mixed.rules]]
name = "again"
rule = "seen"
after = 2
days = 2
then = "hide"
[[scene.mixed.rules]]
name = "own"
rule = "slot"
places = [2]
items = ["i1", "i2", "i3", "i90"]
score = true
[support]
scenes = ["feed"]
places = [5]
[tail]
scenes = { feed = 0.95 }
below = 0.7
[campaign.sale]
scenes = ["feed"]
boost = 1.2
"#;

/// Returns another configuration: other weights, factors, limits, rules and targets.
fn second() -> String {
    let changes = [
        ("\"affinity.tags\" = 0.3", "\"affinity.tags\" = 0.05"),
        (
            "\"race.level\" = 0.2",
            "\"race.level\" = 0.6\n\"item.level\" = 0.3",
        ),
        ("neutral = 0.2", "neutral = 0.7"),
        ("reference = 0.3", "reference = 0.1"),
        ("limit = 12", "limit = 15"),
        ("factor = 1.3", "factor = 2.0"),
        ("factor = 0.5", "then = \"hide\""),
        ("place = 3", "place = 1"),
        ("max = 4", "max = 2"),
        ("audience = \"ios\"", "audience = \"fresh\""),
        ("factor = 0.6", "factor = 0.3"),
        ("boost = 1.2", "boost = 1.45"),
        ("below = 0.7", "below = 0.4"),
        ("places = [2]", "places = [3, 6]"),
        ("lambda = 0.7", "lambda = 0.3"),
        (
            "[campaign.sale]",
            "[integrity]\ngamma = 2.5\n[aversion]\nmin = 0.6\n[campaign.sale]",
        ),
    ];
    let mut text = FIRST.to_owned();
    for (old, new) in changes {
        assert!(text.contains(old), "{old}");
        text = text.replacen(old, new, 1);
    }
    text
}

fn start(stored: impl FnOnce(&Config) -> Stored) -> Arc<Engine> {
    start_with(FIRST, stored)
}

fn start_with(config: &str, stored: impl FnOnce(&Config) -> Stored) -> Arc<Engine> {
    let live = Arc::new(Live::new(Config::parse("test", config).unwrap()));
    let stored = stored(&live.load().config);
    Engine::start(live, Clock::manual(noon()), Telemetry::default(), stored)
}

fn in_memory() -> Arc<Engine> {
    start(|config| Stored::in_memory(config, &Threads::default()))
}

/// Fills a marketplace: items of all kinds, merchants of all trust, users with histories for and against.
fn fill(engine: &Engine) {
    let mut random = Random::new(5);
    for merchant in 0..14 {
        let days = if merchant < 3 { 1 } else { 60 };
        let fields = json!({
            "id": format!("m{merchant}"), "integrity": 1.0 - 0.05 * f64::from(merchant),
            "joined_at": noon().plus(-days * DAY).to_string(), "category": (if merchant % 2 == 0 { "a" } else { "b" }),
        });
        send(engine, Operation::Upsert(EntityKind::Merchant), &fields).unwrap();
    }
    for item in 0..120 {
        let mut fields = json!({
            "id": format!("i{item}"), "category": (["tea", "snack", "care"][random.below(3) as usize]),
            "kind": (["product", "video"][random.below(2) as usize]), "price": 5 + random.below(60),
            "tags": [format!("t{}", random.below(9)), format!("t{}", random.below(9))],
            "creator_id": format!("c{}", random.below(8)), "listed_at": noon().plus(-i64::from(item) * DAY).to_string(),
            "available": random.below(20) > 0,
        });
        if item % 9 > 0 {
            fields["merchant_id"] = format!("m{}", random.below(14)).into();
            fields["quality"] = (f64::from(random.below(10)) / 10.0).into();
        }
        if item % 5 == 0 {
            fields["campaigns"] = json!(["sale"]);
        }
        send(engine, Operation::Upsert(EntityKind::Item), &fields).unwrap();
    }
    for number in 0..900 {
        let kind = [
            "view",
            "click",
            "purchase",
            "impression",
            "dislike",
            "favourite",
            "impression",
        ];
        let event = json!({
            "id": format!("e{number}"), "user_id": format!("u{}", random.below(20)), "item_id": format!("i{}", random.below(120)),
            "kind": kind[random.below(7) as usize], "at": noon().plus(-i64::from(random.below(240)) * HOUR).to_string(), "scene": "feed",
        });
        send(engine, Operation::Events, &event).unwrap();
    }
    // So many impressions that the targets act.
    for number in 0..150 {
        let event = json!({
            "user_id": format!("w{number}"), "item_id": format!("i{}", number % 60), "kind": "impression", "scene": "feed",
            "position": 1, "at": noon().plus(-HOUR).to_string(),
        });
        send(engine, Operation::Events, &event).unwrap();
    }
    pollster::block_on(engine.rebuild());
    engine.refresh_market();
}

/// Returns random requests of 60 candidates.
fn requests(count: u32) -> Vec<Value> {
    requests_of(count, 60)
}

fn requests_of(count: u32, size: u32) -> Vec<Value> {
    let mut random = Random::new(11);
    let one = |number: u32| {
        let mut candidate = || {
            let id = format!("i{}", random.below(130));
            if random.below(3) == 0 {
                json!({"id": id, "predictions": {"pctr": f64::from(random.below(1000)) / 3000.0}})
            } else {
                json!(id)
            }
        };
        let candidates: Vec<Value> = (0..size).map(|_| candidate()).collect();
        let mut request = json!({
            "user_id": format!("u{}", random.below(26)), "candidates": candidates, "request_id": format!("r-{number}"),
            "scene": (["default", "plain", "feed", "feed", "mixed"][random.below(5) as usize]),
            "context": {"device": (["ios", "web"][random.below(2) as usize]), "region": "CN-33"},
        });
        if random.below(4) == 0 {
            request["limit"] = (1 + random.below(9)).into();
        }
        request
    };
    (0..count).map(one).collect()
}

/// Ranks a request under an id. Returns the ids of the page.
fn rank(engine: &Engine, request: &Value, id: &str) -> Vec<String> {
    let mut request = request.clone();
    request["request_id"] = id.into();
    let text = request.to_string();
    let generation = engine.generation();
    let read = diagnose::request(text.as_bytes(), &generation.config.vocabulary).unwrap();
    match engine.page(&read, id, Instant::now()).unwrap() {
        crate::engine::Ranked::New(decision) => {
            let items = decision.placed.iter().map(|it| json!({"id": it.id}));
            let json = json!({"items": items.collect::<Vec<_>>()}).to_string();
            engine.remember(&read, (id, &decision), json.as_bytes(), Instant::now());
            decision.placed.iter().map(|it| it.id.to_owned()).collect()
        }
        crate::engine::Ranked::Again(_) => unreachable!("ids differ"),
    }
}

fn logged(engine: &Engine) -> Vec<Arc<Logged>> {
    engine.decisions.newest(usize::MAX, |_| true)
}

fn key(engine: &Engine, record: &Record) -> u64 {
    let sealed = &record.whole.as_ref().unwrap().inputs.lot;
    let sealed = u64::from_str_radix(sealed, 16).unwrap();
    engine
        .decisions
        .names()
        .seal(sealed, &record.request_id, record.at)
}

/// Returns the page of a record under a configuration: ids, and the bits of the scores.
fn again(engine: &Engine, record: &Record, config: &Config, own: &Config) -> Vec<(String, u32)> {
    let recorded = Recorded::new(record, key(engine, record), config, Some(own)).unwrap();
    let scene = config.answering(&record.scene).unwrap();
    let page = Replay::new(&recorded, scene).page(true);
    let ids = &record.whole.as_ref().unwrap().ids;
    let placed = page.placed.iter();
    placed
        .map(|(place, score)| (ids[*place].to_string(), score.to_bits()))
        .collect()
}

fn shown(record: &Record) -> Vec<(String, u32)> {
    let shown = record.shown.iter();
    shown
        .map(|(id, score)| (id.to_string(), score.to_bits()))
        .collect()
}

#[test]
fn a_record_gives_its_page_again() {
    let engine = in_memory();
    fill(&engine);
    for request in requests(150) {
        let id = request["request_id"].as_str().unwrap();
        rank(&engine, &request, id);
    }
    let generation = engine.generation();
    let all = logged(&engine);
    assert_eq!(all.len(), 150);
    let mut moved = 0;
    for logged in &all {
        let record = &logged.record;
        let again = again(&engine, record, &generation.config, &generation.config);
        assert_eq!(again, shown(record), "{}", record.request_id);
        // What is read back from a file gives the same.
        let mut line = Vec::new();
        record.write(&mut line);
        let read: Record = serde_json::from_slice(&line).unwrap();
        assert_eq!(format!("{read:?}"), format!("{record:?}"));
        let again = self::again(&engine, &read, &generation.config, &generation.config);
        assert_eq!(again, shown(record));
        moved += usize::from(!record.moves.is_empty());
    }
    assert!(moved > 40, "{moved}");
    let whole = |record: &Record| record.whole.clone().unwrap();
    let inputs = |is: &dyn Fn(&Record) -> bool| all.iter().any(|it| is(&it.record));
    assert!(inputs(&|it| !whole(it).inputs.sights.is_empty()));
    assert!(inputs(&|it| !whole(it).inputs.behind.is_empty()));
    assert!(inputs(&|it| whole(it).inputs.help.tail.0 > 0.0));
    assert!(inputs(&|it| !whole(it).inputs.help.campaigns.is_empty()));
    assert!(inputs(&|it| whole(it).inputs.tags.is_some()));
    assert!(inputs(
        &|it| whole(it).inputs.aversion.get(0) < 1.0 || whole(it).inputs.aversion.bytes() > 0
    ));
    assert!(inputs(&|it| it.unknown > 0 && !it.dropped.is_empty()));
}

#[test]
fn columns_are_the_same_kept_or_computed_again() {
    // Split over threads, a ranking keeps no columns.
    let split = format!("[server]\nparallel_candidates = 1\n{FIRST}");
    let stored = |config: &Config| Stored::in_memory(config, &Threads::default());
    let (kept, again) = (in_memory(), start_with(&split, stored));
    for engine in [&kept, &again] {
        fill(engine);
        for request in requests(150) {
            rank(engine, &request, request["request_id"].as_str().unwrap());
        }
    }
    let mut hidden = 0;
    for (one, other) in logged(&kept).iter().zip(logged(&again)) {
        let [one, other] = [one, &other].map(|logged| {
            let mut whole = logged.record.whole.clone().unwrap();
            whole.inputs.lot.clear();
            (shown(&logged.record), format!("{whole:?}"))
        });
        assert_eq!(one, other);
    }
    for logged in logged(&kept) {
        let dropped = &logged.record.dropped;
        hidden += usize::from(dropped.contains_key("hide") || dropped.contains_key("seen"));
    }
    assert!(hidden > 20, "{hidden}");
}

#[test]
fn later_pages_are_given_again_too() {
    let engine = in_memory();
    fill(&engine);
    for request in requests(80) {
        let id = request["request_id"].as_str().unwrap().to_owned();
        let first = rank(&engine, &request, &id).len();
        let mut next = request.clone();
        next["offset"] = first.into();
        if first > 0 {
            rank(&engine, &next, &id);
        }
        // Pages that are not known are arranged anew.
        next["offset"] = 5.into();
        rank(&engine, &next, &format!("anew-{id}"));
    }
    let generation = engine.generation();
    let all = logged(&engine);
    let (mut past, mut anew) = (0, 0);
    for logged in &all {
        let record = &logged.record;
        let again = again(&engine, record, &generation.config, &generation.config);
        assert_eq!(again, shown(record), "{}", record.request_id);
        let inputs = &record.whole.as_ref().unwrap().inputs;
        past += usize::from(!inputs.past.is_empty());
        anew += usize::from(inputs.anew);
    }
    assert!(past > 40 && anew > 40, "{past} {anew}");
}

#[test]
fn the_previewed_order_is_the_order_after_applying() {
    let engine = in_memory();
    fill(&engine);
    let requests = requests_of(2_000, 16);
    for request in &requests {
        rank(&engine, request, request["request_id"].as_str().unwrap());
    }
    let before = engine.generation();
    let all = logged(&engine);
    let next = Config::parse("test", &second()).unwrap();
    let prepare = |config: &Config, go_live: &mut dyn FnMut()| engine.prepare(config, go_live);
    engine.live.replace_after(next, prepare).unwrap();
    engine.refresh_market();
    let config = &engine.generation().config;
    let mut changed = 0;
    for (request, logged) in requests.iter().zip(all.iter().rev()) {
        let record = &logged.record;
        assert_eq!(request["request_id"], record.request_id.as_str());
        let foreseen = again(&engine, record, config, &before.config);
        let foreseen: Vec<String> = foreseen.into_iter().map(|(id, _)| id).collect();
        let applied = rank(&engine, request, &format!("after-{}", record.request_id));
        assert_eq!(foreseen, applied, "{request}");
        changed += usize::from(
            foreseen
                != shown(record)
                    .into_iter()
                    .map(|(id, _)| id)
                    .collect::<Vec<_>>(),
        );
    }
    assert!(changed > 1_000, "{changed}");
}

#[test]
fn records_outlive_a_restart_and_deletions_do_not() {
    let home = tempfile::tempdir().unwrap();
    let open = || start(|config| Stored::open(home.path(), config, &Threads::default()).unwrap());
    let engine = open();
    fill(&engine);
    for request in requests(40) {
        rank(&engine, &request, request["request_id"].as_str().unwrap());
    }
    let before: Vec<_> = logged(&engine).iter().map(|it| shown(&it.record)).collect();
    engine.close();
    end(engine, home.path());

    let engine = open();
    super::wait("the records are read", || logged(&engine).len() == 40);
    pollster::block_on(engine.rebuild());
    let config = &engine.generation().config;
    let all = logged(&engine);
    let after: Vec<_> = all
        .iter()
        .map(|it| again(&engine, &it.record, config, config))
        .collect();
    assert_eq!(after, before);
    let requests = requests(40);
    let user = requests[7]["user_id"].as_str().unwrap();
    let user = if engine.user(user).is_some() {
        user
    } else {
        requests[8]["user_id"].as_str().unwrap()
    };
    let gone = engine.decisions.names().of(user);
    let of_gone = |all: &[Arc<Logged>]| {
        let users = all.iter().filter_map(|it| it.record.user.clone());
        users.filter(|user| *user == gone).count()
    };
    assert!(of_gone(&all) > 0);
    let deleted = pollster::block_on(engine.delete(EntityKind::User, user));
    assert_eq!(deleted, Ok(true));
    assert_eq!(of_gone(&logged(&engine)), 0);
    engine.close();
    end(engine, home.path());

    let engine = open();
    super::wait("the records are read", || !logged(&engine).is_empty());
    assert_eq!(of_gone(&logged(&engine)), 0);
    end(engine, home.path());
}
