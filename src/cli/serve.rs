//! `saima serve`: the service, on a configuration file that it follows.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::ValueEnum;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::secrets::Secrets;
use crate::clock::{Clock, ClockMode};
use crate::config::{self, Config, ConfigFaults, Live, LogFormat};
use crate::engine::{Engine, Stored};
use crate::http;
use crate::telemetry::{self, Log, Telemetry};

/// The arguments of `saima serve`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Configuration file, followed while the service runs; default: the embedded configuration
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address to listen on; port 0 picks a free port
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Data directory, or "none" to keep everything in memory
    #[arg(long, value_name = "DIR|none")]
    data: Option<String>,
    /// Source of the current time: the machine's clock or the latest event
    #[arg(long)]
    clock: Option<ClockArg>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ClockArg {
    /// The machine's clock
    Wall,
    /// The latest event
    Event,
}

impl From<ClockArg> for ClockMode {
    fn from(clock: ClockArg) -> Self {
        match clock {
            ClockArg::Wall => Self::Wall,
            ClockArg::Event => Self::Event,
        }
    }
}

/// The configuration of a service, in layers. Each layer overrides the values of those before it.
pub(super) struct Layers<A> {
    /// The text of a configuration without faults, over the embedded one; may be empty.
    pub(super) base: &'static str,
    /// The user's file.
    pub(super) file: Option<PathBuf>,
    /// Applies the command line.
    pub(super) adjust: A,
}

pub(super) fn run(args: Args) -> Result<ExitCode> {
    let layers = Layers {
        base: "",
        file: args.config.clone(),
        adjust: move |config: &mut Config| adjust(config, &args),
    };
    serve(layers, |_| Ok(()), |_| String::new())
}

fn adjust(config: &mut Config, args: &Args) {
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

impl<A: Fn(&mut Config) + Send + 'static> Layers<A> {
    fn load(&self) -> Result<Config, ConfigFaults> {
        let mut config = match &self.file {
            Some(file) => Config::load_over(self.base, file),
            None => Config::parse("the configuration of the program", self.base),
        }?;
        (self.adjust)(&mut config);
        Ok(config)
    }

    /// Follows the file: applies a valid change, logs and counts an invalid one and keeps the configuration.
    fn follow(self, live: Arc<Live>, engine: Arc<Engine>) -> Result<Option<config::Watcher>> {
        let Some(file) = self.file else {
            return Ok(None);
        };
        let watcher = config::watch(self.base, &file, live, self.adjust, move |result| {
            engine.observe_reload(&result);
        });
        let watcher = watcher.with_context(|| format!("cannot watch {}", file.display()))?;
        Ok(Some(watcher))
    }
}

/// Runs a service until it receives a signal to stop. `fill` fills the engine before the service listens; `hints` returns
/// what is printed afterwards, given its URL.
pub(super) fn serve<A: Fn(&mut Config) + Send + 'static>(
    layers: Layers<A>,
    fill: impl FnOnce(&Engine) -> Result<()>,
    hints: impl FnOnce(&str) -> String,
) -> Result<ExitCode> {
    let config = match layers.load() {
        Ok(config) => config,
        Err(faults) => {
            let _ = writeln!(io::stderr(), "{faults}");
            return Ok(ExitCode::FAILURE);
        }
    };
    let telemetry = Telemetry::default();
    let log = log(&config, &telemetry)?;
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
    let _secrets_followed = secrets.follow(Arc::clone(&engine))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    fill(&engine)?;
    let _file_followed = layers.follow(live, Arc::clone(&engine))?;
    runtime.block_on(async {
        let listener = bind(listen).await?;
        let terminated = terminated()?;
        let built = engine.rebuild().await;
        built.context("the first standings could not be built")?;
        let scheme = tls.as_ref().map_or("http", |_| "https");
        let url = format!("{scheme}://{}", listener.local_addr()?);
        if let Err(error) = writeln!(io::stdout(), "saima listening on {url}") {
            tracing::warn!("listening on {url}, but standard output does not accept it: {error}");
        }
        log.print(&hints(&url));
        http::serve(engine, tokens, tls, listener, terminated).await;
        Ok(ExitCode::SUCCESS)
    })
}

/// Starts the log as configured.
pub(super) fn log(config: &Config, telemetry: &Telemetry) -> Result<Log> {
    let json = config.log.format == LogFormat::Json;
    let (filter, waiting) = (&config.log.level, config.log.waiting_bytes);
    telemetry::log(json, filter, waiting, &telemetry.log.dropped).context("cannot start the log")
}

async fn bind(listen: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(listen)
        .await
        .with_context(|| format!("cannot listen on {listen}"))
}

/// Completes on SIGTERM or SIGINT. Both are handled from the call on, not only from the first poll.
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
