//! The listener: connections in, requests through the router, and an orderly end.

use std::error::Error;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tower_service::Service;

use super::auth::Tokens;
use super::dispatch::App;
use super::tls::Tls;
use crate::engine::Engine;

/// How long the head of a request may take to come in, and how long a connection may wait for its next request.
const HEAD_PATIENCE: Duration = Duration::from_secs(30);
/// How often a silent HTTP/2 connection is asked whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// How long to wait after a connection could not be accepted, as when there are no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `shutdown` is done, then lets requests under way finish within `[server] drain`; without `tls` in clear text.
pub async fn serve(
    engine: Arc<Engine>,
    tokens: Arc<Tokens>,
    tls: Option<Arc<Tls>>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) {
    let app = Arc::new(App::new(engine, tokens));
    let router = Arc::clone(&app).router();
    let (server, connections) = (server(), GracefulShutdown::new());
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => connect(&server, &connections, stream, &router, tls.as_ref()),
                Err(error) => {
                    tracing::warn!("a connection could not be accepted: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            () = &mut shutdown => break,
        }
    }
    app.draining.store(true, Ordering::Release);
    drop(listener);
    drain(connections, app.engine.generation().config.server.drain).await;
}

fn server() -> Builder<TokioExecutor> {
    let mut server = Builder::new(TokioExecutor::new());
    server
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE);
    server
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEP_ALIVE);
    server
}

fn connect(
    server: &Builder<TokioExecutor>,
    connections: &GracefulShutdown,
    stream: TcpStream,
    router: &Router,
    tls: Option<&Arc<Tls>>,
) {
    // Small answers must not wait for the acknowledgement of the last; where that fails they only come later.
    let _ = stream.set_nodelay(true);
    let (server, watcher) = (server.clone(), connections.watcher());
    let (router, tls) = (router.clone(), tls.cloned());
    tokio::spawn(async move {
        let ended = match tls {
            None => converse(server, watcher, stream, router).await,
            Some(tls) => match tls.accept(stream).await {
                Ok(stream) => converse(server, watcher, stream, router).await,
                Err(error) => Err(error.into()),
            },
        };
        if let Err(error) = ended {
            tracing::debug!("a connection ended: {error}");
        }
    });
}

/// Answers the requests of a connection until it ends.
async fn converse(
    server: Builder<TokioExecutor>,
    watcher: Watcher,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let service = service_fn(move |request: hyper::Request<_>| router.clone().call(request));
    let connection = server.serve_connection(TokioIo::new(stream), service);
    watcher.watch(connection.into_owned()).await
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
