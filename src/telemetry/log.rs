//! The log of the service.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

/// Sends the log to standard error, as JSON objects or as text. `filter` selects the events (`warn`, `info,saima=debug`); an
/// invalid filter means `info`. A second call does nothing.
pub fn log(json: bool, filter: &str) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_env_filter(filter);
    // The only possible error is that a log is already set, which then stays in use.
    let _ = if json {
        log.json().try_init()
    } else {
        log.try_init()
    };
}
