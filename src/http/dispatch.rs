//! What every request goes through, whatever its route: its id, the checks before the handler, the handler with panics
//! contained, and the headers, metrics and problems of the answer.

use std::any::Any;
use std::convert::Infallible;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{FromRequestParts, Path, Request};
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, EXPECT, RETRY_AFTER, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};
use axum::response::Response;
use axum::routing::any;
use hyper::body::Incoming;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;

use super::admission::{Admission, Called, Held, Leave, Place};
use super::auth::Tokens;
use super::body::{self, Media};
use super::error::{CAUSES, Cause, Problem};
use super::query::Query;
use super::request_id::{RequestId, RequestIds, X_REQUEST_ID};
use super::{Action, ROUTES, Route, docs, facts, openapi, ops, rank};
use crate::config::Generation;
use crate::engine::Engine;
use crate::telemetry::{Refusal, Work};

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");

/// What every answer says to a browser: take it for what it says it is, and keep no copy, as it may tell of a user.
static SAFETY: [(HeaderName, HeaderValue); 2] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// All that the handlers share.
pub(super) struct App {
    pub(super) engine: Arc<Engine>,
    pub(super) tokens: Arc<Tokens>,
    /// Whether the service is about to end.
    pub(super) draining: AtomicBool,
    pub(super) admission: Admission,
    ids: RequestIds,
    counters: Counters,
}

/// One request on its way through its handler.
pub(super) struct Call<'c> {
    pub(super) app: &'c Arc<App>,
    pub(super) headers: &'c HeaderMap,
    pub(super) body: &'c mut Body,
    pub(super) query: Query,
    pub(super) id: &'c RequestId,
    pub(super) arrived: Instant,
    pub(super) generation: Arc<Generation>,
    work: Option<Work>,
    called: Option<Called>,
    granted: Granted,
}

/// What a request was granted: dropped, it is others'. Whoever works on after the request is gone must keep it.
#[derive(Default)]
pub(super) struct Granted {
    place: Option<Place>,
    leave: Option<Leave>,
    held: Option<Held>,
}

impl Call<'_> {
    /// The whole body, unpacked, once it is its turn to be worked on; a rank request, whose own time is in the body, has its place
    /// then and waits for its [`Self::turn`] later.
    pub(super) async fn read(&mut self) -> Result<Bytes, Problem> {
        match self.work {
            Some(Work::Rank) => self.read_at_once().await,
            Some(work) => {
                let body = self.read_body().await?;
                self.enter(work).await?;
                Ok(body)
            }
            None => self.read_body().await,
        }
    }

    /// The body of a rank request, which has its place from the start, so that no more are read than there are places. Who takes as long as
    /// the whole queue to send it loses the place meanwhile.
    async fn read_at_once(&mut self) -> Result<Bytes, Problem> {
        self.place(Work::Rank).await?;
        let mut place = self.granted.place.take();
        let patience = self.generation.config.admission.queue;
        let body = {
            let mut reading = pin!(self.read_body());
            match tokio::time::timeout(patience, reading.as_mut()).await {
                Ok(body) => body,
                Err(_) => {
                    place = None;
                    reading.await
                }
            }
        }?;
        match place {
            Some(_) => self.granted.place = place,
            None => self.place(Work::Rank).await?,
        }
        Ok(body)
    }

    async fn read_body(&mut self) -> Result<Bytes, Problem> {
        let generation = Arc::clone(&self.generation);
        let config = &generation.config;
        let mut held = self.app.admission.hold(self.work, &config.admission);
        let patience = config.server.body;
        let limits = &config.vocabulary.limits;
        let body = body::read(self.headers, self.body, limits, patience, &mut held).await?;
        self.granted.held = Some(held);
        Ok(body)
    }

    /// Waits until it is the turn of this request as work of that kind.
    pub(super) async fn enter(&mut self, work: Work) -> Result<(), Refusal> {
        self.place(work).await?;
        self.turn(self.generation.config.admission.wait).await
    }

    async fn place(&mut self, work: Work) -> Result<(), Refusal> {
        let (admission, config) = (&self.app.admission, &self.generation.config.admission);
        self.granted.place = None;
        self.granted.place = Some(admission.place(work, self.called, config).await?);
        Ok(())
    }

    /// Waits until it is the turn of the place that this request has, but no longer than that.
    pub(super) async fn turn(&mut self, patience: Duration) -> Result<(), Refusal> {
        if let Some(place) = self.granted.place.take() {
            self.granted.leave = Some(self.app.admission.turn(place, patience).await?);
        }
        Ok(())
    }

    /// What it was granted, for work that goes on by itself.
    pub(super) fn granted(&mut self) -> Granted {
        std::mem::take(&mut self.granted)
    }
}

/// A good answer.
pub(super) struct Reply {
    status: StatusCode,
    media: HeaderValue,
    body: Body,
    /// The id that the body of the request gave.
    id: Option<String>,
    /// What the answer says of its time: the name of the work and how long it took.
    timing: Option<(&'static str, Duration)>,
    headers: &'static [(HeaderName, HeaderValue)],
}

impl Reply {
    /// 200 with JSON.
    pub(super) fn json(json: Vec<u8>) -> Self {
        Self::of(JSON, json)
    }

    /// 200 with a body of that type.
    pub(super) fn of(media: HeaderValue, body: impl Into<Body>) -> Self {
        Self {
            status: StatusCode::OK,
            media,
            body: body.into(),
            id: None,
            timing: None,
            headers: &[],
        }
    }

    /// 204.
    pub(super) fn nothing() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            ..Self::of(JSON, Body::empty())
        }
    }

    /// With the id that the body of the request gave.
    pub(super) fn with_id(self, id: Option<String>) -> Self {
        Self { id, ..self }
    }

    /// With the time that the work itself took.
    pub(super) fn timed(self, work: &'static str, time: Duration) -> Self {
        Self {
            timing: Some((work, time)),
            ..self
        }
    }

    /// With these headers, which go before those that every answer has.
    pub(super) fn with_headers(self, headers: &'static [(HeaderName, HeaderValue)]) -> Self {
        Self { headers, ..self }
    }
}

/// The routes of one path: a part of [`ROUTES`].
#[derive(Clone, Copy)]
struct PathRoutes {
    routes: &'static [Route],
    first: usize,
}

impl PathRoutes {
    /// The route of that method, with its number; `HEAD` is a `GET` whose body stays here.
    fn route(self, method: &Method) -> Option<(usize, &'static Route)> {
        let method = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        let place = self
            .routes
            .iter()
            .position(|route| route.method == *method)?;
        Some((self.first + place, &self.routes[place]))
    }

    /// The methods that there are, for the header `Allow`.
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
    /// An app over an engine.
    pub(super) fn new(engine: Arc<Engine>, tokens: Arc<Tokens>) -> Self {
        let admission = Admission::new(&engine.generation().config.admission);
        Self {
            engine,
            tokens,
            draining: AtomicBool::new(false),
            admission,
            ids: RequestIds::default(),
            counters: Counters::default(),
        }
    }

    /// The router of all routes; what has no route gets a problem too.
    pub(super) fn router(self: Arc<Self>) -> Router {
        let mut router = Router::new();
        let mut first = 0;
        for routes in ROUTES.chunk_by(|one, other| one.path == other.path) {
            let (app, place) = (Arc::clone(&self), PathRoutes { routes, first });
            let handler = move |request| Arc::clone(&app).answer(Some(place), request);
            router = router.route(routes[0].path, any(handler));
            first += routes.len();
        }
        router.fallback(move |request| Arc::clone(&self).answer(None, request))
    }

    /// Whether requests are to be sent here.
    pub(super) fn is_ready(&self) -> bool {
        self.engine.ready() && !self.draining.load(Ordering::Acquire)
    }

    async fn answer(self: Arc<Self>, place: Option<PathRoutes>, request: Request) -> Response {
        let arrived = Instant::now();
        let _under_way = UnderWay::begin(&self.engine.telemetry().in_flight);
        let (mut head, mut body) = request.into_parts();
        let id = self.ids.of(&head.headers);
        let found = place.and_then(|place| place.route(&head.method));
        let attempt = self.attempt(place, found, &mut head, &mut body, &id, arrived);
        let outcome = attempt.await;
        if !body.is_end_stream() && !head.headers.contains_key(EXPECT) {
            body::discard(body).await;
        }
        let waits = outcome
            .as_ref()
            .err()
            .is_some_and(|it| it.refused.is_some())
            || head.extensions.get::<Called>().is_some();
        let mut response = match outcome {
            Ok(reply) => good(reply, &id, arrived),
            Err(problem) => self.refuse(&problem, &id, arrived),
        };
        let work = found.and_then(|(_, route)| Work::of(route.action));
        if let Some(work) = work.filter(|_| waits) {
            let config = &self.engine.generation().config.admission;
            let no_place = self.admission.no_place(work, config);
            no_place.map(|it| response.extensions_mut().insert(it));
        }
        self.count(found, response.status());
        response
    }

    /// The answer on a connection that there was no room for.
    pub(super) async fn turn_away(
        self: Arc<Self>,
        request: hyper::Request<Incoming>,
    ) -> Result<Response, Infallible> {
        let arrived = Instant::now();
        let (head, body) = request.into_parts();
        body::discard(Body::new(body)).await;
        let problem = Problem::from(Refusal::Connections);
        let mut response = bad(&problem, &self.ids.of(&head.headers), arrived);
        if head.version < Version::HTTP_2 {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        self.count(None, response.status());
        Ok(response)
    }

    fn refuse(&self, problem: &Problem, id: &RequestId, arrived: Instant) -> Response {
        if let Some(refused) = problem.refused {
            self.engine.telemetry().room.refused(refused).inc();
        }
        bad(problem, id, arrived)
    }

    /// The checks, in their order, then the handler.
    async fn attempt(
        self: &Arc<Self>,
        place: Option<PathRoutes>,
        found: Option<(usize, &'static Route)>,
        head: &mut Parts,
        body: &mut Body,
        id: &RequestId,
        arrived: Instant,
    ) -> Result<Reply, Problem> {
        self.tokens.check_host(&head.uri, &head.headers)?;
        let route = resolve(place, found)?;
        self.tokens.allow(route.role, &head.headers)?;
        self.check_media(route, head)?;
        let generation = self.engine.generation();
        let limits = &generation.config.vocabulary.limits;
        let query = Query::read(head.uri.query(), route.params, limits)?;
        let entity = entity_id(route, head).await?;
        let work = Work::of(route.action);
        let called = head.extensions.get::<Called>().copied();
        if let Some(work) = work {
            let config = &generation.config.admission;
            self.admission.look(work, called, config)?;
        }
        let call = Call {
            app: self,
            headers: &head.headers,
            body,
            query,
            id,
            arrived,
            work,
            called,
            generation,
            granted: Granted::default(),
        };
        self.run(route, id, handle(route.action, call, &entity))
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

    /// A body must be of a type that the route takes; without tokens the type must be one that no browser sends unasked.
    fn check_media(&self, route: &Route, head: &Parts) -> Result<(), Problem> {
        let takes = route.takes.media();
        let changes = matches!(head.method, Method::POST | Method::PUT | Method::PATCH);
        let must = match route.takes {
            super::Takes::Nothing | super::Takes::Trifle => changes && self.tokens.is_open(),
            super::Takes::One(_) | super::Takes::Many(_) | super::Takes::Patches(_) => true,
        };
        if !must || Media::of(&head.headers).is_some_and(|media| takes.contains(&media)) {
            return Ok(());
        }
        let names: Vec<&str> = takes.iter().map(|media| media.name()).collect();
        let detail = format!("the content type must be {}", names.join(" or "));
        Err(Problem::new(Cause::MediaType, detail))
    }

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

    /// Counts and logs a bug; its detail stays out of the answer.
    pub(super) fn bug(&self, id: &RequestId, detail: &str) -> Problem {
        self.engine.telemetry().panics.inc();
        tracing::error!(request_id = id.as_str(), "{detail}");
        Problem::internal()
    }

    fn count(&self, found: Option<(usize, &'static Route)>, status: StatusCode) {
        let number = found.map_or(ROUTES.len(), |(number, _)| number);
        let labels = || {
            let (method, path) =
                found.map_or(("", ""), |(_, route)| (route.method.as_str(), route.path));
            self.engine
                .telemetry()
                .requests(method, path, status.as_u16())
        };
        self.counters.inc(number, status, labels);
    }
}

fn resolve(
    place: Option<PathRoutes>,
    found: Option<(usize, &'static Route)>,
) -> Result<&'static Route, Problem> {
    match (place, found) {
        (_, Some((_, route))) => Ok(route),
        (None, None) => Err(Problem::new(Cause::NotFound, "there is no such route")),
        (Some(place), None) => {
            let methods = place.methods();
            let detail = format!("the route has {methods}");
            Err(Problem {
                allow: Some(methods),
                ..Problem::new(Cause::Method, detail)
            })
        }
    }
}

/// The id in the path; empty where the route has none.
async fn entity_id(route: &Route, head: &mut Parts) -> Result<String, Problem> {
    if !route.path.ends_with("{id}") {
        return Ok(String::new());
    }
    let Path(id) = Path::from_request_parts(head, &())
        .await
        .map_err(|_| ops::no_entity())?;
    Ok(id)
}

async fn handle(action: Action, call: Call<'_>, entity: &str) -> Result<Reply, Problem> {
    match action {
        Action::Rank => rank::one(call).await,
        Action::Batch => rank::batch(call).await,
        Action::Ingest(operation) => facts::ingest(call, operation).await,
        Action::Show(kind) => ops::show(&call, kind, entity),
        Action::Delete(kind) => ops::delete(call, kind, entity).await,
        Action::Race => ops::race(&call),
        Action::Rebuild => ops::rebuild(call).await,
        Action::Backup => ops::backup(call).await,
        Action::Config => ops::config(&call),
        Action::Metrics => Ok(ops::metrics(&call)),
        Action::Health => Ok(Reply::json(br#"{"status":"ok"}"#.to_vec())),
        Action::Ready => ops::ready(&call),
        Action::OpenApi => openapi::reply(&call),
        Action::Docs(page) => Ok(docs::reply(page)),
    }
}

/// Runs a future to its end or its panic.
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

fn good(reply: Reply, id: &RequestId, arrived: Instant) -> Response {
    let mut response = Response::new(reply.body);
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    headers.reserve(3 + SAFETY.len() + reply.headers.len());
    if reply.status != StatusCode::NO_CONTENT {
        headers.insert(CONTENT_TYPE, reply.media);
    }
    headers.insert(X_REQUEST_ID, id.header(reply.id.as_deref()));
    let (work, time) = reply.timing.unwrap_or_else(|| ("app", arrived.elapsed()));
    headers.insert(SERVER_TIMING, timing(work, time));
    for (name, value) in SAFETY.iter().chain(reply.headers) {
        headers.insert(name, value.clone());
    }
    response
}

fn bad(problem: &Problem, id: &RequestId, arrived: Instant) -> Response {
    let mut response = Response::new(Body::from(problem.json(id.as_str())));
    *response.status_mut() = problem.status();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, PROBLEM);
    headers.insert(X_REQUEST_ID, id.header(problem.request_id.as_deref()));
    headers.insert(SERVER_TIMING, timing("app", arrived.elapsed()));
    headers.extend(SAFETY.iter().cloned());
    if let Some(seconds) = problem.cause.row().retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from_static(seconds));
    }
    if problem.cause == Cause::NoToken {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(allow) = problem
        .allow
        .as_deref()
        .and_then(|allow| allow.parse().ok())
    {
        headers.insert(ALLOW, allow);
    }
    response
}

/// `rank;dur=0.123`: the work and its milliseconds.
fn timing(work: &str, time: Duration) -> HeaderValue {
    let micros = time.as_micros();
    let text = format!("{work};dur={}.{:03}", micros / 1_000, micros % 1_000);
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("app"))
}

/// Counts a request or a connection for as long as it lives, also where the caller goes away.
pub(super) struct UnderWay<'t>(&'t Gauge);

impl<'t> UnderWay<'t> {
    pub(super) fn begin(gauge: &'t Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The counters of answers by route and status, each looked up once; the last route is that of unknown paths.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Live};

    #[tokio::test]
    async fn a_panic_ends_its_own_work_only() {
        let panicking = async {
            tokio::task::yield_now().await;
            assert!(std::hint::black_box(false), "on purpose");
        };
        assert!(contained(panicking).await.is_err());
        assert_eq!(contained(async { 7 }).await.unwrap(), 7);
    }

    /// Keeps what is logged.
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
    fn a_panic_is_counted_and_logged_under_the_id_of_its_request_and_its_place_is_free_again() {
        let live = Arc::new(Live::new(Config::embedded()));
        let app = App::new(Engine::in_memory(live), Arc::default());
        let generation = app.engine.generation();
        let config = &generation.config.admission;
        let mut headers = HeaderMap::new();
        headers.insert(X_REQUEST_ID, HeaderValue::from_static("r-panics"));
        let id = app.ids.of(&headers);
        let handler = async {
            let patience = Duration::from_secs(60);
            let place = app.admission.place(Work::Rank, None, config).await?;
            let _leave = app.admission.turn(place, patience).await?;
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
        assert_eq!(app.engine.telemetry().panics.get(), 1);
        let told = String::from_utf8(log.0.lock().clone()).unwrap();
        assert!(
            told.contains("r-panics") && told.contains("on purpose"),
            "{told}"
        );
        app.admission.measure(config, &app.engine.telemetry().room);
        assert_eq!(app.engine.telemetry().room.admitted(Work::Rank).get(), 0);
    }

    #[test]
    fn times_are_in_milliseconds() {
        assert_eq!(
            timing("rank", Duration::from_nanos(1_023_400)),
            "rank;dur=1.023"
        );
        assert_eq!(timing("app", Duration::from_micros(7)), "app;dur=0.007");
    }

    #[test]
    fn routes_of_one_path_stand_together() {
        let mut paths: Vec<&str> = ROUTES
            .chunk_by(|one, other| one.path == other.path)
            .map(|routes| routes[0].path)
            .collect();
        let count = paths.len();
        paths.sort_unstable();
        paths.dedup();
        assert_eq!(paths.len(), count);
    }
}
