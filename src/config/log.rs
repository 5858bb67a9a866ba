//! `[log]`: format and filter of the log.

use serde::Serialize;
use serde_json::{Value, json};

use super::check::need;
use super::section::Section;
use super::value::Checked;

/// Settings of the log, which goes to standard error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Format of a line.
    pub format: LogFormat,
    /// Filter in the syntax of `tracing-subscriber`, such as `info` or `warn,saima::race=debug`.
    pub level: String,
    /// Maximum number of bytes of lines that wait to be written; further lines are dropped.
    pub waiting_bytes: usize,
}

/// Format of a line of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text for people.
    Text,
    /// One JSON object per line.
    Json,
}

/// Reads the section.
pub(super) fn read(s: &Section<'_>) -> Log {
    let formats = [("text", LogFormat::Text), ("json", LogFormat::Json)];
    Log {
        format: s.choice("format", &formats, LogFormat::Text),
        level: s.text("level", String::new(), |text| {
            need(
                !text.trim().is_empty(),
                "must name a level such as \"info\"",
            )?;
            text.split(',').try_for_each(directive)?;
            match tracing_subscriber::EnvFilter::try_new(text) {
                Ok(_) => Ok(text.to_owned()),
                Err(error) => Err(format!("must be a filter such as \"info\": {error}")),
            }
        }),
        waiting_bytes: s.integer("waiting_bytes", 65_536..=1 << 30),
    }
}

/// Checks one part of a filter. A single word must be a level: any other word would name a module and silence all the rest.
fn directive(text: &str) -> Checked<()> {
    let text = text.trim();
    let is_level = ["off", "error", "warn", "info", "debug", "trace"].contains(&text);
    let levels = "is not a level; the levels are error, warn, info, debug, trace and off";
    (is_level || text.contains('='))
        .then_some(())
        .ok_or_else(|| format!("{text:?} {levels}"))
}

/// Returns the section in the names and units of the file.
pub(super) fn shown(log: &Log) -> Value {
    json!({ "format": log.format, "level": log.level, "waiting_bytes": log.waiting_bytes })
}
