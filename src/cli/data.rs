//! `saima backup`, `repair` and `rebuild`: commands on data directories.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail, ensure};

use super::client::{Client, Service};
use super::output::tell;
use super::serve;
use crate::config::{Config, receive_history};
use crate::engine;
use crate::journal::{Checkpoint, Directory, receive_files};
use crate::telemetry::{Log, Telemetry};
use crate::threads::Threads;

/// Backs up a running service to a new data directory
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  saima backup backups/monday --url http://127.0.0.1:8080
A back-up is a data directory: `saima serve --data backups/monday` serves it. The command needs the ops role.")]
pub(super) struct Backup {
    /// The new directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Keep the journal too, so that `saima rebuild` can learn from it after a restore
    #[arg(long)]
    with_journal: bool,
    #[command(flatten)]
    service: Service,
}

/// Checks a data directory and, with --apply, repairs it
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Without --apply the command changes nothing. With it, damaged files are copied to DIR/damaged, and everything that
is still readable is kept. Exit code: 0 if nothing is wrong or everything was repaired, else 1."
)]
pub(super) struct Repair {
    /// The data directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Repair the directory
    #[arg(long)]
    apply: bool,
}

/// Relearns the profiles and the race of a data directory
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Learns from the whole journal kept ([store] history_days, history_bytes), with the gains, half-lives and bounds of
the configuration. Anything learnt before the first record kept would be forgotten, which needs --forget.
Declared facts stay, and so do the purchases of deleted users, without their names. No service may use
the directory."
)]
pub(super) struct Rebuild {
    /// The data directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Configuration file; default: the embedded configuration
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Forget what was learnt from records that are no longer kept
    #[arg(long)]
    forget: bool,
}

pub(super) fn backup(args: &Backup) -> Result<ExitCode> {
    let client = Client::new(&args.service)?;
    let directory = empty(&args.directory)?;
    let journal = args.with_journal;
    let path = if journal {
        "/backup?journal=true"
    } else {
        "/backup"
    };
    let receive = |bytes: &mut dyn Read| receive(&directory, bytes, journal);
    let received = match client.download(path, receive) {
        Ok(received) => received,
        Err(failed) => {
            discard(directory, &args.directory);
            return Err(failed.into());
        }
    };
    match received {
        Ok(checkpoint) => {
            let shown = args.directory.display();
            tell(format_args!(
                "{shown} holds everything up to record {}",
                checkpoint.sequence
            ));
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            discard(directory, &args.directory);
            Err(error.context("the back-up was interrupted"))
        }
    }
}

/// Writes a back-up to a new data directory.
fn receive(directory: &Directory, mut bytes: &mut dyn Read, journal: bool) -> Result<Checkpoint> {
    let checkpoint = directory.receive(&mut bytes, journal)?;
    let data = directory.path();
    receive_files(&mut bytes, |number, bytes| {
        receive_history(data, number, bytes)
    })?;
    Ok(checkpoint)
}

/// Removes an incomplete back-up, so that it is not mistaken for a complete one.
fn discard(directory: Directory, path: &Path) {
    drop(directory);
    let _left = fs::remove_dir_all(path);
}

/// Creates a data directory; fails if there are files in it.
fn empty(path: &Path) -> Result<Directory> {
    let is_empty = fs::read_dir(path).map_or(true, |mut entries| entries.next().is_none());
    ensure!(is_empty, "{} is not empty", path.display());
    Ok(Directory::open(path)?)
}

pub(super) fn repair(args: &Repair) -> Result<ExitCode> {
    let directory = Directory::existing(&args.directory)?;
    let diagnosis = engine::diagnose(&directory)?;
    diagnosis.faults.iter().for_each(tell);
    if diagnosis.is_whole() {
        tell(format_args!(
            "{}: nothing is wrong",
            args.directory.display()
        ));
        return Ok(ExitCode::SUCCESS);
    }
    if !diagnosis.can_start() {
        tell(format_args!(
            "The directory cannot be repaired; nothing was changed."
        ));
        return Ok(ExitCode::FAILURE);
    }
    if !args.apply {
        tell(format_args!(
            "Nothing was changed; --apply keeps everything that is readable and sets the rest aside."
        ));
        return Ok(ExitCode::FAILURE);
    }
    engine::repair(&directory, &diagnosis)?;
    tell(format_args!(
        "Repaired; the damaged files are in {}.",
        args.directory.join("damaged").display()
    ));
    Ok(ExitCode::SUCCESS)
}

pub(super) fn rebuild(args: &Rebuild) -> Result<ExitCode> {
    let (config, _log) = load(args.config.as_deref())?;
    let first = Directory::existing(&args.directory)?.first()?.unwrap_or(1);
    if first > 1 && !args.forget {
        bail!(
            "the journal of {} begins with record {first}: relearning forgets what was learnt before it. \
             Nothing was changed; --forget relearns anyway",
            args.directory.display()
        );
    }
    let learnt = engine::rebuild(&args.directory, &config)?;
    tell(format_args!(
        "Relearnt from records {} to {}: {} users, {} purchases, {} rejected lines.",
        learnt.first, learnt.last, learnt.users, learnt.purchases, learnt.rejected
    ));
    Ok(ExitCode::SUCCESS)
}

pub(super) fn load(config: Option<&Path>) -> Result<(Config, Log)> {
    let config = config.map_or_else(|| Ok(Config::embedded()), Config::load)?;
    let log = serve::log(&config, &Telemetry::default(), &Threads::default())?;
    Ok((config, log))
}
