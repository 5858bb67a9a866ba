//! The configuration that people share: edits over the API, the file under them, history, rollback, plans, authors.

use serde_json::{Value, json};

use super::{FIRST, HOUR};
use crate::service::{Answer, JSON, Service, program};

const FILE: &str =
    "[scene.default.weights]\nquality = 1\n\"race.growth\" = 0.1\n[scene.feed]\nlimit = 10\n";

/// Sends a change for a generation.
fn send(service: &Service, call: (&str, &str), generation: &str, body: &Value) -> Answer {
    let headers = [("Content-Type", JSON), ("If-Match", generation)];
    service.send(call.0, call.1, &headers, body.to_string().as_bytes())
}

fn put(service: &Service, generation: u64, body: &Value) -> Answer {
    send(service, ("PUT", "/config"), &generation.to_string(), body)
}

fn growth(value: impl Into<Value>) -> Value {
    json!({"scene": {"default": {"weights": {"race.growth": value.into()}}}})
}

fn live_growth(service: &Service) -> Value {
    let shown = service.get("/config").ok();
    shown["config"]["scene"]["default"]["weights"]["race.growth"].clone()
}

const PATH: &str = "scene.default.weights.race.growth";

#[test]
fn an_edit_is_live_before_its_answer() {
    let service = Service::with_config(FILE);
    let body = json!({"set": growth(0.3), "reason": "sale", "author": "mei"});
    let answer = put(&service, 1, &body).ok();
    assert_eq!(answer["generation"], 2);
    assert_eq!(
        answer["diff"],
        json!([{"path": PATH, "before": 0.1, "after": 0.3}])
    );
    let shown = service.get("/config").ok();
    assert_eq!(
        (&shown["generation"], &shown["overrides"]),
        (&json!(2), &answer["overrides"])
    );
    let about = &shown["overrides"][PATH];
    let right = (
        &json!(0.3),
        &json!(0.1),
        &json!("mei"),
        &json!("sale"),
        &json!(true),
    );
    let found = (
        &about["value"],
        &about["file"],
        &about["author"],
        &about["reason"],
        &about["claimed"],
    );
    assert_eq!(found, right);
    assert_eq!(live_growth(&service), 0.3);
    assert!(service.metric("saima_config_overrides ") > 0.0);
    let quoted = send(
        &service,
        ("PUT", "/config"),
        "\"2\"",
        &json!({"set": growth(Value::Null)}),
    );
    assert_eq!(quoted.ok()["overrides"], json!({}));
}

#[test]
fn a_change_names_the_live_generation() {
    let service = Service::with_config(FILE);
    let body = json!({"set": growth(0.3)});
    service.json("PUT", "/config", &body).problem(428);
    service
        .json("POST", "/config/rollback", &json!({"to": 1}))
        .problem(428);
    let stale = put(&service, 7, &body);
    stale.problem(409);
    assert!(stale.text().contains("generation is 1"), "{}", stale.text());
    let odd = send(&service, ("PUT", "/config"), "*", &body);
    assert_eq!(odd.problem(422), ["If-Match"]);
    assert_eq!(service.get("/config").ok()["generation"], 1);
}

#[test]
fn invalid_edits_report_every_fault() {
    let service = Service::with_config(FILE);
    let fault = |body: &Value| put(&service, 1, body).problem(422);
    assert_eq!(fault(&json!({})), [""]);
    assert_eq!(fault(&json!({"set": {}, "toml": ""})), [""]);
    assert_eq!(
        fault(&json!({"set": 3, "tomml": "", "from": "soon"})),
        ["set", "tomml", "from"]
    );
    let wrong = json!({"set": {"scene": {"feed": {"limt": 1, "limit": 0}}}});
    assert_eq!(fault(&wrong), ["scene.feed.limit", "scene.feed.limt"]);
    assert_eq!(
        fault(&json!({"set": {"log": {"level": "debug"}}})),
        ["log.level"]
    );
    let text = put(&service, 1, &json!({"toml": "[scene.feed]\n\nlimit = 0\n"}));
    assert_eq!(text.problem(422), ["scene.feed.limit"]);
    assert!(text.text().contains(r#""line":3"#), "{}", text.text());
    put(&service, 1, &json!([])).problem(422);
    send(&service, ("PUT", "/config"), "1", &json!("x")).problem(422);
    for (path, text) in [
        ("author", ""),
        ("author", "mei\n9 (api)"),
        ("reason", "\u{1b}[31m"),
    ] {
        assert_eq!(fault(&json!({"set": growth(1), path: text})), [path]);
        let back = send(
            &service,
            ("POST", "/config/rollback"),
            "1",
            &json!({"to": 1, path: text}),
        );
        assert_eq!(back.problem(422), [path]);
    }
    let ended = json!({"set": growth(1), "until": "2001-01-01T00:00:00Z"});
    assert_eq!(fault(&ended), ["until"]);
    assert_eq!(service.get("/config").ok()["generation"], 1);
    let off = Service::with_config("[config]\nedits = false");
    put(&off, 1, &json!({"set": growth(1)})).problem(403);
    off.send("DELETE", "/config/plans/1", &[], b"").problem(403);
}

#[test]
fn a_deployment_goes_in_under_the_overrides() {
    let service = Service::with_config(FILE);
    put(&service, 1, &json!({"set": growth(0.3)})).ok();
    service.reconfigure(&FILE.replace("limit = 10", "limit = 11"));
    let limit =
        |service: &Service| service.get("/config").ok()["config"]["scene"]["feed"]["limit"].clone();
    service.wait("the deployment is live", |it| limit(it) == 11);
    assert_eq!(live_growth(&service), 0.3);
    let text = service.get("/config/overrides");
    assert_eq!(text.media.as_deref(), Some("application/toml"));
    // What is to be committed: the override, and what the scene that inherits keeps.
    let commit: toml::Table = toml::from_str(&text.text()).unwrap();
    let weight = |scene: &str| commit["scene"][scene]["weights"]["race.growth"].as_float();
    assert_eq!((weight("default"), weight("feed")), (Some(0.3), Some(0.1)));
    let committed = "[scene.default.weights]\nquality = 1\n\"race.growth\" = 0.3\n[scene.feed]\nlimit = 11\nweights = { race.growth = 0.1 }\n";
    service.reconfigure(committed);
    service.wait("the overrides vanish", |it| {
        it.get("/config").ok()["overrides"] == json!({})
    });
    let shown = service.get("/config").ok();
    assert_eq!(shown["generation"], 3, "nothing has changed by it");
}

#[test]
fn a_file_that_does_not_fit_degrades_the_service() {
    let service = Service::with_config(FILE);
    put(
        &service,
        1,
        &json!({"set": {"scene": {"feed": {"limit": 40}}}}),
    )
    .ok();
    service.reconfigure("[limits]\nlimit = 30\n[scene.default]\nlimit = 30\n");
    service.wait("the conflict is reported", |it| {
        it.metric("saima_config_conflict ") > 0.0
    });
    let ready = service.get("/readyz");
    assert_eq!(ready.status, 200);
    assert!(
        ready.text().contains("degraded") && ready.text().contains("scene.feed"),
        "{}",
        ready.text()
    );
    assert_eq!(service.get("/config").ok()["generation"], 2);
    let solved = put(&service, 2, &json!({"set": {"scene": {"feed": null}}})).ok();
    assert_eq!(
        (&solved["generation"], &solved["overrides"]),
        (&json!(3), &json!({}))
    );
    assert!(!service.get("/readyz").text().contains("degraded"));
}

#[test]
fn history_and_rollback() {
    let service = Service::with_config(FILE);
    for value in [0.2, 0.3] {
        let generation = service.get("/config").ok()["generation"].as_u64().unwrap();
        put(
            &service,
            generation,
            &json!({"set": growth(value), "reason": "try"}),
        )
        .ok();
    }
    let page = service.get("/config/history?limit=2").ok();
    let numbers = |page: &Value| -> Vec<u64> {
        let generations = page["generations"].as_array().unwrap();
        generations
            .iter()
            .map(|it| it["number"].as_u64().unwrap())
            .collect()
    };
    assert_eq!(
        (numbers(&page), &page["durable"]),
        (vec![3, 2], &json!(false))
    );
    assert_eq!(numbers(&service.get("/config/history?after=2").ok()), [1]);
    let second = service.get("/config/history/2").ok();
    assert_eq!(
        (&second["source"], &second["reason"]),
        (&json!("api"), &json!("try"))
    );
    assert_eq!(
        second["effective"]["scene"]["default"]["weights"]["race.growth"],
        0.2
    );
    service.get("/config/history/9").problem(404);
    service.get("/config/history/x").problem(404);
    let back = |generation: &str, to: u64| {
        let body = json!({"to": to, "reason": "worse"});
        send(&service, ("POST", "/config/rollback"), generation, &body)
    };
    back("3", 9).problem(404);
    back("2", 1).problem(409);
    let answer = back("3", 2).ok();
    assert_eq!(
        (&answer["generation"], &answer["left"]),
        (&json!(4), &json!([]))
    );
    assert_eq!(live_growth(&service), 0.2);
    assert_eq!(
        service.get("/config/history/4").ok()["effective"],
        second["effective"]
    );
}

/// Moves the clock of the service.
fn pass(service: &Service, hours: i64) {
    let event = json!({"user_id": "u", "merchant_id": "m", "kind": "impression", "at": FIRST + hours * HOUR});
    service.events(&[event]);
}

#[test]
fn a_plan_is_kept_by_the_clock() {
    let service = Service::with_config(FILE);
    pass(&service, 0);
    let times = |from: i64, until: i64| json!({"set": growth(0.5), "from": FIRST + from * HOUR, "until": FIRST + until * HOUR});
    let planned = put(&service, 1, &times(2, 4)).ok();
    assert_eq!(
        (&planned["generation"], &planned["plan"]),
        (&json!(1), &json!("1"))
    );
    assert_eq!(put(&service, 1, &times(3, 5)).problem(422), [PATH]);
    assert_eq!(put(&service, 1, &times(4, 3)).problem(422), ["until"]);
    let plans = service.get("/config/plans").ok();
    assert_eq!(
        (&plans["plans"][0]["state"], &plans["plans"][0]["set"][PATH]),
        (&json!("waiting"), &json!(0.5))
    );
    pass(&service, 2);
    service.wait("the plan is applied", |it| live_growth(it) == 0.5);
    put(
        &service,
        2,
        &json!({"set": {"scene": {"feed": {"limit": 7}}}}),
    )
    .ok();
    pass(&service, 4);
    service.wait("the plan is taken back", |it| live_growth(it) == 0.1);
    let shown = service.get("/config").ok();
    assert_eq!(
        (
            &shown["generation"],
            &shown["config"]["scene"]["feed"]["limit"]
        ),
        (&json!(4), &json!(7))
    );
    put(&service, 4, &times(6, 8)).ok();
    assert_eq!(service.delete("/config/plans/2"), 204);
    service
        .send("DELETE", "/config/plans/2", &[], b"")
        .problem(404);
    assert_eq!(service.get("/config/plans").ok()["plans"], json!([]));
}

#[test]
fn the_author_is_the_name_of_the_token() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tokens.toml");
    let token = |name: &str, role: &str, token: &str| {
        format!("[[token]]\nname = \"{name}\"\nrole = \"{role}\"\ntoken = \"{token}\"\n")
    };
    let one = token("mei", "ops", "a-token-of-mei-17")
        + &token("prometheus", "metrics", "a-token-of-prom-17");
    std::fs::write(&path, &one).unwrap();
    let env = [("SAIMA_TOKENS_FILE", path.to_str().unwrap())];
    let mut service = Service::launch(Some(FILE), &["--clock", "event"], &env);
    service.get("/metrics").problem(401);
    service.token(Some("a-token-of-prom-17"));
    assert_eq!(service.get("/metrics").status, 200);
    service.get("/config").problem(403);
    service.get("/race").problem(403);
    service.token(Some("a-token-of-mei-17"));
    let answer = put(
        &service,
        1,
        &json!({"set": growth(0.3), "author": "somebody else"}),
    )
    .ok();
    let about = &answer["overrides"][PATH];
    assert_eq!(
        (&about["author"], &about["claimed"]),
        (&json!("mei"), &Value::Null)
    );
    // Rotation: both tokens hold, then the new one alone.
    std::fs::write(
        &path,
        one.clone() + &token("mei", "ops", "the-next-of-mei-17"),
    )
    .unwrap();
    service.token(Some("the-next-of-mei-17"));
    service.wait("the new token holds", |it| it.get("/config").status == 200);
    service.token(Some("a-token-of-mei-17"));
    assert_eq!(service.get("/config").status, 200);
    std::fs::write(&path, token("mei", "ops", "the-next-of-mei-17")).unwrap();
    service.wait("the old token is gone", |it| {
        it.get("/config").status == 401
    });
    let shown = {
        service.token(Some("the-next-of-mei-17"));
        service.get("/config").text() + &service.get("/config/history").text()
    };
    assert!(!shown.contains("of-mei-17"));
}

fn saima(service: &Service, args: &[&str]) -> (i32, String) {
    let mut command = program();
    command.args(args);
    match args {
        ["check", ..] => command.args(["--against", service.base()]),
        _ => command.args(["--url", service.base()]),
    };
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8(text).unwrap(),
    )
}

#[test]
fn the_commands_show_and_change() {
    let service = Service::with_config(FILE);
    pass(&service, 0);
    let ran = |args: &[&str], part: &str| {
        let (code, text) = saima(&service, args);
        assert!(code == 0 && text.contains(part), "{args:?}: {text}");
    };
    ran(&["config", "diff"], "no overrides");
    let growth = "scene.default.weights.race.growth";
    ran(
        &[
            "config",
            "set",
            &format!("{growth} = 0.3"),
            "--reason",
            "sale",
            "--author",
            "mei",
        ],
        "generation 2 is live\n  scene.default.weights.race.growth: 0.1 → 0.3\n",
    );
    ran(&["config", "show", growth], "\"race.growth\" = 0.3");
    ran(&["config", "show", "scene.feed"], "limit = 10");
    ran(
        &["config", "show", "--overrides"],
        "[scene.default.weights]",
    );
    ran(&["config", "diff"], "0.1 → 0.3  # by mei (claimed) at ");
    ran(&["config", "diff", "1", "2"], "0.1 → 0.3");
    ran(&["config", "history"], "2 (api) ");
    ran(&["config", "history", "1"], "[scene.feed]");
    ran(
        &["config", "set", "--unset", growth],
        "generation 3 is live",
    );
    ran(
        &[
            "config",
            "set",
            "scene.feed.limit = 9",
            "--until",
            "2099-01-01T00:00:00Z",
        ],
        "planned as 1; generation 4",
    );
    ran(&["config", "plans"], " until 2099-01-01T00:00:00Z");
    ran(&["config", "cancel", "1"], "cancelled");
    ran(&["config", "plans"], "no change is planned");
    ran(
        &["config", "rollback", "2", "--reason", "back"],
        "generation 6 is live",
    );
    let failed = |args: &[&str], part: &str| {
        let (code, text) = saima(&service, args);
        assert!(code == 1 && text.contains(part), "{args:?}: {text}");
    };
    failed(
        &[
            "config",
            "set",
            &format!("{growth} = 3"),
            "--generation",
            "2",
        ],
        "409",
    );
    failed(
        &["config", "set", "scene.feed.limit = 0"],
        "scene.feed.limit: must be",
    );
    failed(&["config", "set"], "name what to change");
    failed(&["config", "rollback", "99"], "404");
    failed(&["config", "show", "scene.none"], "no key");
}

#[test]
fn a_file_is_checked_against_the_service() {
    let service = Service::with_config(FILE);
    put(
        &service,
        1,
        &json!({"set": {"scene": {"feed": {"limit": 40}}}}),
    )
    .ok();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("next.toml");
    let path = path.to_str().unwrap();
    let heavy = FILE.replace("quality = 1", "quality = 20");
    std::fs::write(path, format!("{heavy}[log]\nlevel = 'debug'\n")).unwrap();
    let (code, text) = saima(&service, &["check", path]);
    assert_eq!(code, 0, "{text}");
    for part in [
        "scene feed:\n  race.growth                 0.5 %  (was 9.1 %)\n",
        "changes against generation 2:\n",
        "  scene.default.weights.quality: 1.0 → 20.0\n",
        "stays overridden: scene.feed.limit\n",
        "warning: scene default: quality has 99.5 % of the weight\n",
        "needs a restart: log.level\n",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    std::fs::write(
        path,
        "[limits]\nlimit = 30\n[scene.default]\nlimit = 30\n[scene.feed]\n",
    )
    .unwrap();
    let (code, text) = saima(&service, &["check", path]);
    assert!(
        code == 1 && text.contains("the service rejects it: scene.feed.limit"),
        "{text}"
    );
}

#[test]
fn a_file_that_the_service_rejects_fails_the_check() {
    let file = "[scene.feed]\nlimit = 10\n[scene.gone]\n[experiment.e]\nlayer = 'ranking'\nrange = [0.0, 0.5]\nscenes = ['feed']\n\
        primary = 'ctr'\nfind = 0.05\ncontrol = 'a'\narms = { a = { share = 0.5 }, b = { share = 0.5, set = { limit = 5 } } }\n";
    let service = Service::with_config(file);
    service.rank(&json!({"user_id": "u", "candidates": ["i"], "scene": "gone"}));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("next.toml");
    let path = path.to_str().unwrap();
    let check = |text: &str| {
        std::fs::write(path, text).unwrap();
        saima(&service, &["check", path])
    };
    let deployed = format!("[config]\nhistory = 20\n{}", file.replace("0.5]", "0.6]"));
    let (code, text) = check(&deployed);
    assert!(code == 0 && !text.contains("rejects"), "{text}");
    let wrong = file
        .replace("0.5]", "0.2]")
        .replace("limit = 5", "limit = 7");
    let (code, text) = check(&wrong.replace("[scene.gone]\n", ""));
    assert_eq!(code, 1, "{text}");
    for part in [
        "experiment.e.range: may only grow",
        "experiment.e.arms: cannot change",
        "scene.gone: requests named this scene in the last hour",
    ] {
        let line = format!("the service rejects it: {part}");
        assert!(text.contains(&line), "{part:?} in {text}");
    }
}

#[test]
fn a_rejected_file_is_told_until_it_is_mended() {
    let service = Service::with_config(FILE);
    let is = |status: &'static str| move |it: &Service| it.get("/readyz").ok()["status"] == status;
    service.wait("the service is ready", is("ready"));
    service.reconfigure(&FILE.replace("limit", "limt"));
    service.wait("the file is rejected", is("degraded"));
    let told = service.get("/readyz").text();
    assert!(told.contains("unknown key; did you mean limit?"), "{told}");
    service.reconfigure(FILE);
    service.wait("the file is mended", is("ready"));
}
