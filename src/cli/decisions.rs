//! `saima decisions`: shows and exports the decision log of a data directory, which a service may be writing to.

mod file;
mod filter;
mod outcome;

use std::collections::VecDeque;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Subcommand;
use comfy_table::{CellAlignment, Table, presets};
use serde_json::Value;

use super::output::{is_unread, print_line, tell};
use crate::clock::Time;
use crate::decision::{Line, Reader, Record};
use file::Export;
use filter::Filter;
use outcome::Outcomes;

/// Shows or exports the decision log of a data directory
#[derive(Debug, clap::Args)]
#[command(
    after_help = "DIR is the data directory of a service, running or not. A damaged frame is skipped with a message; deleted users are left out.

  saima decisions show data --scene feed --limit 5
  saima decisions show data --request r-77                            one record, as JSON
  saima decisions export data --user u-1001 --since 2026-11-20T00:00:00Z > log.ndjson
  saima decisions export data --arm growth-up=more > log.ndjson
  saima decisions export data --events events.ndjson --out log.parquet"
)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the newest decisions as a table; with --request, one as JSON
    Show(Show),
    /// Write decisions to standard output as NDJSON, or to a Parquet file
    Export(ExportArgs),
}

#[derive(Debug, clap::Args)]
struct Show {
    /// The data directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Maximum number of decisions
    #[arg(long, default_value_t = 20)]
    limit: usize,
    #[command(flatten)]
    filter: Filter,
}

#[derive(Debug, clap::Args)]
struct ExportArgs {
    /// The data directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Events as they were sent (.ndjson or a list as .json, optionally .gz or .zst): adds to each decision what users did with the items shown, by
    /// request_id and item within 7 days, else by user and item within 24 hours, marked as a guess
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// Write a Parquet file with one row a place instead
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    filter: Filter,
}

pub(super) fn run(args: &Args) -> Result<ExitCode> {
    match &args.command {
        Command::Show(args) => show(args),
        Command::Export(args) => export(args),
    }
}

/// Passes the records that a filter accepts. What cannot be read is reported and skipped.
fn read(
    reader: &Reader,
    filter: &Filter,
    mut each: impl FnMut(Record) -> Result<()>,
) -> Result<()> {
    let wanted = filter.prepared(reader.names());
    let mut failed = Ok(());
    reader.read(filter.times(), |line| {
        match line {
            Line::Record(record) if wanted.accepts(&record) => failed = each(*record),
            Line::Record(_) => {}
            Line::Damaged { file, damage } => {
                tell(format_args!("{}: {damage}; skipped", file.display()))
            }
            Line::Foreign { file, frame, what } => {
                tell(format_args!(
                    "{}: frame {frame}: a line is skipped: {what}",
                    file.display()
                ));
            }
        }
        failed.is_ok()
    })?;
    failed
}

fn open(directory: &std::path::Path) -> Result<Reader> {
    let shown = directory.display();
    ensure!(directory.is_dir(), "there is no directory {shown}");
    let opened = Reader::open(directory);
    opened.with_context(|| format!("{shown} has no decision log"))
}

fn show(args: &Show) -> Result<ExitCode> {
    let reader = open(&args.directory)?;
    let mut newest = VecDeque::new();
    read(&reader, &args.filter, |record| {
        newest.push_back(record);
        if newest.len() > args.limit {
            newest.pop_front();
        }
        Ok(())
    })?;
    if args.filter.request.is_some() {
        for record in &newest {
            print_line(String::from_utf8(line(record))?)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    print_line(table(newest.iter().rev()))?;
    Ok(ExitCode::SUCCESS)
}

/// Returns a decision as JSON.
fn line(record: &Record) -> Vec<u8> {
    let mut line = Vec::new();
    record.write(&mut line);
    line
}

/// Returns the table of some decisions.
fn table<'r>(records: impl Iterator<Item = &'r Record>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "at", "request", "user", "scene", "gen", "arms", "cand", "unknown", "dropped", "micros",
        "first",
    ]);
    for record in records {
        let at = Time::from_millis(record.at).map_or_else(String::new, |at| at.to_string());
        let user = record.user.as_deref().unwrap_or("-");
        let arms = record
            .arms
            .iter()
            .map(|(name, arm)| format!("{name}={arm}"));
        let arms: Vec<String> = arms.collect();
        let first = record.shown.iter().take(3).map(|(id, _)| id.as_str());
        let first: Vec<&str> = first.collect();
        let dropped: usize = record.dropped.values().sum();
        table.add_row([
            at,
            record.request_id.clone(),
            user.chars().take(8).collect(),
            record.scene.clone(),
            record.generation.to_string(),
            arms.join(" "),
            record.candidates.to_string(),
            record.unknown.to_string(),
            dropped.to_string(),
            record.micros.to_string(),
            first.join(" "),
        ]);
    }
    for number in [4, 6, 7, 8, 9] {
        if let Some(column) = table.column_mut(number) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn export(args: &ExportArgs) -> Result<ExitCode> {
    let reader = open(&args.directory)?;
    let outcomes = match &args.events {
        None => None,
        Some(path) => Some(Outcomes::read(path, &reader)?),
    };
    if let Some(path) = &args.out {
        let mut file = Export::create(path)?;
        read(&reader, &args.filter, |record| {
            let found = outcomes.as_ref().map(|it| it.of(&record));
            file.add(&record, &found.unwrap_or_default())
        })?;
        let rows = file.close()?;
        tell(format_args!("{rows} places were exported"));
        return Ok(ExitCode::SUCCESS);
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let written = read(&reader, &args.filter, |record| {
        let mut line = line(&record);
        if let Some(outcomes) = &outcomes {
            let found = outcomes.of(&record);
            let found = Value::from_iter(found.iter().map(outcome::Outcome::shown));
            line.pop();
            write!(line, ",\"outcomes\":{found}}}")?;
        }
        line.push(b'\n');
        Ok(out.write_all(&line)?)
    });
    match written.and_then(|()| Ok(out.flush()?)) {
        Err(error) if error.downcast_ref().is_some_and(is_unread) => Ok(ExitCode::SUCCESS),
        written => written.map(|()| ExitCode::SUCCESS),
    }
}
