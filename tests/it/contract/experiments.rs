//! Experiments on the wire: the arms of a user, forced arms, and pages under the same arms.

use serde_json::{Value, json};

use super::{DAY, FIRST, bought, did, near, noon};
use crate::service::{Service, ids, program};

/// `as-is` ranks by quality, `more` against it.
const CONFIG: &str = r#"
[scene.default]
limit = 2
weights = { quality = 1 }
[scene.plain]
[audience.named]
where = 'user.id.startsWith("u-")'
[experiment.turned]
layer = "ranking"
range = [0.0, 0.8]
scenes = ["default"]
audience = "named"
primary = "ctr"
find = 0.1
control = "as-is"
[experiment.turned.arms]
as-is = { share = 0.5 }
more = { share = 0.5, set = { weights = { quality = -1 } } }
[experiment.longer]
layer = "length"
range = [0.0, 1.0]
primary = "ctr"
find = 0.1
control = "as-is"
[experiment.longer.arms]
as-is = { share = 0.5 }
more = { share = 0.5, set = { limit = 3 } }
"#;

fn service(config: &str) -> Service {
    let service = Service::with_config(config);
    service.items(&[
        json!({"id": "a", "quality": 0.8}),
        json!({"id": "b", "quality": 0.6}),
        json!({"id": "c", "quality": 0.3}),
        json!({"id": "d", "quality": 0.1}),
    ]);
    service
}

fn request(user: &str, more: &Value) -> Value {
    let mut request = json!({"user_id": user, "candidates": ["a", "b", "c", "d"]});
    let more = more.as_object().unwrap().clone();
    request.as_object_mut().unwrap().extend(more);
    request
}

fn order(answer: &Value) -> String {
    ids(answer).concat()
}

#[test]
fn users_have_the_arms_of_their_ids() {
    let service = service(CONFIG);
    let mut met = [0; 4];
    for number in 0..200 {
        let user = format!("u-{number}");
        let answer = service.rank(&request(&user, &json!({})));
        let more = |name: &str| answer["arms"][name] == "more";
        let right = match (more("turned"), more("longer")) {
            (false, false) => "ab",
            (false, true) => "abc",
            (true, false) => "dc",
            (true, true) => "dcb",
        };
        assert_eq!(order(&answer), right, "{answer}");
        met[usize::from(more("turned")) * 2 + usize::from(more("longer"))] += 1;
        assert!(answer["arms"]["longer"].is_string() && answer["forced"].is_null());
        assert_eq!(
            service.rank(&request(&user, &json!({})))["arms"],
            answer["arms"]
        );
        let stranger = service.rank(&request(&format!("x-{number}"), &json!({})));
        assert!(
            stranger["arms"]["turned"].is_null(),
            "not in the audience: {stranger}"
        );
        let plain = service.rank(&request(&user, &json!({"scene": "plain"})));
        assert!(
            plain["arms"]["turned"].is_null(),
            "not of the scene: {plain}"
        );
        assert_eq!(plain["arms"]["longer"], answer["arms"]["longer"]);
    }
    assert!(met.iter().all(|users| *users > 20), "{met:?}");
}

#[test]
fn forced_arms_hold_for_anyone() {
    let service = service(CONFIG);
    let force = |arms: Value| request("anyone", &json!({"arms": arms}));
    let answer = service.rank(&force(json!({"turned": "more"})));
    assert_eq!(answer["arms"], json!({"turned": "more"}));
    assert_eq!(
        (order(&answer).as_str(), &answer["forced"]),
        ("dc", &json!(true))
    );
    let none = service.rank(&force(json!({})));
    assert_eq!((order(&none).as_str(), &none["arms"]), ("ab", &Value::Null));
    assert_eq!(none["forced"], true);
    for (arms, path, message) in [
        (
            json!({"turnd": "more"}),
            "arms.turnd",
            "did you mean turned?",
        ),
        (
            json!({"turned": "none"}),
            "arms.turned",
            "must be an arm of the experiment: as-is, more",
        ),
        (
            json!(["turned"]),
            "arms",
            "must be an object of names of arms",
        ),
    ] {
        let answer = service.json("POST", "/rank", &force(arms));
        let problem: Value = serde_json::from_slice(&answer.bytes).unwrap();
        assert_eq!(
            (answer.status, &problem["errors"][0]["path"]),
            (422, &json!(path)),
            "{problem}"
        );
        assert!(
            problem["errors"][0]["message"]
                .as_str()
                .unwrap()
                .contains(message),
            "{problem}"
        );
    }
}

#[test]
fn later_pages_keep_the_arms() {
    let service = service(CONFIG);
    let user = (0..).map(|number| format!("u-{number}")).find(|user| {
        let arms = service.rank(&request(user, &json!({})));
        arms["arms"] == json!({"turned": "more", "longer": "as-is"})
    });
    let user = user.unwrap();
    let page = |offset: usize, more: Value| {
        let mut all = json!({"request_id": "r-1", "offset": offset});
        all.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        request(&user, &all)
    };
    let first = service.rank(&page(0, json!({})));
    assert_eq!(order(&first), "dc");
    service.reconfigure(
        &CONFIG
            .replace("[experiment.longer]", "[experiment.longest]")
            .replace("[experiment.longer.", "[experiment.longest."),
    );
    service.wait("the change", |service| {
        service.rank(&request(&user, &json!({})))["generation"] == 2
    });
    let second = service.rank(&page(2, json!({})));
    assert_eq!(
        (order(&second).as_str(), &second["arms"]),
        ("ba", &json!({"turned": "more"}))
    );
    let other = service.json(
        "POST",
        "/rank",
        &page(2, json!({"arms": {"turned": "as-is"}})),
    );
    assert_eq!(
        other.status,
        422,
        "{}",
        String::from_utf8_lossy(&other.bytes)
    );
}

#[test]
fn a_changed_running_experiment_is_rejected() {
    let service = service(CONFIG);
    service.reconfigure(&CONFIG.replace("quality = -1", "quality = -2"));
    service.wait("the rejection", |service| {
        service.metric("saima_config_refused_total") >= 1.0
    });
    assert_eq!(service.rank(&request("u-1", &json!({})))["generation"], 1);
    service.reconfigure(&CONFIG.replace("[0.0, 0.8]", "[0.0, 0.9]"));
    service.wait("the ramp", |service| {
        service.rank(&request("u-1", &json!({})))["generation"] == 2
    });
}

/// Returns a service on which the experiments have begun.
fn begun() -> Service {
    let capped = CONFIG.replace("find = 0.1", "find = 0.1\ngmv_cap = 50.0");
    let service = service(&capped);
    service.events(&[did("watchman", "view", "a", noon(80))]);
    service.wait("the begin", |service| {
        let all = service.get("/experiments").ok();
        let mut each = all["experiments"].as_array().unwrap().iter();
        each.all(|it| it["state"] == "running")
    });
    service
}

fn metric(experiment: &Value, arm: &str, name: &str) -> Value {
    let arms = experiment["arms"].as_array().unwrap();
    let arm = arms.iter().find(|it| it["name"] == arm).unwrap();
    let metrics = arm["metrics"].as_array().unwrap();
    metrics
        .iter()
        .find(|it| it["name"] == name)
        .unwrap()
        .clone()
}

#[test]
fn what_enrolled_users_do_counts_for_their_arm() {
    let service = begun();
    let turned = |service: &Service| service.get("/experiments/turned").ok();
    assert_eq!(turned(&service)["users"], 0);
    // A forced answer enrols nobody.
    service.rank(&request("u-1", &json!({"arms": {"turned": "more"}})));
    let of = |user: &str| {
        let answer = service.rank(&request(user, &json!({})));
        answer["arms"]["turned"].as_str().map(str::to_owned)
    };
    let mut users = (0..).map(|number| format!("u-{number}"));
    let user = users
        .find(|user| of(user).as_deref() == Some("more"))
        .unwrap();
    let at = noon(81);
    let in_scene = |kind: &str, scene: &str| json!({"user_id": user, "item_id": "d", "kind": kind, "scene": scene, "position": 3, "at": at});
    service.events(&[
        in_scene("impression", "default"),
        in_scene("impression", "plain"),
        in_scene("click", "default"),
        did(&user, "click", "d", at),
        bought("p-1", &user, "d", at, 80.0),
        json!({"id": "r-1", "user_id": user, "item_id": "d", "kind": "refund", "purchase_id": "p-1", "amount": 20, "at": at}),
        bought("p-2", "stranger", "d", at, 80.0),
    ]);
    let found = turned(&service);
    let sums = |name: &str| {
        let metric = metric(&found, "more", name);
        json!([metric["numerator"], metric["denominator"]])
    };
    let users = &sums("orders_per_user")[1];
    assert_eq!(sums("orders_per_user"), json!([1.0, users]));
    assert_eq!(sums("gmv_per_user"), json!([30.0, users]), "{found}");
    assert_eq!(sums("ctr"), json!([2.0, 1.0]));
    assert_eq!(sums("ctr_by_place"), json!([2.0, 0.5]));
    assert_eq!(sums("refund_share"), json!([20.0, 50.0]));
    assert_eq!(metric(&found, "as-is", "orders_per_user")["numerator"], 0.0);
    let longer = service.get("/experiments/longer").ok();
    let shown = |arm| metric(&longer, arm, "ctr")["denominator"].as_f64().unwrap();
    near(shown("as-is") + shown("more"), 2.0);
    let series =
        "saima_experiment_events_total{experiment=\"turned\",arm=\"more\",kind=\"purchase\"} ";
    near(service.metric(series), 1.0);
    let users = [&found, &longer].map(|it| it["users"].as_f64().unwrap());
    near(
        service.metric("saima_entries{structure=\"enrolled\"} "),
        users[0] + users[1],
    );
}

#[test]
fn refunds_count_what_they_take_in_any_order() {
    let service = begun();
    service.items(&[json!({"id": "d", "quality": 0.1, "price": 13})]);
    let mut users = (0..).map(|number| format!("u-{number}"));
    let mut next = || {
        let has_more = |user: &String| {
            let answer = service.rank(&request(user, &json!({})));
            answer["arms"]["turned"] == "more"
        };
        users.find(has_more).unwrap()
    };
    let sums = || {
        let found = service.get("/experiments/turned").ok();
        let of = |name: &str| metric(&found, "more", name)["numerator"].as_f64().unwrap();
        [
            of("orders_per_user"),
            of("gmv_per_user"),
            of("refund_share"),
        ]
    };
    let at = noon(81);
    // Each with what is refunded of a purchase of 40: all of it, or no more than that.
    for (amounts, refunded) in [
        (vec![None], 40.0),
        (vec![Some(30), Some(30), Some(30)], 40.0),
    ] {
        for is_first in [true, false] {
            let (user, before) = (next(), sums());
            let sale = bought(&format!("p-{user}"), &user, "d", at, 40.0);
            let refund = |(number, amount): (usize, &Option<i32>)| json!({"id": format!("r-{user}-{number}"), "user_id": user, "item_id": "d", "kind": "refund", "purchase_id": format!("p-{user}"), "amount": amount, "at": at});
            let mut events: Vec<Value> = amounts.iter().enumerate().map(refund).collect();
            events.insert(if is_first { 0 } else { events.len() }, sale);
            for event in &events {
                service.events(std::slice::from_ref(event));
            }
            let after = sums();
            let added: Vec<f64> = after
                .iter()
                .zip(before)
                .map(|(after, before)| after - before)
                .collect();
            assert_eq!(
                added,
                [1.0, 40.0 - refunded, refunded],
                "{amounts:?} {is_first}"
            );
        }
    }
}

#[test]
fn an_assignment_shows_every_step() {
    let service = begun();
    let assignment = |query: &str| service.get(&format!("/experiments/turned/assignment{query}"));
    let of = assignment("?user=u-1001").ok();
    assert_eq!(
        (&of["part"], &of["in_range"], &of["held"]),
        (&json!(6_564), &json!(true), &json!(false))
    );
    assert_eq!(
        (&of["in_audience"], &of["enrolled"]),
        (&json!(true), &json!(false))
    );
    service.rank(&request("u-1001", &json!({})));
    service.wait("the enrolment", |_| {
        assignment("?user=u-1001").ok()["enrolled"] == true
    });
    assert_eq!(assignment("?user=x-1").ok()["takes_part"], false);
    assert_eq!(assignment("").status, 422);
    for user in ["", "%00", &"x".repeat(129)] {
        assert_eq!(assignment(&format!("?user={user}")).problem(422), ["user"]);
    }
    assert_eq!(
        service.get("/experiments/none/assignment?user=u").status,
        404
    );
    assert_eq!(service.get("/experiments/none").status, 404);
}

#[test]
fn a_merged_user_keeps_the_arm_of_the_id() {
    let service = begun();
    service.events(&[
        did("visitor", "view", "a", noon(81)),
        did("u-7", "view", "a", noon(81)),
    ]);
    let arms = |user: &str| service.rank(&request(user, &json!({})))["arms"].clone();
    let own = arms("u-7");
    assert_eq!(
        service
            .json(
                "POST",
                "/users/merge",
                &json!({"from": "visitor", "into": "u-7"})
            )
            .status,
        200
    );
    assert_eq!(arms("visitor"), own);
}

#[test]
fn the_command_prints_the_results() {
    let service = begun();
    service.rank(&request("u-1", &json!({})));
    let run = |args: &[&str]| {
        let output = program()
            .arg("experiments")
            .args(args)
            .args(["--url", service.base()])
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
        )
    };
    let (code, table) = run(&["turned"]);
    assert_eq!(code, Some(0));
    assert!(
        table.starts_with("turned: running, verdict running.") && table.contains("more (running)"),
        "{table}"
    );
    let (_, json) = run(&["--json"]);
    let all: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(all.as_array().unwrap().len(), 2);
    assert_eq!(run(&["none"]).0, Some(1));
}

#[test]
fn a_verdict_comes_as_a_day_ends() {
    let service = begun();
    let users: Vec<String> = (0..4_000).map(|number| format!("u-{number}")).collect();
    let mut purchases = Vec::new();
    for users in users.chunks(500) {
        let requests: Vec<Value> = users
            .iter()
            .map(|user| request(user, &json!({"limit": 1, "timeout_ms": 60_000})))
            .collect();
        let answer = service
            .json("POST", "/rank/batch", &json!({"requests": requests}))
            .ok();
        for (number, answer) in answer["results"].as_array().unwrap().iter().enumerate() {
            // All users of `more` buy, and every other one of `as-is`.
            let buys = answer["arms"]["turned"] == "more" || number % 2 == 0;
            if buys {
                let id = format!("p-{}", users[number]);
                purchases.push(bought(&id, &users[number], "a", noon(80), 10.0));
                purchases.push(did(&users[number], "click", "a", noon(80)));
            }
            let seen = did(&users[number], "impression", "a", noon(80));
            purchases.push(seen);
        }
    }
    service.events(&purchases);
    let judged = |day: i64| {
        service.events(&[did("watchman", "view", "a", noon(day))]);
        let judged = |service: &Service| {
            let found = service.get("/experiments/turned").ok();
            found["judged"].is_string()
                && found["judged"] != Value::Null
                && day_of(&found) == day - 1
        };
        service.wait("the verdict of the day", judged);
        service.get("/experiments/turned").ok()
    };
    assert_eq!(judged(83)["verdict"], "running", "a week is not over");
    let found = judged(89);
    assert_eq!(found["verdict"], "better", "{found}");
    assert!(found["progress"].is_u64(), "{found}");
    let ctr = metric(&found, "more", "ctr");
    assert!(
        ctr["low"].as_f64().unwrap() > 0.5 && ctr["high"].as_f64().unwrap() < 1.5,
        "{ctr}"
    );
    assert!(metric(&found, "as-is", "ctr")["lift"].is_null());
    assert_eq!(judged(90)["verdict"], "better", "it stays");
}

/// Returns the number of the last judged day.
fn day_of(experiment: &Value) -> i64 {
    let judged = saima::clock::Time::parse(experiment["judged"].as_str().unwrap()).unwrap();
    (judged.millis() - FIRST) / DAY
}

#[test]
fn rankings_are_counted_by_scene_and_arm() {
    let config = CONFIG.replace("quality = -1", "quality = -1, long_term_value = 0.1");
    let service = service(&config);
    let mut more = 0.0;
    for number in 0..40 {
        let candidates = json!({"candidates": ["a", "gone", "b", "c"]});
        let answer = service.rank(&request(&format!("u-{number}"), &candidates));
        more += f64::from(answer["arms"]["turned"] == "more");
    }
    let forced = json!({"arms": {"turned": "more"}});
    service.rank(&request("u-0", &forced));
    let labels = |scene| format!("scene=\"{scene}\",experiment=\"turned\",arm=\"more\"");
    let of = |name: &str, more: &str| {
        let labels = labels("default");
        service.metric(&format!("saima_arm_{name}_total{{{labels}{more}}} "))
    };
    assert!(more > 0.0, "no user has the arm");
    near(of("requests", ""), more);
    near(of("candidates", ""), 4.0 * more);
    near(of("unknown", ""), more);
    near(of("missing", ",objective=\"long_term_value\""), 3.0 * more);
    near(of("missing", ",objective=\"quality\""), 0.0);
    let is_shown = |scene| service.get("/metrics").text().contains(&labels(scene));
    assert!(!is_shown("plain"), "it does not run there");
    service.reconfigure("[scene.default]\n[scene.plain]\n");
    service.wait("its end", |_| !is_shown("default"));
}

#[test]
fn later_pages_keep_the_arms_that_the_first_names() {
    let service = service(CONFIG);
    let page = |more: Value| {
        let mut all = json!({"request_id": "f-1"});
        all.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        service.rank(&request("u-1", &all))
    };
    let arms = json!({"turned": "more"});
    assert_eq!(order(&page(json!({"arms": arms}))), "dc");
    let second = page(json!({"offset": 2}));
    assert_eq!(
        (order(&second).as_str(), &second["arms"], &second["forced"]),
        ("ba", &arms, &json!(true))
    );
    assert_eq!(page(json!({"offset": 2, "arms": arms})), second);
    let third = page(json!({"offset": 4}));
    assert_eq!(
        (order(&third).as_str(), &third["forced"]),
        ("", &json!(true))
    );
    let anew = page(json!({"offset": 0}));
    assert_eq!(
        anew["forced"],
        Value::Null,
        "a first page has the user's own"
    );
    let experiment = service.get("/experiments/turned").ok();
    assert!(experiment["users"].as_u64().unwrap() <= 1, "{experiment}");
}
