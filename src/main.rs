//! The `saima` program: from arguments to a command, and from its outcome to an exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use saima::cli::{self, Cli};

fn main() -> ExitCode {
    cli::run(Cli::parse()).unwrap_or_else(|error| {
        // Standard error may be closed.
        let _ = writeln!(io::stderr(), "saima: {error:#}");
        ExitCode::FAILURE
    })
}
