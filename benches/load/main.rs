//! HTTP load on `/rank`: how long an answer takes while requests keep coming, and what it costs the server.
//!
//! **Open loop**: requests are due at a constant rate whether or not earlier ones were answered, and a latency counts from the moment
//! at which the request was *due*. A closed loop would send less just when the server is slow, and so hide its pauses (coordinated
//! omission). The generator waits by spinning, for a sleeping task wakes up to a millisecond late; give it a core of its own (`--pin`).

mod bulk;
mod connection;
mod overload;
mod phase;
mod requests;
mod server;

use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::{Parser, ValueEnum};
use saima::random::Random;

use phase::{Outcome, Phase};
use server::Server;

/// HTTP load on /rank at a constant rate; latency from the moment at which a request was due.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "load",
    bin_name = "cargo bench --bench load --",
    after_help = "Examples:
  cargo bench --bench load -- --synthetic 1000000 --rate 2000 --seconds 20 --pin
  cargo bench --bench load -- --synthetic 1000000 --rate 2000 --seconds 60 --ingest 20000 --pin   (p99 under ingest / at rest)
  cargo bench --bench load -- --candidates 1000 --seconds 6 --pin --overload      (goodput at 3 x capacity, time of a refusal)
  cargo bench --bench load -- --synthetic 1000000 --bulk 2000000 --pin        (durable events for each second of CPU)
  cargo bench --bench load -- --url http://127.0.0.1:8080 --pid 4711 --synthetic 1000000"
)]
struct Args {
    /// A running service with the synthetic marketplace; without it, one is started and ended.
    #[arg(long)]
    url: Option<String>,
    /// The process of that service, to measure its CPU time.
    #[arg(long, requires = "url")]
    pid: Option<u32>,
    /// Bearer token of that service.
    #[arg(long, requires = "url")]
    token: Option<String>,
    /// Items of the synthetic marketplace.
    #[arg(long, default_value_t = 20_000)]
    synthetic: u32,
    /// Candidates a request.
    #[arg(long, default_value_t = 500)]
    candidates: u32,
    /// Requests a second.
    #[arg(long, default_value_t = 500)]
    rate: u32,
    /// How long to measure each mode, in seconds.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Connections that carry the requests.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Events a second, sent beside the requests on a connection of their own.
    #[arg(long, default_value_t = 0, value_name = "EVENTS_PER_SECOND")]
    ingest: u32,
    /// Events a body.
    #[arg(long, default_value_t = 500)]
    batch: u32,
    /// What to measure; by default both where there are events to send.
    #[arg(long, value_enum)]
    mode: Option<Mode>,
    /// Finds the capacity, then offers a multiple of it: what is still answered, and how soon the rest is refused.
    #[arg(long, conflicts_with_all = ["ingest", "rate"])]
    overload: bool,
    /// Sends so many events as fast as they are taken, to a server of its own with a data directory: what each costs until it is durable.
    #[arg(long, value_name = "EVENTS", conflicts_with_all = ["url", "ingest", "rate", "overload"])]
    bulk: Option<u32>,
    /// Turns of each mode: they alternate, so that a drift of the machine meets both.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Server on core 0, generator on core 1 (by taskset).
    #[arg(long)]
    pin: bool,
    /// Seed of users, candidates and events.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// One quick round, to see that it works.
    #[arg(long)]
    test: bool,
    /// What `cargo bench` adds.
    #[arg(long, hide = true)]
    bench: bool,
    /// Runs only if one of these is part of "load", as other benches do.
    #[arg(hide = true)]
    filter: Vec<String>,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// Requests alone.
    Rest,
    /// Requests beside events.
    Ingest,
    /// Both in turn, and the ratio of their p99.
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

    fn is_wanted(&self) -> bool {
        self.filter.is_empty()
            || self
                .filter
                .iter()
                .any(|filter| "load".contains(filter.as_str()))
    }

    fn check(&self) -> Result<()> {
        ensure!(
            self.candidates >= 1 && self.candidates <= self.synthetic,
            "--candidates must lie between 1 and --synthetic"
        );
        ensure!(
            self.rate >= 1 && self.connections >= 1 && self.rounds >= 1 && self.batch >= 1,
            "--rate, --connections, --rounds and --batch must be at least 1"
        );
        ensure!(
            self.seconds > 0.0 && self.seconds <= 86_400.0,
            "--seconds must lie above 0, and within a day"
        );
        ensure!(
            self.ingest > 0 || self.mode.is_none_or(|mode| mode == Mode::Rest),
            "this mode needs --ingest"
        );
        Ok(())
    }

    /// The rates of events of one round.
    fn modes(&self) -> Vec<u32> {
        match self.mode {
            Some(Mode::Rest) => vec![0],
            Some(Mode::Ingest) => vec![self.ingest],
            None if self.ingest == 0 => vec![0],
            Some(Mode::Both) | None => vec![0, self.ingest],
        }
    }

    fn turn(&self) -> Duration {
        Duration::from_secs_f64(self.seconds / f64::from(self.rounds))
    }
}

fn main() -> Result<ExitCode> {
    let args = Args::read();
    if !args.is_wanted() {
        return Ok(ExitCode::SUCCESS);
    }
    args.check()?;
    let data = tempfile::tempdir()?;
    let server = match (&args.url, args.bulk) {
        (Some(url), _) => Server::running(url, args.pid, args.pin)?,
        (None, Some(_)) => Server::serve(data.path(), args.pin)?,
        (None, None) => Server::demo(args.synthetic, args.pin)?,
    };
    if args.pin {
        server::pin(std::process::id(), 1)?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
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

/// One outcome a mode, summed over its turns.
async fn measure(args: &Args, server: &Server) -> Result<Vec<Outcome>> {
    let mut random = Random::new(args.seed);
    let requests: Rc<[_]> = requests::ranks(args, &server.address, &mut random).into();
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
            phase(events).run(args.turn(), outcome).await?;
        }
    }
    Ok(outcomes)
}

fn report(args: &Args, outcomes: &[Outcome]) -> ExitCode {
    println!(
        "/rank: {} candidates of {} items, {} requests a second over {} connections, {} s{}",
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
