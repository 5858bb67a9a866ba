//! Snapshots of the market: stages, shares and budgets by events, through restarts.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{end, noon, send};
use crate::clock::{Clock, DAY, HOUR, Time};
use crate::config::{Config, Live};
use crate::engine::{Engine, EntityKind, Operation, Stored};
use crate::telemetry::Telemetry;
use crate::threads::Threads;

const TEXT: &str = "[scene.feed]\nlimit = 20\n[support]\nscenes = [\"feed\"]\nplaces = [5, 11]\n[tail]\nscenes = { feed = 0.5 }\n\
                    [campaign.sale]\nscenes = [\"feed\"]\nboost = 1.3\nbudget = 1000\nfrom = 2026-03-20T00:00:00Z\n\
                    until = 2026-03-21T00:00:00Z\n[market]\ninterval_seconds = 3600";

fn config(text: &str) -> Config {
    Config::parse("test", text).unwrap()
}

fn open(path: &Path, at: Time) -> Arc<Engine> {
    open_with(TEXT, path, at)
}

fn open_with(text: &str, path: &Path, at: Time) -> Arc<Engine> {
    let live = Arc::new(Live::new(config(text)));
    let stored = Stored::open(path, &live.load().config, &Threads::default()).unwrap();
    Engine::start(live, Clock::manual(at), Telemetry::default(), stored)
}

fn declare(engine: &Engine, merchant: &str, fields: Value) {
    let mut fields = fields;
    fields["id"] = merchant.into();
    send(engine, Operation::Upsert(EntityKind::Merchant), &fields).unwrap();
    let item =
        json!({"id": format!("i-{merchant}"), "merchant_id": merchant, "campaigns": ["sale"]});
    send(engine, Operation::Upsert(EntityKind::Item), &item).unwrap();
}

/// Sends an impression of a merchant's item, and a click on it, by each of some users.
fn show(engine: &Engine, merchant: &str, users: std::ops::Range<u32>, clicks: bool) {
    let lines = users.flat_map(|user| {
        let event = |kind: &str| {
            json!({"user_id": format!("u{user}"), "item_id": format!("i-{merchant}"), "kind": kind, "scene": "feed",
                   "position": 1, "at": engine.clock().now().to_string()})
            .to_string()
        };
        let kinds: &[&str] = if clicks { &["impression", "click"] } else { &["impression"] };
        kinds.iter().map(|kind| event(kind)).collect::<Vec<_>>()
    });
    let lines: Vec<String> = lines.collect();
    let lines: Vec<&[u8]> = lines.iter().map(String::as_bytes).collect();
    let fates = engine.ingest(Operation::Events, &lines).unwrap();
    assert!(fates.iter().all(Result::is_ok));
    pollster::block_on(engine.durable()).unwrap();
}

/// Returns where a merchant stands on the ladder, null if nowhere.
fn ladder(engine: &Engine, merchant: &str) -> Value {
    engine.refresh_market();
    pollster::block_on(engine.rebuild());
    let merchant = serde_json::to_value(engine.merchant(merchant)).unwrap();
    merchant["learnt"]["ladder"].clone()
}

fn newcomer() -> Value {
    json!({"joined_at": noon().plus(-DAY).to_string()})
}

#[test]
fn a_newcomer_climbs_by_clicks_of_many_users() {
    let home = tempfile::tempdir().unwrap();
    let engine = open(home.path(), noon());
    declare(&engine, "good", newcomer());
    declare(&engine, "dull", newcomer());
    declare(
        &engine,
        "old",
        json!({"joined_at": noon().plus(-40 * DAY).to_string()}),
    );
    let first = ladder(&engine, "good");
    assert_eq!((&first["stage"], &first["quota"]), (&json!(1), &json!(200)));
    assert_eq!(first["credit"], 0.5, "half a day of plan is due at once");
    assert_eq!(ladder(&engine, "old"), Value::Null);
    engine.clock().set(noon().plus(HOUR));
    show(&engine, "good", 0..150, true);
    show(&engine, "good", 1_000..1_050, false);
    // One user, however often, is one clicker.
    for _ in 0..100 {
        show(&engine, "dull", 0..1, true);
    }
    show(&engine, "dull", 1_000..1_100, false);
    let (good, dull) = (ladder(&engine, "good"), ladder(&engine, "dull"));
    assert_eq!(
        (&good["stage"], &good["served"], &good["x"]),
        (&json!(2), &json!(200.0), &json!(150.0))
    );
    assert_eq!(
        (&dull["end"], &dull["x"]),
        (&json!("evidence"), &json!(1.0))
    );
    // The clicks on others move the usual rate, but not the figures of one that left.
    declare(&engine, "late", newcomer());
    assert_eq!(ladder(&engine, "late")["stage"], 1);
    show(&engine, "late", 2_000..2_100, true);
    assert_eq!(ladder(&engine, "late")["x"], 100.0);
    assert_eq!(ladder(&engine, "dull"), dull);
    let good = ladder(&engine, "good");
    end(engine, home.path());

    for checkpoint in [false, true] {
        let engine = open(home.path(), noon().plus(HOUR));
        assert_eq!(ladder(&engine, "good"), good, "as before the restart");
        assert_eq!(ladder(&engine, "dull"), dull);
        if checkpoint {
            engine.checkpoint().unwrap();
        }
        end(engine, home.path());
    }
    let engine = open(home.path(), noon().plus(HOUR));
    assert_eq!(ladder(&engine, "good"), good, "from the checkpoint");
    end(engine, home.path());
    let config = config(TEXT);
    crate::engine::rebuild(home.path(), &config).unwrap();
    let engine = open(home.path(), noon().plus(HOUR));
    assert_eq!(
        ladder(&engine, "good"),
        good,
        "learnt again from the journal"
    );
    end(engine, home.path());
}

/// Returns where a creator stands on the ladder, null if nowhere.
fn creator(engine: &Engine, creator: &str) -> Value {
    engine.refresh_market();
    pollster::block_on(engine.rebuild());
    let creator = serde_json::to_value(engine.creator(creator)).unwrap();
    creator["learnt"]["ladder"].clone()
}

/// Declares an item of a creator, listed some days ago, and sends impressions and clicks of users on it.
fn make(
    engine: &Engine,
    (creator, item): (&str, &str),
    listed: Option<i64>,
    users: std::ops::Range<u32>,
) {
    let listed = listed.map(|days| engine.clock().now().plus(-days * DAY).to_string());
    let id = format!("i-{item}");
    let fields = json!({"id": id, "creator_id": creator, "merchant_id": item, "listed_at": listed});
    send(engine, Operation::Upsert(EntityKind::Item), &fields).unwrap();
    show(engine, item, users, true);
}

#[test]
fn creators_climb_from_the_first_listing_of_their_items() {
    let text = TEXT.replace("[support]", "[support]\nkinds = [\"creator\"]");
    let home = tempfile::tempdir().unwrap();
    let engine = open_with(&text, home.path(), noon());
    make(&engine, ("fresh", "a"), Some(2), 0..0);
    make(&engine, ("fresh", "b"), Some(1), 0..0);
    make(&engine, ("old", "c"), Some(40), 0..0);
    make(&engine, ("old", "d"), Some(1), 0..0);
    make(&engine, ("undated", "e"), None, 0..0);
    // An item from before, which is deleted, holds against the creator.
    make(&engine, ("again", "f"), None, 0..0);
    let viewed = json!({"user_id": "u", "item_id": "i-f", "kind": "view", "at": noon().plus(-40 * DAY).to_string()});
    send(&engine, Operation::Events, &viewed).unwrap();
    make(&engine, ("again", "g"), Some(1), 0..1);
    pollster::block_on(engine.delete(EntityKind::Item, "i-f")).unwrap();
    assert_eq!(creator(&engine, "fresh")["stage"], 1);
    for other in ["old", "undated", "again"] {
        assert_eq!(creator(&engine, other), Value::Null, "{other}");
    }
    engine.clock().set(noon().plus(HOUR));
    show(&engine, "a", 0..150, true);
    show(&engine, "b", 1_000..1_050, false);
    let climbed = creator(&engine, "fresh");
    assert_eq!(
        (&climbed["stage"], &climbed["served"], &climbed["x"]),
        (&json!(2), &json!(200.0), &json!(150.0)),
        "the exposures of both items count"
    );
    end(engine, home.path());
    for checkpoint in [true, false] {
        let engine = open_with(&text, home.path(), noon().plus(HOUR));
        assert_eq!(creator(&engine, "fresh"), climbed, "as before the restart");
        if checkpoint {
            engine.checkpoint().unwrap();
        }
        end(engine, home.path());
    }
    crate::engine::rebuild(home.path(), &config(&text)).unwrap();
    let engine = open_with(&text, home.path(), noon().plus(HOUR));
    assert_eq!(creator(&engine, "fresh"), climbed, "learnt again");
    let late = noon().plus(29 * DAY + HOUR);
    engine.clock().set(late);
    assert_eq!(
        creator(&engine, "fresh")["end"],
        "time",
        "since the listing"
    );
    end(engine, home.path());
}

#[test]
fn few_creators_of_one_merchant_climb_at_once() {
    let text = TEXT.replace("[support]", "[support]\nkinds = [\"creator\"]");
    let home = tempfile::tempdir().unwrap();
    let engine = open_with(&text, home.path(), noon());
    let line = |number: i64| {
        json!({"id": format!("i{number}"), "creator_id": format!("c{number}"), "merchant_id": format!("m{}", number / 5),
               "listed_at": noon().plus(-DAY - number * HOUR).to_string()})
        .to_string()
    };
    // At once, because the market also looks by itself.
    let lines: Vec<String> = (0..6).map(line).collect();
    let lines: Vec<&[u8]> = lines.iter().map(String::as_bytes).collect();
    let declared = engine.ingest(Operation::Upsert(EntityKind::Item), &lines);
    assert!(declared.unwrap().iter().all(Result::is_ok));
    let climbing: Vec<i64> = (0..6)
        .filter(|number| creator(&engine, &format!("c{number}")) != Value::Null)
        .collect();
    assert_eq!(
        climbing,
        [2, 3, 4, 5],
        "three of one, the longest present first, and one of the other"
    );
    end(engine, home.path());
}

#[test]
fn deleting_and_registering_again_starts_no_ladder() {
    let home = tempfile::tempdir().unwrap();
    let engine = open(home.path(), noon());
    let owned = |owner: &str| json!({"joined_at": noon().plus(-DAY).to_string(), "owner": owner});
    declare(&engine, "a", owned("o"));
    assert_eq!(ladder(&engine, "a")["stage"], 1);
    pollster::block_on(engine.delete(EntityKind::Merchant, "a")).unwrap();
    for (again, owner) in [("a", "other"), ("b", "o"), ("c", "a")] {
        declare(&engine, again, owned(owner));
        assert_eq!(ladder(&engine, again), Value::Null, "{again} of {owner}");
    }
    declare(&engine, "d", owned("new"));
    assert_eq!(ladder(&engine, "d")["stage"], 1);
    // A shop that changes hands does not free its new owner for another one.
    let patch = json!({"id": "d", "owner": "next"});
    send(&engine, Operation::Patch(EntityKind::Merchant), &patch).unwrap();
    assert_eq!(ladder(&engine, "d")["stage"], 1);
    declare(&engine, "e", owned("next"));
    assert_eq!(ladder(&engine, "e"), Value::Null);
    // Both at once, before a snapshot knows the owner.
    declare(&engine, "f", owned("f"));
    assert_eq!(ladder(&engine, "f")["stage"], 1);
    let lines = ["f", "boss"].map(|id| {
        let mut line = owned("boss");
        line["id"] = id.into();
        line.to_string()
    });
    let lines = lines.each_ref().map(|line| line.as_bytes());
    let fates = engine.ingest(Operation::Upsert(EntityKind::Merchant), &lines);
    assert!(fates.unwrap().iter().all(Result::is_ok));
    assert_eq!(ladder(&engine, "boss"), Value::Null);
    end(engine, home.path());
    let engine = open(home.path(), noon());
    assert_eq!(ladder(&engine, "e"), Value::Null, "names outlive a restart");
    end(engine, home.path());
}

#[track_caller]
fn near(found: f64, right: f64) {
    assert!((found - right).abs() < 1e-9, "{found}, not {right}");
}

/// Returns what the campaign has used, its credit, and the credit of the share.
fn paces(engine: &Engine) -> (f64, f64, f64) {
    // The items of the selections are known after it.
    pollster::block_on(engine.rebuild());
    engine.refresh_market();
    let sale = &engine.campaigns(None).campaigns[0];
    let credit = engine.facts.read().books.pace.credit("feed");
    (sale.used, sale.credit, credit)
}

/// Declares an item of a merchant, in the campaign or not.
fn enrol(engine: &Engine, merchant: &str, campaigns: &[&str]) {
    let item =
        json!({"id": format!("i-{merchant}"), "merchant_id": merchant, "campaigns": campaigns});
    send(engine, Operation::Upsert(EntityKind::Item), &item).unwrap();
}

#[test]
fn a_replay_counts_who_was_enrolled_then() {
    let home = tempfile::tempdir().unwrap();
    let engine = open(home.path(), noon());
    enrol(&engine, "a", &["sale"]);
    enrol(&engine, "b", &[]);
    show(&engine, "a", 0..5, false);
    show(&engine, "b", 0..20, false);
    near(paces(&engine).0, 5.0);
    enrol(&engine, "a", &[]);
    enrol(&engine, "b", &["sale"]);
    show(&engine, "a", 0..40, false);
    show(&engine, "b", 0..3, false);
    let before = paces(&engine);
    near(before.0, 8.0);
    enrol(&engine, "b", &[]);
    end(engine, home.path());
    let engine = open(home.path(), noon());
    assert_eq!(paces(&engine), before);
    end(engine, home.path());

    // Another edition counts from 0, whether it is live at once or after a restart; one that lasts longer goes on.
    let dates = |from: u32, until: u32| {
        let text = TEXT.replace("2026-03-20", &format!("2026-03-{from}"));
        text.replace("2026-03-21", &format!("2026-03-{until}"))
    };
    for (text, used) in [(dates(20, 23), 8.0), (dates(25, 26), 0.0)] {
        let engine = open_with(&text, home.path(), noon());
        near(paces(&engine).0, used);
        end(engine, home.path());
    }
}

#[test]
fn a_campaign_that_comes_back_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let engine = open(home.path(), noon());
    enrol(&engine, "a", &["sale"]);
    show(&engine, "a", 0..5, false);
    near(paces(&engine).0, 5.0);
    let without = TEXT.replace("[campaign.sale]", "[campaign.other]");
    for (text, used) in [(&*without, 0.0), (TEXT, 5.0)] {
        engine.live.replace(config(text)).unwrap();
        near(paces(&engine).0, used);
    }
    end(engine, home.path());
    near(paces(&open(home.path(), noon())).0, 5.0);
}

#[test]
fn budgets_and_shares_count_each_exposure_once() {
    let home = tempfile::tempdir().unwrap();
    let engine = open(home.path(), noon());
    declare(&engine, "a", json!({}));
    // A complete day of traffic, so that the exposures a day are known.
    let day = |at: Time| engine.clock().set(at);
    day(noon().plus(-DAY));
    show(&engine, "a", 0..200, false);
    day(noon());
    let before = paces(&engine);
    assert_eq!(
        (before.0, before.1),
        (0.0, 1.0),
        "500 are due, and yesterday does not count"
    );
    show(&engine, "a", 0..150, false);
    let after = paces(&engine);
    near(after.0, 150.0);
    assert_eq!(paces(&engine), after, "nothing is settled twice");
    show(&engine, "a", 0..250, false);
    let (used, credit, _) = paces(&engine);
    near(used, 400.0);
    assert!(
        (credit - 0.4).abs() < 1e-9,
        "100 behind, and a band of 250: {credit}"
    );
    show(&engine, "a", 0..10, false);
    let last = paces(&engine);
    end(engine, home.path());

    let engine = open(home.path(), noon());
    // From the journal.
    near(paces(&engine).0, last.0);
    show(&engine, "a", 0..7, false);
    engine.checkpoint().unwrap();
    end(engine, home.path());
    let engine = open(home.path(), noon());
    // What waited was in the checkpoint.
    near(paces(&engine).0, last.0 + 7.0);
    assert!(engine.campaigns(Some(noon().plus(DAY))).campaigns[0].credit <= 0.0);
    end(engine, home.path());
}

#[test]
fn a_snapshot_without_a_change_keeps_its_number() {
    let engine = Engine::in_memory(Arc::new(Live::new(Config::embedded())));
    let first = engine.refresh_market();
    assert_eq!(engine.refresh_market(), first);
    assert!(engine.campaigns(None).campaigns.is_empty());
}

const RANKED: &str = "[scene.feed]\nlimit = 20\n[scene.feed.weights]\nquality = 1\n[support]\nscenes = [\"feed\"]\nplaces = [5]\n\
                      [tail]\nscenes = { feed = 0.5 }\n[campaign.sale]\nscenes = [\"feed\"]\nboost = 1.3\n[market]\ninterval_seconds = 3600";

/// Returns what [`at_once`] does, by a new snapshot.
fn ranked(engine: &Engine) -> Vec<(String, String)> {
    engine.refresh_market();
    at_once(engine)
}

/// Returns the ids in the order of a ranking of items `i-0` to `i-9`, and what is said of each.
fn at_once(engine: &Engine) -> Vec<(String, String)> {
    let ids: Vec<String> = (0..10).map(|item| format!("i-{item}")).collect();
    let body =
        json!({"user_id": "u", "scene": "feed", "candidates": ids, "explain": true}).to_string();
    let generation = engine.generation();
    let request = crate::model::diagnose::request(body.as_bytes(), &generation.config.vocabulary);
    let request = request.unwrap();
    let ranking = engine.rank(&request, std::time::Instant::now()).unwrap();
    let said = |placed: &crate::model::Placed<'_>| {
        let why = placed.explain.as_ref().unwrap();
        let factors = why.factors.iter().skip(1);
        let factors: Vec<String> = factors
            .map(|it| format!("{} {:.2}: {}", it.name, it.factor, it.reason))
            .collect();
        let moves = why.moves.iter().map(|it| {
            format!(
                "{} {}-{} {}",
                it.rule,
                it.from,
                it.to,
                it.reason.as_deref().unwrap_or("")
            )
        });
        let product: f32 = why.factors.iter().map(|it| it.factor).product();
        assert!((why.base * product - placed.score).abs() < 1e-5);
        [factors, moves.collect()].concat().join(" | ")
    };
    ranking
        .placed
        .iter()
        .map(|placed| (placed.id.to_owned(), said(placed)))
        .collect()
}

/// Opens a marketplace of ten shops with an item each, of falling quality; the last item is in a sale, and the last shop but one is new.
fn marketplace() -> Arc<Engine> {
    let config = config(RANKED);
    let stored = Stored::in_memory(&config, &Threads::default());
    let live = Arc::new(Live::new(config));
    let engine = Engine::start(live, Clock::manual(noon()), Telemetry::default(), stored);
    for item in 0..10 {
        let mut merchant = if item == 8 { newcomer() } else { json!({}) };
        merchant["id"] = item.to_string().into();
        send(&engine, Operation::Upsert(EntityKind::Merchant), &merchant).unwrap();
        let campaigns = if item == 9 { vec!["sale"] } else { Vec::new() };
        let item = json!({"id": format!("i-{item}"), "merchant_id": item.to_string(), "quality": 0.95 - 0.05 * f64::from(item),
                          "campaigns": campaigns});
        send(&engine, Operation::Upsert(EntityKind::Item), &item).unwrap();
    }
    engine
}

#[test]
fn targets_lift_and_support_but_never_first() {
    let engine = marketplace();
    pollster::block_on(engine.rebuild());
    let ids = |ranked: &[(String, String)]| -> Vec<String> {
        ranked.iter().map(|(id, _)| id.clone()).collect()
    };
    let plain: Vec<String> = (0..10).map(|item| format!("i-{item}")).collect();
    assert_eq!(
        ids(&ranked(&engine)),
        plain,
        "no exposures are reported: the scene is blind"
    );
    // The shop of the first item is seen, not the new one.
    show(&engine, "0", 0..120, false);
    let now = ranked(&engine);
    assert_eq!(now[4].0, "i-8", "{now:?}");
    assert_eq!(now[4].1, "support 9-5 stage 1, 0 of 200, 50 % behind plan");
    let sale = now.iter().find(|(id, _)| id == "i-9").unwrap();
    assert!(
        sale.1.starts_with("campaign 1.30: sale ×1.30 | lift 10-"),
        "{sale:?}"
    );
    assert_eq!(now[0].0, "i-0");
    // Every shop but none sold: all are of the tail.
    let mut settled = crate::support::Settled::default();
    settled.credits.insert("feed".to_owned(), 1.0);
    engine.facts.write().books.pace.settle(settled);
    let now = ranked(&engine);
    assert!(
        now[1]
            .1
            .contains("tail 1.50: the merchant's level is under 0.6; 100 % of strength"),
        "{now:?}"
    );
    assert_eq!(now[0].0, "i-0", "nothing lifted stands first by its lift");
}

#[test]
fn campaigns_go_on_under_another_configuration() {
    let engine = marketplace();
    pollster::block_on(engine.rebuild());
    show(&engine, "0", 0..120, false);
    let before = ranked(&engine);
    let lifted = |ranked: &[(String, String)]| {
        let (_, said) = ranked.iter().find(|(id, _)| id == "i-9").unwrap();
        said.split(':').next().unwrap().to_owned()
    };
    assert_eq!(lifted(&before), "campaign 1.30");
    let go_live = |text: &str| {
        engine.live.replace(config(text)).unwrap();
        at_once(&engine)
    };
    let unrelated = format!("{RANKED}\n[audience.a]\nwhere = 'user.known'\n[scene.other]\n");
    assert_eq!(go_live(&unrelated), before, "no snapshot was built yet");
    let stronger = RANKED.replace("boost = 1.3", "boost = 1.5");
    assert_eq!(lifted(&go_live(&stronger)), "campaign 1.50");
    let elsewhere = RANKED.replace(
        "sale]\nscenes = [\"feed\"]",
        "sale]\nscenes = [\"default\"]",
    );
    assert_eq!(lifted(&go_live(&elsewhere)), "");
    let gone = RANKED.replace("campaign.sale", "campaign.other");
    assert_eq!(lifted(&go_live(&gone)), "");
}
