//! The command line: every command with its arguments.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use super::{
    check, configure, data, decisions, demo, evaluate, experiments, import, preview, restore, serve,
};

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
    Check(check::Args),
    /// Show and change the configuration of a running service
    Config(configure::Args),
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
    /// Show or export the decision log of a data directory
    Decisions(decisions::Args),
    /// Show what a configuration would change in a running service
    Preview(preview::Args),
    /// Measure the ranking quality of a running service
    Evaluate(evaluate::Args),
    /// Print the results of the experiments of a running service
    Experiments(experiments::Args),
}

/// Runs a command. Returns exit code 0 for success, and 1 if something was rejected, with the reasons on standard error.
///
/// # Errors
/// If the command could not run, with a message for people.
pub fn run(cli: Cli) -> Result<ExitCode> {
    match cli.command {
        Command::Serve(args) => serve::run(args),
        Command::Demo(args) => demo::run(args),
        Command::Check(args) => check::run(args),
        Command::Config(args) => configure::run(args),
        Command::Backup(args) => data::backup(&args),
        Command::Restore(args) => restore::restore(&args),
        Command::Repair(args) => data::repair(&args),
        Command::Rebuild(args) => data::rebuild(&args),
        Command::Import(args) => Ok(import::run(&args)?),
        Command::Decisions(args) => decisions::run(&args),
        Command::Preview(args) => preview::run(&args),
        Command::Evaluate(args) => Ok(evaluate::run(&args)?),
        Command::Experiments(args) => experiments::run(&args),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_of_all_commands_are_consistent() {
        Cli::command().debug_assert();
    }
}
