//! Cost of durability: events written to disk, a checkpoint, and a start from both.
//!
//! `cargo bench --bench journal` prints events per second of CPU (all threads), the time and the memory of a checkpoint, and the CPU time
//! of a start: checkpoint, journal and first standings. `-- --items 1000000 --events 5000000` is the size in
//! the guide to benchmarks.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use clap::Parser;
use comfy_table::Table;
use saima::cli::synthetic;
use saima::clock::{Clock, ClockMode};
use saima::config::{Config, Live};
use saima::engine::{Engine, Operation, Stored};
use saima::telemetry::Telemetry;
use saima::threads::Threads;

/// Lines applied under one lock, as in the HTTP layer.
const SLICE: usize = 8;
/// Lines that share one flush to disk, as in one bulk body.
const BODY: usize = 500;
/// Unit of the CPU times in /proc: Linux reports them to user space in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

/// Measures the cost of durability.
#[derive(Debug, Parser)]
#[command(name = "journal", bin_name = "cargo bench --bench journal --")]
struct Args {
    /// Items of the synthetic marketplace, as many users, a tenth of the merchants.
    #[arg(long, default_value_t = 20_000)]
    items: u32,
    /// Events written after the checkpoint.
    #[arg(long, default_value_t = 100_000)]
    events: u64,
    /// Directory for the data. Default: a temporary directory.
    #[arg(long)]
    data: Option<std::path::PathBuf>,
    /// Arguments that `cargo bench` adds.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let own = tempfile::tempdir()?;
    let path = args.data.as_deref().unwrap_or(own.path());
    let mut config = Config::embedded();
    // Only the bench itself writes a checkpoint.
    config.store.checkpoint_bytes = 1 << 40;
    let live = Arc::new(Live::new(config));

    let mut table = Table::new();
    table.set_header(["", "CPU s", "s", ""]);
    let engine = start(&live, path)?;
    engine.fill(|facts, config| synthetic::fill(facts, args.items, config));
    let resident = memory("VmRSS")?;
    let cost = Cost::of(|| engine.checkpoint()?.context("there is no data directory"))?;
    let peak = memory("VmHWM")? as f64 / resident as f64;
    let bytes = fs::metadata(&cost.outcome.path)?.len();
    let note = format!("{} MiB; peak memory {peak:.2} x", bytes >> 20);
    table.add_row(cost.row("checkpoint", note));

    let lines: Vec<String> = (0..args.events).map(|n| event(n, args.items)).collect();
    let cost = Cost::of(|| send(&engine, &lines))?;
    let rate = args.events as f64 / cost.cpu.as_secs_f64();
    table.add_row(cost.row("events, durable", format!("{rate:.0} per second of CPU")));
    drop(lines);
    end(engine, path)?;

    let cost = Cost::of(|| ready(&live, path))?;
    let note = format!("{} events after the checkpoint", args.events);
    table.add_row(cost.row("start", note));
    println!("{table}");
    Ok(())
}

/// Cost of some work, and its result.
struct Cost<T> {
    cpu: Duration,
    wall: Duration,
    outcome: T,
}

impl<T> Cost<T> {
    fn of(work: impl FnOnce() -> Result<T>) -> Result<Self> {
        let (cpu, wall) = (cpu()?, Instant::now());
        let outcome = work()?;
        Ok(Self {
            cpu: self::cpu()? - cpu,
            wall: wall.elapsed(),
            outcome,
        })
    }

    fn row(&self, name: &str, note: String) -> [String; 4] {
        let seconds = |time: Duration| format!("{:.2}", time.as_secs_f64());
        [name.to_owned(), seconds(self.cpu), seconds(self.wall), note]
    }
}

fn start(live: &Arc<Live>, path: &Path) -> Result<Arc<Engine>> {
    let stored = Stored::open(path, &live.load().config, &Threads::default())?;
    let clock = Clock::new(ClockMode::Wall);
    let telemetry = Telemetry::default();
    Ok(Engine::start(Arc::clone(live), clock, telemetry, stored))
}

/// Starts an engine and waits until it is ready.
fn ready(live: &Arc<Live>, path: &Path) -> Result<Arc<Engine>> {
    let engine = start(live, path)?;
    while !engine.ready() {
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(engine)
}

/// Stops an engine and waits until its threads release the directory.
fn end(engine: Arc<Engine>, path: &Path) -> Result<()> {
    drop(engine);
    for _ in 0..10_000 {
        if saima::journal::Directory::existing(path).is_ok() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Err(anyhow!("the engine does not stop"))
}

/// Sends events as the HTTP layer does: slices under the lock, and one wait for the disk per body.
fn send(engine: &Engine, lines: &[String]) -> Result<()> {
    for body in lines.chunks(BODY) {
        for slice in body.chunks(SLICE) {
            let slice: Vec<&[u8]> = slice.iter().map(String::as_bytes).collect();
            let fates = engine.ingest(Operation::Events, &slice)?;
            ensure!(fates.iter().all(Result::is_ok), "{fates:?}");
        }
        pollster::block_on(engine.durable())?;
    }
    Ok(())
}

fn event(number: u64, items: u32) -> String {
    let items = u64::from(items);
    let (user, item) = (number * 7_919 % items, number * 104_729 % items);
    let kinds = ["view", "click", "cart", "purchase"];
    let kind = kinds[usize::try_from(number % 4).unwrap_or(0)];
    let at = Clock::machine();
    format!(
        r#"{{"id":"e-{number}","user_id":"u{user}","item_id":"item-{item:07}","kind":"{kind}","at":"{at}","quantity":1,"amount":12.5}}"#
    )
}

/// Returns the CPU time of all threads of this process so far.
fn cpu() -> Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, rest) = stat
        .rsplit_once(')')
        .context("/proc/self/stat has an unknown format")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |place: usize| fields.get(place).and_then(|it| it.parse::<u32>().ok());
    let (user, system) = (ticks(11), ticks(12));
    Ok(TICK * (user.unwrap_or(0) + system.unwrap_or(0)))
}

/// Returns a memory figure of /proc in KiB, by its name.
fn memory(name: &str) -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    Ok(number
        .context("/proc/self/status has an unknown format")?
        .parse()?)
}
