//! `saima demo`: serves a sample marketplace from memory.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, ensure};
use serde::Deserialize;

use super::import::{COMMA, Cursor, MapFile, table};
use super::serve::{Layers, serve};
use super::shoppers::{self, World};
use super::synthetic;
use crate::clock::Time;
use crate::config::Config;
use crate::engine::{Engine, EntityKind, Operation};

/// The configuration of the small real marketplace.
const CONFIG: &str = include_str!("../../config/demo/saima.toml");
/// The mapping of its tables to facts.
const MAP: &str = include_str!("../../config/demo/import.toml");
/// Its tables, in the order in which they are applied.
const TABLES: [(&str, Operation, &[u8]); 3] = [
    (
        "merchants",
        Operation::Upsert(EntityKind::Merchant),
        include_bytes!("../../config/demo/merchants.csv.zst"),
    ),
    (
        "items",
        Operation::Upsert(EntityKind::Item),
        include_bytes!("../../config/demo/items.csv.zst"),
    ),
    (
        "events",
        Operation::Events,
        include_bytes!("../../config/demo/events.csv.zst"),
    ),
];

/// Number of facts that are applied while a lock is held.
const SLICE: usize = 1_000;

/// The arguments of `saima demo`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Configuration file, laid over the configuration of the demo and followed while the demo runs
    ///
    /// The file replaces single keys, and of `[scene.NAME.weights]` single weights: all others keep the value of the demo. With
    /// --synthetic it is laid over the embedded default instead, as `saima serve` does. The demo ignores `[store] path`: it keeps
    /// everything in memory.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address to listen on; port 0 picks a free port
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Serve N synthetic items, with N/10 merchants and N users
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=50_000_000))]
    synthetic: Option<u32>,
    /// Leave out the purchases from this time on (RFC 3339), to measure how well they are foreseen
    #[arg(long, value_name = "TIME", value_parser = time, conflicts_with = "synthetic")]
    until: Option<Time>,
    #[command(flatten)]
    traffic: shoppers::Args,
}

fn time(text: &str) -> Result<Time, &'static str> {
    Time::parse(text).ok_or("must be a time such as 2017-12-18T00:00:00Z")
}

pub(super) fn run(args: Args) -> Result<ExitCode> {
    let (synthetic, until, traffic) = (args.synthetic, args.until, args.traffic);
    let layers = Layers {
        base: if synthetic.is_some() { "" } else { CONFIG },
        file: args.config,
        adjust: move |config: &mut Config| {
            config.store.path = None;
            if let Some(listen) = args.listen {
                config.server.listen = listen;
            }
        },
    };
    let tour = match synthetic {
        Some(_) => &SYNTHETIC_TOUR,
        None => &TOUR,
    };
    let fill = |engine: &Engine| match synthetic {
        Some(items) => {
            engine.fill(|facts, config| synthetic::fill(facts, items, config));
            Ok(())
        }
        None => load(engine, until),
    };
    let listening = |url: &str| {
        if traffic.asked() {
            world(synthetic, until).and_then(|world| shoppers::start(traffic, world, url))?;
        }
        Ok(hints(tour, url))
    };
    serve(layers, fill, listening)
}

/// Returns true if a fact is an event from that time on.
fn is_after(fact: &[u8], until: Time) -> bool {
    #[derive(Deserialize)]
    struct Dated {
        at: Option<Time>,
    }
    let dated = serde_json::from_slice::<Dated>(fact);
    dated.is_ok_and(|fact| fact.at.is_some_and(|at| at >= until))
}

/// Returns the facts of a table as JSON lines, without the events from a time on.
fn facts(target: &str, packed: &[u8], until: Option<Time>) -> Result<Vec<Vec<u8>>> {
    let map = MapFile::parse(MAP).map_err(|fault| anyhow!(fault))?;
    let mapping = map.target(target).map_err(|fault| anyhow!(fault))?;
    let cursor = Cursor::default();
    let rows = table(zstd::Decoder::new(packed)?, COMMA, &mapping, &cursor)?;
    let mut lines: Vec<Vec<u8>> = rows
        .map(|line| line.map(|line| line.json))
        .collect::<Result<_, _>>()
        .with_context(|| target.to_owned())?;
    if let Some(until) = until {
        lines.retain(|line| !is_after(line, until));
    }
    Ok(lines)
}

/// Applies the tables as facts, as the API does.
fn load(engine: &Engine, until: Option<Time>) -> Result<()> {
    for (target, operation, packed) in TABLES {
        for slice in facts(target, packed, until)?.chunks(SLICE) {
            let slice: Vec<&[u8]> = slice.iter().map(Vec::as_slice).collect();
            let rejected = engine
                .ingest(operation, &slice)?
                .into_iter()
                .find_map(Result::err);
            ensure!(
                rejected.is_none(),
                "the demo's own {target} were rejected: {rejected:?}"
            );
        }
    }
    Ok(())
}

/// Returns what the shoppers of the marketplace know.
fn world(synthetic: Option<u32>, until: Option<Time>) -> Result<World> {
    if let Some(items) = synthetic {
        return Ok(World::synthetic(items));
    }
    let mut world = World::default();
    for (target, operation, packed) in TABLES {
        for line in facts(target, packed, until)? {
            match operation {
                Operation::Upsert(EntityKind::Item) => world.declare(&line)?,
                Operation::Events => world.learn(&line)?,
                Operation::Upsert(EntityKind::Merchant | EntityKind::User)
                | Operation::Patch(_) => {}
            }
        }
    }
    Ok(world)
}

/// Returns a text with requests to try. `URL` in a command is replaced.
fn hints(commands: &[&str], url: &str) -> String {
    let head = format!("\nThe marketplace is loaded. Open {url}/docs in a browser, or try:\n\n");
    let commands = commands.iter().map(|command| command.replace("URL", url));
    commands.fold(head, |text, command| format!("{text}  {command}\n\n"))
}

const TOUR: [&str; 3] = [
    r#"curl -s URL/rank -H 'content-type: application/json' -d '{"user_id":"u1890","candidates":["i1082185","i1029743","i981760","i916122","i914190"]}'"#,
    r#"curl -s URL/rank -H 'content-type: application/json' -d '{"user_id":"u1890","candidates":["i1082185","i1029743"],"scene":"gmv","explain":true}'"#,
    "curl -s 'URL/race?kind=merchant&limit=5'",
];

const SYNTHETIC_TOUR: [&str; 3] = [
    r#"curl -s URL/rank -H 'content-type: application/json' -d '{"user_id":"u1","candidates":["item-0000001","item-0000002"]}'"#,
    "curl -s URL/users/u1",
    "curl -s URL/metrics",
];
