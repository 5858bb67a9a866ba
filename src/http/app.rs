//! State shared by all handlers, and the counters of answers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use axum::http::StatusCode;
use prometheus_client::metrics::counter::Counter;
use tokio::task::spawn_blocking;

use super::admission::Admission;
use super::auth::Tokens;
use super::error::{CAUSES, Problem};
use super::request_id::{RequestId, RequestIds};
use crate::engine::Engine;

/// Properties of the table of routes. The table names the handlers and the handlers need this state, so it cannot import the table.
pub(super) struct Table {
    /// Number of routes.
    pub(super) routes: usize,
    /// Returns the OpenAPI document. Its argument is `true` if requests need tokens.
    pub(super) document: fn(bool) -> &'static [u8],
}

/// State shared by all handlers.
pub(super) struct App {
    pub(super) table: &'static Table,
    pub(super) engine: Arc<Engine>,
    pub(super) tokens: Arc<Tokens>,
    /// `true` while the service shuts down.
    pub(super) draining: AtomicBool,
    pub(super) admission: Admission,
    pub(super) ids: RequestIds,
    counters: Counters,
}

impl App {
    /// Returns the state for an engine and a table of routes.
    pub(super) fn new(engine: Arc<Engine>, tokens: Arc<Tokens>, table: &'static Table) -> Self {
        let config = &engine.generation().config.admission;
        let admission = Admission::new(config, &engine.telemetry().admission);
        Self {
            table,
            engine,
            tokens,
            draining: AtomicBool::new(false),
            admission,
            ids: RequestIds::default(),
            counters: Counters::new(table.routes),
        }
    }

    /// Builds the OpenAPI document and the pages on another thread, so that the first request for them does not. The document names the
    /// media types of the pages, which builds those too.
    pub(super) fn build_documents(&self) {
        let (document, secured) = (self.table.document, !self.tokens.is_open());
        drop(spawn_blocking(move || document(secured)));
    }

    /// Returns `true` if the service is ready for requests.
    pub(super) fn is_ready(&self) -> bool {
        self.engine.ready() && !self.draining.load(Ordering::Acquire)
    }

    /// Counts and logs a bug, and returns its problem, which does not contain the detail.
    pub(super) fn bug(&self, id: &RequestId, detail: &str) -> Problem {
        self.engine.telemetry().requests.panics.inc();
        tracing::error!(request_id = id.as_str(), "{detail}");
        Problem::internal()
    }

    /// Counts an answer: by the number of the route, with the labels of its method and path.
    pub(super) fn count(&self, route: usize, [method, path]: [&str; 2], status: StatusCode) {
        let labels = || {
            let answers = &self.engine.telemetry().requests.answers;
            answers.with([method, path, status.as_str()])
        };
        self.counters.inc(route, status, labels);
    }
}

/// Statuses of answers that are not problems.
const SUCCESSES: [u16; 3] = [200, 204, 307];

/// Counters of answers by route and status, each looked up once. The last row is for unknown paths.
struct Counters(Vec<[OnceLock<Counter>; SUCCESSES.len() + CAUSES.len()]>);

impl Counters {
    fn new(routes: usize) -> Self {
        Self(
            (0..=routes)
                .map(|_| std::array::from_fn(|_| OnceLock::new()))
                .collect(),
        )
    }

    fn inc(&self, route: usize, status: StatusCode, find: impl FnOnce() -> Counter) {
        let problems = CAUSES.iter().map(|row| row.status);
        let mut statuses = SUCCESSES.into_iter().chain(problems);
        match statuses.position(|known| known == status.as_u16()) {
            Some(slot) => self.0[route][slot].get_or_init(find).inc(),
            None => find().inc(),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_own_counter() {
        let counters = Counters::new(0);
        for status in [200, 204, 307, 400, 503, 418] {
            let status = StatusCode::from_u16(status).unwrap();
            let counter = Counter::default();
            counters.inc(0, status, || counter.clone());
            assert_eq!(counter.get(), 1, "{status}");
        }
    }
}
