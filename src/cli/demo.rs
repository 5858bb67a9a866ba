//! `saima demo`: a marketplace to try things on, from memory.

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, ensure};

use super::import::{MapFile, table};
use super::serve::serve;
use super::{DemoArgs, synthetic};
use crate::config::Config;
use crate::engine::{Engine, EntityKind, Operation};

/// The configuration of the small real marketplace, its tables, and how they become facts.
const CONFIG: &str = include_str!("../../config/demo/saima.toml");
const MAP: &str = include_str!("../../config/demo/import.toml");
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

/// Facts applied under one hold of the lock.
const SLICE: usize = 1_000;

pub(super) fn run(args: &DemoArgs) -> Result<ExitCode> {
    let mut config = match args.synthetic {
        Some(_) => Config::embedded(),
        None => Config::parse("config/demo/saima.toml", CONFIG)?,
    };
    if let Some(listen) = args.listen {
        config.server.listen = listen;
    }
    config.store.path = None;
    let listen = config.server.listen;
    serve(config, |_, engine| match args.synthetic {
        Some(items) => {
            engine.fill(|facts, config| synthetic::fill(facts, items, config));
            suggest(&SYNTHETIC_TOUR, listen);
            Ok(())
        }
        None => {
            load(&engine)?;
            suggest(&TOUR, listen);
            Ok(())
        }
    })
}

/// Sends the tables through the same door as the API.
fn load(engine: &Engine) -> Result<()> {
    let map = MapFile::parse(MAP).map_err(|fault| anyhow!(fault))?;
    for (target, operation, packed) in TABLES {
        let mapping = map.target(target).map_err(|fault| anyhow!(fault))?;
        let mut row = 0;
        let rows = table(zstd::Decoder::new(packed)?, &mapping, &mut row)?;
        let lines: Vec<Vec<u8>> = rows
            .map(|line| line.map(|line| line.json))
            .collect::<Result<_, _>>()
            .with_context(|| target)?;
        for slice in lines.chunks(SLICE) {
            let slice: Vec<&[u8]> = slice.iter().map(Vec::as_slice).collect();
            let refused = engine
                .ingest(operation, &slice)?
                .into_iter()
                .find_map(Result::err);
            ensure!(
                refused.is_none(),
                "the demo's own {target} were refused: {refused:?}"
            );
        }
    }
    Ok(())
}

/// What to try, for standard error; `HOST` in a command stands for the address.
fn suggest(commands: &[&str], listen: SocketAddr) {
    eprintln!("A marketplace is loaded. Once it listens, try (and open /docs in a browser):");
    for command in commands {
        eprintln!("  {}", command.replace("HOST", &listen.to_string()));
    }
}

const TOUR: [&str; 3] = [
    r#"curl -s HOST/rank -H 'content-type: application/json' -d '{"user_id":"u1890","candidates":["i1082185","i1029743","i981760","i916122","i914190"]}'"#,
    r#"curl -s HOST/rank -H 'content-type: application/json' -d '{"user_id":"u1890","candidates":["i1082185","i1029743"],"scene":"gmv","explain":true}'"#,
    "curl -s 'HOST/race?kind=merchant&limit=5'",
];

const SYNTHETIC_TOUR: [&str; 3] = [
    r#"curl -s HOST/rank -H 'content-type: application/json' -d '{"user_id":"u1","candidates":["item-0000001","item-0000002"]}'"#,
    "curl -s HOST/users/u1",
    "curl -s HOST/metrics",
];
