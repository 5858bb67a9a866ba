//! `saima demo`: a marketplace to try things on, from memory.

use anyhow::Result;

use super::serve::serve;
use super::{DemoArgs, Outcome, synthetic};
use crate::config::Config;
use crate::engine::Engine;

/// The configuration of the small real marketplace.
const CONFIG: &str = include_str!("../../config/demo/saima.toml");

pub(super) fn run(args: &DemoArgs) -> Result<Outcome> {
    let mut config = match args.synthetic {
        Some(_) => Config::embedded(),
        None => Config::parse("config/demo/saima.toml", CONFIG)?,
    };
    if let Some(listen) = args.listen {
        config.server.listen = listen;
    }
    serve(config, |_, engine| {
        match args.synthetic {
            Some(items) => engine.fill(|facts, config| synthetic::fill(facts, items, config)),
            None => load(&engine)?,
        }
        Ok(())
    })
}

fn load(_engine: &Engine) -> Result<()> {
    Ok(())
}
