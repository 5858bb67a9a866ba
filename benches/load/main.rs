//! HTTP load on `/rank`: latency at a constant rate of requests, and the cost for the server.
//!
//! **Open loop**: requests are due at a constant rate whether or not earlier ones were answered, and a latency counts from the moment
//! at which the request was *due*. A closed loop would send less just when the server is slow, and so hide its pauses (coordinated
//! omission). The generator waits by spinning, because a sleeping task wakes up to a millisecond late: give it its own core (`--pin`).

mod bulk;
mod cockpit;
mod connection;
mod overload;
mod phase;
mod requests;
#[path = "../shared/rules.rs"]
mod rules;
mod scenes;
mod server;
#[path = "../shared/signals.rs"]
mod signals;
#[path = "../shared/spread.rs"]
mod spread;

use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::{Parser, ValueEnum};
use saima::random::Random;

use phase::{Outcome, Phase};
use server::Server;

/// Sends HTTP load to /rank at a constant rate. Latency counts from the moment at which a request was due.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "load",
    bin_name = "cargo bench --bench load --",
    after_help = "Examples:
  cargo bench --bench load -- --synthetic 1000000 --rate 2000 --seconds 20 --pin
  cargo bench --bench load -- --synthetic 1000000 --rate 2000 --seconds 60 --ingest 20000 --pin   (p99 under ingest / at rest)
  cargo bench --bench load -- --candidates 1000 --seconds 6 --pin --overload      (goodput at 3 x capacity, latency of a rejection)
  cargo bench --bench load -- --synthetic 1000000 --bulk 2000000 --pin        (durable events per second of CPU)
  cargo bench --bench load -- --cockpit               (cost of the decision log and of experiments, in less than a minute)
  cargo bench --bench load -- --scenes --synthetic 1000000 --candidates 1000 --connections 1  (cost of rules and signals)
  cargo bench --bench load -- --url http://127.0.0.1:8080 --pid 4711 --synthetic 1000000"
)]
struct Args {
    /// URL of a running service with the synthetic marketplace. Default: a service is started for the run.
    #[arg(long)]
    url: Option<String>,
    /// Process id of that service, to measure its CPU time.
    #[arg(long, requires = "url")]
    pid: Option<u32>,
    /// Bearer token of that service.
    #[arg(long, requires = "url")]
    token: Option<String>,
    /// Items of the synthetic marketplace.
    #[arg(long, default_value_t = 20_000)]
    synthetic: u32,
    /// Candidates per request.
    #[arg(long, default_value_t = 500)]
    candidates: u32,
    /// Requests per second.
    #[arg(long, default_value_t = 500)]
    rate: u32,
    /// Duration of each mode, of each server of --cockpit or of each scene of --scenes, in seconds over all its rounds.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Connections that carry the requests.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Events per second, sent on a separate connection.
    #[arg(long, default_value_t = 0, value_name = "EVENTS_PER_SECOND")]
    ingest: u32,
    /// Events per body.
    #[arg(long, default_value_t = 500)]
    batch: u32,
    /// Mode to measure. Default: both if --ingest is given.
    #[arg(long, value_enum)]
    mode: Option<Mode>,
    /// Finds the capacity, then offers a multiple of it, and measures what is answered and how fast the rest is rejected.
    #[arg(long, conflicts_with_all = ["ingest", "rate"])]
    overload: bool,
    /// Sends that number of events as fast as they are accepted, to a new server with a data directory, and measures their cost.
    #[arg(long, value_name = "EVENTS", conflicts_with_all = ["url", "ingest", "rate", "overload"])]
    bulk: Option<u32>,
    /// Measures what the decision log and experiments cost, on six servers by turns. It takes six times --seconds, 3 seconds a round for
    /// the log to be written, one round to warm up, and the start of the servers.
    #[arg(long, conflicts_with_all = ["url", "ingest", "rate", "overload", "bulk"])]
    cockpit: bool,
    /// Measures what the rules of a slate and the signals cost, in five scenes of one server by turns. It takes five times --seconds, one
    /// round to warm up, and the start of the server.
    #[arg(long, conflicts_with_all = ["url", "ingest", "rate", "overload", "bulk", "cockpit"])]
    scenes: bool,
    /// Rounds of each mode. Modes alternate, so that a drift of the machine affects both.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Runs the server on core 0 and the generator on core 1 (with taskset).
    #[arg(long)]
    pin: bool,
    /// Seed of users, candidates and events.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Runs one short round, as a smoke test.
    #[arg(long)]
    test: bool,
    /// Arguments that `cargo bench` adds.
    #[arg(long, hide = true)]
    bench: bool,
    /// Filters as of other benches: runs if there is none, or if one is a part of "load".
    #[arg(hide = true)]
    filter: Vec<String>,
}

/// A mode of measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// Requests alone.
    Rest,
    /// Requests and events.
    Ingest,
    /// Both alternately, and the ratio of their p99.
    Both,
}

impl Args {
    fn read() -> Self {
        let args = Self::parse();
        if args.test {
            return Self {
                synthetic: 2_000,
                rate: 50,
                seconds: 0.5,
                rounds: 1,
                ..args
            };
        }
        args
    }

    fn is_selected(&self) -> bool {
        self.filter.is_empty()
            || self
                .filter
                .iter()
                .any(|filter| "load".contains(filter.as_str()))
    }

    fn check(&self) -> Result<()> {
        ensure!(
            self.candidates >= 1 && self.candidates <= self.synthetic,
            "--candidates must be between 1 and --synthetic"
        );
        ensure!(
            self.rate >= 1 && self.connections >= 1 && self.rounds >= 1 && self.batch >= 1,
            "--rate, --connections, --rounds and --batch must be at least 1"
        );
        ensure!(
            self.seconds > 0.0 && self.seconds <= 86_400.0,
            "--seconds must be above 0 and at most a day"
        );
        ensure!(
            self.ingest > 0 || self.mode.is_none_or(|mode| mode == Mode::Rest),
            "this mode needs --ingest"
        );
        Ok(())
    }

    /// Returns the event rate of each mode, in events per second; 0 for requests alone.
    fn modes(&self) -> Vec<u32> {
        match self.mode {
            Some(Mode::Rest) => vec![0],
            Some(Mode::Ingest) => vec![self.ingest],
            None if self.ingest == 0 => vec![0],
            Some(Mode::Both) | None => vec![0, self.ingest],
        }
    }

    fn round(&self) -> Duration {
        Duration::from_secs_f64(self.seconds / f64::from(self.rounds))
    }
}

fn main() -> Result<ExitCode> {
    let args = Args::read();
    if !args.is_selected() {
        return Ok(ExitCode::SUCCESS);
    }
    args.check()?;
    let data = tempfile::tempdir()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    if args.pin {
        server::pin(std::process::id(), 1)?;
    }
    if args.cockpit {
        runtime.block_on(cockpit::measure(&args, data.path()))?;
        return Ok(ExitCode::SUCCESS);
    }
    if args.scenes {
        runtime.block_on(scenes::measure(&args, data.path()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let server = match (&args.url, args.bulk) {
        (Some(url), _) => Server::running(url, args.pid, args.pin)?,
        (None, Some(_)) => Server::serve(data.path(), args.pin)?,
        (None, None) => Server::demo(args.synthetic, None, args.pin)?,
    };
    if let Some(events) = args.bulk {
        runtime.block_on(bulk::measure(&args, &server, events))?;
        return Ok(ExitCode::SUCCESS);
    }
    if args.overload {
        runtime.block_on(overload::measure(&args, &server))?;
        return Ok(ExitCode::SUCCESS);
    }
    let outcomes = runtime.block_on(measure(&args, &server))?;
    Ok(report(&args, &outcomes))
}

/// Measures one outcome per mode, summed over its rounds.
async fn measure(args: &Args, server: &Server) -> Result<Vec<Outcome>> {
    let mut random = Random::new(args.seed);
    let requests: Rc<[_]> = requests::ranks(args, &server.address, "", &mut random).into();
    connection::probe(&server.address, &requests).await?;
    let mut outcomes = args
        .modes()
        .into_iter()
        .map(Outcome::new)
        .collect::<Result<Vec<_>>>()?;
    let phase = |events: Vec<Vec<u8>>| Phase {
        server,
        requests: Rc::clone(&requests),
        args,
        events: events.into(),
    };
    phase(Vec::new()).warm_up().await?;
    for round in 0..args.rounds {
        for outcome in &mut outcomes {
            let events =
                requests::events(args, &server.address, outcome.ingest, round, &mut random);
            phase(events).run(args.round(), outcome).await?;
        }
    }
    Ok(outcomes)
}

fn report(args: &Args, outcomes: &[Outcome]) -> ExitCode {
    println!(
        "/rank: {} candidates of {} items, {} requests per second over {} connections, {} s{}",
        args.candidates,
        args.synthetic,
        args.rate,
        args.connections,
        args.seconds,
        if args.pin { ", pinned" } else { "" }
    );
    println!("{}", phase::table(outcomes));
    if let [rest, ingest] = outcomes {
        println!(
            "p99 under ingest / at rest: {:.2}",
            ingest.quantile(0.99) / rest.quantile(0.99)
        );
    }
    for outcome in outcomes {
        outcome.warn();
    }
    let failed = outcomes.iter().any(|outcome| outcome.failed > 0);
    ExitCode::from(u8::from(failed))
}
