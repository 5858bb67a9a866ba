//! The `saima` program: from arguments to a command, and from its outcome to an exit code.

use std::process::ExitCode;

use clap::Parser;
use saima::cli::{self, Cli};

fn main() -> ExitCode {
    cli::run(Cli::parse()).unwrap_or_else(|error| {
        eprintln!("saima: {error:#}");
        ExitCode::FAILURE
    })
}
