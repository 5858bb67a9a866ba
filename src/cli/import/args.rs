//! The arguments of `saima import`.

use std::fs;
use std::path::PathBuf;

use clap::ValueEnum;

use super::error::ImportError;
use super::map::MapFile;
use super::mapping::Mapping;
use super::source::{Shape, is_standard_input, open, shape};
use crate::cli::client::Service;

/// Maximum number of rejects in an answer; a batch of at most this many lines has all its rejects named.
const NAMED_REJECTS: usize = 1_000;

/// Sends items, merchants, users or events from files to a running service
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  saima import --into items items.ndjson.gz
  saima import --guess january.csv.zst > import.toml
  saima import --into events --map import.toml --rejects bad.csv january.csv.zst february.csv.zst

Send merchants first, then items, users, events: an event of an unknown item is rejected.
Row numbers (in the map: row = true) continue through all files of one command, and a rejected row has a number too. A repeated
import with the same files, or with corrected rows in place, counts once; give other imports another prefix.
Exit code: 0 if everything was accepted, 1 if something was rejected, 2 for wrong arguments.")]
pub struct Args {
    #[command(flatten)]
    pub(super) service: Service,
    /// Propose a map for this file, with what is not sure as comments, and send nothing
    #[arg(long, value_name = "FILE", exclusive = true)]
    pub(super) guess: Option<PathBuf>,
    /// Kind of facts in the files
    #[arg(
        long,
        value_enum,
        required = false,
        required_unless_present = "guess",
        default_value_if("guess", clap::builder::ArgPredicate::IsPresent, "events")
    )]
    pub(super) into: Target,
    /// Mapping of the columns of tables to fields (TOML, one section per kind of facts)
    #[arg(long, value_name = "FILE")]
    pub(super) map: Option<PathBuf>,
    /// Write the rejected rows to this file, each after a line with its faults; correct them there and import that file
    #[arg(long, value_name = "FILE")]
    pub(super) rejects: Option<PathBuf>,
    /// Read, map, and compare with the service, and report what would happen; change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Change what the files give, instead of replacing what was declared: an empty cell keeps a field, a null word removes it
    #[arg(long)]
    pub(super) patch: bool,
    /// Go on where an import with the same arguments broke off
    #[arg(long, conflicts_with = "dry_run")]
    pub(super) resume: bool,
    /// Number of rejects to show
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(super) show: usize,
    /// Number of lines per request (with --rejects at most 1000)
    #[arg(long, value_name = "LINES", default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(super) batch: u32,
    /// Format of the files; by default their names say it
    #[arg(long, value_enum)]
    pub(super) format: Option<Shape>,
    /// Files: .csv, .tsv, .txt, .inter, .ndjson, .jsonl, .json, each also with .gz or .zst, or .parquet; - is standard input
    #[arg(required_unless_present = "guess", value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
}

/// The kind of facts to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Target {
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

    const fn path(self) -> &'static str {
        match self {
            Self::Items => "/items",
            Self::Merchants => "/merchants",
            Self::Users => "/users",
            Self::Events => "/events",
        }
    }
}

impl Args {
    /// Returns the method and the path of the requests.
    pub(super) fn route(&self) -> (&'static str, String) {
        let path = self.into.path();
        let (method, asks) = match self.into {
            Target::Events => ("POST", ""),
            Target::Items | Target::Merchants | Target::Users => {
                if self.patch {
                    ("PATCH", "")
                } else {
                    ("PUT", "?effects=true")
                }
            }
        };
        let asks = if self.dry_run { "?dry_run=true" } else { asks };
        (method, format!("{path}{asks}"))
    }

    pub(super) fn mapping(&self) -> Result<Option<Mapping>, ImportError> {
        let Some(path) = &self.map else {
            return Ok(None);
        };
        let text = fs::read(path).map_err(|fault| ImportError::file(path, fault))?;
        let text = String::from_utf8(text)
            .map_err(|_| ImportError::file(path, "is not UTF-8; save the map as UTF-8"))?;
        MapFile::parse(&text)
            .and_then(|map| map.target(self.into.name()))
            .map(|mut mapping| {
                mapping.settings.patches = self.patch;
                Some(mapping)
            })
            .map_err(|fault| ImportError::file(path, fault))
    }

    /// Checks everything that can be checked before the first batch is sent.
    pub(super) fn check(&self, mapping: Option<&Mapping>) -> Result<(), ImportError> {
        if self.patch && self.into == Target::Events {
            return Err(ImportError::PatchOfEvents);
        }
        for path in &self.files {
            let name = path.display().to_string();
            let fault = |fault| ImportError::file(path, fault);
            if self.format.or(shape(path)).is_none() && !is_standard_input(path) && !path.exists() {
                return Err(ImportError::Shape(name));
            }
            let is_file = !is_standard_input(path) && fs::metadata(path).map_err(fault)?.is_file();
            let shape = self.format.or(shape(path));
            let is_table = shape.is_some_and(|shape| shape.separator().is_some());
            if is_table && mapping.is_none() {
                return Err(ImportError::NoMap(name));
            }
            if is_file {
                open(path, |file| file).map_err(fault)?;
                shape.ok_or(ImportError::Shape(name))?;
            }
        }
        Ok(())
    }

    pub(super) fn lines(&self) -> usize {
        let lines = usize::try_from(self.batch).unwrap_or(usize::MAX);
        if self.rejects.is_some() {
            lines.min(NAMED_REJECTS)
        } else {
            lines
        }
    }
}
