//! Tests of routes and of the headers of every answer.

use std::sync::Arc;

use super::service::{JSON, Service};
use crate::config::{Config, Live};
use crate::engine::Engine;
use crate::http::route::{Answer, Takes};
use crate::http::routes::ROUTES;
use crate::model::view::check;

#[test]
fn unknown_routes_and_methods_are_problems() {
    let service = Service::open();
    for path in [
        "//",
        "/docs/a/b",
        "/nowhere",
        "/items/",
        "/items/a/b",
        "/items/%ff",
        "/rank/",
    ] {
        service.get(path).problem(404);
    }
    let answer = service.json("PUT", "/items/a", "{}");
    answer.problem(405);
    assert_eq!(answer.header("allow"), Some("GET, DELETE, HEAD"));
    service.send("TRACE", "/rank", &[], b"").problem(405);
    assert_eq!(service.send("HEAD", "/healthz", &[], b"").status, 200);
}

#[test]
fn read_and_ops_routes_answer() {
    let service = Service::open();
    assert_eq!(service.get("/healthz").json()["status"], "ok");
    assert!(service.get("/config").json()["generation"].is_u64());
    assert!(service.json("POST", "/race/rebuild", "").json()["standings"].is_u64());
    assert!(service.json("POST", "/race/rebuild", " { } ").json()["standings"].is_u64());
    service.json("POST", "/race/rebuild", "[]").problem(422);
    assert_eq!(
        service.json("POST", "/clock/confirm", "").json()["confirmed"],
        false
    );
    service.json("POST", "/clock/confirm", "[]").problem(422);
    service.json("POST", "/race/rebuild", "{").problem(400);
    service.get("/race?kind=nobody").problem(404);
    assert_eq!(service.get("/race?limit=0").problem(422), ["limit"]);
    assert_eq!(service.get("/race?limit=%2B1").problem(422), ["limit"]);
    assert_eq!(service.get("/race?limit=1&limit=1").problem(422), ["limit"]);
    let page = service.get("/metrics");
    assert!(
        page.header("content-type")
            .unwrap()
            .starts_with("application/openmetrics-text")
    );
    let text = String::from_utf8(page.body).unwrap();
    assert!(
        text.contains(r#"saima_requests_total{method="GET",route="/healthz",status="200"} 1"#),
        "{text}"
    );
    assert!(text.contains("saima_in_flight 1"), "{text}");
}

#[test]
fn every_answer_is_its_view() {
    let experiment = "[experiment.e]\nlayer = 'l'\nrange = [0.0, 1.0]\nprimary = 'ctr'\nfind = 0.1\ncontrol = 'a'\n\
                      arms = { a = { share = 0.5 }, b = { share = 0.5 } }\n[decisions]\nwhole = 1";
    let config = Config::parse("test", experiment).unwrap();
    let engine = Engine::in_memory(Arc::new(Live::new(config)));
    let service = Service::serving(engine, Arc::default());
    let items =
        r#"[{"id":"i-1","price":9.5,"available":false},{"id":"i-2","listed_at":1793491200000}]"#;
    service.json("PUT", "/items", items);
    service.json("PUT", "/users", r#"[{"id":"cookie-77"}]"#);
    service.json("POST", "/race/rebuild", "");
    let request = r#"{"user_id":"u-1001","candidates":["i-2"],"request_id":"r-1"}"#;
    service.json("POST", "/rank", request);
    let ids = [
        ("/items/", "i-2"),
        ("/merchants/", "m-9"),
        ("/creators/", "c-1"),
        ("/users/", "u-1001"),
    ];
    for route in &ROUTES {
        let (Answer::Json(view) | Answer::Readable(view)) = route.answer else {
            continue;
        };
        let body = match route.takes {
            Takes::Nothing | Takes::Empty => String::new(),
            Takes::One(object) => object.example.to_owned(),
            Takes::Many(object) | Takes::Patches(object) => {
                format!(r#"[{},{{"id":"x","none":1}}]"#, object.example)
            }
        };
        let id = ids.iter().find(|(path, _)| route.path.starts_with(path));
        let path = route.path.replace("{id}", id.map_or("", |(_, id)| id));
        let path = path.replace("{generation}", "1").replace("{name}", "e");
        let path = path.replace("{request_id}", "r-1");
        let query = if path.ends_with("/assignment") {
            "?user=u-1001"
        } else {
            ""
        };
        let path = path + query;
        let generation = service.get("/config").json()["generation"].to_string();
        let headers = [("Content-Type", JSON), ("If-Match", &*generation)];
        let answer = service.send(route.method.as_str(), &path, &headers, body.as_bytes());
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        check::assert_is(view, &answer.json());
    }
}

#[test]
fn the_docs_are_served_complete() {
    let service = Service::open();
    assert_eq!(service.get("/openapi.json").json()["openapi"], "3.1.0");
    for (path, media) in [
        ("/docs", "text/html"),
        ("/docs/api-reference", "text/html"),
        ("/docs/api-reference.js", "text/javascript"),
        ("/docs/docs.css", "text/css"),
        ("/docs/icon.svg", "image/svg+xml"),
    ] {
        let answer = service.get(path);
        assert!(answer.header("content-type").unwrap().starts_with(media));
        assert!(answer.body.len() > 100);
    }
    service.get("/docs/nothing").problem(404);
    service.get("/docs/").problem(404);
    let root = service.get("/");
    assert_eq!(root.status, 307);
    assert_eq!(root.header("location"), Some("/docs"));
}

#[test]
fn every_answer_is_safe_in_a_browser() {
    let service = Service::with_tokens();
    let nowhere = ("GET", "/nowhere");
    let routes = ROUTES
        .iter()
        .map(|route| (route.method.as_str(), route.path));
    for (method, path) in routes.chain([nowhere, ("TRACE", "/rank")]) {
        let path = path.replace("{page}", "docs.css");
        for token in ["Bearer o", "Bearer wrong"] {
            let answer = service.send(method, &path, &[("Authorization", token)], b"");
            let page = path.starts_with("/docs");
            let kept = if page { "no-cache" } else { "no-store" };
            assert_eq!(
                answer.header("x-content-type-options"),
                Some("nosniff"),
                "{path}"
            );
            assert_eq!(answer.header("cache-control"), Some(kept), "{path}");
            assert_eq!(answer.head.matches("cache-control").count(), 1, "{path}");
            if page {
                let policy = answer.header("content-security-policy").unwrap();
                for rule in ["default-src 'self'", "frame-ancestors 'none'"] {
                    assert!(policy.split("; ").any(|found| found == rule), "{policy}");
                }
                assert!(!policy.contains("unsafe"), "{policy}");
                assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
            }
        }
    }
}

#[test]
fn request_ids_are_echoed() {
    let service = Service::open();
    let rank = |headers: &[(&str, &str)], id: &str| {
        let headers = [headers, &[("Content-Type", JSON)]].concat();
        let body = format!(r#"{{"user_id":"u","candidates":[]{id}}}"#);
        let answer = service.send("POST", "/rank", &headers, body.as_bytes());
        let header = answer.header("x-request-id").unwrap().to_owned();
        (
            header,
            answer.json()["request_id"].as_str().unwrap().to_owned(),
        )
    };
    let pair = |one: &str, other: &str| (one.to_owned(), other.to_owned());
    assert_eq!(rank(&[], r#","request_id":"b""#), pair("b", "b"));
    assert_eq!(rank(&[("X-Request-Id", "h")], ""), pair("h", "h"));
    assert_eq!(
        rank(&[("X-Request-Id", "h")], r#","request_id":"b""#),
        pair("h", "b")
    );
    let (header, body) = rank(&[], r#","request_id":"店""#);
    assert_eq!((header.len(), &*body), (16, "店"));
}
