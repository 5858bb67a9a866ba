//! Experiments on the wire: the arms of a user, forced arms, and pages under the same arms.

use serde_json::{Value, json};

use crate::service::{Service, ids};

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
