//! Tests of bulk bodies.

use serde_json::json;

use super::service::{JSON, LINES, Service, gzip};

#[test]
fn valid_lines_count_beside_invalid_ones() {
    let service = Service::open();
    let body = b"{\"id\":\"u-1\"}\r\n\n{\"id\":\"u-2\",\"region\":1.5}\nnonsense\n{\"id\":\"u-3\"}";
    let answer = service.send("PUT", "/users", &[("Content-Type", LINES)], body);
    assert_eq!(answer.status, 200, "{answer:?}");
    let json = answer.json();
    assert_eq!(
        (&json["accepted"], &json["rejected_count"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(json["rejected"][0]["index"], 2);
    assert_eq!(json["rejected"][0]["id"], "u-2");
    assert_eq!(json["rejected"][0]["errors"][0]["path"], "region");
    assert_eq!(json["rejected"][1]["index"], 3);
    assert!(json["rejected"][1].get("id").is_none());
    assert_eq!(service.get("/users/u-3").json()["id"], "u-3");
    service.get("/users/u-2").problem(404);
}

#[test]
fn an_invalid_array_changes_nothing() {
    let service = Service::open();
    service
        .json("PUT", "/users", r#"[{"id":"u-1"},{"id":"u-2"]"#)
        .problem(400);
    service.get("/users/u-1").problem(404);
    assert_eq!(
        service
            .json("PUT", "/users", r#"{"id":"u-1"}"#)
            .problem(422),
        [""]
    );
    let empty =
        json!({"accepted": 0, "repeated": 0, "late": 0, "rejected_count": 0, "rejected": []});
    assert_eq!(service.json("PUT", "/users", "[]").json(), empty);
    assert_eq!(
        service
            .send("PUT", "/users", &[("Content-Type", LINES)], b"")
            .json(),
        empty
    );
    let packed = gzip(br#"[{"id":"u 1/2"}]"#);
    let headers = [("Content-Type", JSON), ("Content-Encoding", "gzip")];
    assert_eq!(
        service.send("PUT", "/users", &headers, &packed).json()["accepted"],
        1
    );
    assert_eq!(service.get("/users/u%201%2F2").json()["id"], "u 1/2");
    let gone = service.send("DELETE", "/users/u%201%2F2", &[], b"");
    assert_eq!((gone.status, gone.body.len()), (204, 0));
    service
        .send("DELETE", "/users/u%201%2F2", &[], b"")
        .problem(404);
}

#[test]
fn only_the_first_thousand_rejects_are_listed() {
    let service = Service::open();
    let answer = service.send(
        "PUT",
        "/items",
        &[("Content-Type", LINES)],
        &b"1\n".repeat(1_500),
    );
    let json = answer.json();
    assert_eq!(json["rejected_count"], 1_500);
    assert_eq!(json["rejected"].as_array().unwrap().len(), 1_000);
}

#[test]
fn the_faults_of_all_lines_are_bounded() {
    let service = Service::open();
    let fields: Vec<String> = (0..300).map(|field| format!("\"f{field}\":1")).collect();
    let line = format!(r#"{{"id":"i",{}}}"#, fields.join(","));
    let answer = service.json("PUT", "/items", &format!("[{}]", vec![line; 20].join(",")));
    let json = answer.json();
    let rejected = json["rejected"].as_array().unwrap();
    let faults = |one: &serde_json::Value| one["errors"].as_array().unwrap().len();
    assert_eq!(rejected.iter().map(faults).sum::<usize>(), 2_000 + 14);
}

#[test]
fn oversized_bodies_are_rejected_with_a_reason() {
    let service = Service::open();
    let body = vec![b' '; 9 << 20];
    let answer = service.send("PUT", "/users", &[("Content-Type", JSON)], &body);
    answer.problem(413);
    assert!(String::from_utf8_lossy(&answer.body).contains("limits.body_bytes"));
    service
        .send("PUT", "/users", &[("Content-Type", "text/plain")], &body)
        .problem(415);
    let bomb = gzip(&vec![b' '; 65 << 20]);
    let headers = [("Content-Type", JSON), ("Content-Encoding", "gzip")];
    let answer = service.send("PUT", "/users", &headers, &bomb);
    answer.problem(413);
    assert!(String::from_utf8_lossy(&answer.body).contains("limits.unpacked_bytes"));
    let lines = b"\n".repeat(100_001);
    let answer = service.send("PUT", "/users", &[("Content-Type", LINES)], &lines);
    answer.problem(422);
    assert!(String::from_utf8_lossy(&answer.body).contains("limits.lines"));
    let headers = [("Content-Type", JSON), ("Content-Encoding", "br")];
    service.send("PUT", "/users", &headers, b"x").problem(415);
}
