//! Bodies: compressed, as lines and as arrays, valid and invalid.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use crate::service::{JSON, LINES, Service};

#[test]
fn compressed_bodies_are_accepted_everywhere() {
    let service = Service::start();
    let items = br#"[{"id":"a"},{"id":"b"}]"#;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(items).unwrap();
    let packed = [
        ("gzip", gzip.finish().unwrap()),
        ("zstd", zstd::encode_all(&items[..], 3).unwrap()),
    ];
    for (encoding, body) in &packed {
        let headers = [("Content-Type", JSON), ("Content-Encoding", encoding)];
        let answer = service.send("PUT", "/items", &headers, body).ok();
        assert_eq!(answer["accepted"], 2, "{encoding}");
        let torn = service.send("PUT", "/items", &headers, &body[..body.len() - 6]);
        torn.problem(400);
        let request = br#"{"user_id":"u","candidates":["a","b"]}"#;
        let request = match *encoding {
            "zstd" => zstd::encode_all(&request[..], 3).unwrap(),
            _ => {
                let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
                gzip.write_all(request).unwrap();
                gzip.finish().unwrap()
            }
        };
        let ranking = service.send("POST", "/rank", &headers, &request).ok();
        assert_eq!(ranking["items"].as_array().unwrap().len(), 2);
    }
    let bomb = zstd::encode_all(&vec![b' '; 65 << 20][..], 3).unwrap();
    let headers = [("Content-Type", LINES), ("Content-Encoding", "zstd")];
    service.send("PUT", "/items", &headers, &bomb).problem(413);
}

#[test]
fn valid_lines_apply_beside_invalid_and_blank_ones() {
    let service = Service::start();
    let body =
        "{\"id\":\"a\"}\n\n   \r\n{\"id\":\"b\",\"price\":-1,\"what\":2}\nno json\n{\"id\":\"c\"}";
    let report = service
        .send("PUT", "/items", &[("Content-Type", LINES)], body.as_bytes())
        .ok();
    assert_eq!(
        (&report["accepted"], &report["rejected_count"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(
        (
            &report["rejected"][0]["index"],
            &report["rejected"][0]["id"]
        ),
        (&json!(3), &json!("b"))
    );
    assert_eq!(report["rejected"][0]["errors"].as_array().unwrap().len(), 2);
    assert_eq!(report["rejected"][1]["index"], 4);
    assert_eq!(service.order("u", &["a", "b", "c"]).len(), 2);
}

#[test]
fn an_array_applies_by_element_or_not() {
    let service = Service::start();
    let put =
        |body: &str| service.send("PUT", "/items", &[("Content-Type", JSON)], body.as_bytes());
    let report = put(r#"[{"id":"a"},7,{"id":"b","quality":2},{"id":"c"}]"#).ok();
    assert_eq!(
        (&report["accepted"], &report["rejected_count"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(
        (
            &report["rejected"][0]["index"],
            &report["rejected"][1]["index"]
        ),
        (&json!(1), &json!(2))
    );
    put(r#"[{"id":"x"},{"id":"y"}"#).problem(400);
    put(r#"{"id":"x"}"#).problem(422);
    put("").problem(400);
    assert_eq!(put("[]").ok()["accepted"], 0);
    let lines = service.send("PUT", "/items", &[("Content-Type", LINES)], b"");
    assert_eq!(lines.ok()["accepted"], 0);
    service.get("/items/x").problem(404);
}

#[test]
fn later_lines_see_earlier_lines_of_a_body() {
    let service = Service::start();
    service.items(&[
        json!({"id": "a", "price": 1}),
        json!({"id": "a", "price": 2}),
    ]);
    assert_eq!(service.get("/items/a").ok()["price"], 2);
    service.send_facts(
        "PATCH",
        "/items",
        &[
            json!({"id": "a", "price": 3}),
            json!({"id": "a", "title": "t"}),
        ],
    );
    assert_eq!(
        service.declared("/items/a"),
        json!({"id": "a", "price": 3, "title": "t"})
    );
}

#[test]
fn a_large_catalogue_is_kept_item_by_item() {
    let service = Service::start();
    let items: Vec<_> = (0..30_000)
        .map(|n| json!({"id": format!("i{n}"), "price": n, "quality": f64::from(n % 1_000) / 1_000.0, "tags": {format!("t{}", n % 700): f64::from(n % 400)}}))
        .collect();
    service.items(&items);
    for n in [0, 1, 399, 700, 12_345, 29_999] {
        let shown = service.declared(&format!("/items/i{n}"));
        assert_eq!(shown, items[n]);
        let raw = service.objective("u", &format!("i{n}"), "order_value")["raw"]
            .as_f64()
            .unwrap();
        super::near(raw, shown["price"].as_f64().unwrap());
    }
}
