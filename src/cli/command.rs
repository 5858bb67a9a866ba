//! The command line: every command with its arguments.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use prometheus_client::metrics::counter::Counter;

use super::{data, demo, evaluate, import, restore, serve};
use crate::clock::Clock;
use crate::config::{Config, file};
use crate::http::Tls;

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
    Serve(serve::Args),
    /// Serve a small real marketplace, or a synthetic one of any size, in memory
    Demo(demo::Args),
    /// Check a configuration file, and the files that it names, and print every fault
    Check {
        /// The configuration file
        file: PathBuf,
    },
    /// Back up a running service to a new data directory
    Backup(data::Backup),
    /// Restore a back-up to a new data directory, or in place of an existing one
    Restore(restore::Restore),
    /// Check a data directory and, with --apply, repair it
    Repair(data::Repair),
    /// Relearn the profiles and the race of a data directory under other settings
    Rebuild(data::Rebuild),
    /// Send items, merchants, users or events from files to a running service
    Import(import::Args),
    /// Measure the ranking quality of a running service
    Evaluate(evaluate::Args),
}

/// Runs a command. Returns exit code 0 for success, and 1 if something was rejected, with the reasons on standard error.
///
/// # Errors
/// If the command could not run, with a message for people.
pub fn run(cli: Cli) -> Result<ExitCode> {
    match cli.command {
        Command::Serve(args) => serve::run(args),
        Command::Demo(args) => demo::run(args),
        Command::Check { file } => Ok(check(&file)),
        Command::Backup(args) => data::backup(&args),
        Command::Restore(args) => restore::restore(&args),
        Command::Repair(args) => data::repair(&args),
        Command::Rebuild(args) => data::rebuild(&args),
        Command::Import(args) => Ok(import::run(&args)?),
        Command::Evaluate(args) => Ok(evaluate::run(&args)?),
    }
}

fn check(path: &Path) -> ExitCode {
    match Config::load(path) {
        Ok(config) => {
            // The files that it names must be usable too.
            let tls = Tls::load(
                &config.tls,
                Counter::default(),
                file::read,
                Clock::machine(),
            );
            if let Err(error) = tls {
                eprintln!("{}: {error}", path.display());
                return ExitCode::FAILURE;
            }
            eprintln!(
                "{}: valid; scenes: {}",
                path.display(),
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
