//! Tests of rank requests and batches.

use serde_json::json;

use super::service::{JSON, Service};

#[test]
fn a_rank_request_gets_its_documented_answer() {
    let service = Service::open();
    let answer = service.json(
        "POST",
        "/rank",
        r#"{"user_id":7,"candidates":["a",{"id":"b"},"a"]}"#,
    );
    assert_eq!(answer.status, 200, "{answer:?}");
    let json = answer.json();
    assert_eq!(json["request_id"].as_str(), answer.header("x-request-id"));
    assert_eq!(json["items"], json!([]));
    assert!(
        answer
            .header("server-timing")
            .unwrap()
            .starts_with("rank;dur=")
    );
    assert!(json.get("dropped").is_none());
}

#[test]
fn every_fault_of_a_request_is_reported() {
    let service = Service::open();
    let paths = |body: &str| service.json("POST", "/rank", body).problem(422);
    assert_eq!(paths("{}"), ["user_id", "candidates"]);
    assert_eq!(paths("[]"), [""]);
    assert_eq!(
        paths(
            r#"{"user_id":"u","candidates":[{"id":"a","predictions":{"none":1e999}}],"scene":"x","limit":0,"why":1}"#
        ),
        [
            "candidates[0].predictions.none",
            "candidates[0].predictions.none",
            "scene",
            "limit",
            "why"
        ]
    );
    for body in ["", "{", "nonsense", "{}{}"] {
        service.json("POST", "/rank", body).problem(400);
    }
    service
        .send("POST", "/rank", &[("Content-Type", JSON)], b"\"\xff\"")
        .problem(400);
    let nested = "[".repeat(100_000) + &"]".repeat(100_000);
    let deep = service.json("POST", "/rank", &nested);
    deep.problem(422);
    assert!(String::from_utf8_lossy(&deep.body).contains("limits.nesting"));
    assert_eq!(service.json("POST", "/rank?x=1", "{}").problem(422), ["x"]);
    assert_eq!(service.get("/healthz?x&y=2").problem(422), ["x", "y"]);
}

#[test]
fn a_batch_answers_its_requests_in_order() {
    let service = Service::open();
    let body =
        r#"{"requests":[{"user_id":"u","candidates":["a"],"request_id":"r-0"},{"user_id":"u"},7]}"#;
    let answer = service.json("POST", "/rank/batch", body);
    assert_eq!(answer.status, 200, "{answer:?}");
    let json = answer.json();
    let results = json["results"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    assert_eq!(results[0]["request_id"], "r-0");
    assert_eq!(results[1]["status"], 422);
    assert_eq!(results[1]["errors"][0]["path"], "candidates");
    assert_eq!(results[2]["status"], 422);
    assert_eq!(
        service.json("POST", "/rank/batch", "{}").problem(422),
        ["requests"]
    );
    let many = vec![r#"{"user_id":"u","candidates":[]}"#; 1_001].join(",");
    let answer = service.json(
        "POST",
        "/rank/batch",
        &format!(r#"{{"requests":[{many}]}}"#),
    );
    assert_eq!(answer.problem(422), ["requests"]);
    assert!(String::from_utf8_lossy(&answer.body).contains("limits.batch_requests"));
}

#[test]
fn the_faults_of_a_batch_are_bounded_in_all() {
    let service = Service::open();
    let fields: Vec<String> = (0..300).map(|field| format!("\"f{field}\":1")).collect();
    let request = format!(r#"{{"user_id":"u","candidates":[],{}}}"#, fields.join(","));
    let body = format!(r#"{{"requests":[{}]}}"#, vec![request; 20].join(","));
    let json = service.json("POST", "/rank/batch", &body).json();
    let results = json["results"].as_array().unwrap();
    let faults = |result: &serde_json::Value| result["errors"].as_array().unwrap().len();
    assert_eq!(results.iter().map(faults).sum::<usize>(), 2_000 + 14);
    let last = &results[19]["errors"][0]["message"];
    assert_eq!(last, "there are 300 more faults, which are not listed");
}

#[test]
fn the_candidates_of_a_batch_are_bounded() {
    let service = Service::open();
    let candidates = vec!["1"; 10_000].join(",");
    let request = format!(r#"{{"user_id":"u","candidates":[{candidates}]}}"#);
    let answer = service.json(
        "POST",
        "/rank/batch",
        &format!(r#"{{"requests":[{}]}}"#, vec![request; 11].join(",")),
    );
    assert_eq!(answer.problem(422), ["requests"]);
    assert!(String::from_utf8_lossy(&answer.body).contains("limits.batch_candidates"));
}
