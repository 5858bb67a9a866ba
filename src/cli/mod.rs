//! The commands of the `saima` program.

pub mod client;
pub mod evaluate;
pub mod import;

mod data;
mod demo;
mod secrets;
mod serve;
pub mod synthetic;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::clock::ClockMode;
use crate::config::Config;

/// Multi-objective ranking for marketplaces: what this user wants, blended with how the merchants run.
#[derive(Debug, Parser)]
#[command(
    name = "saima",
    version,
    after_help = "Exit codes: 0 done, 1 refused (config, data), 2 usage."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the ranking API
    Serve(ServeArgs),
    /// Serve a small real marketplace, or a synthetic one of any size, from memory
    Demo(DemoArgs),
    /// Check a configuration file and print every fault
    Check {
        /// The configuration file
        file: PathBuf,
    },
    /// Copy the state of a running service to a new data directory
    Backup(data::Backup),
    /// Bring a back-up back, to a new data directory or in place of one
    Restore(data::Restore),
    /// Show what is wrong in a data directory, and mend it when told to
    Repair(data::Repair),
    /// Learn the profiles and the race of a data directory anew, under other settings
    Rebuild(data::Rebuild),
    /// Send items, merchants, users or events from files to a running service
    Import(import::Args),
    /// Measure how well a running service ranks
    Evaluate(evaluate::Args),
}

#[derive(Debug, Args)]
struct ServeArgs {
    /// Configuration file; without it the embedded default
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address to listen on; port 0 picks a free port
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Data directory, or "none" for memory only
    #[arg(long, value_name = "DIR|none")]
    data: Option<String>,
    /// Where "now" comes from: the machine's clock or the latest event
    #[arg(long)]
    clock: Option<ClockArg>,
}

#[derive(Debug, Args)]
struct DemoArgs {
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
    /// Serve that many synthetic items, with a tenth as many merchants and as many users
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=50_000_000))]
    synthetic: Option<u32>,
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

/// Carries a command out: exit code 0 where all went well, 1 where something was refused, with the reasons on standard error.
///
/// # Errors
/// What kept it from being carried out, for people.
pub fn run(cli: Cli) -> Result<ExitCode> {
    match cli.command {
        Command::Serve(args) => serve::run(args),
        Command::Demo(args) => demo::run(args),
        Command::Check { file } => Ok(check(&file)),
        Command::Backup(args) => data::backup(&args),
        Command::Restore(args) => data::restore(&args),
        Command::Repair(args) => data::repair(&args),
        Command::Rebuild(args) => data::rebuild(&args),
        Command::Import(args) => Ok(import::run(&args)?),
        Command::Evaluate(args) => Ok(evaluate::run(&args)?),
    }
}

fn check(file: &std::path::Path) -> ExitCode {
    match Config::load(file) {
        Ok(config) => {
            eprintln!(
                "{}: no fault; scenes: {}",
                file.display(),
                config.vocabulary.scenes.join(", ")
            );
            ExitCode::SUCCESS
        }
        Err(faults) => {
            eprintln!("{faults}");
            ExitCode::FAILURE
        }
    }
}
