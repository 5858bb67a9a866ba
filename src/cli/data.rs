//! `saima backup`, `restore`, `repair` and `rebuild`: the commands on data directories.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::client::{Client, Service};
use super::serve;
use crate::config::Config;
use crate::engine::{self, Restoring};
use crate::ingest::Record;
use crate::journal::Directory;
use crate::telemetry::{Log, Telemetry};

/// Maximum number of deleted users whose ids are shown.
const SHOWN: usize = 20;

/// Backs up a running service to a new data directory
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  saima backup backups/monday --url http://127.0.0.1:8080
A back-up is a data directory: `saima serve --data backups/monday` serves it. The command needs the ops role.")]
pub(super) struct Backup {
    /// The new directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    #[command(flatten)]
    service: Service,
}

/// Restores a back-up
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  saima restore backups/monday data
  saima restore backups/monday data --replace

No service may use the directories. With --replace, the existing directory is kept under another name, and users who were deleted after
the back-up was made stay deleted, unless --with-deleted restores them.")]
pub(super) struct Restore {
    /// The back-up
    #[arg(value_name = "BACKUP")]
    backup: PathBuf,
    /// The data directory to restore to
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Replace the existing data directory
    #[arg(long)]
    replace: bool,
    /// Restore also the users who were deleted after the back-up was made
    #[arg(long, requires = "replace")]
    with_deleted: bool,
    /// Configuration file of the service
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
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
    let received = match client.download("/backup", |bytes| directory.receive(bytes)) {
        Ok(received) => received,
        Err(failed) => {
            discard(directory, &args.directory);
            return Err(failed.into());
        }
    };
    match received {
        Ok(checkpoint) => {
            let shown = args.directory.display();
            eprintln!(
                "{shown} holds everything up to record {}",
                checkpoint.sequence
            );
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            discard(directory, &args.directory);
            Err(error).context("the back-up was interrupted")
        }
    }
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

pub(super) fn restore(args: &Restore) -> Result<ExitCode> {
    let (config, _log) = load(args.config.as_deref())?;
    let (backup, directory) = (&args.backup, &args.directory);
    let occupied = fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some());
    if occupied && !args.replace {
        bail!(
            "{} is not empty: --replace replaces it with the back-up and keeps it under another name",
            directory.display()
        );
    }
    let found = Restoring::read(backup, directory, &config)?;
    ensure!(found.sequence > 0, "{} is empty", backup.display());
    let (sequence, users, deleted) = (found.sequence, found.users, found.deleted.clone());
    eprintln!(
        "{} holds {users} users and everything up to record {sequence}.",
        backup.display()
    );
    let without = if args.with_deleted { &[][..] } else { &deleted };
    let mut unfinished = directory.clone();
    unfinished.as_mut_os_string().push(".restoring");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)?;
    }
    found.restore(&unfinished, without, &config)?;
    if occupied {
        report_deleted(&deleted, args.with_deleted);
        let aside = aside(directory);
        replace(directory, &unfinished, &aside)
            .with_context(|| format!("cannot replace {}", directory.display()))?;
        eprintln!("The replaced directory is now {}.", aside.display());
    } else {
        eprintln!(
            "Users who were deleted after the back-up was made are restored too: delete them again."
        );
        // The rename replaces an empty directory.
        fs::rename(&unfinished, directory)
            .with_context(|| format!("cannot rename {}", unfinished.display()))?;
    }
    eprintln!("{} is restored.", directory.display());
    Ok(ExitCode::SUCCESS)
}

/// Replaces a directory by another and moves the old one aside.
///
/// The two are exchanged atomically, because a service that started while the name is missing would begin with no data. On a file
/// system without such an exchange, the name is missing for a moment.
fn replace(old: &Path, new: &Path, aside: &Path) -> std::io::Result<()> {
    match renameat_with(CWD, new, CWD, old, RenameFlags::EXCHANGE) {
        Ok(()) => fs::rename(new, aside),
        Err(Errno::INVAL | Errno::NOSYS) => {
            fs::rename(old, aside)?;
            fs::rename(new, old)
        }
        Err(other) => Err(other.into()),
    }
}

fn report_deleted(deleted: &[String], with_them: bool) {
    let fate = if with_them {
        "are restored"
    } else {
        "stay deleted (--with-deleted would restore them)"
    };
    eprintln!("{} of them were deleted since and {fate}.", deleted.len());
    let shown = deleted.iter().take(SHOWN);
    shown.for_each(|id| eprintln!("  {id}"));
    if deleted.len() > SHOWN {
        eprintln!("  and {} more", deleted.len() - SHOWN);
    }
}

/// Returns a free name beside a directory.
fn aside(directory: &Path) -> PathBuf {
    let name = |number: u32| {
        let mut path = directory.to_owned();
        path.as_mut_os_string().push(format!(".before-{number}"));
        path
    };
    (1..)
        .map(name)
        .find(|path| !path.exists())
        .unwrap_or_default()
}

pub(super) fn repair(args: &Repair) -> Result<ExitCode> {
    let directory = Directory::existing(&args.directory)?;
    let diagnosis = directory.diagnose()?;
    diagnosis
        .faults
        .iter()
        .for_each(|fault| eprintln!("{fault}"));
    if diagnosis.is_whole() {
        eprintln!("{}: nothing is wrong", args.directory.display());
        return Ok(ExitCode::SUCCESS);
    }
    if !diagnosis.can_start() {
        eprintln!("The directory cannot be repaired; nothing was changed.");
        return Ok(ExitCode::FAILURE);
    }
    if !args.apply {
        eprintln!(
            "Nothing was changed; --apply keeps everything that is readable and sets the rest aside."
        );
        return Ok(ExitCode::FAILURE);
    }
    let mut filler = Vec::new();
    Record::Lost.write(&mut filler);
    directory.repair(&diagnosis, &filler)?;
    eprintln!(
        "Repaired; the damaged files are in {}.",
        args.directory.join("damaged").display()
    );
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
    eprintln!(
        "Relearnt from records {} to {}: {} users, {} purchases, {} rejected lines.",
        learnt.first, learnt.last, learnt.users, learnt.purchases, learnt.rejected
    );
    Ok(ExitCode::SUCCESS)
}

fn load(config: Option<&Path>) -> Result<(Config, Log)> {
    let config = config.map_or_else(|| Ok(Config::embedded()), Config::load)?;
    let log = serve::log(&config, &Telemetry::default())?;
    Ok((config, log))
}
