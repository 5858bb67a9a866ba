//! `POST /rank` and `POST /rank/batch`: requests, answers and errors.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::{DAY, bought, did, end_of_window, near, noon, weighing};
use saima::random::Random;

use crate::service::{JSON, Service, ids, program};

/// Fills a small marketplace with data for every objective; returns the item ids.
fn marketplace(service: &Service) -> Vec<String> {
    let mut numbers = Random::new(3);
    let merchants: Vec<Value> = (0..5)
        .map(|m| json!({"id": format!("m{m}"), "category": "c", "integrity": 1.0 - f64::from(m) / 10.0}))
        .collect();
    service.merchants(&merchants);
    let items: Vec<Value> = (0..40)
        .map(|i| {
            json!({
                "id": format!("i{i}"), "merchant_id": format!("m{}", i % 5), "category": format!("c{}", i % 3), "price": 10 + i,
                "tags": {format!("t{}", i % 7): 1.0, format!("s{}", i % 4): 0.5}, "listed_at": noon(i64::from(i)),
            })
        })
        .collect();
    service.items(&items);
    let kinds = ["view", "cart", "purchase", "favourite", "dislike"];
    let events: Vec<Value> = (0..600)
        .map(|e| {
            let (user, item) = (numbers.below(12), numbers.below(40));
            let kind = kinds[numbers.below(5) as usize];
            let at = noon(i64::from(numbers.below(84)));
            json!({"id": format!("e{e}"), "user_id": format!("u{user}"), "item_id": format!("i{item}"), "kind": kind, "at": at})
        })
        .collect();
    service.events(&events);
    end_of_window(service);
    (0..40).map(|i| format!("i{i}")).collect()
}

#[test]
fn answers_do_not_depend_on_candidate_order() {
    let service = Service::start();
    let mut candidates = marketplace(&service);
    let ask = |candidates: &[String], limit: usize| {
        let request = json!({"user_id": "u1", "candidates": candidates, "explain": true, "request_id": "r", "limit": limit});
        service.json("POST", "/rank", &request)
    };
    let first = ask(&candidates, 40);
    assert_eq!(first.ok()["items"].as_array().unwrap().len(), 40);
    for _ in 0..5 {
        assert_eq!(ask(&candidates, 40).bytes, first.bytes);
    }
    let mut numbers = Random::new(1);
    for limit in [40, 11, 1] {
        for _ in 0..5 {
            numbers.shuffle(&mut candidates);
            let items = ask(&candidates, limit).ok()["items"].clone();
            let all = first.ok()["items"].clone();
            assert_eq!(
                items.as_array().unwrap()[..],
                all.as_array().unwrap()[..limit]
            );
        }
    }
}

/// Returns the number of decimals of every number outside strings that has a decimal point.
fn digits(text: &str) -> Vec<usize> {
    let unquoted = text.split('"').step_by(2);
    let fractions = unquoted.flat_map(|numbers| numbers.split('.').skip(1));
    fractions
        .map(|rest| rest.chars().take_while(char::is_ascii_digit).count())
        .collect()
}

#[test]
fn numbers_have_six_digits_and_parts_sum_up() {
    let service = Service::start();
    let candidates = marketplace(&service);
    for user in ["u1", "u2", "nobody"] {
        let request = json!({"user_id": user, "candidates": candidates, "explain": true});
        let answer = service.json("POST", "/rank", &request);
        let digits = digits(&answer.text());
        assert!(digits.len() > 40 * 9 * 3 && digits.iter().all(|count| *count == 6));
        let ranking = answer.ok();
        let mut last = f64::INFINITY;
        for item in ranking["items"].as_array().unwrap() {
            let score = item["score"].as_f64().unwrap();
            assert!(score <= last && (0.0..=1.0).contains(&score));
            last = score;
            adds_up(&item["explain"], score);
        }
        assert_eq!(ranking["dropped"], json!([]));
    }
}

fn adds_up(explain: &Value, score: f64) {
    let sum = |list: &str, field: &str| -> Vec<f64> {
        let parts = explain[list].as_array().unwrap().iter();
        parts.map(|part| part[field].as_f64().unwrap()).collect()
    };
    let base = explain["base"].as_f64().unwrap();
    near(sum("objectives", "contribution").iter().sum(), base);
    near(
        sum("factors", "factor").iter().product::<f64>() * base,
        score,
    );
    near(explain["score"].as_f64().unwrap(), score);
    let total: f64 = sum("objectives", "weight").iter().map(|w| w.abs()).sum();
    for part in explain["objectives"].as_array().unwrap() {
        let figure = |field: &str| part[field].as_f64().unwrap();
        let (value, weight) = (figure("value"), figure("weight"));
        assert!((0.0..=1.0).contains(&value), "{part}");
        let towards = if weight < 0.0 { 1.0 - value } else { value };
        near(weight.abs() * towards / total, figure("contribution"));
        assert_eq!(part["raw"].is_null(), part.get("missing").is_some());
    }
    let names: Vec<&str> = explain["objectives"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| part["name"].as_str().unwrap())
        .collect();
    let table = saima::objective::TABLE.iter().map(|row| row.name);
    let weighed: Vec<&str> = table.filter(|name| names.contains(name)).collect();
    assert_eq!(names, weighed, "the table's order");
}

#[test]
fn repeats_count_once_and_unknown_ids_are_listed() {
    let service = Service::start();
    service.items(&[json!({"id": "a"}), json!({"id": "b"}), json!({"id": 7})]);
    let candidates = json!(["z", "a", {"id": "y"}, "b", "a", 7, "z", {"id": "b"}, "x", "7", 8]);
    let ranking = service.rank(&json!({"user_id": 1, "candidates": candidates}));
    assert_eq!(ranking["unknown"], json!(["z", "y", "x", "8"]));
    let mut known = ids(&ranking);
    known.sort();
    assert_eq!(known, ["7", "a", "b"]);
    assert!(ranking.get("dropped").is_none());
    let none = service.rank(&json!({"user_id": "u", "candidates": []}));
    assert_eq!(none["items"], json!([]));
    service.get("/users/1").problem(404);
}

#[test]
fn a_repeated_candidate_counts_at_its_first_index() {
    let service = Service::with_config(&weighing("pctr = 1"));
    service.items(&[json!({"id": "a"})]);
    let twice = json!([{"id": "a", "predictions": {"pctr": 0.25}}, {"id": "a", "predictions": {"pctr": 0.75}}]);
    let ranking = service.rank(&json!({"user_id": "u", "candidates": twice}));
    assert_eq!(ranking["items"], json!([{"id": "a", "score": 0.25}]));
}

#[test]
fn unavailable_items_are_dropped_by_a_named_rule() {
    let service = Service::start();
    service.items(&[
        json!({"id": "a", "available": false}),
        json!({"id": "b", "available": true}),
        json!({"id": "c"}),
    ]);
    let ask = |limit: u32| {
        let candidates = ["c", "a", "b"];
        service.rank(
            &json!({"user_id": "u", "candidates": candidates, "explain": true, "limit": limit}),
        )
    };
    assert_eq!(ids(&ask(3)).len(), 2);
    assert_eq!(
        ask(3)["dropped"],
        json!([{"id": "a", "rule": "unavailable"}])
    );
    assert_eq!(
        ask(1)["dropped"],
        ask(3)["dropped"],
        "items beyond the limit are not dropped"
    );
}

#[test]
fn a_merchants_items_go_and_come_with_it() {
    let service = Service::start();
    service.merchants(&[
        json!({"id": "m", "available": false}),
        json!({"id": "n", "integrity": 0.1}),
    ]);
    service.items(&[
        json!({"id": "a", "merchant_id": "m"}),
        json!({"id": "b", "merchant_id": "n"}),
        json!({"id": "c", "merchant_id": "n", "available": false}),
        json!({"id": "d"}),
    ]);
    let dropped = || {
        let asked = json!({"user_id": "u", "candidates": ["a", "b", "c", "d"], "explain": true});
        service.rank(&asked)["dropped"].clone()
    };
    let unavailable = json!({"id": "c", "rule": "unavailable"});
    let closed = json!({"id": "a", "rule": "merchant_unavailable"});
    assert_eq!(dropped(), json!([unavailable, closed]));
    assert_eq!(service.delete("/merchants/n"), 204);
    let removed = json!({"id": "b", "rule": "removed"});
    assert_eq!(dropped(), json!([unavailable, removed, closed]));
    service.send_facts(
        "PATCH",
        "/merchants",
        &[json!({"id": "m", "available": null})],
    );
    assert_eq!(dropped(), json!([unavailable, removed]));
    // The nightly feed of items still names the merchant.
    service.items(&[json!({"id": "b", "merchant_id": "n"})]);
    service.events(&[json!({"user_id": "u", "item_id": "b", "merchant_id": "n", "kind": "view", "at": 1_750_000_000_000_i64})]);
    assert_eq!(dropped(), json!([unavailable, removed]));
    service.items(&[json!({"id": "b", "merchant_id": "m"})]);
    assert_eq!(dropped(), json!([unavailable]));
    service.items(&[json!({"id": "b", "merchant_id": "n"})]);
    assert_eq!(dropped(), json!([unavailable, removed]));
    service.merchants(&[json!({"id": "n", "integrity": 0.1})]);
    assert_eq!(dropped(), json!([unavailable]));
    let factor = service.explain("u", "b")["factors"][0]["factor"].clone();
    assert_eq!(factor, 0.1);
}

#[test]
fn predictions_are_normalised_and_must_be_declared() {
    let config = "
[predictions.share]
normaliser = \"identity\"
[predictions.money]
normaliser = \"log\"
reference = 99
[predictions.bend]
normaliser = \"logistic\"
centre = 2
scale = 0.5
neutral = 0.25
[predictions.ranks]
normaliser = \"quantile\"
points = [0, 10, 20, 40, 80]
[scene.default.weights]
share = 1
money = 1
bend = -1
ranks = 1
";
    let service = Service::with_config(config);
    service.items(&[json!({"id": "a"})]);
    let explained = |predictions: Value| {
        let candidates = json!([{"id": "a", "predictions": predictions}]);
        let ranking =
            service.rank(&json!({"user_id": "u", "candidates": candidates, "explain": true}));
        ranking["items"][0]["explain"].clone()
    };
    let value = |predictions: Value, name: &str| -> f64 {
        let explain = explained(predictions);
        let objectives = explain["objectives"].as_array().unwrap();
        let part = objectives.iter().find(|part| part["name"] == name);
        part.unwrap()["value"].as_f64().unwrap()
    };
    for (x, expected) in [(-1.0, 0.0), (0.3, 0.3), (1.0, 1.0), (1e300, 1.0)] {
        near(value(json!({"share": x}), "share"), expected);
    }
    for (x, expected) in [(-5.0, 0.0), (9.0, 0.5), (99.0, 1.0), (1e6, 1.0)] {
        near(value(json!({"money": x}), "money"), expected);
    }
    for (x, expected) in [(2.0, 0.5), (-1e308, 0.0), (1e308, 1.0), (2.5, 0.731_059)] {
        near(value(json!({"bend": x}), "bend"), expected);
    }
    for (x, expected) in [
        (-1.0, 0.0),
        (5.0, 0.125),
        (30.0, 0.625),
        (80.0, 1.0),
        (1e9, 1.0),
    ] {
        near(value(json!({"ranks": x}), "ranks"), expected);
    }
    let missing = explained(json!({}));
    for part in missing["objectives"].as_array().unwrap() {
        let neutral = json!(if part["name"] == "bend" { 0.25 } else { 0.0 });
        assert_eq!(
            (&part["value"], &part["raw"], &part["missing"]),
            (&neutral, &Value::Null, &json!(true))
        );
    }
    let request = json!({"user_id": "u", "candidates": [{"id": "a", "predictions": {"ctr": 0.5}}]});
    let rejected = service.json("POST", "/rank", &request).problem(422);
    assert_eq!(rejected, ["candidates[0].predictions.ctr"]);
    for number in ["1e999", "\"1\"", "true"] {
        let body = format!(
            r#"{{"user_id":"u","candidates":[{{"id":"a","predictions":{{"share":{number}}}}}]}}"#
        );
        let answer = service.send("POST", "/rank", &[("Content-Type", JSON)], body.as_bytes());
        assert_eq!(answer.problem(422), ["candidates[0].predictions.share"]);
    }
}

#[test]
fn numbers_that_are_clipped_are_told() {
    let config = "
[predictions.rate]
normaliser = \"identity\"
scale = 0.05
[predictions.money]
normaliser = \"log\"
reference = 99
[predictions.ranks]
normaliser = \"quantile\"
points = [1, 10]
[scene.default.weights]
rate = 1
money = 1
ranks = 1
";
    let service = Service::with_config(config);
    service.items(&[json!({"id": "a"}), json!({"id": "b"})]);
    let part = |name: &str, x: f64| {
        let candidates = json!([{"id": "a", "predictions": {name: x}}, "b"]);
        let ranking =
            service.rank(&json!({"user_id": "u", "candidates": candidates, "explain": true}));
        let mut items = ranking["items"].as_array().unwrap().iter();
        let item = items.find(|item| item["id"] == "a").unwrap();
        let mut parts = item["explain"]["objectives"].as_array().unwrap().iter();
        parts.find(|part| part["name"] == name).unwrap().clone()
    };
    for (name, x, value, clipped) in [
        ("rate", 0.04, 0.8, false),
        ("rate", 0.05, 1.0, false),
        ("rate", 0.06, 1.0, true),
        ("rate", -0.01, 0.0, true),
        ("money", 99.0, 1.0, false),
        ("money", 100.0, 1.0, true),
        ("ranks", 1.0, 0.0, false),
        ("ranks", 11.0, 1.0, true),
    ] {
        let part = part(name, x);
        near(part["value"].as_f64().unwrap(), value);
        assert_eq!(part["clipped"] == true, clipped, "{part}");
    }
    near(
        service.metric("saima_clipped_total{prediction=\"rate\"}"),
        2.0,
    );
    near(
        service.metric("saima_clipped_total{prediction=\"ranks\"}"),
        1.0,
    );
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut check = program();
    check
        .arg("check")
        .arg(file.path())
        .args(["--url", service.base()]);
    let checked = check.output().unwrap();
    let printed = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(checked.status.success(), "{printed}");
    for warning in [
        "50.0 % of the numbers of the prediction rate",
        "50.0 % of the numbers of the prediction ranks",
    ] {
        assert!(printed.contains(warning), "{printed}");
    }
    // Of each of the eight requests, one or two candidates lack the number.
    near(
        service.metric("saima_missing_total{objective=\"rate\"}"),
        12.0,
    );
}

#[test]
fn scenes_inherit_and_override_weights() {
    let config = "
[scene.default]
limit = 3
[scene.default.weights]
quality = 1
[scene.turned]
limit = 2
weights = { quality = -1 }
[scene.deep]
parent = \"turned\"
";
    let service = Service::with_config(config);
    let items: Vec<Value> = (0..5)
        .map(|n| json!({"id": format!("i{n}"), "quality": f64::from(n) / 10.0}))
        .collect();
    service.items(&items);
    let ask = |scene: Value| {
        let candidates = ["i0", "i1", "i2", "i3", "i4"];
        service.rank(&json!({"user_id": "u", "candidates": candidates, "scene": scene}))
    };
    for scene in [Value::Null, json!("default")] {
        let ranking = ask(scene);
        assert_eq!(
            (ids(&ranking), &ranking["scene"]),
            (
                vec!["i4".to_owned(), "i3".to_owned(), "i2".to_owned()],
                &json!("default")
            )
        );
    }
    for scene in ["turned", "deep"] {
        let ranking = ask(json!(scene));
        assert_eq!(
            (ids(&ranking), &ranking["scene"]),
            (vec!["i0".to_owned(), "i1".to_owned()], &json!(scene))
        );
        near(ranking["items"][0]["score"].as_f64().unwrap(), 1.0);
    }
    let request = json!({"user_id": "u", "candidates": [], "scene": "nowhere"});
    assert_eq!(
        service.json("POST", "/rank", &request).problem(422),
        ["scene"]
    );
}

#[test]
fn faults_name_the_limit_that_was_exceeded() {
    let service = Service::with_config(
        "[limits]\ncandidates = 3\nquery_bytes = 4\ntimeout_ms = 900\nlimit = 60\n",
    );
    let faults = |more: Value| {
        let mut request = json!({"user_id": "u", "candidates": ["a"]});
        for (name, value) in more.as_object().unwrap() {
            request[name] = value.clone();
        }
        let answer = service.json("POST", "/rank", &request);
        (answer.problem(422), answer.text())
    };
    for (more, path, limit) in [
        (
            json!({"candidates": ["a", "b", "c", "d"]}),
            "candidates",
            "limits.candidates",
        ),
        (json!({"limit": 61}), "limit", "limits.limit"),
        (
            json!({"timeout_ms": 901}),
            "timeout_ms",
            "limits.timeout_ms",
        ),
        (
            json!({"context": {"query": "玻尿"}}),
            "context.query",
            "limits.query_bytes",
        ),
    ] {
        let (paths, text) = faults(more);
        assert_eq!(paths, [path]);
        assert!(text.contains(limit), "{text}");
    }
    for more in [
        json!({"limit": 0}),
        json!({"timeout_ms": 0}),
        json!({"limit": 1.5}),
        json!({"limit": -1}),
    ] {
        assert_eq!(faults(more).0.len(), 1);
    }
    let (paths, _) = faults(
        json!({"user_id": "", "candidates": [1.5, {"id": "x".repeat(129)}], "scene": 7, "explain": "yes", "what": 1}),
    );
    assert_eq!(
        paths,
        [
            "user_id",
            "candidates[0]",
            "candidates[1].id",
            "scene",
            "explain",
            "what"
        ]
    );
}

#[test]
fn a_late_request_is_rejected_with_retry_after() {
    let service = Service::start();
    let body = r#"{"user_id":"u","candidates":[],"timeout_ms":1}"#;
    let address = service.base().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST /rank HTTP/1.1\r\nHost: {address}\r\nContent-Type: {JSON}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.flush().unwrap();
    std::thread::sleep(Duration::from_millis(100));
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(
        answer.to_lowercase().contains("\r\nretry-after: "),
        "{answer}"
    );
    near(service.metric("saima_late_total"), 1.0);
}

#[test]
fn a_batch_answers_like_single_requests() {
    let service = Service::start();
    let candidates = marketplace(&service);
    let requests: Vec<Value> = (0..20)
        .map(|n| match n % 5 {
            4 => json!({"user_id": format!("u{n}"), "candidates": candidates, "scene": "none", "request_id": n}),
            _ => json!({"user_id": format!("u{n}"), "candidates": candidates, "explain": n % 2 == 0, "request_id": n, "timeout_ms": 60_000}),
        })
        .collect();
    let batch = service
        .json("POST", "/rank/batch", &json!({"requests": requests}))
        .ok();
    let results = batch["results"].as_array().unwrap();
    assert_eq!(results.len(), requests.len());
    for (result, request) in results.iter().zip(&requests) {
        let single = service.json("POST", "/rank", request);
        let single: Value = serde_json::from_slice(&single.bytes).unwrap();
        for field in [
            "items",
            "status",
            "errors",
            "unknown",
            "request_id",
            "as_of",
            "scene",
        ] {
            assert_eq!(result[field], single[field], "{field}");
        }
    }
}

#[test]
fn a_faulty_request_keeps_its_id() {
    let service = Service::start();
    let faulty = json!({"request_id": "mine", "user_id": "u", "candidates": ["a"], "limit": 0});
    let single = service.json("POST", "/rank", &faulty);
    assert_eq!(single.problem(422), ["limit"]);
    let problem: Value = serde_json::from_slice(&single.bytes).unwrap();
    assert_eq!(problem["request_id"], "mine");
    let batch = service.json(
        "POST",
        "/rank/batch",
        &json!({"requests": [faulty, {"request_id": 7}]}),
    );
    let results = batch.ok()["results"].clone();
    assert_eq!(results[0]["request_id"], "mine");
    assert_eq!(results[1]["request_id"], "7");
}

#[test]
fn candidates_of_faulty_requests_count_in_a_batch() {
    let service = Service::with_config("[limits]\nbatch_candidates = 10\n");
    let request =
        |limit: u32| json!({"user_id": "u", "candidates": ["a", "b", "c", "d"], "limit": limit});
    let batch = |limit| {
        let requests = json!({"requests": [request(1), request(limit), request(1)]});
        service.json("POST", "/rank/batch", &requests)
    };
    assert_eq!(batch(1).problem(422), ["requests"]);
    assert_eq!(batch(0).problem(422), ["requests"]);
}

#[test]
fn splitting_a_long_list_changes_no_score() {
    let service = Service::with_config("[server]\nparallel_candidates = 10\n");
    let alone = Service::with_config("[server]\nparallel_candidates = 1000000\n");
    let candidates = marketplace(&service);
    assert_eq!(marketplace(&alone), candidates);
    let items: Vec<Value> = (0..3_000)
        .map(|n| json!({"id": format!("x{n}"), "price": n, "tags": [format!("t{}", n % 9)]}))
        .collect();
    let mut all = candidates;
    all.extend((0..3_000).map(|n| format!("x{n}")));
    let ranked = [&service, &alone].map(|service| {
        service.items(&items);
        service.rebuild();
        let request =
            json!({"user_id": "u3", "candidates": all, "limit": 3_040, "timeout_ms": 60_000});
        service.rank(&request)["items"].clone()
    });
    assert_eq!(ranked[0], ranked[1]);
}

#[test]
fn as_of_floors_the_clock_to_a_step() {
    let service = Service::start();
    service.items(&[json!({"id": "a", "listed_at": noon(0)})]);
    service.events(&[did("u", "view", "a", noon(30) + 59 * 60_000)]);
    let ranking = service.rank(&json!({"user_id": "u", "candidates": ["a"], "explain": true}));
    assert_eq!(ranking["as_of"], "2025-05-07T12:00:00Z");
    near(service.value("u", "a", "freshness"), 0.5);
    let late = bought("late", "u", "a", noon(10), 5.0);
    service.events(&[late]);
    assert_eq!(
        service.rank(&json!({"user_id": "u", "candidates": []}))["as_of"],
        "2025-05-07T12:00:00Z",
        "as_of moved back"
    );
    service.events(&[did("u", "view", "a", noon(30) + DAY)]);
    assert_eq!(
        service.rank(&json!({"user_id": "u", "candidates": []}))["as_of"],
        "2025-05-08T12:00:00Z"
    );
}
