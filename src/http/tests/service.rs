//! A service on a real socket, and its answers.

use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::config::{Config, Live};
use crate::engine::Engine;
use crate::http::error::CAUSES;
use crate::http::{Role, Tokens, serve};
use crate::model::view::{Problem, View, check};

pub(super) const JSON: &str = "application/json";
pub(super) const LINES: &str = "application/x-ndjson";
pub(super) const TOKENS: [(Role, &str); 5] = [
    (Role::Metrics, "m"),
    (Role::Rank, "k"),
    (Role::Read, "r"),
    (Role::Write, "w"),
    (Role::Ops, "o"),
];

/// Returns an empty engine.
pub(super) fn engine() -> Arc<Engine> {
    Engine::in_memory(Arc::new(Live::new(Config::embedded())))
}

pub(super) struct Service {
    pub(super) address: SocketAddr,
    pub(super) end: Option<oneshot::Sender<()>>,
    pub(super) thread: Option<JoinHandle<()>>,
}

impl Service {
    pub(super) fn open() -> Self {
        Self::start(Arc::default())
    }

    pub(super) fn with_tokens() -> Self {
        let token = |name: &str| {
            let found = TOKENS
                .iter()
                .find(|(role, _)| name == format!("SAIMA_TOKEN_{}", role.name().to_uppercase()));
            found.map(|(_, token)| (*token).to_owned())
        };
        let no_file = |_: &str| Err(std::io::ErrorKind::NotFound.into());
        Self::start(Arc::new(Tokens::from_env(token, no_file).unwrap()))
    }

    pub(super) fn start(tokens: Arc<Tokens>) -> Self {
        Self::serving(engine(), tokens)
    }

    pub(super) fn serving(engine: Arc<Engine>, tokens: Arc<Tokens>) -> Self {
        let (end, ended) = oneshot::channel::<()>();
        let (sender, receiver) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_multi_thread();
            let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                sender.send(listener.local_addr().unwrap()).unwrap();
                let ended = async { ended.await.unwrap_or(()) };
                serve(engine, tokens, None, listener, ended).await;
            });
        });
        Self {
            address: receiver.recv().unwrap(),
            end: Some(end),
            thread: Some(thread),
        }
    }

    pub(super) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        stream
    }

    /// Sends raw bytes and reads the whole answer.
    pub(super) fn raw(&self, request: &[u8]) -> Answer {
        let mut stream = self.connect();
        stream.write_all(request).unwrap();
        Answer::read(stream)
    }

    pub(super) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
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

    pub(super) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    pub(super) fn json(&self, method: &str, path: &str, body: &str) -> Answer {
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
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn read(mut stream: TcpStream) -> Self {
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

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (known, value) = line.split_once(": ")?;
            known.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Asserts a complete problem of that status and returns the paths of its faults.
    pub(super) fn problem(&self, status: u16) -> Vec<String> {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json")
        );
        let json = self.json();
        check::assert_is(Problem::VIEW, &json);
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

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
