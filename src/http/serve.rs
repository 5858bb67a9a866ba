//! The listener: connections in, as many as there is room for; requests through the router; and an orderly end.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower_service::Service;

use super::admission::{NoPlace, Refusal};
use super::app::App;
use super::auth::Tokens;
use super::connection::{Overdue, Watch, Watched};
use super::dispatch::UnderWay;
use super::tls::Tls;
use crate::config;
use crate::engine::Engine;

/// How long to wait after a connection could not be accepted, as when there are no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Connections beyond the limit that are told so at once; further ones are closed without a word.
const TURNED_AWAY: usize = 32;
/// Files that are open beside the connections, at most.
const OWN_FILES: u64 = 100;
/// How long it may take to tell them.
const TURNED_AWAY_TIME: Duration = Duration::from_secs(1);

/// Where connections come in.
struct Door {
    app: Arc<App>,
    router: Router,
    tls: Option<Arc<Tls>>,
    connections: GracefulShutdown,
    /// The most connections that the system has files for.
    files: usize,
    turned_away: Arc<Semaphore>,
}

/// Serves until `shutdown` is done, then lets requests under way finish within `[server] drain`; without `tls` in clear text.
pub async fn serve(
    engine: Arc<Engine>,
    tokens: Arc<Tokens>,
    tls: Option<Arc<Tls>>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) {
    let app = Arc::new(App::new(engine, tokens));
    let door = Door {
        router: Arc::clone(&app).router(),
        tls,
        connections: GracefulShutdown::new(),
        files: connection_files(),
        turned_away: Arc::new(Semaphore::new(TURNED_AWAY)),
        app,
    };
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => door.open(stream),
                Err(error) => {
                    tracing::warn!("a connection could not be accepted: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            () = &mut shutdown => break,
        }
    }
    door.app.draining.store(true, Ordering::Release);
    drop(listener);
    let patience = door.app.engine.generation().config.server.drain;
    drain(door.connections, patience).await;
}

/// How many connections the system has files for: this process takes as many files as it may.
fn connection_files() -> usize {
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
        usize::try_from(files.saturating_sub(OWN_FILES)).unwrap_or(usize::MAX)
    })
}

/// What speaks HTTP/1 and HTTP/2 within the limits; the time of heads and of idleness is the [`Watch`]'s.
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

impl Door {
    /// Serves a connection if there is room for it.
    fn open(&self, stream: TcpStream) {
        let generation = self.app.engine.generation();
        let limits = &generation.config.server;
        // Small answers must not wait for the acknowledgement of the last; where that fails they only come later.
        let _ = stream.set_nodelay(true);
        if self.connections.count() < limits.connections.min(self.files) {
            self.take_in(stream, limits);
        } else {
            self.turn_away(stream, limits);
        }
    }

    fn take_in(&self, stream: TcpStream, limits: &config::Server) {
        let guest = Guest {
            app: Arc::clone(&self.app),
            router: self.router.clone(),
            server: server(limits),
            watcher: self.connections.watcher(),
            head: limits.head,
            idle: limits.idle,
        };
        match self.tls.clone() {
            None => drop(tokio::spawn(guest.serve(stream))),
            Some(tls) => drop(tokio::spawn(async move {
                match tls.accept(stream).await {
                    Ok(stream) => guest.serve(stream).await,
                    Err(error) => tracing::debug!("a connection ended: {error}"),
                }
            })),
        }
    }

    /// Tells the client that there is no room, if few are being told already; else just closes the connection.
    fn turn_away(&self, stream: TcpStream, limits: &config::Server) {
        self.app.admission.refused(Refusal::Connections);
        if self.tls.is_some() {
            return; // It would not understand.
        }
        let Ok(permit) = Arc::clone(&self.turned_away).try_acquire_owned() else {
            return;
        };
        let (app, server) = (Arc::clone(&self.app), server(limits));
        let service = service_fn(move |request| Arc::clone(&app).turn_away(request));
        tokio::spawn(async move {
            let connection = server.serve_connection(TokioIo::new(stream), service);
            let _told_or_not = tokio::time::timeout(TURNED_AWAY_TIME, connection).await;
            drop(permit);
        });
    }
}

/// A connection that was taken in.
struct Guest {
    app: Arc<App>,
    router: Router,
    server: Builder<TokioExecutor>,
    watcher: Watcher,
    head: Duration,
    idle: Duration,
}

impl Guest {
    /// Answers the requests of the connection until it ends, or is overdue.
    async fn serve(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let (app, router, watch) = (self.app, self.router, Watch::new());
        let watched = Watched {
            stream,
            watch: Arc::clone(&watch),
        };
        let note = Arc::clone(&watch);
        let service = service_fn(move |mut request: hyper::Request<_>| {
            let (in_hand, claim) = note.begin(request.version());
            let note = Arc::clone(&note);
            if let Some(claim) = claim {
                request.extensions_mut().insert(claim);
            }
            let answer = router.clone().call(request);
            async move {
                let _until_answered = in_hand;
                let mut answer = answer.await?;
                if let Some(no_place) = answer.extensions_mut().remove::<NoPlace>() {
                    note.pause(no_place.stand());
                }
                Ok::<_, Infallible>(answer)
            }
        });
        let _open = UnderWay::begin(&app.engine.telemetry().admission.connections);
        let connection = self.server.serve_connection(TokioIo::new(watched), service);
        tokio::select! {
            ended = self.watcher.watch(connection.into_owned()) => if let Err(error) = ended {
                tracing::debug!("a connection ended: {error}");
            },
            overdue = watch.overdue(self.head, self.idle) => if overdue == Overdue::Head {
                app.engine.telemetry().admission.slow_heads.inc();
            },
        }
    }
}

async fn drain(connections: GracefulShutdown, patience: Duration) {
    let under_way = connections.count();
    tracing::info!(under_way, "no new connections; finishing what is under way");
    let finished = tokio::time::timeout(patience, connections.shutdown()).await;
    if finished.is_err() {
        tracing::warn!(
            "some connections did not finish within {} s",
            patience.as_secs()
        );
    }
}
