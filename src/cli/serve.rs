//! `saima serve`: the service on a configuration file that it watches.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::ServeArgs;
use super::secrets::Secrets;
use crate::clock::Clock;
use crate::config::{self, Config, Live, LogFormat};
use crate::engine::{Engine, Stored};
use crate::http;
use crate::telemetry::{self, Telemetry};

pub(super) fn run(args: ServeArgs) -> Result<ExitCode> {
    let path = args.config.clone();
    let mut config = match path.as_deref().map(Config::load) {
        None => Config::embedded(),
        Some(Ok(config)) => config,
        Some(Err(faults)) => {
            eprintln!("{faults}");
            return Ok(ExitCode::FAILURE);
        }
    };
    adjust(&mut config, &args);
    serve(config, |live, engine| {
        let Some(path) = path else { return Ok(None) };
        watch(&path, live, engine, args).map(Some)
    })
}

/// What the command line says goes before what the file says.
fn adjust(config: &mut Config, args: &ServeArgs) {
    if let Some(listen) = args.listen {
        config.server.listen = listen;
    }
    if let Some(data) = &args.data {
        config.store.path = (data != "none").then(|| data.into());
    }
    if let Some(clock) = args.clock {
        config.clock.mode = clock.into();
    }
}

/// Follows the file: a valid change goes live, a faulty one is logged and counted, and the old one stays.
fn watch(
    path: &Path,
    live: Arc<Live>,
    engine: Arc<Engine>,
    args: ServeArgs,
) -> Result<config::Watcher> {
    let adjusted = move |config: &mut Config| adjust(config, &args);
    let watcher = config::watch(path, live, adjusted, move |result| {
        engine.observe_reload(&result)
    });
    watcher.with_context(|| format!("cannot watch {}", path.display()))
}

/// Runs a service until it is told to end. `prepare` fills the engine before the service listens; what it returns lives as long.
pub(super) fn serve<T>(
    config: Config,
    prepare: impl FnOnce(Arc<Live>, Arc<Engine>) -> Result<T>,
) -> Result<ExitCode> {
    telemetry::log(config.log.format == LogFormat::Json, &config.log.level);
    let telemetry = Telemetry::default();
    let secrets = Secrets::load(&config.tls, &telemetry)?;
    let (tokens, tls) = (secrets.tokens(), secrets.tls());
    let listen = config.server.listen;
    tokens.check_listen(listen)?;
    tracing::info!(config = %config.effective(), "effective configuration");
    if tls.is_none() && !listen.ip().is_loopback() {
        tracing::warn!("without [tls], tokens and facts travel to {listen} in clear text");
    }
    let clock = Clock::new(config.clock.mode);
    let live = Arc::new(Live::new(config));
    let stored = match &live.load().config.store.path {
        Some(path) => Stored::open(path, &live.load().config)?,
        None => Stored::in_memory(&live.load().config),
    };
    let engine = Engine::start(Arc::clone(&live), clock, telemetry, stored);
    let _followed = secrets.follow(Arc::clone(&engine))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let _kept = prepare(live, Arc::clone(&engine))?;
    runtime.block_on(async {
        let listener = bind(listen).await?;
        let terminated = terminated()?;
        engine.rebuild().await;
        let scheme = tls.as_ref().map_or("http", |_| "https");
        println!("saima listening on {scheme}://{}", listener.local_addr()?);
        http::serve(engine, tokens, tls, listener, terminated).await;
        Ok(ExitCode::SUCCESS)
    })
}

async fn bind(listen: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(listen)
        .await
        .with_context(|| format!("cannot listen on {listen}"))
}

/// Ends on SIGTERM or Ctrl-C; both are heard from the call on, not from the first poll.
fn terminated() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
