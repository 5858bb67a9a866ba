//! Overload and slow or oversized requests: they are rejected or cut off, and other clients are served.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::service::{JSON, LINES, PATIENCE, Service};

const RANK: &str = r#"{"user_id":"u","candidates":["a"],"timeout_ms":60000}"#;
const HEALTH: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A client that controls each byte it sends.
struct Client(TcpStream);

impl Client {
    fn of(service: &Service) -> Self {
        let address = service.base().strip_prefix("http://").unwrap();
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(stream)
    }

    fn send(&mut self, text: impl AsRef<[u8]>) {
        self.0.write_all(text.as_ref()).unwrap();
    }

    /// Sends the head of a request with a body of that length.
    fn begin(&mut self, method: &str, path: &str, length: usize) {
        self.send(format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {JSON}\r\nContent-Length: {length}\r\n\r\n"));
    }

    /// Reads the next answer, head and body, on a connection that stays open.
    fn answer(&mut self) -> (String, Vec<u8>) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.0.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        self.0.read_exact(&mut body).unwrap();
        (head, body)
    }

    fn status(&mut self) -> u16 {
        status(&self.answer().0)
    }

    /// Reads everything until the server closes the connection.
    fn rest(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self.0.read_to_end(&mut bytes) {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        }
        bytes
    }
}

fn status(head: &str) -> u16 {
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

fn serves(service: &Service) {
    assert_eq!(
        service.rank(&json!({"user_id": "u", "candidates": ["a"]}))["unknown"],
        json!(["a"])
    );
}

#[test]
fn a_slow_head_closes_its_connection_only() {
    let service = Service::with_config("[server]\nhead_seconds = 0.3\n");
    let mut silent = Client::of(&service);
    let mut slow = Client::of(&service);
    slow.send("POST /rank HTTP/1.1\r\nHost: local");
    let mut second = Client::of(&service);
    second.send(HEALTH);
    assert_eq!(second.status(), 200);
    second.send("GET /hea");
    serves(&service);
    for client in [&mut silent, &mut slow, &mut second] {
        assert_eq!(client.rest(), b"");
    }
    service.wait("slow heads are counted", |service| {
        service.metric("saima_slow_heads_total ") >= 3.0
    });
    serves(&service);
}

#[test]
fn a_slow_body_occupies_no_slot() {
    let config =
        "[server]\nbody_seconds = 10\n[admission]\nrank = 1\nbatch = 1\ningest = 1\nwait_ms = 0\n";
    let service = Service::with_config(config);
    let mut slow = Vec::new();
    for path in ["/rank", "/rank/batch", "/events"].iter().cycle().take(12) {
        let mut client = Client::of(&service);
        client.begin("POST", path, 100);
        client.send("{");
        slow.push(client);
        let count = u32::try_from(slow.len()).unwrap();
        service.wait("the request is in progress without a slot", |service| {
            service.metric("saima_in_flight ") > f64::from(count)
                && service.metric("saima_admitted{work=\"rank\"} ") == 0.0
        });
    }
    serves(&service);
    service.items(&[json!({"id": "b"})]);
    let batch = json!({"requests": [{"user_id": "u", "candidates": ["b"]}]});
    service.json("POST", "/rank/batch", &batch).ok();
    for client in &mut slow {
        assert_eq!(client.status(), 408);
    }
}

#[test]
fn an_idle_connection_is_closed() {
    let service = Service::with_config("[server]\nidle_seconds = 0.3\n");
    let mut idle = Client::of(&service);
    idle.send(HEALTH);
    assert_eq!(idle.status(), 200);
    assert_eq!(idle.rest(), b"");
    let mut deaf = Client::of(&service);
    deaf.send("GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(500));
    service.wait("a client that reads no answers is cut off", |service| {
        service.metric("saima_connections ") <= 1.0
    });
    serves(&service);
}

#[test]
fn connections_beyond_the_limit_are_rejected() {
    let service = Service::with_config("[server]\nconnections = 3\n");
    let mut inside: Vec<Client> = (0..3).map(|_| Client::of(&service)).collect();
    for client in &mut inside {
        client.send(HEALTH);
        assert_eq!(client.status(), 200);
    }
    let mut beyond = Client::of(&service);
    beyond.begin("POST", "/rank", RANK.len());
    beyond.send(RANK);
    let (head, body) = beyond.answer();
    assert_eq!(status(&head), 503);
    assert!(head.contains("retry-after: ") && head.contains("application/problem+json"));
    assert!(head.contains("connection: close"), "{head}");
    assert!(String::from_utf8(body).unwrap().contains("connections"));
    assert_eq!(beyond.rest(), b"");
    let _many: Vec<Client> = (0..200).map(|_| Client::of(&service)).collect();
    for client in &mut inside {
        client.send(HEALTH);
        assert_eq!(client.status(), 200);
    }
    inside.pop();
    let begun = Instant::now();
    loop {
        let mut client = Client::of(&service);
        let _closed_already = client.0.write_all(HEALTH.as_bytes());
        let mut bytes = [0; 12];
        if client.0.read_exact(&mut bytes).is_ok() && bytes.ends_with(b"200") {
            break;
        }
        assert!(
            begun.elapsed() < PATIENCE,
            "a free connection is not accepted"
        );
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn an_oversized_head_is_rejected() {
    let service = Service::with_config("[server]\nhead_bytes = 8192\n");
    let mut client = Client::of(&service);
    let long = "x".repeat(20_000);
    client.send(format!(
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: {long}"
    ));
    assert!(client.rest().starts_with(b"HTTP/1.1 431 "));
    serves(&service);
}

const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const GO_AWAY: u8 = 7;
/// `ENHANCE_YOUR_CALM`: the error code for a client that sends too much.
const CALM: [u8; 4] = [0, 0, 0, 0xb];

/// Returns a frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

#[test]
fn repeated_stream_resets_close_the_connection() {
    let service = Service::with_config("[server]\nhttp2_resets = 20\n");
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(SETTINGS, 0, 0, &[]));
    for stream in (1..4_001).step_by(2) {
        // GET http://localhost/, complete and without a body, then reset with CANCEL.
        let head = [&[0x82, 0x86, 0x84, 0x41, 9][..], b"localhost"].concat();
        bytes.extend(frame(HEADERS, 0x5, stream, &head));
        bytes.extend(frame(RESET, 0, stream, &8_u32.to_be_bytes()));
    }
    let mut client = Client::of(&service);
    let _cut_off_meanwhile = client.0.write_all(&bytes);
    let message = client.rest();
    // After the type: flags, stream 0, the last stream, the error code.
    let calm = |frame: &[u8]| frame[0] == GO_AWAY && frame[10..] == CALM;
    assert!(message.windows(14).any(calm), "{message:?}");
    serves(&service);
}

#[test]
fn bodies_beyond_the_byte_limit_are_rejected() {
    let limits =
        "[limits]\nbody_bytes = 1024\nunpacked_bytes = 1024\n[admission]\nrank_bytes = 2048\n";
    let service = Service::with_config(limits);
    let mut slow: Vec<Client> = (0..2)
        .map(|_| {
            let mut client = Client::of(&service);
            client.begin("POST", "/rank", 1_024);
            client.send(" ".repeat(1_000));
            client
        })
        .collect();
    service.wait("their bytes are counted", |service| {
        service.metric("saima_rank_body_bytes ") >= 2_000.0
    });
    let rejected = service.send("POST", "/rank", &[("Content-Type", JSON)], RANK.as_bytes());
    rejected.problem(429);
    assert_eq!(rejected.retry_after.as_deref(), Some("1"));
    assert!(service.metric("saima_refused_total{reason=\"rank_bytes\"} ") >= 1.0);
    service.items(&[json!({"id": "b"})]);
    slow.clear();
    service.wait("their bytes are free again", |service| {
        service.metric("saima_rank_body_bytes ") == 0.0
    });
    serves(&service);
}

#[test]
fn rank_requests_beyond_the_slots_are_rejected() {
    let service = Service::with_config("[admission]\nrank = 1\n");
    let items: Vec<_> = (0..2_000).map(|n| json!({"id": format!("i{n}")})).collect();
    service.items(&items);
    let ids: Vec<String> = (0..2_000).map(|n| format!("i{n}")).collect();
    let request = json!({"user_id": "u", "candidates": ids, "timeout_ms": 60_000});
    let (answered, rejected, begun) = (AtomicUsize::new(0), AtomicUsize::new(0), Instant::now());
    let enough = || {
        let count = |count: &AtomicUsize| count.load(Ordering::Relaxed);
        count(&answered) > 0 && count(&rejected) > 0
    };
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                while !enough() && begun.elapsed() < PATIENCE {
                    let answer = service.json("POST", "/rank", &request);
                    if answer.status == 200 {
                        answered.fetch_add(1, Ordering::Relaxed);
                    } else {
                        answer.problem(429);
                        assert!(answer.retry_after.is_some());
                        rejected.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert!(enough(), "{answered:?} answered, {rejected:?} rejected");
    let counted = service.metric("saima_refused_total{reason=\"rank\"} ");
    assert!((counted - f64::from(u32::try_from(rejected.into_inner()).unwrap())).abs() < 0.5);
    service.rank(&request);
}

#[test]
fn a_request_past_its_timeout_is_not_ranked() {
    let service = Service::with_config("");
    // A short body is ranked where it arrives, a long one on the workers.
    for padding in [0, 600_000] {
        let body = r#"{"user_id":"u","candidates":["a"],"timeout_ms":20,"request_id":"r-late"}"#;
        let body = body.to_owned() + &" ".repeat(padding);
        let (first, rest) = body.split_at(30);
        let mut client = Client::of(&service);
        client.begin("POST", "/rank", body.len());
        client.send(first);
        thread::sleep(Duration::from_millis(60));
        client.send(rest);
        let (head, body) = client.answer();
        assert_eq!(status(&head), 503);
        assert!(head.contains("retry-after: ") && head.contains("x-request-id: r-late"));
        assert!(String::from_utf8(body).unwrap().contains("problem:late"));
    }
    assert!(service.metric("saima_late_total ") >= 2.0);
    assert_eq!(service.metric("saima_candidates_total ").to_bits(), 0);
}

#[test]
fn a_retry_waits_for_a_free_slot() {
    let service = Service::with_config("[admission]\nrank = 1\nqueue_ms = 60000\n");
    // A paused connection is read again after a second, the time of `Retry-After`, so a round that takes that long proves nothing.
    loop {
        let (mut first, mut second) = (Client::of(&service), Client::of(&service));
        first.begin("POST", "/rank", RANK.len());
        first.send(&RANK[..5]);
        service.wait("the one slot is in use", |service| {
            service.metric("saima_admitted{work=\"rank\"} ") > 0.5
        });
        second.begin("POST", "/rank", RANK.len());
        second.send(RANK);
        let (head, _) = second.answer();
        assert_eq!(status(&head), 429);
        assert!(head.contains("retry-after: 1"), "{head}");
        let begun = Instant::now();
        for _ in 0..2 {
            second.begin("POST", "/rank", RANK.len());
            second.send(RANK);
        }
        first.send(&RANK[5..]);
        assert_eq!(first.status(), 200);
        let statuses = [second.status(), second.status()];
        if begun.elapsed() < Duration::from_secs(1) {
            assert_eq!(statuses, [200, 200]);
            break;
        }
    }
}

#[test]
fn a_flood_of_facts_does_not_stop_rankings() {
    let service = Service::with_config("[admission]\ningest = 1\nwait_ms = 0\n");
    let lines: String = (0..2_000)
        .map(|n| format!("{{\"id\":\"i{n}\",\"price\":{n}}}\n"))
        .collect();
    let (over, accepted, rejected) = (
        AtomicBool::new(false),
        AtomicUsize::new(0),
        AtomicUsize::new(0),
    );
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let answer = service.send(
                        "PUT",
                        "/items",
                        &[("Content-Type", LINES)],
                        lines.as_bytes(),
                    );
                    if answer.status == 200 {
                        accepted.fetch_add(1, Ordering::Relaxed);
                    } else {
                        answer.problem(503);
                        assert!(answer.retry_after.is_some());
                        rejected.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        let (begun, mut ranked) = (Instant::now(), 0);
        let request = json!({"user_id": "u", "candidates": ["i1", "i2"], "timeout_ms": 60_000});
        while begun.elapsed() < PATIENCE
            && (ranked < 50
                || rejected.load(Ordering::Relaxed) == 0
                || accepted.load(Ordering::Relaxed) == 0)
        {
            let answer = service.json("POST", "/rank", &request);
            if answer.status != 200 {
                over.store(true, Ordering::Relaxed);
            }
            answer.ok();
            ranked += 1;
        }
        over.store(true, Ordering::Relaxed);
        assert!(ranked >= 50, "{ranked} ranked");
    });
    assert!(accepted.into_inner() > 0, "rankings must not starve facts");
    assert!(rejected.into_inner() > 0, "the flood must exceed the slots");
}

#[test]
fn requests_in_progress_are_answered_at_shutdown() {
    let mut service = Service::start();
    let mut client = Client::of(&service);
    client.begin("POST", "/rank", RANK.len());
    client.send(&RANK[..5]);
    service.wait("the request is in progress", |service| {
        service.metric("saima_in_flight ") > 1.0
    });
    service.terminate();
    let address = service.base().strip_prefix("http://").unwrap().to_owned();
    let begun = Instant::now();
    while TcpStream::connect(&address).is_ok() {
        assert!(begun.elapsed() < PATIENCE, "the service still listens");
        thread::sleep(Duration::from_millis(10));
    }
    client.send(&RANK[5..]);
    assert_eq!(client.status(), 200);
    assert_eq!(service.ended(), Some(0));
}

#[test]
fn an_unfinished_request_does_not_block_shutdown() {
    let mut service = Service::with_config("[server]\ndrain_seconds = 0.5\n");
    let mut client = Client::of(&service);
    client.begin("POST", "/rank", RANK.len());
    service.wait("the request is in progress", |service| {
        service.metric("saima_in_flight ") > 1.0
    });
    let begun = Instant::now();
    service.terminate();
    assert_eq!(service.ended(), Some(0));
    assert!(
        begun.elapsed() < Duration::from_secs(25),
        "the timeout of the body ended it"
    );
}

#[test]
fn a_batch_ends_when_its_client_leaves() {
    let service = Service::start();
    let items: Vec<_> = (0..1_000).map(|n| json!({"id": format!("i{n}")})).collect();
    service.items(&items);
    let ids: Vec<String> = (0..1_000).map(|n| format!("i{n}")).collect();
    let one = json!({"user_id": "u", "candidates": ids, "limit": 1_000, "explain": true, "timeout_ms": 60_000});
    let body = json!({"requests": vec![one; 100]}).to_string();
    let all = 100_000.0;
    let mut client = Client::of(&service);
    client.begin("POST", "/rank/batch", body.len());
    client.send(body);
    let ranked = || service.metric("saima_candidates_total ");
    service.wait("the batch is in progress", |_| ranked() > 0.0);
    drop(client);
    service.wait("the batch has ended", |service| {
        service.metric("saima_admitted{work=\"batch\"} ") == 0.0
    });
    let last = ranked();
    assert!(last < all, "the whole batch was ranked");
    thread::sleep(Duration::from_millis(100));
    assert_eq!(ranked().to_bits(), last.to_bits(), "work goes on");
    serves(&service);
}
