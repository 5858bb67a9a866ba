//! `[server]`: the address, the bounds of connections, and shutdown.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde_json::{Value, json};

use super::section::Section;

/// Settings of the listener and its connections.
#[derive(Clone, Debug)]
pub struct Server {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Maximum time for open requests to finish after SIGTERM.
    pub drain: Duration,
    /// Number of candidates from which one request is split over threads.
    pub parallel_candidates: usize,
    /// Maximum number of open connections.
    pub connections: usize,
    /// Maximum time to receive the head of a request.
    pub head: Duration,
    /// Maximum time to receive the body of a request.
    pub body: Duration,
    /// Maximum time that a connection stays open without a request.
    pub idle: Duration,
    /// Time in which a client must take something of each answer, and `answer_bytes` of all.
    pub answer: Duration,
    /// Minimum bytes that a client must take of its answers in that time.
    pub answer_bytes: u64,
    /// Maximum size of the head of a request in bytes.
    pub head_bytes: u32,
    /// Maximum number of open requests on one HTTP/2 connection.
    pub http2_streams: u32,
    /// Maximum number of requests that an HTTP/2 client may cancel before they begin.
    pub http2_resets: usize,
    /// Interval of pings on a silent HTTP/2 connection, and the maximum time for their answer.
    pub http2_ping: Duration,
}

/// Reads the section.
pub(super) fn read(s: &Section<'_>) -> Server {
    let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Server {
        listen: s.text("listen", nowhere, |text| {
            let right = "must be an address and a port such as 127.0.0.1:8080 or [::1]:8080";
            text.parse().map_err(|_| format!("{right}, not {text:?}"))
        }),
        drain: s.seconds("drain_seconds", 3_600.0),
        parallel_candidates: s.integer("parallel_candidates", 1..=1_000_000),
        connections: s.integer("connections", 1..=1_000_000),
        head: s.timeout("head_seconds", 3_600.0),
        body: s.timeout("body_seconds", 3_600.0),
        idle: s.timeout("idle_seconds", 86_400.0),
        answer: s.timeout("answer_seconds", 3_600.0),
        answer_bytes: s.integer("answer_bytes", 0..=1 << 40),
        head_bytes: s.integer("head_bytes", 8_192..=1 << 20),
        http2_streams: s.integer("http2_streams", 1..=100_000),
        http2_resets: s.integer("http2_resets", 1..=100_000),
        http2_ping: s.timeout("http2_ping_seconds", 3_600.0),
    }
}

/// Returns the section in the names and units of the file.
pub(super) fn shown(server: &Server) -> Value {
    json!({
        "listen": server.listen,
        "drain_seconds": server.drain.as_secs_f64(),
        "parallel_candidates": server.parallel_candidates,
        "connections": server.connections,
        "head_seconds": server.head.as_secs_f64(),
        "body_seconds": server.body.as_secs_f64(),
        "idle_seconds": server.idle.as_secs_f64(),
        "answer_seconds": server.answer.as_secs_f64(),
        "answer_bytes": server.answer_bytes,
        "head_bytes": server.head_bytes,
        "http2_streams": server.http2_streams,
        "http2_resets": server.http2_resets,
        "http2_ping_seconds": server.http2_ping.as_secs_f64(),
    })
}
