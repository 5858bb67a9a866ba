//! Tests of the HTTP layer over a real socket: roles, rejections, bodies and shutdown.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::error::CAUSES;
use super::route::Takes;
use super::routes::ROUTES;
use super::{Role, Tokens, serve};
use crate::config::{Config, Live};
use crate::engine::Engine;

const JSON: &str = "application/json";
const LINES: &str = "application/x-ndjson";
const TOKENS: [(Role, &str); 4] = [
    (Role::Rank, "k"),
    (Role::Read, "r"),
    (Role::Write, "w"),
    (Role::Ops, "o"),
];

/// Returns an empty engine.
fn engine() -> Arc<Engine> {
    Engine::in_memory(Arc::new(Live::new(Config::embedded())))
}

struct Service {
    address: SocketAddr,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Service {
    fn open() -> Self {
        Self::start(Arc::default())
    }

    fn with_tokens() -> Self {
        let token = |name: &str| {
            let found = TOKENS
                .iter()
                .find(|(role, _)| name == format!("SAIMA_TOKEN_{}", role.name().to_uppercase()));
            found.map(|(_, token)| (*token).to_owned())
        };
        let no_file = |_: &str| Err(std::io::ErrorKind::NotFound.into());
        Self::start(Arc::new(Tokens::from_env(token, no_file).unwrap()))
    }

    fn start(tokens: Arc<Tokens>) -> Self {
        let (end, ended) = oneshot::channel::<()>();
        let (sender, receiver) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_multi_thread();
            let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                sender.send(listener.local_addr().unwrap()).unwrap();
                let ended = async { ended.await.unwrap_or(()) };
                serve(engine(), tokens, None, listener, ended).await;
            });
        });
        Self {
            address: receiver.recv().unwrap(),
            end: Some(end),
            thread: Some(thread),
        }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        stream
    }

    /// Sends raw bytes and reads the whole answer.
    fn raw(&self, request: &[u8]) -> Answer {
        let mut stream = self.connect();
        stream.write_all(request).unwrap();
        Answer::read(stream)
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let headers: String = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
        );
        self.raw(&[head.as_bytes(), body].concat())
    }

    fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    fn json(&self, method: &str, path: &str, body: &str) -> Answer {
        self.send(method, path, &[("Content-Type", JSON)], body.as_bytes())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.end.take();
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking());
        }
    }
}

#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn read(mut stream: TcpStream) -> Self {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let end = bytes
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .unwrap();
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        Self {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head,
            body: bytes[end + 4..].to_vec(),
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (known, value) = line.split_once(": ")?;
            known.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Asserts a complete problem of that status and returns the paths of its faults.
    fn problem(&self, status: u16) -> Vec<String> {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json")
        );
        let json = self.json();
        let row = CAUSES.iter().find(|row| row.status == status).unwrap();
        assert!(
            json["type"]
                .as_str()
                .unwrap()
                .starts_with("urn:saima:problem:")
        );
        assert!(json["title"].is_string() && json["detail"].is_string());
        assert_eq!(json["status"], status);
        assert_eq!(json["request_id"].as_str(), self.header("x-request-id"));
        assert!(self.header("server-timing").is_some());
        assert_eq!(
            self.header("retry-after").is_some(),
            row.retry_after.is_some()
        );
        let faults = json["errors"].as_array().unwrap().iter();
        faults
            .map(|fault| fault["path"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn every_route_requires_its_role() {
    let service = Service::with_tokens();
    for route in &ROUTES {
        let path = route.path.replace("{id}", "nobody");
        let status = |token: Option<&str>| {
            let bearer = format!("Bearer {}", token.unwrap_or_default());
            let mut headers = vec![("Content-Type", JSON)];
            headers.extend(token.map(|_| ("Authorization", bearer.as_str())));
            service
                .send(route.method.as_str(), &path, &headers, b"")
                .status
        };
        let open = route.role == Role::Open;
        for token in [None, Some("wrong")] {
            assert_eq!(status(token) == 401, !open, "{} {path}", route.method);
        }
        for (role, token) in TOKENS {
            let (status, allowed) = (status(Some(token)), role.includes(route.role));
            let which = format!("{} {path} {role:?}: {status}", route.method);
            assert_eq!(status == 403, !allowed, "{which}");
            assert_ne!(status, 401, "{which}");
        }
    }
}

#[test]
fn missing_roles_are_problems() {
    let service = Service::with_tokens();
    let none = service.get("/config");
    none.problem(401);
    assert_eq!(none.header("www-authenticate"), Some("Bearer"));
    service
        .send("GET", "/config", &[("Authorization", "Bearer r")], b"")
        .problem(403);
    let head = "GET /healthz HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n";
    assert_eq!(service.raw(head.as_bytes()).status, 200);
}

#[test]
fn an_open_service_answers_to_loopback_names_only() {
    let service = Service::open();
    let status = |head: &str| service.raw(format!("{head}Connection: close\r\n\r\n").as_bytes());
    assert_eq!(
        status("GET /healthz HTTP/1.1\r\nHost: localhost:1\r\n").status,
        200
    );
    assert_eq!(
        status("GET /healthz HTTP/1.1\r\nHost: [::1]\r\n").status,
        200
    );
    status("GET /healthz HTTP/1.1\r\nHost: example.com\r\n").problem(403);
    status("GET /nowhere HTTP/1.1\r\nHost: example.com\r\n").problem(403);
    status("GET http://example.com/healthz HTTP/1.1\r\nHost: localhost\r\n").problem(403);
    status("GET /healthz HTTP/1.0\r\n").problem(403);
}

#[test]
fn an_open_service_rejects_simple_browser_requests() {
    let service = Service::open();
    for route in ROUTES
        .iter()
        .filter(|route| route.method != "GET" && route.method != "DELETE")
    {
        let send = |headers: &[(&str, &str)]| {
            service.send(route.method.as_str(), route.path, headers, b"")
        };
        send(&[]).problem(415);
        send(&[("Content-Type", "text/plain")]).problem(415);
        send(&[("Content-Type", "application/x-www-form-urlencoded")]).problem(415);
        let typed = send(&[("Content-Type", "application/json; charset=utf-8")]);
        assert_ne!(typed.status, 415, "{}", route.path);
        let lines = send(&[("Content-Type", LINES)]);
        assert_eq!(
            lines.status == 415,
            matches!(route.takes, Takes::One(_)),
            "{}",
            route.path
        );
    }
    assert_eq!(
        service.send("DELETE", "/items/nobody", &[], b"").status,
        404
    );
}

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
    let empty = json!({"accepted": 0, "rejected_count": 0, "rejected": []});
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

#[test]
fn read_and_ops_routes_answer() {
    let service = Service::open();
    assert_eq!(service.get("/healthz").json()["status"], "ok");
    assert!(service.get("/config").json()["generation"].is_u64());
    assert!(service.json("POST", "/race/rebuild", "").json()["standings"].is_u64());
    assert!(service.json("POST", "/race/rebuild", " { } ").json()["standings"].is_u64());
    service.json("POST", "/race/rebuild", "[]").problem(422);
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
fn replaced_tokens_apply_to_the_next_request() {
    let tokens = |value: &'static str| {
        let variable = move |name: &str| (name == "SAIMA_TOKEN_OPS").then(|| value.to_owned());
        let no_file = |_: &str| Err(std::io::ErrorKind::NotFound.into());
        Tokens::from_env(variable, no_file).unwrap()
    };
    let held = Arc::new(tokens("before"));
    let service = Service::start(Arc::clone(&held));
    let status = |token: &str| {
        let bearer = format!("Bearer {token}");
        let headers = [("Authorization", bearer.as_str())];
        service.send("GET", "/config", &headers, b"").status
    };
    assert_eq!((status("before"), status("after")), (200, 401));
    held.replace(tokens("after"));
    assert_eq!((status("before"), status("after")), (401, 200));
}

#[test]
fn requests_in_progress_finish_during_shutdown() {
    let mut service = Service::open();
    let mut slow = service.connect();
    let body = r#"{"user_id":"u","candidates":[],"timeout_ms":60000}"#;
    let head = format!(
        "POST /rank HTTP/1.1\r\nHost: localhost\r\nContent-Type: {JSON}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    slow.write_all(head.as_bytes()).unwrap();
    slow.write_all(&body.as_bytes()[..5]).unwrap();
    while service.get("/readyz").status != 200 {
        std::thread::sleep(Duration::from_millis(5));
    }
    while !String::from_utf8_lossy(&service.get("/metrics").body).contains("saima_in_flight 2") {
        std::thread::sleep(Duration::from_millis(5));
    }
    service.end.take();
    while TcpStream::connect(service.address).is_ok() {
        std::thread::sleep(Duration::from_millis(5));
    }
    slow.write_all(&body.as_bytes()[5..]).unwrap();
    assert_eq!(Answer::read(slow).status, 200);
}

#[test]
fn a_connection_serves_many_requests() {
    let service = Service::open();
    let mut stream = service.connect();
    let one = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let last = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream
        .write_all(format!("{one}{one}{last}").as_bytes())
        .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 3);
}
