//! The configuration: from TOML to values that are all in range, or to the list of everything that is wrong.
//!
//! One commented file, `config/saima.toml`, is both the documentation and the default: it is embedded in the binary, and a
//! file of the operator's is read over it. Defaults written in code instead would drift from the file that explains them.
//! A [`Config`] never changes; [`Live`] swaps a new one in as a whole, and [`watch`] does so when the file changes.

mod effective;
mod fault;
mod live;
mod prediction;
mod read;
mod scene;
mod section;
mod types;
mod value;
mod watch;

#[cfg(test)]
mod tests;

use std::fs;
use std::path::Path;

use toml::de::DeTable;

pub use fault::{ConfigFault, ConfigFaults};
pub use live::{Generation, Live};
pub use types::*;
pub use watch::{WatchError, Watcher, watch};

use fault::Report;
use section::{Base, Section};

/// The text of the reference configuration, `config/saima.toml`, which is the default.
pub const EMBEDDED: &str = include_str!("../../config/saima.toml");

/// What faults of the embedded configuration would name as their file.
const EMBEDDED_NAME: &str = "config/saima.toml (embedded)";

impl Config {
    /// The configuration that the service runs on when it is given none.
    #[expect(
        clippy::expect_used,
        reason = "the text is part of the program, and a test parses it"
    )]
    #[must_use]
    pub fn embedded() -> Self {
        parse(EMBEDDED_NAME, EMBEDDED, [None, None])
            .expect("the embedded configuration has no fault")
    }

    /// Reads a configuration over the embedded one.
    ///
    /// What the text does not give is taken from the embedded one key by key, except that `[scene.default.weights]` stands
    /// alone when given and that a prediction replaces the one of its name. `file` names the text in the faults.
    ///
    /// # Errors
    /// Every fault of the text with its line; if it is not TOML, the faults of its syntax alone.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigFaults> {
        Self::parse_over("", file, text)
    }

    /// Reads a configuration over another one, `base`, which has no fault and is itself read over the embedded one.
    ///
    /// Keys are taken from `base` as [`Self::parse`] takes them from the embedded one, except that the weights of every scene are
    /// taken one by one: a text that gives one weight changes this weight alone.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_over(base: &str, file: &str, text: &str) -> Result<Self, ConfigFaults> {
        let [(base, _), (embedded, _)] = [base, EMBEDDED].map(DeTable::parse_recoverable);
        let bases = [&base, &embedded].map(|table| Some(table.get_ref()));
        parse(file, text, bases)
    }

    /// The configuration whose [`Self::terms`] these are; what is not of them is that of the embedded one.
    ///
    /// # Errors
    /// Terms that are not valid any more.
    pub fn of_terms(terms: &str) -> Result<Self, ConfigFaults> {
        Self::parse("the journal's settings", terms)
    }

    /// Reads a file as [`Self::parse`] does.
    ///
    /// # Errors
    /// As [`Self::parse`]; one fault where the file cannot be read or is not UTF-8.
    pub fn load(path: &Path) -> Result<Self, ConfigFaults> {
        Self::load_over("", path)
    }

    /// Reads a file over another configuration as [`Self::parse_over`] does.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_over(base: &str, path: &Path) -> Result<Self, ConfigFaults> {
        Self::decode(base, path, fs::read(path))
    }

    /// Makes a configuration of what reading a file gave.
    fn decode(
        base: &str,
        path: &Path,
        read: std::io::Result<Vec<u8>>,
    ) -> Result<Self, ConfigFaults> {
        let file = path.display().to_string();
        let bytes = read.map_err(|error| {
            ConfigFaults::whole(&*file, 0, format!("the file cannot be read: {error}"))
        })?;
        match std::str::from_utf8(&bytes) {
            Ok(text) => Self::parse_over(base, &file, text),
            Err(error) => {
                let before = bytes.iter().take(error.valid_up_to());
                let line = 1 + before.filter(|byte| **byte == b'\n').count();
                let message = "the file must be UTF-8".to_owned();
                Err(ConfigFaults::whole(file, line, message))
            }
        }
    }
}

/// Reads a text over the tables of other configurations, the nearest first.
fn parse(file: &str, text: &str, bases: [Base<'_>; 2]) -> Result<Config, ConfigFaults> {
    let report = Report::new(text);
    let table = report.syntax(file)?;
    let root = Section::root(&report, &table, bases);
    let config = read::config(&root);
    root.finish();
    report.judge(file, config)
}
