//! `saima backup`, `restore`, `repair` and `rebuild`: what is done with data directories.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::client::{Client, Service};
use crate::config::{Config, LogFormat};
use crate::engine::{self, Restoring};
use crate::ingest::Record;
use crate::journal::Directory;
use crate::telemetry;

/// Users whose ids are shown.
const SHOWN: usize = 20;

/// Copies the state of a running service to a new data directory.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  saima backup backups/monday --url http://127.0.0.1:8080
A back-up is a data directory of its own: `saima serve --data backups/monday` serves it. It needs the ops role.")]
pub(super) struct Backup {
    /// The new directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    #[command(flatten)]
    service: Service,
}

/// Brings a back-up back.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  saima restore backups/monday data
  saima restore backups/monday data --replace

No service may use the directories. With --replace, the directory that was there is kept under a name of its own, and users who were
deleted after the back-up was made stay deleted, unless --with-deleted brings them back.")]
pub(super) struct Restore {
    /// The back-up
    #[arg(value_name = "BACKUP")]
    backup: PathBuf,
    /// The data directory to make of it
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Put it in place of the data directory that is there
    #[arg(long)]
    replace: bool,
    /// Bring users back who were deleted after the back-up was made
    #[arg(long, requires = "replace")]
    with_deleted: bool,
    /// Configuration file of the service
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Shows what is wrong in a data directory, and mends it when told to.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Without --apply nothing is changed. With it, damaged files are copied to DIR/damaged, and everything that can still
be read is kept. Exit code: 0 where nothing is wrong or all was mended, 1 else."
)]
pub(super) struct Repair {
    /// The data directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Do it
    #[arg(long)]
    apply: bool,
}

/// Learns the profiles and the race of a data directory anew.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Learns from all of the journal that is kept ([store] history_days, history_bytes), with the gains, half-lives and
bounds of the configuration. What was learnt before that journal begins would be forgotten: then it
needs --forget. What was declared stays, and so do the purchases of deleted users, without a name.
No service may use the directory."
)]
pub(super) struct Rebuild {
    /// The data directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Configuration file; without it the embedded default
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Forget what was learnt from journal that is no longer kept
    #[arg(long)]
    forget: bool,
}

pub(super) fn backup(args: &Backup) -> Result<ExitCode> {
    let client = Client::new(&args.service)?;
    let directory = empty(&args.directory)?;
    let received = match client.download("/backup", |bytes| directory.receive(bytes)) {
        Ok(received) => received,
        Err(refused) => {
            discard(directory, &args.directory);
            return Err(refused.into());
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
            Err(error).context("the back-up broke off")
        }
    }
}

/// Removes what a back-up that failed has begun, so that nobody takes it for one.
fn discard(directory: Directory, path: &Path) {
    drop(directory);
    let _left = fs::remove_dir_all(path);
}

/// A new data directory.
fn empty(path: &Path) -> Result<Directory> {
    let is_empty = fs::read_dir(path).map_or(true, |mut entries| entries.next().is_none());
    ensure!(is_empty, "{} is not empty", path.display());
    Ok(Directory::open(path)?)
}

pub(super) fn restore(args: &Restore) -> Result<ExitCode> {
    let config = load(args.config.as_deref())?;
    let (backup, directory) = (&args.backup, &args.directory);
    let occupied = fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some());
    if occupied && !args.replace {
        bail!(
            "{} is not empty: --replace puts the back-up in its place, and keeps what is there under another name",
            directory.display()
        );
    }
    let found = Restoring::read(backup, directory, &config)?;
    ensure!(found.sequence > 0, "{} holds nothing", backup.display());
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
        say_deleted(&deleted, args.with_deleted);
        let aside = aside(directory);
        replace(directory, &unfinished, &aside)
            .with_context(|| format!("cannot replace {}", directory.display()))?;
        eprintln!("What was there is now {}.", aside.display());
    } else {
        eprintln!("Users who were deleted after it was made come back: delete them again.");
        // One that is empty is replaced.
        fs::rename(&unfinished, directory)
            .with_context(|| format!("cannot rename {}", unfinished.display()))?;
    }
    eprintln!("{} is restored.", directory.display());
    Ok(ExitCode::SUCCESS)
}

/// Puts a directory in place of another, which goes aside: at no moment is there none of the name, on which a service would begin anew,
/// but where the file system cannot exchange two.
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

fn say_deleted(deleted: &[String], with_them: bool) {
    let fate = if with_them {
        "come back"
    } else {
        "stay deleted (--with-deleted would bring them back)"
    };
    eprintln!("{} of them were deleted since, and {fate}.", deleted.len());
    let shown = deleted.iter().take(SHOWN);
    shown.for_each(|id| eprintln!("  {id}"));
    if deleted.len() > SHOWN {
        eprintln!("  and {} more", deleted.len() - SHOWN);
    }
}

/// A name beside a directory that is not taken.
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
        eprintln!("This cannot be mended; nothing was changed.");
        return Ok(ExitCode::FAILURE);
    }
    if !args.apply {
        eprintln!(
            "Nothing was changed; --apply keeps all that can be read, and sets the rest aside."
        );
        return Ok(ExitCode::FAILURE);
    }
    let mut filler = Vec::new();
    Record::Lost.write(&mut filler);
    directory.repair(&diagnosis, &filler)?;
    eprintln!(
        "Mended; the damaged files are in {}.",
        args.directory.join("damaged").display()
    );
    Ok(ExitCode::SUCCESS)
}

pub(super) fn rebuild(args: &Rebuild) -> Result<ExitCode> {
    let config = load(args.config.as_deref())?;
    let first = Directory::existing(&args.directory)?.first()?.unwrap_or(1);
    if first > 1 && !args.forget {
        bail!(
            "the journal of {} is kept from record {first} on only: to learn anew is to forget what was learnt before it. \
             Nothing was changed; --forget does it",
            args.directory.display()
        );
    }
    let learnt = engine::rebuild(&args.directory, &config)?;
    eprintln!(
        "Learnt anew from records {} to {}: {} users, {} purchases in the books, {} lines that do not hold.",
        learnt.first, learnt.last, learnt.users, learnt.purchases, learnt.refused
    );
    Ok(ExitCode::SUCCESS)
}

fn load(config: Option<&Path>) -> Result<Config> {
    let config = config.map_or_else(|| Ok(Config::embedded()), Config::load)?;
    telemetry::log(config.log.format == LogFormat::Json, &config.log.level);
    Ok(config)
}
