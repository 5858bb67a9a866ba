//! The steps of every request: its id, the checks, the handler, and the headers and metrics of the answer. A panic of a handler ends
//! its own request only.

use std::any::Any;
use std::convert::Infallible;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{FromRequestParts, RawPathParams, Request};
use axum::http::header::{CONNECTION, EXPECT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Version};
use axum::response::Response;
use axum::routing::any;
use hyper::body::Incoming;
use prometheus_client::metrics::gauge::Gauge;

use super::admission::{ConnectionBytes, Pause, Priority, Rejection, Work};
use super::app::{App, Table};
use super::body::{self, Media};
use super::call::{Call, Granted, PathValues};
use super::content::Content;
use super::error::{Cause, Problem};
use super::openapi;
use super::ops;
use super::query::Query;
use super::reply::{Reply, bad, good};
use super::request_id::RequestId;
use super::route::Route;
use super::routes::ROUTES;
use super::tls::Subject;

/// Properties of [`ROUTES`] that handlers need.
pub(super) static TABLE: Table = Table {
    routes: ROUTES.len(),
    document: openapi::text,
};

/// The routes of one path, which are a part of [`ROUTES`] that begins at `first`.
#[derive(Clone, Copy)]
struct PathRoutes {
    routes: &'static [Route],
    first: usize,
}

impl PathRoutes {
    /// Returns the route of a method and its index in [`ROUTES`]. `HEAD` is a `GET` whose body is not sent.
    fn route(self, method: &Method) -> Option<(usize, &'static Route)> {
        let method = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        let index = self
            .routes
            .iter()
            .position(|route| route.method == *method)?;
        Some((self.first + index, &self.routes[index]))
    }

    /// Returns the methods of the path, for the header `Allow`.
    fn methods(self) -> String {
        let methods: Vec<&str> = self
            .routes
            .iter()
            .map(|route| route.method.as_str())
            .collect();
        let head = if methods.contains(&"GET") {
            ", HEAD"
        } else {
            ""
        };
        methods.join(", ") + head
    }
}

impl App {
    /// Creates the router of all routes. An unknown path is answered by a problem.
    pub(super) fn router(self: Arc<Self>) -> Router {
        let mut router = Router::new();
        let mut first = 0;
        for routes in ROUTES.chunk_by(|one, other| one.path == other.path) {
            let (app, path_routes) = (Arc::clone(&self), PathRoutes { routes, first });
            let handler = move |request| Arc::clone(&app).answer(Some(path_routes), request);
            router = router.route(routes[0].path, any(handler));
            first += routes.len();
        }
        router.fallback(move |request| Arc::clone(&self).answer(None, request))
    }

    /// Answers a request on a path; `None` is an unknown path.
    async fn answer(
        self: Arc<Self>,
        path_routes: Option<PathRoutes>,
        request: Request,
    ) -> Response {
        let arrived = Instant::now();
        let _in_flight = GaugeGuard::new(&self.engine.telemetry().requests.in_flight);
        let (mut head, mut body) = request.into_parts();
        let id = self.ids.of(&head.headers);
        let found = path_routes.and_then(|routes| routes.route(&head.method));
        let attempt = self.attempt(path_routes, found, &mut head, &mut body, &id, arrived);
        let outcome = attempt.await;
        let is_read = if body.is_end_stream() || head.headers.contains_key(EXPECT) {
            body.is_end_stream()
        } else {
            body::discard(body).await
        };
        let rejected = outcome.as_ref().err().and_then(|problem| problem.rejected);
        let response = match outcome {
            Ok(reply) => good(reply, &id, arrived),
            Err(problem) => self.reject(&problem, &id, arrived),
        };
        let work = found.and_then(|(_, route)| route.work);
        let connection = head.extensions.get::<ConnectionBytes>();
        let mut response = match self.hold(work, response, connection) {
            Ok(response) => response,
            Err(rejection) => {
                let tiny = self.reject(&Problem::from(rejection), &id, arrived);
                self.hold(work, tiny, connection).unwrap_or_default()
            }
        };
        let was_woken = matches!(head.extensions.get(), Some(Priority::Woken(_)));
        // The rest of an unread body still occupies the connection, so it cannot pause.
        if is_read && (rejected.is_some() || was_woken) {
            let pause = found.and_then(|(_, route)| self.pause(route, rejected));
            pause.map(|pause| response.extensions_mut().insert(pause));
        }
        self.count_answer(found, response.status());
        response
    }

    /// Counts the bytes of an answer until the client has taken them. `work` is the kind of work of its route. Fails if it does not
    /// fit, which the problem of that rejection always does.
    fn hold(
        &self,
        work: Option<Work>,
        response: Response<Content>,
        connection: Option<&ConnectionBytes>,
    ) -> Result<Response, Rejection> {
        let config = &self.engine.generation().config.admission;
        let bytes = response.body().bytes();
        let held = self.admission.answer(work, bytes, connection, config)?;
        Ok(response.map(|content| content.body(held)))
    }

    /// Counts an answer of a route, or of an unknown path.
    fn count_answer(&self, found: Option<(usize, &'static Route)>, status: StatusCode) {
        match found {
            Some((index, route)) => {
                self.count(index, [route.method.as_str(), route.path], status);
            }
            None => self.count(ROUTES.len(), ["", ""], status),
        }
    }

    /// Returns the pause of a connection after a request for a route; `None` if a slot for such work is free.
    fn pause(&self, route: &Route, rejected: Option<Rejection>) -> Option<Pause> {
        let work = route.work?;
        let config = &self.engine.generation().config.admission;
        self.admission.pause(work, rejected, config)
    }

    /// Answers 503 to a request on a connection beyond the maximum, and closes the connection.
    pub(super) async fn turn_away(
        self: Arc<Self>,
        request: hyper::Request<Incoming>,
    ) -> Result<Response, Infallible> {
        let arrived = Instant::now();
        let (head, body) = request.into_parts();
        let _read_or_not = body::discard(Body::new(body)).await;
        let problem = Problem::from(Rejection::Connections);
        let response = bad(&problem, &self.ids.of(&head.headers), arrived);
        let mut response = self.hold(None, response, None).unwrap_or_default();
        if head.version < Version::HTTP_2 {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        self.count_answer(None, response.status());
        Ok(response)
    }

    /// Returns the whole answer of HTTP/1.1 to a head that cannot be read, after which the connection is closed.
    pub(super) fn unreadable(&self, status: u16) -> Vec<u8> {
        let (cause, detail) = match status {
            414 => (Cause::TargetTooLong, "the path with its query is too long"),
            431 => (
                Cause::HeadTooLarge,
                "the head has more than [server] head_bytes, or too many fields",
            ),
            _ => (Cause::Malformed, "the head of the request is not HTTP"),
        };
        let (problem, id) = (Problem::new(cause, detail), self.ids.of(&HeaderMap::new()));
        let (row, json) = (cause.row(), problem.json(id.as_str()));
        self.count_answer(None, problem.status());
        let reason = problem.status().canonical_reason().unwrap_or_default();
        let head = format!(
            "HTTP/1.1 {} {reason}\r\ncontent-type: application/problem+json\r\nx-request-id: {}\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n",
            row.status,
            id.as_str(),
            json.len()
        );
        [head.into_bytes(), json].concat()
    }

    /// Returns the answer for a problem, and counts a rejection by admission.
    fn reject(&self, problem: &Problem, id: &RequestId, arrived: Instant) -> Response<Content> {
        if let Some(rejection) = problem.rejected {
            self.admission.rejected(rejection);
        }
        bad(problem, id, arrived)
    }

    /// Runs the checks in order, then the handler.
    async fn attempt(
        self: &Arc<Self>,
        path_routes: Option<PathRoutes>,
        found: Option<(usize, &'static Route)>,
        head: &mut Parts,
        body: &mut Body,
        id: &RequestId,
        arrived: Instant,
    ) -> Result<Reply, Problem> {
        self.tokens.check_host(&head.uri, &head.headers)?;
        let route = resolve(path_routes, found)?;
        let token = self.tokens.allow(route.role, &head.headers)?;
        let subject = || head.extensions.get::<Subject>().map(|it| Arc::clone(&it.0));
        let caller = token.or_else(subject);
        self.check_media(route, head)?;
        let generation = self.engine.generation();
        let limits = &generation.config.vocabulary.limits;
        let query = Query::read(head.uri.query(), route.params, limits)?;
        let path = path_values(route, head).await?;
        let priority = head.extensions.get::<Priority>().cloned();
        let call = Call {
            app: self,
            headers: &head.headers,
            body,
            path,
            query,
            id,
            caller,
            arrived,
            work: route.work,
            priority,
            connection: head.extensions.get(),
            generation,
            granted: Granted::default(),
        };
        if let Some(work) = route.work {
            call.check(work)?;
        }
        self.run(route, id, async { (route.handler)(call).await })
            .await
    }

    /// Runs a handler to its end; a panic ends this request only.
    async fn run(
        &self,
        route: &Route,
        id: &RequestId,
        handler: impl Future<Output = Result<Reply, Problem>>,
    ) -> Result<Reply, Problem> {
        let outcome = contained(handler).await;
        outcome.unwrap_or_else(|panic| Err(self.panicked(route, id, panic.as_ref())))
    }

    /// Checks the content type against those that the route accepts. Without tokens every request that changes something needs one: a
    /// browser sends these types to another site only after a preflight request.
    fn check_media(&self, route: &Route, head: &Parts) -> Result<(), Problem> {
        let takes = route.takes.media();
        let changes = matches!(head.method, Method::POST | Method::PUT | Method::PATCH);
        let is_required = route.takes.has_content() || (changes && self.tokens.is_open());
        if !is_required || Media::of(&head.headers).is_some_and(|media| takes.contains(&media)) {
            return Ok(());
        }
        let names: Vec<&str> = takes.iter().map(|media| media.name()).collect();
        let detail = format!("the content type must be {}", names.join(" or "));
        Err(Problem::new(Cause::MediaType, detail))
    }

    /// Counts and logs the panic of a handler.
    fn panicked(&self, route: &Route, id: &RequestId, panic: &(dyn Any + Send)) -> Problem {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        self.bug(
            id,
            &format!(
                "{} {} panicked: {}",
                route.method,
                route.path,
                text.unwrap_or("?")
            ),
        )
    }
}

/// Returns the found route, or the problem of an unknown path or method.
fn resolve(
    path_routes: Option<PathRoutes>,
    found: Option<(usize, &'static Route)>,
) -> Result<&'static Route, Problem> {
    match (path_routes, found) {
        (_, Some((_, route))) => Ok(route),
        (None, None) => Err(Problem::new(Cause::NotFound, "there is no such route")),
        (Some(routes), None) => {
            let methods = routes.methods();
            let detail = format!("the allowed methods are {methods}");
            Err(Problem {
                allow: Some(methods),
                ..Problem::new(Cause::Method, detail)
            })
        }
    }
}

/// Returns the values of the path parameters. If one is not UTF-8, there is no such entity.
async fn path_values(route: &Route, head: &mut Parts) -> Result<PathValues, Problem> {
    if route.path_params().next().is_none() {
        return Ok(PathValues::default());
    }
    let values = RawPathParams::from_request_parts(head, &()).await;
    let values = values.map_err(|_| ops::no_entity())?;
    let named = route.path_params().filter_map(|name| {
        let (_, value) = values.iter().find(|(known, _)| *known == name)?;
        Some((name, value.to_owned()))
    });
    Ok(PathValues::new(named.collect()))
}

/// Runs a future to its end, and returns the payload of a panic as an error.
async fn contained<T>(work: impl Future<Output = T>) -> Result<T, Box<dyn Any + Send>> {
    let mut work = pin!(work);
    poll_fn(
        |context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
            Ok(Poll::Ready(done)) => Poll::Ready(Ok(done)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(panic) => Poll::Ready(Err(panic)),
        },
    )
    .await
}

/// Adds one to a gauge until dropped. Unlike a decrement at the end of a handler, it also works if the client disconnects.
pub(super) struct GaugeGuard<'t>(&'t Gauge);

impl<'t> GaugeGuard<'t> {
    /// Adds one to the gauge.
    pub(super) fn new(gauge: &'t Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for GaugeGuard<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::http::HeaderMap;

    use super::super::request_id::X_REQUEST_ID;
    use super::*;
    use crate::config::{Config, Live};
    use crate::engine::Engine;

    #[tokio::test]
    async fn a_panic_is_contained() {
        let panicking = async {
            tokio::task::yield_now().await;
            assert!(std::hint::black_box(false), "on purpose");
        };
        assert!(contained(panicking).await.is_err());
        assert_eq!(contained(async { 7 }).await.unwrap(), 7);
    }

    /// A log in memory.
    #[derive(Clone, Default)]
    struct Log(Arc<parking_lot::Mutex<Vec<u8>>>);

    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_panic_is_logged_and_frees_its_slot() {
        let live = Arc::new(Live::new(Config::embedded()));
        let app = App::new(Engine::in_memory(live), Arc::default(), &TABLE);
        let generation = app.engine.generation();
        let config = &generation.config.admission;
        let mut headers = HeaderMap::new();
        headers.insert(X_REQUEST_ID, HeaderValue::from_static("r-panics"));
        let id = app.ids.of(&headers);
        let handler = async {
            let patience = Duration::from_secs(60);
            let slot = app.admission.slot(Work::Rank, None, config).await?;
            let _permit = app.admission.permit(slot, patience).await?;
            assert!(std::hint::black_box(false), "on purpose");
            Ok(Reply::nothing())
        };
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone());
        let outcome = tracing::subscriber::with_default(subscriber.finish(), || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build();
            runtime.unwrap().block_on(app.run(&ROUTES[0], &id, handler))
        });
        assert_eq!(
            outcome.err().map(|problem| problem.cause),
            Some(Cause::Internal)
        );
        assert_eq!(app.engine.telemetry().requests.panics.get(), 1);
        let logged = String::from_utf8(log.0.lock().clone()).unwrap();
        assert!(
            logged.contains("r-panics") && logged.contains("on purpose"),
            "{logged}"
        );
        app.admission
            .measure(config, &app.engine.telemetry().admission);
        assert_eq!(
            app.engine
                .telemetry()
                .admission
                .admitted
                .with(["rank"])
                .get(),
            0
        );
    }
}
