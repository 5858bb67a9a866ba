//! `saima import`: sends facts from files to a running service, in batches, and reports every reject.
//!
//! Lines of JSON are sent as they are: the service alone validates facts, so nothing is checked twice. A [`MapFile`] turns tables into
//! such lines. A reject is reported with its file and line, and the import continues. An error that concerns the rest too (no service,
//! no permission, an unreadable file) stops the import.

mod cell;
mod map;
mod report;
mod rows;
mod source;

use std::fs;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use serde::Deserialize;
use thiserror::Error;

pub use map::{MapFile, Mapping};
pub use rows::{Line, ReadError, lines, table};
pub use source::{Shape, open, shape};

use super::client::{CallError, Client, Format, ReportedFault, Service};
use report::Report;

/// Maximum bytes of a batch: below the default limit of a service for one body.
const BATCH_BYTES: usize = 7 << 20;
/// Maximum number of rejects in an answer; a batch of at most this many lines has all its rejects named.
const NAMED_REJECTS: usize = 1_000;

/// Sends items, merchants, users or events from files to a running service
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  saima import --into items items.ndjson.gz
  saima import --into events --map import.toml --rejects bad.ndjson january.csv.zst february.csv.zst

Send merchants first, then items, users, events: an event of an unknown item is rejected.
Row numbers (in the map: row = true) continue through all files of one command. A repeated import with the same files counts once;
give other imports another prefix.
Exit code: 0 if everything was accepted, 1 if something was rejected, 2 for wrong arguments.")]
pub struct Args {
    #[command(flatten)]
    service: Service,
    /// Kind of facts in the files
    #[arg(long, value_enum)]
    into: Target,
    /// Mapping of the columns of CSV files to fields (TOML, one section per kind of facts)
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
    /// Write every reject to this file, one JSON object per line
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Number of rejects to show
    #[arg(long, value_name = "N", default_value_t = 20)]
    show: usize,
    /// Number of lines per request (with --rejects at most 1000)
    #[arg(long, value_name = "LINES", default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    batch: u32,
    /// Files: .ndjson, .jsonl or .csv, each also with .gz or .zst
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// The kind of facts to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Target {
    Items,
    Merchants,
    Users,
    Events,
}

impl Target {
    /// The section of the map.
    const fn name(self) -> &'static str {
        match self {
            Self::Items => "items",
            Self::Merchants => "merchants",
            Self::Users => "users",
            Self::Events => "events",
        }
    }

    const fn route(self) -> (&'static str, &'static str) {
        match self {
            Self::Items => ("PUT", "/items"),
            Self::Merchants => ("PUT", "/merchants"),
            Self::Users => ("PUT", "/users"),
            Self::Events => ("POST", "/events"),
        }
    }
}

/// The reason why an import stopped or could not start.
#[derive(Debug, Error)]
pub enum ImportError {
    /// The call for a batch failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// A file cannot be read or written.
    #[error("{path}: {message}")]
    File {
        /// The file.
        path: String,
        /// The fault.
        message: String,
    },
    /// A CSV file without a map.
    #[error("{0}: a table needs --map, which maps its columns to fields")]
    NoMap(String),
    /// The name of a file does not tell its format.
    #[error("{0}: the name must end in .ndjson, .jsonl or .csv, optionally with .gz or .zst")]
    Shape(String),
}

impl ImportError {
    fn file(path: &Path, message: impl ToString) -> Self {
        Self::File {
            path: path.display().to_string(),
            message: message.to_string(),
        }
    }
}

/// The answer of the service to a batch.
#[derive(Debug, Deserialize)]
struct Answer {
    accepted: u64,
    rejected_count: u64,
    rejected: Vec<Rejected>,
}

#[derive(Debug, Deserialize)]
struct Rejected {
    index: usize,
    #[serde(default)]
    id: Option<serde_json::Value>,
    errors: Vec<ReportedFault>,
}

/// Runs the command. Exit code 0: everything was accepted; 1: something was rejected.
///
/// # Errors
/// [`ImportError`] for an error that stops the import.
pub fn run(args: &Args) -> Result<ExitCode, ImportError> {
    let mapping = args.mapping()?;
    args.check(mapping.as_ref())?;
    let mut import = Import {
        client: Client::new(&args.service)?,
        target: args.into,
        batch: Batch::new(args.lines()),
        row: 0,
        report: Report::new(args)?,
    };
    let outcome = args
        .files
        .iter()
        .try_for_each(|path| import.file(path, mapping.as_ref()));
    import.report.finish()?;
    outcome.map(|()| import.report.exit_code())
}

impl Args {
    fn mapping(&self) -> Result<Option<Mapping>, ImportError> {
        let Some(path) = &self.map else {
            return Ok(None);
        };
        let text = fs::read_to_string(path).map_err(|fault| ImportError::file(path, fault))?;
        MapFile::parse(&text)
            .and_then(|map| map.target(self.into.name()))
            .map(Some)
            .map_err(|fault| ImportError::file(path, fault))
    }

    /// Checks everything that can be checked before the first batch is sent.
    fn check(&self, mapping: Option<&Mapping>) -> Result<(), ImportError> {
        for path in &self.files {
            let name = path.display().to_string();
            match shape(path) {
                None => return Err(ImportError::Shape(name)),
                Some(Shape::Table) if mapping.is_none() => return Err(ImportError::NoMap(name)),
                Some(Shape::Table | Shape::Lines) => {}
            }
            fs::metadata(path).map_err(|fault| ImportError::file(path, fault))?;
        }
        Ok(())
    }

    fn lines(&self) -> usize {
        let lines = usize::try_from(self.batch).unwrap_or(usize::MAX);
        if self.rejects.is_some() {
            lines.min(NAMED_REJECTS)
        } else {
            lines
        }
    }
}

/// An import in progress.
struct Import {
    client: Client,
    target: Target,
    batch: Batch,
    /// The number of the next row of a table. It continues through all files; otherwise the rows of the second would count as repeats.
    row: u64,
    report: Report,
}

impl Import {
    fn file(&mut self, path: &Path, mapping: Option<&Mapping>) -> Result<(), ImportError> {
        self.report.begin(path);
        let bar = self.report.bar.clone();
        let file = open(path, |file| bar.wrap_read(file))
            .map_err(|fault| ImportError::file(path, fault))?;
        let mut row = self.row;
        for line in facts(file, path, mapping, &mut row)? {
            match line {
                Ok(line) => self.add(line)?,
                Err(ReadError::Row { line, message }) => self.report.bad_row(line, message)?,
                Err(fault @ ReadError::File(_)) => return Err(ImportError::file(path, fault)),
            }
        }
        self.row = row;
        self.flush()
    }

    fn add(&mut self, line: Line) -> Result<(), ImportError> {
        if !self.batch.fits(&line) {
            self.flush()?;
        }
        self.batch.push(&line);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), ImportError> {
        if self.batch.numbers.is_empty() {
            return Ok(());
        }
        let (method, path) = self.target.route();
        let answer = self
            .client
            .send(method, path, &self.batch.body, Format::Lines)?;
        self.report.batch(answer, &self.batch.numbers)?;
        self.batch.clear();
        Ok(())
    }
}

type Facts<'f> = Box<dyn Iterator<Item = Result<Line, ReadError>> + 'f>;

fn facts<'f>(
    file: Box<dyn BufRead + 'f>,
    path: &Path,
    mapping: Option<&Mapping>,
    row: &'f mut u64,
) -> Result<Facts<'f>, ImportError> {
    match (shape(path), mapping) {
        (Some(Shape::Table), Some(mapping)) => {
            let rows = table(file, mapping, row).map_err(|fault| ImportError::file(path, fault))?;
            Ok(Box::new(rows))
        }
        _ => Ok(Box::new(lines(file))),
    }
}

/// The lines of one request, each with its line number in the file.
struct Batch {
    lines: usize,
    body: Vec<u8>,
    numbers: Vec<u64>,
}

impl Batch {
    const fn new(lines: usize) -> Self {
        Self {
            lines,
            body: Vec::new(),
            numbers: Vec::new(),
        }
    }

    /// Returns true if the line fits. A line that is too long for any batch is sent alone, and the service rejects it.
    fn fits(&self, line: &Line) -> bool {
        let bytes = self.body.len() + line.json.len() + 1;
        self.numbers.is_empty() || (self.numbers.len() < self.lines && bytes <= BATCH_BYTES)
    }

    fn push(&mut self, line: &Line) {
        self.body.extend_from_slice(&line.json);
        self.body.push(b'\n');
        self.numbers.push(line.number);
    }

    fn clear(&mut self) {
        self.body.clear();
        self.numbers.clear();
    }
}

#[cfg(test)]
mod tests;
