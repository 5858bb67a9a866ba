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

/// Multi-objective ranking for marketplaces: the affinities of a user, blended with the race of the merchants
#[derive(Debug, Parser)]
#[command(
    name = "saima",
    version,
    after_help = "Exit codes: 0 success, 1 error (configuration, data), 2 wrong usage."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the ranking API
    Serve(ServeArgs),
    /// Serve a small real marketplace, or a synthetic one of any size, in memory
    Demo(DemoArgs),
    /// Check a configuration file and print every fault
    Check {
        /// The configuration file
        file: PathBuf,
    },
    /// Back up a running service to a new data directory
    Backup(data::Backup),
    /// Restore a back-up to a new data directory, or in place of an existing one
    Restore(data::Restore),
    /// Check a data directory and, with --apply, repair it
    Repair(data::Repair),
    /// Relearn the profiles and the race of a data directory under other settings
    Rebuild(data::Rebuild),
    /// Send items, merchants, users or events from files to a running service
    Import(import::Args),
    /// Measure the ranking quality of a running service
    Evaluate(evaluate::Args),
}

#[derive(Debug, Args)]
struct ServeArgs {
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
    /// Serve N synthetic items, with N/10 merchants and N users
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

/// Runs a command. Exit code 0: success; 1: something was rejected, with the reasons on standard error.
///
/// # Errors
/// The reason why the command could not run, for people.
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
                "{}: valid; scenes: {}",
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
