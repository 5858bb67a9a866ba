//! The `saima` program: from arguments to a command, and from its outcome to an exit code.

use std::process::ExitCode;

use clap::Parser;
use saima::cli::{Cli, Outcome};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match saima::cli::run(Cli::parse()) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Refused) => ExitCode::from(1),
        Err(error) => {
            eprintln!("saima: {error:#}");
            ExitCode::from(1)
        }
    }
}
