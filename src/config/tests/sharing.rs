//! Overrides over the file, their history, rollbacks and planned changes.

use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

use super::super::{Author, Change, ChangeError, Changed, Config, Edit, Key, Live, Moment, Origin};
use super::parse;
use crate::allocator::linear::assert_linear;
use crate::clock::{HOUR, Time};
use crate::number::wide;
use crate::random::Random;

const FILE: &str = "[scene.default]\nlimit = 20\n[scene.default.weights]\nquality = 1\n\"race.growth\" = 0.1\n\
    [scene.feed]\nlimit = 10\n[scene.new]\nparent = \"feed\"\n";

fn noon() -> Time {
    Time::parse("2026-03-20T12:00:00Z").unwrap()
}

fn at(hours: i64) -> Moment {
    let now = noon().plus(hours * HOUR);
    Moment { now, wall: now }
}

fn by(author: &str) -> Author {
    Author {
        author: Some(author.to_owned()),
        claimed: false,
        reason: Some("because".to_owned()),
    }
}

pub(super) fn set(patch: Value) -> Edit {
    let Value::Object(patch) = patch else {
        panic!("no object");
    };
    Edit::Set(patch)
}

fn change(edit: Edit) -> Change {
    Change {
        edit,
        by: by("mei"),
        from: None,
        until: None,
    }
}

fn growth(value: impl Into<Value>) -> Edit {
    set(json!({"scene": {"default": {"weights": {"race.growth": value.into()}}}}))
}

/// Makes a change for the live generation.
fn make(live: &Live, change: &Change, moment: Moment) -> Result<Changed, ChangeError> {
    let expected = live.load().number;
    live.change(change, expected, moment, &|_, go_live| go_live())
}

pub(super) fn edit(live: &Live, edit: Edit) -> Result<Changed, ChangeError> {
    make(live, &change(edit), at(0))
}

fn faults(result: Result<Changed, ChangeError>) -> Vec<(String, String, usize)> {
    match result {
        Err(ChangeError::Invalid(faults)) => faults
            .into_iter()
            .map(|fault| (fault.path, fault.message, fault.line))
            .collect(),
        other => panic!("{other:?}"),
    }
}

fn view(live: &Live, path: &str) -> Value {
    let view = live.load().config.effective();
    view.pointer(path).cloned().unwrap_or_default()
}

const GROWTH: &str = "/scene/default/weights/race.growth";

fn paths(live: &Live) -> Vec<String> {
    let generation = live.load();
    generation
        .overrides
        .iter()
        .map(|it| it.key.to_string())
        .collect()
}

#[test]
fn an_override_changes_one_scene_alone() {
    let live = Live::new(parse(FILE).unwrap());
    let changed = edit(&live, growth(0.3)).unwrap();
    assert_eq!(changed.generation.number, 2);
    assert_eq!(view(&live, GROWTH), 0.3);
    assert_eq!(view(&live, "/scene/feed/weights/race.growth"), 0.1);
    let [difference] = &*changed.diff else {
        panic!("{:?}", changed.diff);
    };
    assert_eq!(
        difference.key.to_string(),
        "scene.default.weights.race.growth"
    );
    assert_eq!(
        (&difference.before, &difference.after),
        (&Some(json!(0.1)), &Some(json!(0.3)))
    );
    let [shown] = changed.overrides() else {
        panic!("{:?}", changed.overrides());
    };
    assert_eq!(
        (&shown.file, &shown.over.value),
        (&Some(json!(0.1)), &Some(json!(0.3)))
    );
    assert_eq!((&shown.over.by, shown.over.at), (&by("mei"), noon()));
    let rules = set(
        json!({"scene": {"default": {"rules": [{"name": "c", "rule": "cap", "by": "merchant", "max": 2}]}}}),
    );
    edit(&live, rules).unwrap();
    assert_eq!(view(&live, "/scene/feed/rules"), json!([]));
}

#[test]
fn null_and_equal_values_give_keys_back() {
    let live = Live::new(parse(FILE).unwrap());
    edit(&live, growth(0.3)).unwrap();
    edit(&live, set(json!({"scene": {"feed": {"limit": 7}}}))).unwrap();
    assert_eq!(paths(&live).len(), 2);
    edit(&live, growth(Value::Null)).unwrap();
    assert_eq!(paths(&live), ["scene.feed.limit"]);
    let changed = edit(&live, set(json!({"scene": {"feed": {"limit": 10}}}))).unwrap();
    assert_eq!(changed.overrides(), []);
    assert_eq!(
        live.load().config.effective(),
        parse(FILE).unwrap().effective()
    );
    let again = faults(edit(&live, set(json!({"scene": {"feed": null}}))));
    assert_eq!(again[0].0, "scene.feed", "no override is left");
    assert_eq!(live.load().number, changed.generation.number);
}

#[test]
fn a_null_without_an_override_is_a_fault() {
    let live = Live::new(parse(FILE).unwrap());
    let fault = |patch: Value| {
        let found = faults(edit(&live, set(patch))).into_iter();
        let found: Vec<String> = found.map(|it| format!("{}: {}", it.0, it.1)).collect();
        found.join("\n")
    };
    let nowhere = "neither an override nor the file sets it";
    for (scene, right) in [
        (
            json!({"feed": {"limt": null}}),
            format!("feed.limt: {nowhere}; did you mean limit?"),
        ),
        (
            json!({"fed": {"limit": null}}),
            format!("fed.limit: {nowhere}; did you mean feed?"),
        ),
        (json!({"x": null}), format!("x: {nowhere}")),
        (
            json!({"feed": {"weights": {"race": {"growht": null}}}}),
            format!("feed.weights.race.growht: {nowhere}; did you mean race.growth?"),
        ),
    ] {
        assert_eq!(fault(json!({"scene": scene})), format!("scene.{right}"));
    }
    let in_file = "is set by the file; send the whole configuration as `toml`, or change the file";
    let found = fault(json!({"scene": {"feed": {"limit": null}, "new": null}}));
    assert_eq!(
        found,
        format!("scene.feed.limit: {in_file}\nscene.new: {in_file}")
    );
    let found = fault(json!({"scene": {"feed": {"limt": null, "limit": 0}}}));
    assert!(found.contains("scene.feed.limt: ") && found.contains("scene.feed.limit: "));
    assert_eq!(live.load().number, 1);
    // In a table that is new, or that an override removed, a null removes what is not there.
    let new =
        json!({"scene": {"other": {"limit": 3, "rules": null, "weights": {"quality": null}}}});
    edit(&live, set(new)).unwrap();
    let without = FILE.split("[scene.new]").next().unwrap();
    edit(&live, Edit::Toml(without.to_owned())).unwrap();
    assert_eq!(paths(&live), ["scene.new"]);
    let removed = set(json!({"scene": {"new": {"limit": null}}}));
    assert_eq!(edit(&live, removed).unwrap().diff, []);
    edit(&live, set(json!({"scene": {"new": null}}))).unwrap();
    assert_eq!(view(&live, "/scene/new/limit"), 10);
}

#[test]
fn invalid_changes_report_every_fault() {
    let live = Live::new(parse(FILE).unwrap());
    let wrong = set(
        json!({"scene": {"default": {"limt": 3, "limit": -1}}, "server": {"listen": "127.0.0.1:1"}}),
    );
    let found = faults(edit(&live, wrong));
    let paths: Vec<&str> = found.iter().map(|(path, ..)| &**path).collect();
    assert_eq!(
        paths,
        ["scene.default.limit", "scene.default.limt"],
        "{found:?}"
    );
    let restart = set(json!({"server": {"listen": "127.0.0.1:1"}, "store": {"users": 7}}));
    let found = faults(edit(&live, restart));
    assert_eq!(found.len(), 2);
    assert!(
        found
            .iter()
            .all(|(_, message, _)| message.starts_with("needs a restart"))
    );
    let found = faults(edit(&live, set(json!({"config": {"edits": false}}))));
    assert_eq!(
        (&*found[0].0, &*found[0].1),
        ("config.edits", "is set in the file only")
    );
    let text = format!("{FILE}\n[scene.other]\nlimt = 3\n");
    let found = faults(edit(&live, Edit::Toml(text)));
    assert_eq!((&*found[0].0, found[0].2), ("scene.other.limt", 12));
    let text = format!("{FILE}\n[server]\nlisten = \"127.0.0.1:1\"\n");
    assert_eq!(faults(edit(&live, Edit::Toml(text)))[0].2, 12);
    let null = set(json!({"scene": {"default": {"rules": [null]}}}));
    assert_eq!(faults(edit(&live, null)).len(), 1);
    assert_eq!(live.load().number, 1);
    assert!(live.propose(&growth(1_001)).is_err() && live.propose(&growth(2)).is_ok());
    assert_eq!(live.load().number, 1);
}

#[test]
fn a_whole_text_becomes_the_difference() {
    let live = Live::new(parse(FILE).unwrap());
    edit(&live, growth(0.3)).unwrap();
    let text = "[scene.default]\nlimit = 20\n[scene.default.weights]\nquality = 1\n\"race.growth\" = 0.3\npcvr = 2\n\
        [scene.feed]\nlimit = 12\n[predictions.pcvr]\nnormaliser = 'identity'\nscale = 0.5\n[predictions.pnew]\nnormaliser = 'identity'\nscale = 2\n";
    let wanted = match parse(text) {
        Ok(wanted) => wanted,
        Err(faults) => panic!("{faults}"),
    };
    let changed = edit(&live, Edit::Toml(text.to_owned())).unwrap();
    assert_eq!(live.load().config.effective(), wanted.effective());
    let kept = changed
        .overrides()
        .iter()
        .find(|it| it.over.value == Some(json!(0.3)));
    assert_eq!(
        kept.unwrap().key,
        Key::of(["scene", "default", "weights", "race.growth"])
    );
    let gone = changed
        .overrides()
        .iter()
        .find(|it| it.over.value.is_none());
    assert_eq!(gone.unwrap().key.to_string(), "scene.new");
    edit(&live, Edit::Toml(FILE.to_owned())).unwrap();
    assert_eq!(paths(&live), Vec::<String>::new());
}

#[test]
fn a_changed_file_goes_in_under_the_overrides() {
    let live = Live::new(parse(FILE).unwrap());
    edit(&live, growth(0.3)).unwrap();
    let deployed = FILE.replace("quality = 1", "quality = 2");
    assert_eq!(live.replace(parse(&deployed).unwrap()), Ok(3));
    assert_eq!(
        (
            view(&live, GROWTH),
            view(&live, "/scene/default/weights/quality")
        ),
        (json!(0.3), json!(2.0))
    );
    // Committed: the override vanishes, and nothing else changes.
    let committed = deployed.replace(
        "[scene.feed]",
        "[scene.feed.weights]\n\"race.growth\" = 0.1\n[scene.feed]",
    );
    let committed = committed.replace(
        "\"race.growth\" = 0.1\n[scene.feed.",
        "\"race.growth\" = 0.3\n[scene.feed.",
    );
    assert_eq!(live.replace(parse(&committed).unwrap()), Ok(3));
    assert_eq!(paths(&live), Vec::<String>::new());
}

#[test]
fn the_text_to_commit_keeps_the_heirs() {
    let live = Live::new(parse(FILE).unwrap());
    edit(
        &live,
        set(json!({"scene": {"default": {"weights": {"race.growth": 0.3}}, "feed": {"limit": 9}}})),
    )
    .unwrap();
    let text = live.overrides_to_commit();
    let committed = toml::from_str::<toml::Table>(&text).unwrap();
    let limit = |scene: &str| {
        committed["scene"][scene]
            .get("limit")
            .and_then(toml::Value::as_integer)
    };
    assert_eq!((limit("feed"), limit("new")), (Some(9), Some(10)), "{text}");
    let growth = |scene: &str| committed["scene"][scene]["weights"]["race.growth"].as_float();
    assert_eq!((growth("default"), growth("feed")), (Some(0.3), Some(0.1)));
}

#[test]
fn an_invalid_merge_changes_nothing() {
    let live = Live::new(parse(FILE).unwrap());
    edit(&live, set(json!({"scene": {"feed": {"limit": 15}}}))).unwrap();
    let lowered = "[limits]\nlimit = 12\n[scene.default]\nlimit = 12\n[scene.feed]\nlimit = 10\n";
    let faults = live.replace(parse(lowered).unwrap()).unwrap_err();
    assert!(
        faults[0].message.contains("under the overrides"),
        "{faults:?}"
    );
    assert_eq!(
        (live.load().number, view(&live, "/scene/feed/limit")),
        (2, json!(15))
    );
    assert_eq!(live.conflict().len(), 1);
    // An edit that resolves it makes the file live.
    edit(&live, set(json!({"scene": {"feed": {"limit": null}}}))).unwrap();
    assert!(live.conflict().is_empty());
    assert_eq!(
        (live.load().number, view(&live, "/limits/limit")),
        (3, json!(12))
    );
}

#[test]
fn stale_and_forbidden_changes_are_rejected() {
    let live = Live::new(parse(FILE).unwrap());
    let try_for = |expected| {
        live.change(&change(growth(0.3)), expected, at(0), &|_, go_live| {
            go_live()
        })
    };
    assert!(matches!(try_for(2), Err(ChangeError::Stale { live: 1 })));
    assert!(try_for(1).is_ok());
    let off = Live::new(parse("[config]\nedits = false").unwrap());
    assert!(matches!(edit(&off, growth(1)), Err(ChangeError::Off)));
    let back = off.roll_back(1, &by("mei"), 1, at(0), &|_, go_live| go_live());
    assert!(matches!(back, Err(ChangeError::Off)));
}

fn back(live: &Live, to: u64) -> Result<Changed, ChangeError> {
    let expected = live.load().number;
    live.roll_back(to, &by("li"), expected, at(0), &|_, go_live| go_live())
}

#[test]
fn a_rollback_is_a_new_equal_generation() {
    let live = Live::new(parse(FILE).unwrap());
    edit(&live, growth(0.3)).unwrap();
    let second = live.load().config.effective();
    live.replace(parse(&FILE.replace("limit = 20", "limit = 30")).unwrap())
        .unwrap();
    let changed = back(&live, 2).unwrap();
    assert_eq!((changed.generation.number, changed.left.len()), (4, 0));
    assert_eq!(live.load().config.effective(), second);
    assert_eq!(
        paths(&live),
        ["scene.default.limit", "scene.default.weights.race.growth"]
    );
    let unknown = back(&live, 9).unwrap_err().to_string();
    assert_eq!(unknown, "there is no generation 9: 1 to 4 are kept");
    let record = live.kept(4).unwrap();
    assert_eq!((record.source.name(), record.by), ("rollback", by("li")));
    let numbers = |limit, after| -> Vec<u64> {
        let (records, _) = live.records(limit, after);
        records.iter().map(|record| record.number).collect()
    };
    assert_eq!(numbers(9, None), [4, 3, 2, 1]);
    assert_eq!(numbers(2, Some(4)), [3, 2]);
}

#[test]
fn old_generations_are_dropped() {
    let live = Live::new(parse("[config]\nhistory = 10").unwrap());
    for weight in 1..=20 {
        edit(&live, growth(weight)).unwrap();
    }
    assert_eq!(live.records(100, None).0.len(), 10);
    assert!(matches!(
        back(&live, 11),
        Err(ChangeError::NoGeneration { .. })
    ));
    assert!(back(&live, 12).is_ok());
}

#[test]
fn old_generations_in_memory_are_dropped_by_their_bytes() {
    let live = Live::new(parse("[config]\nhistory_bytes = 1_000_000").unwrap());
    for weight in 1..=400 {
        edit(&live, growth(f64::from(weight) / 1_000.0)).unwrap();
        let size = live.history_size();
        assert!(size.bytes <= 1_000_000, "{size:?}");
    }
    let size = live.history_size();
    assert!(size.dropped > 0 && size.records < 400, "{size:?}");
    assert_eq!(live.records(1, None).0[0].number, 401);
    assert_eq!(wide(size.records) + size.dropped, 401);
}

fn open(home: &Path, text: &str) -> Live {
    let live = Live::open(parse(text).unwrap(), Origin::default(), Some(home)).unwrap();
    live.begin().unwrap();
    live
}

#[test]
fn a_restart_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let live = open(home.path(), FILE);
    edit(&live, growth(0.3)).unwrap();
    drop(live);
    let live = open(home.path(), FILE);
    assert_eq!((live.load().number, view(&live, GROWTH)), (2, json!(0.3)));
    drop(live);
    let live = open(home.path(), &FILE.replace("limit = 20", "limit = 30"));
    assert_eq!(
        (live.load().number, view(&live, "/scene/default/limit")),
        (3, json!(30))
    );
    assert_eq!(live.kept(3).unwrap().source.name(), "start");
    assert_eq!(live.load().overrides[0].over.by, by("mei"));
    back(&live, 1).unwrap();
    drop(live);
    let live = open(home.path(), FILE);
    assert_eq!((live.load().number, paths(&live).len()), (4, 0));
}

#[test]
fn a_restart_under_an_invalid_merge_keeps_the_last_good() {
    let home = tempfile::tempdir().unwrap();
    let live = open(home.path(), FILE);
    edit(&live, set(json!({"scene": {"feed": {"limit": 15}}}))).unwrap();
    drop(live);
    let lowered = "[limits]\nlimit = 12\n[scene.default]\nlimit = 12\n[scene.feed]\nlimit = 10\n";
    for _ in 0..2 {
        let live = open(home.path(), lowered);
        assert_eq!(
            (live.load().number, view(&live, "/scene/feed/limit")),
            (2, json!(15))
        );
        assert_eq!((live.conflict().len(), paths(&live).len()), (1, 1));
    }
    let live = open(home.path(), FILE);
    assert_eq!((live.load().number, live.conflict().len()), (2, 0));
}

#[test]
fn a_damaged_state_names_its_file() {
    let home = tempfile::tempdir().unwrap();
    drop(open(home.path(), FILE));
    let path = home.path().join("config/state.json");
    std::fs::write(&path, "{").unwrap();
    let opened = Live::open(parse(FILE).unwrap(), Origin::default(), Some(home.path()));
    let said = opened.unwrap_err().to_string();
    assert!(said.contains("state.json"), "{said}");
}

#[test]
fn a_damaged_record_hides_no_other() {
    let home = tempfile::tempdir().unwrap();
    let live = open(home.path(), FILE);
    for value in [0.2, 0.3] {
        edit(&live, growth(value)).unwrap();
    }
    let damaged = "config/00000000000000000002.json";
    std::fs::write(home.path().join(damaged), "{").unwrap();
    let (records, unreadable) = live.records(2, None);
    let numbers: Vec<u64> = records.iter().map(|record| record.number).collect();
    assert_eq!(numbers, [3, 1]);
    let said = unreadable[0].to_string();
    assert!(
        said.starts_with(&format!("{damaged} cannot be read: ")),
        "{said}"
    );
    assert!(matches!(live.kept(2), Err(ChangeError::Unreadable(_))));
    assert!(matches!(back(&live, 2), Err(ChangeError::Unreadable(_))));
    back(&live, 1).unwrap();
    assert_eq!(view(&live, GROWTH), 0.1);
}

fn planned(edit: Edit, from: Option<i64>, until: Option<i64>) -> Change {
    Change {
        from: from.map(|hours| at(hours).now),
        until: until.map(|hours| at(hours).now),
        ..change(edit)
    }
}

fn tick(live: &Live, hours: i64) -> Vec<(u64, &'static str)> {
    let outcomes = live.keep_plans(at(hours), &|_, go_live| go_live());
    let outcomes = outcomes.into_iter();
    outcomes.map(|it| (it.id, it.what)).collect()
}

#[test]
fn a_plan_is_applied_and_taken_back() {
    let live = Live::new(parse(FILE).unwrap());
    edit(&live, growth(0.2)).unwrap();
    let made = make(&live, &planned(growth(0.5), Some(2), Some(4)), at(0)).unwrap();
    assert_eq!(
        (made.plan, made.generation.number, made.diff.len()),
        (Some(1), 2, 1)
    );
    assert!(tick(&live, 1).is_empty() && !live.is_due(at(1).now));
    assert!(live.is_due(at(2).now));
    assert_eq!(tick(&live, 2), [(1, "applied")]);
    assert_eq!((live.load().number, view(&live, GROWTH)), (3, json!(0.5)));
    assert!(tick(&live, 3).is_empty());
    // Others change something else, which stays.
    edit(&live, set(json!({"scene": {"feed": {"limit": 7}}}))).unwrap();
    assert_eq!(tick(&live, 4), [(1, "taken back")]);
    assert_eq!(
        (view(&live, GROWTH), view(&live, "/scene/feed/limit")),
        (json!(0.2), json!(7))
    );
    assert!(live.plans().is_empty());
    let record = live.kept(5).unwrap();
    assert_eq!((record.source.name(), record.by), ("plan", by("mei")));
}

#[test]
fn what_others_changed_is_not_taken_back() {
    let live = Live::new(parse(FILE).unwrap());
    make(&live, &planned(growth(0.5), None, Some(4)), at(0)).unwrap();
    assert_eq!(
        (live.load().number, live.plans()[0].is_applied()),
        (2, true)
    );
    edit(&live, growth(0.7)).unwrap();
    assert_eq!(tick(&live, 4), [(1, "taken back")]);
    assert_eq!((live.load().number, view(&live, GROWTH)), (3, json!(0.7)));
}

#[test]
fn the_same_value_set_by_others_is_not_taken_back() {
    let live = Live::new(parse(FILE).unwrap());
    make(&live, &planned(growth(0.5), None, Some(4)), at(0)).unwrap();
    let same = Change {
        by: by("li"),
        ..change(growth(0.5))
    };
    make(&live, &same, at(1)).unwrap();
    let holder = || live.load().overrides[0].over.clone();
    assert_eq!((live.load().number, holder().by), (2, by("li")));
    assert_eq!(tick(&live, 4), [(1, "taken back")]);
    assert_eq!((live.load().number, view(&live, GROWTH)), (2, json!(0.5)));
    // Without a plan, the first author stays: it may be a retry.
    make(&live, &change(growth(0.5)), at(5)).unwrap();
    assert_eq!((holder().by, holder().at), (by("li"), at(1).wall));
}

#[test]
fn wrong_plans_are_rejected() {
    let live = Live::new(parse("[config]\nplans = 2").unwrap());
    let fault = |change: &Change| faults(make(&live, change, at(1)))[0].clone();
    for (from, until) in [
        (Some(3), Some(3)),
        (Some(3), Some(2)),
        (None, Some(1)),
        (Some(-2), Some(0)),
    ] {
        assert_eq!(fault(&planned(growth(1), from, until)).0, "until");
    }
    assert!(
        fault(&planned(growth(1_001), Some(2), None))
            .1
            .contains("1000")
    );
    assert!(
        fault(&planned(set(json!({})), Some(2), None))
            .1
            .contains("nothing")
    );
    make(&live, &planned(growth(1), Some(2), Some(4)), at(1)).unwrap();
    let clash = fault(&planned(growth(2), Some(3), Some(5)));
    assert_eq!(clash.0, "scene.default.weights.race.growth");
    edit(&live, set(json!({"scene": {"default": {"limit": 9}}}))).unwrap();
    let below = set(json!({"scene": {"default": null}}));
    assert!(
        fault(&planned(below, None, Some(3)))
            .1
            .contains("planned change 1")
    );
    make(&live, &planned(growth(2), Some(4), None), at(1)).unwrap();
    assert!(
        fault(&planned(growth(3), Some(9), Some(10)))
            .1
            .contains("config.plans")
    );
    assert_eq!(tick(&live, 2), [(1, "applied")]);
    assert_eq!(tick(&live, 4), [(1, "taken back"), (2, "applied")]);
    assert_eq!(view(&live, GROWTH), 2.0);
    assert!(live.plans().is_empty(), "one without an end is done");
}

#[test]
fn a_plan_that_fails_is_tried_after_the_next_change() {
    let live = Live::new(parse(FILE).unwrap());
    let wide = set(json!({"scene": {"feed": {"limit": 15}}}));
    make(&live, &planned(wide, Some(2), Some(9)), at(0)).unwrap();
    let lowered = "[limits]\nlimit = 12\n[scene.default]\nlimit = 12\n[scene.feed]\nlimit = 10\n";
    live.replace(parse(lowered).unwrap()).unwrap();
    let outcomes = live.keep_plans(at(2), &|_, go_live| go_live());
    assert!(outcomes[0].result.is_err());
    assert!(
        live.plans()[0]
            .failure()
            .unwrap()
            .contains("scene.feed.limit")
    );
    assert!(!live.is_due(at(3).now));
    live.replace(parse(FILE).unwrap()).unwrap();
    assert_eq!(tick(&live, 3), [(1, "applied")]);
    assert_eq!(view(&live, "/scene/feed/limit"), 15);
}

#[test]
fn cancelling_takes_an_applied_plan_back() {
    let live = Live::new(parse(FILE).unwrap());
    let cancel = |id| live.cancel(id, &by("li"), at(0), &|_, go_live| go_live());
    make(&live, &planned(growth(0.5), None, Some(4)), at(0)).unwrap();
    let other = set(json!({"scene": {"feed": {"limit": 7}}}));
    make(&live, &planned(other, Some(2), None), at(0)).unwrap();
    assert!(matches!(cancel(3), Err(ChangeError::NoPlan(3))));
    cancel(2).unwrap();
    cancel(1).unwrap();
    assert_eq!((view(&live, GROWTH), live.plans().len()), (json!(0.1), 0));
    assert_eq!(live.load().number, 3);
}

#[test]
fn plans_rest_while_only_the_file_changes_anything() {
    let live = Live::new(parse(FILE).unwrap());
    make(&live, &planned(growth(0.5), None, Some(2)), at(0)).unwrap();
    let limit = |limit: u32| set(json!({"scene": {"feed": {"limit": limit}}}));
    make(&live, &planned(limit(7), Some(1), Some(4)), at(0)).unwrap();
    make(&live, &planned(limit(8), Some(5), Some(9)), at(0)).unwrap();
    let closed = format!("[config]\nedits = false\n{FILE}");
    live.replace(parse(&closed).unwrap()).unwrap();
    assert!(!live.is_due(at(5).now) && tick(&live, 5).is_empty());
    assert_eq!(view(&live, GROWTH), 0.5);
    assert_eq!(view(&live, "/scene/feed/limit"), 10);
    live.replace(parse(FILE).unwrap()).unwrap();
    assert!(live.is_due(at(5).now));
    let right = [(1, "taken back"), (2, "missed"), (3, "applied")];
    assert_eq!(tick(&live, 5), right);
    assert_eq!(view(&live, GROWTH), 0.1);
    assert_eq!(view(&live, "/scene/feed/limit"), 8);
}

#[test]
fn plans_due_while_down_are_kept_once() {
    let home = tempfile::tempdir().unwrap();
    let live = open(home.path(), FILE);
    make(&live, &planned(growth(0.5), Some(1), Some(5)), at(0)).unwrap();
    let missed = set(json!({"scene": {"feed": {"limit": 7}}}));
    make(&live, &planned(missed, Some(1), Some(2)), at(0)).unwrap();
    drop(live);
    let live = open(home.path(), FILE);
    assert_eq!(tick(&live, 3), [(2, "missed"), (1, "applied")]);
    assert_eq!((live.load().number, view(&live, GROWTH)), (2, json!(0.5)));
    drop(live);
    let live = open(home.path(), FILE);
    assert!(tick(&live, 4).is_empty());
    drop(live);
    let live = open(home.path(), FILE);
    assert_eq!(tick(&live, 6), [(1, "taken back")]);
    assert_eq!((live.load().number, view(&live, GROWTH)), (3, json!(0.1)));
    drop(live);
    let live = open(home.path(), FILE);
    assert!(tick(&live, 6).is_empty() && live.plans().is_empty());
    assert_eq!(live.load().number, 3);
}

/// Returns what the file becomes once the overrides are committed to it.
fn committed(file: &str, live: &Live) -> Config {
    fn merge(into: &mut toml::Table, from: toml::Table) {
        for (name, value) in from {
            match (into.get_mut(&name), value) {
                (Some(toml::Value::Table(into)), toml::Value::Table(from)) => merge(into, from),
                (_, value) => drop(into.insert(name, value)),
            }
        }
    }
    let mut table: toml::Table = toml::from_str(file).unwrap();
    merge(
        &mut table,
        toml::from_str(&live.overrides_to_commit()).unwrap(),
    );
    parse(&toml::to_string(&table).unwrap()).unwrap()
}

#[test]
fn an_unrecorded_change_is_rejected() {
    let home = tempfile::tempdir().unwrap();
    let live = open(home.path(), FILE);
    make(&live, &planned(growth(0.5), Some(2), None), at(0)).unwrap();
    std::fs::remove_dir_all(home.path().join("config")).unwrap();
    assert!(matches!(
        edit(&live, growth(0.3)),
        Err(ChangeError::Storage(_))
    ));
    assert!(matches!(
        make(&live, &planned(growth(0.3), Some(1), Some(2)), at(0)),
        Err(ChangeError::Storage(_))
    ));
    assert_eq!(
        (live.load().number, paths(&live).len(), live.plans().len()),
        (1, 0, 1)
    );
    let outcomes = live.keep_plans(at(3), &|_, go_live| go_live());
    assert!(outcomes[0].result.is_err() && live.plans()[0].failure().is_some());
    // The file is durable by itself: what it says goes live.
    assert_eq!(
        live.replace(parse(&FILE.replace("limit = 20", "limit = 30")).unwrap()),
        Ok(2)
    );
    std::fs::create_dir(home.path().join("config")).unwrap();
    assert!(live.is_due(at(3).now), "it is tried again");
    assert_eq!(tick(&live, 3), [(1, "applied")]);
    assert_eq!((live.load().number, view(&live, GROWTH)), (3, json!(0.5)));
}

/// Any sequence of edits, deploys and rollbacks leaves the live configuration equal to the file under the overrides, also after a restart.
#[test]
fn effective_is_always_file_and_overrides() {
    let home = tempfile::tempdir().unwrap();
    let (mut live, mut dice) = (open(home.path(), FILE), Random::new(5));
    let mut file = FILE.to_owned();
    for _ in 0..200 {
        let weight = f64::from(dice.below(4)) / 4.0 + 0.25;
        let scene = ["default", "feed", "new"][dice.index(3)];
        match dice.below(6) {
            0 => {
                file = FILE.replace("growth\" = 0.1", &format!("growth\" = {weight}"));
                live.replace(parse(&file).unwrap()).unwrap();
            }
            1 => {
                let newest = u32::try_from(live.load().number).unwrap();
                drop(back(&live, 1 + u64::from(dice.below(newest))));
            }
            2 => {
                drop(live);
                live = open(home.path(), &file);
            }
            3 => {
                let weights = format!("scene.{scene}.weights.");
                let has = paths(&live).iter().any(|path| path.starts_with(&weights));
                let given = edit(&live, set(json!({"scene": {scene: {"weights": null}}})));
                assert_eq!(given.is_ok(), has);
            }
            _ => {
                let patch = json!({"scene": {scene: {"weights": {"race.growth": weight}, "limit": 5 + dice.below(9)}}});
                edit(&live, set(patch)).unwrap();
            }
        }
        let generation = live.load();
        let mut right = parse(&file).unwrap().effective();
        for shown in generation.overrides.iter() {
            let pointer = format!("/{}", shown.key.names().join("/"));
            let target = right.pointer_mut(&pointer).unwrap();
            assert_eq!(Some(&*target), shown.file.as_ref());
            *target = shown.over.value.clone().unwrap();
        }
        assert_eq!(generation.config.effective(), right);
        let record = live.kept(generation.number).unwrap();
        assert_eq!(record.effective, right);
        assert_eq!(committed(&file, &live).effective(), right);
    }
}

#[test]
fn a_view_with_its_own_empty_rules_reads_back() {
    let text = "[[scene.default.rules]]\nname = 'c'\nrule = 'cap'\nby = 'merchant'\nmax = 2\n[scene.feed]\nrules = []\n";
    let config: Config = parse(text).unwrap();
    super::assert_valid(&config);
    assert_eq!(config.effective()["scene"]["feed"]["rules"], json!([]));
}

const RUNS: &str = "[scene.feed]\nlimit = 10\n[experiment.e]\nlayer = 'ranking'\nrange = [0.0, 0.2]\nscenes = ['feed']\n\
    primary = 'ctr'\nfind = 0.05\ncontrol = 'a'\narms = { a = { share = 0.5 }, b = { share = 0.5, set = { limit = 5 } } }\n";

/// Returns a ramp of the experiment.
fn ramp(until: f64) -> Edit {
    set(json!({"experiment": {"e": {"range": [0.0, until]}}}))
}

#[test]
fn a_ramp_cannot_be_planned_with_an_end() {
    let live = Live::new(parse(RUNS).unwrap());
    let message = "cannot be taken back while the experiment runs: plan it without `until`";
    let right = vec![("experiment.e.range".to_owned(), message.to_owned(), 0)];
    for from in [None, Some(at(1).now)] {
        let planned = Change {
            from,
            until: Some(at(2).now),
            ..change(ramp(0.4))
        };
        assert_eq!(faults(make(&live, &planned, at(0))), right);
        let narrower = Change {
            edit: ramp(0.1),
            ..planned
        };
        let found = faults(make(&live, &narrower, at(0)));
        assert_eq!(found[0].1, "may only grow while the experiment runs");
    }
    let planned = Change {
        from: Some(at(1).now),
        ..change(ramp(0.4))
    };
    make(&live, &planned, at(0)).unwrap();
    assert_eq!(live.plans().len(), 1);
}

#[test]
fn a_plan_that_cannot_end_is_cancelled_after_its_end() {
    let live = Live::new(parse(FILE).unwrap());
    let planned = Change {
        until: Some(at(2).now),
        ..change(set(json!({"scene": {"sale": {"limit": 5}}})))
    };
    make(&live, &planned, at(0)).unwrap();
    live.load().config.scenes["sale"].asked.note(Instant::now());
    let cancel = |hours| live.cancel(1, &by("li"), at(hours), &|_, go_live| go_live());
    let early = cancel(1);
    assert!(matches!(early, Err(ChangeError::Invalid(_))), "{early:?}");
    let outcomes = live.keep_plans(at(2), &|_, go_live| go_live());
    assert!(outcomes[0].result.is_err(), "requests name the scene");
    cancel(2).unwrap();
    assert_eq!(
        (live.plans().len(), &*paths(&live)),
        (0, &["scene.sale.limit".to_owned()][..])
    );
}

#[test]
fn a_rollback_past_a_ramp_keeps_the_ramp() {
    let live = Live::new(parse(RUNS).unwrap());
    edit(&live, ramp(0.4)).unwrap();
    let guards = set(json!({"experiment": {"e": {"guards": ["cvr"]}}}));
    edit(&live, guards).unwrap();
    edit(&live, set(json!({"scene": {"feed": {"limit": 9}}}))).unwrap();
    let changed = back(&live, 1).unwrap();
    assert_eq!(changed.left, ["experiment.e.range"]);
    assert_eq!(view(&live, "/experiment/e/range"), json!([0.0, 0.4]));
    assert_eq!(view(&live, "/experiment/e/guards"), Value::Null);
    assert_eq!(view(&live, "/scene/feed/limit"), 10);
    // One that ended since begins again, as it was.
    let without = RUNS.split("[experiment.e]").next().unwrap();
    edit(&live, Edit::Toml(without.to_owned())).unwrap();
    assert_eq!(back(&live, 1).unwrap().left, Vec::<String>::new());
    assert_eq!(view(&live, "/experiment/e/range"), json!([0.0, 0.2]));
}

#[test]
fn a_change_that_ends_an_experiment_warns() {
    let without = RUNS.split("[experiment.e]").next().unwrap();
    let live = Live::new(parse(without).unwrap());
    let added = edit(&live, Edit::Toml(RUNS.to_owned())).unwrap();
    assert_eq!(added.warnings, []);
    let back = back(&live, 1).unwrap();
    assert_eq!(back.warnings[0].path, "experiment.e");
    assert!(back.warnings[0].message.starts_with("ends;"));
}

#[test]
fn a_misspelt_scene_and_a_far_plan_are_warned_of() {
    let live = Live::new(parse(FILE).unwrap());
    let warnings = |change: &Change| {
        let changed = make(&live, change, at(0)).unwrap();
        let each = changed.warnings.into_iter();
        each.map(|it| format!("{}: {}", it.path, it.message))
            .collect::<Vec<_>>()
    };
    let scene = |name: &str| change(set(json!({"scene": {name: {"limit": 3}}})));
    let right = "scene.defualt: is a new scene; did you mean scene.default?";
    assert_eq!(warnings(&scene("defualt")), [right]);
    assert_eq!(warnings(&scene("checkout")), Vec::<String>::new());
    let planned = |years: i64| Change {
        from: Some(at(24 * 365 * years).now),
        ..scene("checkout")
    };
    assert_eq!(warnings(&planned(1)), Vec::<String>::new());
    let live_now = format!(
        "from: is more than a year after the time of the service, which is {}",
        at(0).now
    );
    let far = Change {
        edit: set(json!({"scene": {"feed": {"limit": 3}}})),
        ..planned(8)
    };
    assert_eq!(warnings(&far), [live_now]);
}

#[test]
fn overrides_go_with_the_experiment_that_the_file_drops() {
    let live = Live::new(parse(RUNS).unwrap());
    edit(&live, ramp(0.4)).unwrap();
    edit(&live, set(json!({"scene": {"feed": {"limit": 8}}}))).unwrap();
    let without = RUNS.split("[experiment.e]").next().unwrap();
    live.replace(parse(without).unwrap()).unwrap();
    assert_eq!(paths(&live), ["scene.feed.limit"]);
    assert_eq!(live.load().config.experiments.each.len(), 0);
}

#[test]
fn a_proposed_file_is_what_replacing_the_file_gives() {
    let live = Live::new(parse(FILE).unwrap());
    edit(&live, growth(0.3)).unwrap();
    let next = FILE.replace("limit = 20", "limit = 30");
    let restart = format!("{next}[log]\nlevel = 'debug'\n");
    let (proposed, left) = live.propose_file(&restart).unwrap();
    assert_eq!(left, ["log.level"]);
    let faults = live.propose_file("[scene.feed]\nlimt = 3").unwrap_err();
    assert_eq!((&*faults[0].path, faults[0].line), ("scene.feed.limt", 2));
    live.replace(parse(&next).unwrap()).unwrap();
    assert_eq!(live.load().config.effective(), proposed.effective());
    assert_eq!(view(&live, GROWTH), json!(0.3));
}

#[test]
fn an_edit_of_many_keys_takes_linear_time() {
    let live = Live::new(parse(FILE).unwrap());
    let gains = |count: usize, value: &Value| -> Value {
        let each = (0..count).map(|number| (format!("c{number:05}"), value.clone()));
        Value::Object(each.collect())
    };
    let under = [
        ("unknown weights", json!(1)),
        ("nulls", Value::Null),
        ("gains", json!({"view": 1.0})),
    ];
    for (what, value) in under {
        let patch = |count: usize| {
            let many = gains(count, &value);
            set(match what {
                "gains" => json!({"profile": {"item_gains": many}}),
                _ => json!({"scene": {"default": {"weights": many}}}),
            })
        };
        assert_linear(what, 500, patch, |edit| drop(live.propose(edit)));
    }
    let before = |count: usize| {
        let live = Live::new(parse(FILE).unwrap());
        let gains = gains(count, &json!({"view": 1.0}));
        edit(&live, set(json!({"profile": {"item_gains": gains}}))).unwrap();
        let file = "[profile.item_gains.other]\nview = 2\n".to_owned();
        (live, Edit::Toml(FILE.to_owned() + &file))
    };
    assert_linear("back to the file", 500, before, |(live, edit)| {
        drop(live.propose(edit));
    });
}

#[test]
fn overrides_have_a_bound() {
    let file = format!("{FILE}[config]\noverrides = 3\n");
    let live = Live::new(parse(&file).unwrap());
    let limits = |count: usize| {
        let scenes = (0..count).map(|number| (format!("s{number}"), json!({"limit": 7})));
        set(json!({"scene": Value::Object(scenes.collect())}))
    };
    edit(&live, limits(3)).unwrap();
    let [(path, message, 0)] = &faults(edit(&live, limits(4)))[..] else {
        panic!("one fault");
    };
    assert!(path.is_empty() && message.contains("4 overrides, and 3 are kept (config.overrides)"));
    edit(&live, set(json!({"scene": {"s0": {"limit": 8}}}))).unwrap();
    assert_eq!(paths(&live).len(), 3);
}
