//! The preview of a configuration, and logged decisions, through the service.

use serde_json::{Value, json};

use super::near;
use crate::service::{Service, ids, program};

const CONFIG: &str = "[decisions]\nwhole = 1\n[scene.default]\nlimit = 4\n[scene.default.weights]\nquality = 1\nlong_term_value = 0.2\n\
                      [scene.feed]\n[[scene.feed.rules]]\nname = \"shops\"\nrule = \"cap\"\nby = \"merchant\"\nmax = 1\nwindow = 2\n";

fn start() -> Service {
    let service = Service::with_config(CONFIG);
    fill(&service);
    service
}

fn fill(service: &Service) {
    let item = |n: u32| {
        json!({
            "id": format!("i{n}"), "merchant_id": format!("m{}", n / 4), "quality": 0.9 - 0.04 * f64::from(n),
            "long_term_value": f64::from((n * 7) % 12) / 12.0, "category": "a",
        })
    };
    service.items(&(0..12).map(item).collect::<Vec<_>>());
    let merchant = |n: u32| json!({"id": format!("m{n}"), "integrity": 1.0 - 0.1 * f64::from(n)});
    service.merchants(&(0..3).map(merchant).collect::<Vec<_>>());
}

fn request(number: u32) -> Value {
    let candidates: Vec<String> = (0..10)
        .map(|n| format!("i{}", (n * 5 + number) % 13))
        .collect();
    let scene = ["default", "feed"][usize::from(number.is_multiple_of(2))];
    json!({"user_id": format!("u{}", number % 5), "candidates": candidates, "scene": scene, "request_id": format!("r-{number}")})
}

fn preview(service: &Service, body: &Value) -> Value {
    service.json("POST", "/config/preview", body).ok()
}

/// Returns a change of the weights and of a factor.
fn change() -> Value {
    json!({"scene": {"default": {"weights": {"long_term_value": 1.5, "quality": 0.3}}}, "integrity": {"gamma": 3.0}})
}

/// Makes a change live.
fn apply(service: &Service, set: &Value) {
    let generation = service.get("/config").ok()["generation"].to_string();
    let body = json!({"set": set}).to_string();
    let headers = [
        ("Content-Type", "application/json"),
        ("If-Match", generation.as_str()),
    ];
    service
        .send("PUT", "/config", &headers, body.as_bytes())
        .ok();
}

fn side(request: &Value, side: &str) -> Vec<String> {
    let places = request["places"].as_array().unwrap().iter();
    places
        .map(|place| place[side].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_preview_is_what_applying_does() {
    let service = start();
    let before: Vec<Vec<String>> = (0..30).map(|n| ids(&service.rank(&request(n)))).collect();
    let same = preview(&service, &json!({"set": {}}));
    assert_eq!(
        (&same["replayed"], &same["reproduced"]),
        (&json!(30), &json!(1.0))
    );
    assert_eq!(
        (&same["tau"], &same["first_unchanged"]),
        (&json!(1.0), &json!(1.0))
    );
    assert_eq!(same["changed"], json!([]));

    let seen = preview(&service, &json!({"set": change()}));
    assert_eq!(seen["reproduced"], 1.0, "{seen}");
    assert_eq!(seen["not_replayed"], json!([]));
    assert!(seen["tau"].as_f64().unwrap() < 1.0);
    assert_eq!(
        preview(&service, &json!({"set": change(), "scene": "feed"}))["replayed"],
        15
    );
    assert_eq!(
        preview(&service, &json!({"set": change(), "requests": 7}))["replayed"],
        7
    );
    let objectives = seen["objectives"].as_array().unwrap();
    let long_term = objectives
        .iter()
        .find(|it| it["name"] == "long_term_value")
        .unwrap();
    assert!(long_term["after"].as_f64() > long_term["before"].as_f64());
    for key in ["lane", "tier"] {
        let shares = seen["exposure"][key].as_array().unwrap();
        let sum = |side: &str| {
            shares
                .iter()
                .map(|it| it[side].as_f64().unwrap())
                .sum::<f64>()
        };
        near(sum("before"), 1.0);
        near(sum("after"), 1.0);
    }
    let changed = seen["changed"].as_array().unwrap();
    assert!(changed.len() >= 10, "{}", changed.len());
    assert!(
        changed[0]["moved"]
            .to_string()
            .contains("long_term_value +"),
        "{}",
        changed[0]
    );

    apply(&service, &change());
    for request_of in changed {
        let id = request_of["request_id"].as_str().unwrap();
        let number: u32 = id[2..].parse().unwrap();
        let mut again = request(number);
        again["request_id"] = format!("after-{number}").into();
        assert_eq!(side(request_of, "before"), before[number as usize]);
        assert_eq!(
            side(request_of, "after"),
            ids(&service.rank(&again)),
            "{id}"
        );
    }
    let after = preview(&service, &json!({"set": {}}));
    assert_eq!(
        (&after["reproduced"], &after["unknown_generation"]),
        (&json!(1.0), &json!(0))
    );
}

/// Returns the configuration with an experiment for a part of the users.
fn trial(until: &str) -> String {
    format!(
        "{CONFIG}[experiment.long]\nlayer = \"ranking\"\nrange = [0.0, {until}]\nprimary = \"gmv_per_user\"\nfind = 0.03\n\
         control = \"as-is\"\n[experiment.long.arms]\nas-is = {{ share = 0.5 }}\n\
         more = {{ share = 0.5, set = {{ weights = {{ long_term_value = 3.0 }} }} }}\n"
    )
}

#[test]
fn given_requests_have_the_arms_of_either_side() {
    let service = Service::with_config(&trial("0.5"));
    fill(&service);
    let given = |number: u32| {
        let mut one = request(1);
        one["user_id"] = format!("u{number}").into();
        one["request_id"] = format!("g-{number}").into();
        if number < 2 {
            let arm = ["as-is", "more"][number as usize];
            one["arms"] = json!({"long": arm});
        }
        one
    };
    let requests: Vec<Value> = (0..18).map(given).collect();
    let rank = || -> Vec<Vec<String>> {
        let answers = requests.iter().map(|it| ids(&service.rank(it)));
        answers.collect()
    };
    let before = rank();
    assert_ne!(before[0], before[1]);
    let set = json!({"experiment": {"long": {"range": [0.0, 1.0]}}, "scene": {"default": {"weights": {"quality": 0.5}}}});
    let seen = preview(&service, &json!({"set": set, "rank": requests}));
    assert_eq!(
        (&seen["replayed"], &seen["reproduced"]),
        (&json!(18), &json!(1.0))
    );
    assert_eq!(seen["not_replayed"], json!([]));
    let mut sides = [before.clone(), before.clone()];
    for request in seen["changed"].as_array().unwrap() {
        let number: usize = request["request_id"].as_str().unwrap()[2..]
            .parse()
            .unwrap();
        sides[0][number] = side(request, "before");
        sides[1][number] = side(request, "after");
    }
    assert_eq!(sides[0], before);
    apply(&service, &set);
    assert_eq!(sides[1], rank());
}

#[test]
fn arms_are_replayed_as_they_held() {
    let service = Service::with_config(&trial("1.0"));
    fill(&service);
    let mut arms: Vec<String> = (0..20)
        .map(|n| {
            service.rank(&request(n))["arms"]["long"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    arms.sort_unstable();
    arms.dedup();
    assert_eq!(arms, ["as-is", "more"]);
    let seen = preview(&service, &json!({"set": {}}));
    assert_eq!(
        (&seen["replayed"], &seen["reproduced"], &seen["tau"]),
        (&json!(20), &json!(1.0), &json!(1.0))
    );
    let arms = &service.get("/decisions/r-1").ok()["arms"];
    assert_eq!(*arms, service.rank(&request(1))["arms"]);
}

#[test]
fn given_requests_are_previewed_without_a_log() {
    let service = Service::with_config(
        "[decisions]\nwhole = 0\n[scene.default]\nlimit = 4\nweights = { quality = 1 }\n",
    );
    fill(&service);
    let set = json!({"scene": {"default": {"weights": {"quality": -1.0}}}});
    let empty = preview(&service, &json!({"set": set}));
    assert_eq!(
        (&empty["replayed"], &empty["tau"]),
        (&json!(0), &Value::Null)
    );
    assert!(
        empty["why"]
            .as_str()
            .unwrap()
            .contains("decisions.whole is 0")
    );
    let mut one = request(1);
    one["scene"] = "default".into();
    let seen = preview(&service, &json!({"set": set, "rank": [one]}));
    assert_eq!(
        (&seen["replayed"], &seen["reproduced"]),
        (&json!(1), &json!(1.0))
    );
    assert_eq!(
        side(&seen["changed"][0], "before"),
        ids(&service.rank(&one))
    );
    assert_eq!(
        preview(&service, &json!({"set": set}))["replayed"],
        0,
        "nothing is logged"
    );
    let toml = "[decisions]\nwhole = 0\n[scene.default]\nlimit = 2\nweights = { quality = 1 }\n[profile]\nfollow_bond = 3\n";
    let seen = preview(&service, &json!({"toml": toml, "rank": [one]}));
    let keys = seen["not_replayed"].as_array().unwrap().iter();
    let keys: Vec<&str> = keys.map(|it| it["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["profile.follow_bond"]);
    assert_eq!(
        seen["changed"][0]["places"][3]["after"],
        Value::Null,
        "the new limit is 2"
    );
}

#[test]
fn the_report_of_the_command_is_readable() {
    let service = start();
    (0..10).for_each(|n| drop(service.rank(&request(n))));
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("new.toml");
    let next = CONFIG.replacen("quality = 1", "quality = -1", 1);
    std::fs::write(&file, next).unwrap();
    let run = |args: &[&str]| {
        let mut command = program();
        command
            .args(["preview", "--url", service.base()])
            .args(args)
            .arg(&file);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let report = run(&[]);
    for text in [
        "10 requests",
        "first place unchanged",
        "merchants that gain",
        "request r-",
    ] {
        assert!(report.contains(text), "{text} in {report}");
    }
    let json: Value = serde_json::from_str(&run(&["--json", "--scene", "feed"])).unwrap();
    assert_eq!(
        (&json["replayed"], &json["reproduced"]),
        (&json!(5), &json!(1.0))
    );
}

#[test]
fn scenes_have_metrics_of_their_own() {
    let service =
        Service::with_config("[decisions]\nwhole = 1\nusers = \"none\"\n[scene.feed]\nlimit = 3\n");
    fill(&service);
    let request = json!({"user_id": "u1", "candidates": ["i1", "i2", "none"], "scene": "feed", "request_id": "r-1"});
    service.rank(&request);
    service.rank(&json!({"user_id": "u1", "candidates": ["i1"]}));
    let event = |kind: &str, amount: f64| json!({"user_id": "u1", "item_id": "i1", "kind": kind, "scene": "feed", "at": 1_744_027_200_000_i64, "amount": amount});
    service.events(&[
        event("click", 0.0),
        event("purchase", 12.5),
        event("refund", 2.5),
    ]);
    let of = |name: &str| service.metric(&format!("saima_scene_{name} "));
    near(of("requests_total{scene=\"feed\"}"), 1.0);
    near(of("candidates_total{scene=\"feed\"}"), 3.0);
    near(of("unknown_total{scene=\"feed\"}"), 1.0);
    near(of("candidates_total{scene=\"default\"}"), 1.0);
    near(of("events_total{scene=\"feed\",kind=\"click\"}"), 1.0);
    near(of("gmv{scene=\"feed\"}"), 10.0);
    assert_eq!(
        service.get("/decisions/r-1").ok()["user"],
        Value::Null,
        "users = \"none\""
    );
}

#[test]
fn a_bad_preview_is_a_named_fault() {
    let service = start();
    let faults = |body: &Value| service.json("POST", "/config/preview", body).problem(422);
    assert_eq!(faults(&json!({})), [""]);
    assert_eq!(faults(&json!({"set": {}, "toml": ""})), [""]);
    assert_eq!(faults(&json!({"set": {}, "scene": "nowhere"})), ["scene"]);
    assert_eq!(faults(&json!({"set": {}, "requests": 2_001})), ["requests"]);
    assert_eq!(faults(&json!({"set": {}, "requets": 1})), ["requets"]);
    assert_eq!(
        faults(&json!({"set": {"integrity": {"gama": 2}}})),
        ["integrity.gama"]
    );
    assert_eq!(
        faults(&json!({"toml": "[scene.default.weights]\nqualty = 1\n"})),
        ["scene.default.weights.qualty"]
    );
    let rank = json!([request(1), {"user_id": "u", "candidates": [3, {}]}]);
    assert_eq!(
        faults(&json!({"set": {}, "rank": rank})),
        ["rank[1].candidates[1].id"]
    );
    let live = service.get("/config").ok();
    assert_eq!(live["generation"], 1, "nothing went live");
}

#[test]
fn a_decision_is_explained_as_it_was() {
    let service = start();
    let ranked = service.rank(&json!({
        "user_id": "u1", "candidates": ["i0", "i1", "i2", "i3", "i4", "i5", "none"], "request_id": "r-7", "explain": true,
    }));
    // Later changes do not change what was decided.
    service.send_facts("PATCH", "/items", &[json!({"id": "i1", "quality": 0.01})]);
    let answer = service.get("/decisions/r-7?item=i5").ok();
    assert_eq!(
        (&answer["scene"], &answer["unknown"]),
        (&json!("default"), &json!(1))
    );
    assert_eq!(answer["user"].as_str().unwrap().len(), 32);
    let items = answer["items"].as_array().unwrap();
    assert_eq!(items.len(), 4);
    for (place, (item, then)) in items
        .iter()
        .zip(ranked["items"].as_array().unwrap())
        .enumerate()
    {
        assert_eq!(
            (&item["id"], &item["place"]),
            (&then["id"], &json!(place + 1))
        );
        near(
            item["score"].as_f64().unwrap(),
            then["score"].as_f64().unwrap(),
        );
        let explain = &item["explain"];
        near(
            explain["base"].as_f64().unwrap(),
            then["explain"]["base"].as_f64().unwrap(),
        );
        let parts = explain["objectives"].as_array().unwrap();
        let sum: f64 = parts
            .iter()
            .map(|part| part["contribution"].as_f64().unwrap())
            .sum();
        near(sum, explain["base"].as_f64().unwrap());
    }
    assert_eq!(items[0]["explain"]["above"], Value::Null);
    let second = &items[1]["explain"];
    assert_eq!(second["above"]["id"], items[0]["id"]);
    let lift = second["above"]["lift"].as_array().unwrap();
    let quality = lift.iter().find(|it| it["name"] == "quality").unwrap();
    let (value, gap) = (
        quality["value"].as_f64().unwrap(),
        second["above"]["gap"].as_f64().unwrap(),
    );
    // The weight of quality is 1 of 1.2; both are of one merchant.
    near(value / 1.2, gap);
    let asked = &answer["asked"];
    assert_eq!(
        (&asked["id"], &asked["place"]),
        (&json!("i5"), &Value::Null)
    );
    assert_eq!(asked["explain"]["above"]["id"], items[3]["id"]);
    service.get("/decisions/never").problem(404);
}

#[test]
fn a_file_is_previewed_under_the_overrides() {
    let service = start();
    apply(
        &service,
        &json!({"scene": {"default": {"weights": {"long_term_value": 2.0}}}}),
    );
    (0..10).for_each(|n| drop(service.rank(&request(n))));
    let live = service.get("/config").ok()["config"].clone();
    let seen = preview(
        &service,
        &json!({"file": format!("{CONFIG}[log]\nlevel = 'debug'\n")}),
    );
    assert_eq!((&seen["tau"], &seen["config"]), (&json!(1.0), &live));
    let restart = json!([{"key": "log.level", "reason": "needs a restart"}]);
    assert_eq!(seen["not_replayed"], restart);
    // The whole configuration has no overrides.
    let whole = preview(&service, &json!({"toml": CONFIG}));
    assert!(whole["tau"].as_f64().unwrap() < 1.0, "{whole}");
    let both = json!({"set": {}, "file": CONFIG});
    let rejected = service.json("POST", "/config/preview", &both);
    assert_eq!(rejected.status, 422);
    assert!(
        rejected
            .text()
            .contains("must have one of `set`, `toml` and `file`")
    );
    let args = [
        "preview",
        "--set",
        "scene.default.limit = 3",
        "--url",
        service.base(),
    ];
    let output = program().args(args).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success() && text.contains("requests ranked again"),
        "{text}"
    );
}
