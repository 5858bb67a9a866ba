//! `saima serve`: the service, on a configuration file that it follows.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use clap::ValueEnum;
use tokio::net::TcpListener;

use super::secrets::Secrets;
use super::signals::Signals;
use crate::clock::{Clock, ClockMode, Time};
use crate::config::{self, Config, ConfigFaults, Live, LogFormat, Origin, Watcher, file};
use crate::engine::{Engine, Stored};
use crate::http;
use crate::telemetry::{self, Log, Telemetry};
use crate::threads::Threads;

/// Number of turns of tasks after which a busy async thread looks for new input. Tasks that read large bodies are always ready, with turns of
/// 50 µs: at 61, tokio's own number, a small request would be noticed after 3 ms.
const TURNS: u32 = 8;

/// The arguments of `saima serve`.
#[derive(Clone, Debug, clap::Args)]
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
    serve(layers, |_| Ok(()), |_| Ok(String::new()))
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

impl<A: Fn(&mut Config) + Send + Sync + 'static> Layers<A> {
    fn load(&self) -> Result<Config, ConfigFaults> {
        let mut config = match &self.file {
            Some(file) => Config::load_over(self.base, file),
            None => Config::parse("the configuration of the program", self.base),
        }?;
        (self.adjust)(&mut config);
        Ok(config)
    }

    /// Makes the file live under the overrides of the data directory.
    fn open(&self, config: Config) -> Result<Live>
    where
        A: Clone,
    {
        let data = config.store.path.clone();
        let adjust = Arc::new(self.adjust.clone());
        let origin = Origin::new(self.base, self.file.as_deref(), adjust);
        Ok(Live::open(config, origin, data.as_deref())?)
    }

    /// Follows the file: applies a valid change, logs and counts an invalid one and keeps the configuration. A pipe is not followed.
    fn follow(self, live: Arc<Live>, engine: Arc<Engine>) -> Result<Option<config::Watcher>> {
        let Some(file) = self.file else {
            return Ok(None);
        };
        if file::is_pipe(&file) {
            tracing::info!("the configuration came from a pipe and is not followed");
            return Ok(None);
        }
        let threads = engine.threads().clone();
        let preparing = Arc::clone(&engine);
        let prepare = Box::new(move |config: &Config, go_live: &mut dyn FnMut()| {
            preparing.prepare(config, go_live);
        });
        let on_result = move |result| engine.observe_reload(&result);
        let watcher = config::watch(
            self.base,
            &file,
            live,
            &threads,
            self.adjust,
            prepare,
            on_result,
        );
        let watcher = watcher.with_context(|| format!("cannot watch {}", file.display()))?;
        Ok(Some(watcher))
    }
}

/// Runs a service until it receives a signal to stop. `fill` fills the engine before the service listens; `listening` is called
/// afterwards with its URL, and returns what is printed.
pub(super) fn serve<A: Fn(&mut Config) + Clone + Send + Sync + 'static>(
    layers: Layers<A>,
    fill: impl FnOnce(&Engine) -> Result<()>,
    listening: impl FnOnce(&str) -> Result<String>,
) -> Result<ExitCode> {
    let config = match layers.load() {
        Ok(config) => config,
        Err(faults) => {
            let _ = writeln!(io::stderr(), "{faults}");
            return Ok(ExitCode::FAILURE);
        }
    };
    let telemetry = Telemetry::default();
    let threads = Threads::default();
    let live = Arc::new(layers.open(config)?);
    let generation = live.load();
    let config = &generation.config;
    let log = Arc::new(log(config, &telemetry, &threads)?);
    check_clock(SystemTime::now())?;
    http::check_open_files(config.server.connections)?;
    let secrets = Secrets::load(config, &telemetry)?;
    let (tokens, tls) = (secrets.tokens(), secrets.tls());
    let listen = config.server.listen;
    log_config(config, tls.is_some());
    let engine = open(Arc::clone(&live), telemetry, &threads)?;
    let signals = Signals::start(&threads, Arc::clone(&live), Arc::clone(&log))?;
    let reread = secrets.follow(Arc::clone(&engine))?;
    signals.on_reread(move || {
        let _ended = reread.send(());
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .event_interval(TURNS)
        .build()?;
    fill(&engine)?;
    engine.keep_plans();
    let followed = layers.follow(live, Arc::clone(&engine))?;
    if let Some(reread) = followed.as_ref().map(Watcher::reread) {
        signals.on_reread(move || reread.now());
    }
    let served = runtime.block_on(async {
        let listener = bind(listen).await?;
        let terminated = signals.terminated();
        prepare(&engine).await?;
        let scheme = tls.as_ref().map_or("http", |_| "https");
        let url = format!("{scheme}://{}", listener.local_addr()?);
        if let Err(error) = writeln!(io::stdout(), "saima listening on {url}") {
            tracing::warn!("listening on {url}, but standard output does not accept it: {error}");
        }
        log.print(&listening(&url)?);
        http::serve(Arc::clone(&engine), tokens, tls, listener, terminated).await;
        Ok(ExitCode::SUCCESS)
    });
    // What was not acknowledged is kept too, if the disk lets it.
    engine.close();
    // Work that is still in progress on other threads ends with the process.
    runtime.shutdown_background();
    served
}

/// Builds what the first answers read: standings, and a snapshot of the market.
async fn prepare(engine: &Engine) -> Result<()> {
    let built = engine.rebuild().await;
    built.context("the first standings could not be built")?;
    engine.refresh_market();
    Ok(())
}

/// Logs the configuration, and what in it is probably not meant.
fn log_config(config: &Config, is_encrypted: bool) {
    tracing::info!(config = %config.effective(), "effective configuration");
    for warning in &config.warnings {
        tracing::warn!(key = warning.path, "{}", warning.message);
    }
    let listen = config.server.listen;
    if !is_encrypted && !listen.ip().is_loopback() {
        tracing::warn!("without [tls], tokens and facts travel to {listen} in clear text");
    }
}

/// Rejects a clock that is obviously wrong: times of facts and answers lie in the years 1970 to 9999.
fn check_clock(now: SystemTime) -> Result<()> {
    let since = now.duration_since(UNIX_EPOCH).ok();
    let millis = since.and_then(|since| i64::try_from(since.as_millis()).ok());
    let time = millis.and_then(Time::from_millis);
    time.map(drop)
        .context("the clock of the machine is outside the years 1970 to 9999: set it, then start")
}

/// Starts an engine on the configured data directory, or in memory.
fn open(live: Arc<Live>, telemetry: Telemetry, threads: &Threads) -> Result<Arc<Engine>> {
    let generation = live.load();
    let config = &generation.config;
    let stored = match &config.store.path {
        Some(path) => Stored::open(path, config, threads)?,
        None => Stored::in_memory(config, threads),
    };
    if let Err(error) = live.begin() {
        tracing::error!(
            "the start cannot be recorded in the history of the configuration: {error}"
        );
    }
    for fault in live.conflict().iter() {
        let fault = fault.shown("config");
        tracing::error!(
            "the configuration file under the overrides cannot go live; the last good generation is: {fault}"
        );
    }
    let clock = Clock::new(config.clock.mode);
    Ok(Engine::start(live, clock, telemetry, stored))
}

/// Starts the log as configured.
pub(super) fn log(config: &Config, telemetry: &Telemetry, threads: &Threads) -> Result<Log> {
    let json = config.log.format == LogFormat::Json;
    let (filter, waiting) = (&config.log.level, config.log.waiting_bytes);
    let dropped = &telemetry.log.dropped;
    telemetry::log(json, filter, waiting, dropped, threads).context("cannot start the log")
}

async fn bind(listen: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(listen)
        .await
        .with_context(|| format!("cannot listen on {listen}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_impossible_clock_is_rejected() {
        let days = |days: u64| Duration::from_secs(days * 86_400);
        assert!(check_clock(UNIX_EPOCH).is_ok());
        assert!(
            check_clock(UNIX_EPOCH + days(2_932_896)).is_ok(),
            "the year 9999"
        );
        assert!(check_clock(UNIX_EPOCH + days(2_932_897)).is_err());
        assert!(check_clock(UNIX_EPOCH - days(1)).is_err());
    }
}
