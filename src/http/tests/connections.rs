//! Tests of connections and shutdown.

use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use super::service::{Answer, JSON, Service, engine};
use crate::clock::{Clock, DAY, Time};
use crate::config::{Config, Live};
use crate::engine::{Engine, Stored};
use crate::telemetry::Telemetry;
use crate::threads::Threads;

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

#[test]
fn a_failing_thread_is_shown_as_degraded() {
    let engine = engine();
    let (ends, ended) = std::sync::mpsc::channel::<()>();
    let mut last = false;
    let round = move || {
        assert!(std::mem::replace(&mut last, true), "on purpose");
        ended.recv().unwrap_or_default();
        ControlFlow::Break(())
    };
    engine.threads().start("test", round).unwrap();
    let service = Service::serving(engine, Arc::default());
    let degraded = || {
        let answer = service.get("/readyz");
        let body = String::from_utf8_lossy(&answer.body).into_owned();
        answer.status == 200 && body.contains("\"degraded\"") && body.contains("\\\"test\\\"")
    };
    while !degraded() {
        std::thread::yield_now();
    }
    let page = service.get("/metrics").body;
    let line = "saima_thread_failures_total{thread=\"test\"} 1";
    assert!(String::from_utf8(page).unwrap().contains(line));
    drop(ends);
}

#[test]
fn a_held_clock_is_shown_as_degraded() {
    let noon = Time::parse("2025-04-07T12:00:00Z").unwrap();
    let live = Arc::new(Live::new(Config::embedded()));
    let stored = Stored::in_memory(&live.load().config, &Threads::default());
    let engine = Engine::start(live, Clock::guarded(noon), Telemetry::default(), stored);
    pollster::block_on(engine.rebuild()).unwrap();
    let service = Service::serving(Arc::clone(&engine), Arc::default());
    let body = || {
        let answer = service.get("/readyz");
        assert_eq!(answer.status, 200);
        String::from_utf8_lossy(&answer.body).into_owned()
    };
    assert!(body().contains("\"ready\""));
    engine.clock().set(noon.plus(2 * DAY));
    let held = body();
    assert!(
        held.contains("\"degraded\"") && held.contains("/clock/confirm"),
        "{held}"
    );
    assert!(engine.clock().confirm());
    assert!(body().contains("\"ready\""));
}

#[test]
fn an_unreadable_head_gets_a_problem() {
    let service = Service::open();
    let field = format!(
        "GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n",
        "x".repeat(131_100)
    );
    for (request, status) in [("no HTTP at all\r\n\r\n", 400), (&field, 431)] {
        let answer = service.raw(request.as_bytes());
        assert_eq!(answer.status, status);
        assert!(
            answer.head.contains("application/problem+json"),
            "{}",
            answer.head
        );
        let problem: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(problem["status"], status);
    }
}
