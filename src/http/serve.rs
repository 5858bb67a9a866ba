//! The listener: accepts connections up to their limit, passes requests to the router, and shuts down gracefully.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::http::Version;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower_service::Service;

use super::admission::{ConnectionBytes, Pause, Rejection};
use super::app::App;
use super::auth::Tokens;
use super::connection::{Explained, Overdue, Patience, Taken, Watch, Watched};
use super::dispatch::{GaugeGuard, TABLE};
use super::tls::{Subject, Tls};
use crate::config;
use crate::engine::Engine;

/// Pause after a failure to accept a connection, for example for lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Maximum number of connections beyond the limit that are answered at a time. Further ones are closed without an answer.
const REJECTED: usize = 32;
/// Number of open files reserved for anything but connections.
const OWN_FILES: usize = 100;
/// Minimum number of connections that the limit on open files must allow, unless fewer are configured.
const LEAST_CONNECTIONS: usize = 28;
/// Time limit of the answer to a connection beyond the limit.
const REJECTED_TIME: Duration = Duration::from_secs(1);

/// State of the listener.
struct Listener {
    app: Arc<App>,
    router: Router,
    tls: Option<Arc<Tls>>,
    connections: GracefulShutdown,
    /// Number of connections that the limit on open files allows.
    files: usize,
    /// Bounds the number of rejected connections that are answered at a time.
    rejecting: Arc<Semaphore>,
}

/// Serves until `shutdown` completes, then lets requests in progress finish within `[server] drain`. Without `tls`, serves plain
/// HTTP.
pub async fn serve(
    engine: Arc<Engine>,
    tokens: Arc<Tokens>,
    tls: Option<Arc<Tls>>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) {
    let app = Arc::new(App::new(engine, tokens, &TABLE));
    app.build_documents();
    let server = Listener {
        router: Arc::clone(&app).router(),
        tls,
        connections: GracefulShutdown::new(),
        files: open_files().saturating_sub(OWN_FILES),
        rejecting: Arc::new(Semaphore::new(REJECTED)),
        app,
    };
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => server.open(stream),
                Err(error) => {
                    tracing::warn!("a connection could not be accepted: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            () = &mut shutdown => break,
        }
    }
    server.app.draining.store(true, Ordering::Release);
    drop(listener);
    let patience = server.app.engine.generation().config.server.drain;
    drain(server.connections, patience).await;
}

/// The limit on open files is too low to serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the limit on open files (ulimit -n) is {limit}; at least {needed} are needed, and {wanted} for [server] connections"
)]
pub struct TooFewFiles {
    limit: usize,
    needed: usize,
    wanted: usize,
}

/// Checks the limit on open files, and raises it to its maximum. Logs a limit that is too low for all configured connections.
///
/// # Errors
/// The maximum is too low for any reasonable number of connections.
pub fn check_open_files(connections: usize) -> Result<(), TooFewFiles> {
    enough(open_files(), connections)
}

fn enough(limit: usize, connections: usize) -> Result<(), TooFewFiles> {
    let wanted = connections.saturating_add(OWN_FILES);
    let needed = wanted.min(OWN_FILES + LEAST_CONNECTIONS);
    if limit < needed {
        return Err(TooFewFiles {
            limit,
            needed,
            wanted,
        });
    }
    if limit < wanted {
        let most = limit - OWN_FILES;
        tracing::warn!(
            "the limit on open files (ulimit -n) is {limit}: at most {most} of the {connections} connections of [server] can be open; {wanted} files are needed for all"
        );
    }
    Ok(())
}

/// Raises the limit on open files to its maximum and returns it.
fn open_files() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum;
    let raised = Rlimit {
        current: most,
        ..limit
    };
    let files = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => most,
        Err(_) => limit.current,
    };
    files.map_or(usize::MAX, |files| {
        usize::try_from(files).unwrap_or(usize::MAX)
    })
}

/// Returns a server for HTTP/1 and HTTP/2. Timeouts of heads and of idle connections are left to [`Watch`].
fn server(limits: &config::Server) -> Builder<TokioExecutor> {
    let head_bytes = usize::try_from(limits.head_bytes).unwrap_or(usize::MAX);
    let mut server = Builder::new(TokioExecutor::new());
    server
        .http1()
        .header_read_timeout(None)
        .max_buf_size(head_bytes);
    server
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(limits.head_bytes)
        .max_concurrent_streams(limits.http2_streams)
        .max_pending_accept_reset_streams(limits.http2_resets)
        .keep_alive_interval(limits.http2_ping)
        .keep_alive_timeout(limits.http2_ping);
    server
}

impl Listener {
    /// Serves a connection, or rejects it beyond the limit.
    fn open(&self, stream: TcpStream) {
        let generation = self.app.engine.generation();
        let limits = &generation.config.server;
        // Sends small answers at once (no Nagle delay). If setting the option fails, answers are slower but correct.
        let _ = stream.set_nodelay(true);
        if self.connections.count() < limits.connections.min(self.files) {
            self.accept(stream, limits);
        } else {
            self.reject(stream, limits);
        }
    }

    fn accept(&self, stream: TcpStream, limits: &config::Server) {
        let connection = Connection {
            app: Arc::clone(&self.app),
            router: self.router.clone(),
            server: server(limits),
            watcher: self.connections.watcher(),
            patience: Patience {
                head: limits.head,
                idle: limits.idle,
                answer: limits.answer,
                answer_bytes: limits.answer_bytes,
            },
        };
        match self.tls.clone() {
            None => drop(tokio::spawn(connection.serve(stream, None))),
            Some(tls) => drop(tokio::spawn(async move {
                match tls.accept(stream).await {
                    Ok(stream) => {
                        let subject = Subject::of(&stream);
                        connection.serve(stream, subject).await;
                    }
                    Err(error) => tracing::debug!("a connection ended: {error}"),
                }
            })),
        }
    }

    /// Answers 503, or closes the connection without an answer if too many rejections are in progress.
    fn reject(&self, stream: TcpStream, limits: &config::Server) {
        self.app.admission.rejected(Rejection::Connections);
        if self.tls.is_some() {
            return; // The client expects a TLS handshake, not an answer.
        }
        let Ok(permit) = Arc::clone(&self.rejecting).try_acquire_owned() else {
            return;
        };
        let (app, server) = (Arc::clone(&self.app), server(limits));
        let service = service_fn(move |request| Arc::clone(&app).turn_away(request));
        tokio::spawn(async move {
            let connection = server.serve_connection(TokioIo::new(stream), service);
            let _answered_or_not = tokio::time::timeout(REJECTED_TIME, connection).await;
            drop(permit);
        });
    }
}

/// An accepted connection.
struct Connection {
    app: Arc<App>,
    router: Router,
    server: Builder<TokioExecutor>,
    watcher: Watcher,
    patience: Patience,
}

impl Connection {
    /// Answers the requests of the connection until it ends or is overdue.
    async fn serve(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        subject: Option<Subject>,
    ) {
        let (app, router, watch) = (self.app, self.router, Watch::new());
        let watched = Watched {
            stream,
            watch: Arc::clone(&watch),
        };
        let own = Arc::clone(&app);
        let watched = Explained::new(watched, move |status| own.unreadable(status));
        let timer = Arc::clone(&watch);
        let bytes = ConnectionBytes::default();
        let service = service_fn(move |mut request: hyper::Request<_>| {
            let (in_progress, priority) = watch.begin(request.version());
            if request.version() == Version::HTTP_2 {
                request.extensions_mut().insert(bytes.clone());
            }
            if let Some(subject) = &subject {
                request.extensions_mut().insert(subject.clone());
            }
            let watch = Arc::clone(&watch);
            if let Some(priority) = priority {
                request.extensions_mut().insert(priority);
            }
            let answer = router.clone().call(request);
            async move {
                let mut answer = answer.await?;
                if let Some(pause) = answer.extensions_mut().remove::<Pause>() {
                    watch.pause(pause.over());
                }
                Ok::<_, Infallible>(answer.map(|body| Taken::new(body, in_progress)))
            }
        });
        let _open = GaugeGuard::new(&app.engine.telemetry().admission.connections);
        let connection = self.server.serve_connection(TokioIo::new(watched), service);
        tokio::select! {
            ended = self.watcher.watch(connection.into_owned()) => if let Err(error) = ended {
                tracing::debug!("a connection ended: {error}");
            },
            overdue = timer.overdue(self.patience) => {
                let metrics = &app.engine.telemetry().admission;
                match overdue {
                    Overdue::Head => { metrics.slow_heads.inc(); }
                    Overdue::Answer => { metrics.slow_takers.inc(); }
                    Overdue::Idle => {}
                }
            },
        }
    }
}

/// Waits until all connections are closed, for at most `patience`.
async fn drain(connections: GracefulShutdown, patience: Duration) {
    let open = connections.count();
    tracing::info!(
        open,
        "shutting down: requests in progress finish, no new connections are accepted"
    );
    let finished = tokio::time::timeout(patience, connections.shutdown()).await;
    if finished.is_err() {
        tracing::warn!(
            "some connections did not finish within {} s",
            patience.as_secs()
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_open_files_are_rejected() {
        assert_eq!(enough(128, 4_000), Ok(()));
        let error = enough(127, 4_000).unwrap_err();
        assert_eq!((error.needed, error.wanted), (128, 4_100));
        assert_eq!(enough(104, 4), Ok(()));
        assert_eq!(enough(103, 4).unwrap_err().needed, 104);
    }
}
