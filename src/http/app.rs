//! State shared by all handlers, and the counters of answers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use axum::http::StatusCode;
use prometheus_client::metrics::counter::Counter;

use super::admission::Admission;
use super::auth::Tokens;
use super::error::{CAUSES, Problem};
use super::request_id::{RequestId, RequestIds};
use super::route::Route;
use super::routes::ROUTES;
use crate::engine::Engine;

/// State shared by all handlers.
pub(super) struct App {
    pub(super) engine: Arc<Engine>,
    pub(super) tokens: Arc<Tokens>,
    /// `true` while the service shuts down.
    pub(super) draining: AtomicBool,
    pub(super) admission: Admission,
    pub(super) ids: RequestIds,
    counters: Counters,
}

impl App {
    /// Returns the state for an engine.
    pub(super) fn new(engine: Arc<Engine>, tokens: Arc<Tokens>) -> Self {
        let config = &engine.generation().config.admission;
        let admission = Admission::new(config, &engine.telemetry().admission);
        Self {
            engine,
            tokens,
            draining: AtomicBool::new(false),
            admission,
            ids: RequestIds::default(),
            counters: Counters::default(),
        }
    }

    /// Returns `true` if the service is ready for requests.
    pub(super) fn is_ready(&self) -> bool {
        self.engine.ready() && !self.draining.load(Ordering::Acquire)
    }

    /// Counts and logs a bug. Its detail is not part of the answer.
    pub(super) fn bug(&self, id: &RequestId, detail: &str) -> Problem {
        self.engine.telemetry().requests.panics.inc();
        tracing::error!(request_id = id.as_str(), "{detail}");
        Problem::internal()
    }

    /// Counts an answer.
    pub(super) fn count(&self, found: Option<(usize, &'static Route)>, status: StatusCode) {
        let number = found.map_or(ROUTES.len(), |(number, _)| number);
        let labels = || {
            let (method, path) =
                found.map_or(("", ""), |(_, route)| (route.method.as_str(), route.path));
            self.engine
                .telemetry()
                .requests
                .answers
                .with([method, path, status.as_str()])
        };
        self.counters.inc(number, status, labels);
    }
}

/// Counters of answers by route and status, each looked up once. The last row is for unknown paths.
#[derive(Default)]
struct Counters([[OnceLock<Counter>; CAUSES.len() + 2]; ROUTES.len() + 1]);

impl Counters {
    fn inc(&self, route: usize, status: StatusCode, find: impl FnOnce() -> Counter) {
        let status = match status {
            StatusCode::OK => CAUSES.len(),
            StatusCode::NO_CONTENT => CAUSES.len() + 1,
            other => CAUSES
                .iter()
                .position(|row| row.status == other.as_u16())
                .unwrap_or(0),
        };
        self.0[route][status].get_or_init(find).inc();
    }
}
