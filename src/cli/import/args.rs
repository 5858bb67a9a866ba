//! The arguments of `saima import`.

use std::path::PathBuf;

use super::source::Shape;
use super::target::Target;
use crate::cli::client::Service;

/// Maximum number of rejects in an answer; a batch of at most this many lines has all its rejects named.
const NAMED_REJECTS: usize = 1_000;

/// Sends items, merchants, users or events from files to a running service
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  saima import --into items items.ndjson.gz
  saima import --guess january.csv.zst > import.toml
  saima import --map import.toml january.csv.zst
  saima import --into events --map import.toml --rejects bad.csv january.csv.zst february.csv.zst

Facts are sent in the order merchants, items, users, events: an event of an unknown item is rejected. Do so with several commands too.
Row numbers (in the map: row = true) continue through all files of one command, and a rejected row has a number too. A repeated
import with the same files, or with corrected rows in place, counts once; give other imports another prefix.
Exit code: 0 if everything was accepted, 1 if something was rejected, 2 for wrong arguments.")]
pub struct Args {
    #[command(flatten)]
    pub(super) service: Service,
    /// Propose a map for this file, with what is not sure as comments, and send nothing
    #[arg(long, value_name = "FILE", exclusive = true)]
    pub(super) guess: Option<PathBuf>,
    /// Kinds of facts to make of the files, such as items,events; by default every section of the map. Entities are sent before events
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        required_unless_present_any = ["guess", "map"]
    )]
    pub(super) into: Vec<Target>,
    /// Mapping of the columns of tables to fields (TOML, one section per kind of facts)
    #[arg(long, value_name = "FILE")]
    pub(super) map: Option<PathBuf>,
    /// Write the rejected rows to this file, each after a line with its faults; correct them there and import that file. Inputs of
    /// another header have a file of their own, FILE-2, and several kinds one each
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
    /// Number of lines per request (with --rejects or --dry-run at most 1000)
    #[arg(long, value_name = "LINES", default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(super) batch: u32,
    /// Format of the files; by default their names say it
    #[arg(long, value_enum)]
    pub(super) format: Option<Shape>,
    /// Files: .csv, .tsv, .txt, .inter, .ndjson, .jsonl, .json, each also with .gz or .zst, or .parquet; - is standard input
    #[arg(required_unless_present = "guess", value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
}

impl Args {
    pub(super) fn lines(&self) -> usize {
        let lines = usize::try_from(self.batch).unwrap_or(usize::MAX);
        if self.rejects.is_some() || self.dry_run {
            lines.min(NAMED_REJECTS)
        } else {
            lines
        }
    }
}
