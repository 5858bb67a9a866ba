//! `saima restore`: a back-up takes the place of a data directory.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};

use super::data::load;
use super::output::tell;
use super::place::Place;
use crate::config::keep_history;
use crate::engine::Restoring;

/// Maximum number of deleted users whose ids are shown.
const SHOWN: usize = 20;

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

pub(super) fn restore(args: &Restore) -> Result<ExitCode> {
    let (config, _log) = load(args.config.as_deref())?;
    let place = Place::of(&args.directory)?;
    let (backup, directory) = (&args.backup, place.directory());
    let occupied = place.is_occupied();
    if occupied && !args.replace {
        bail!(
            "{} is not empty: --replace replaces it with the back-up and keeps it under another name",
            directory.display()
        );
    }
    let found = Restoring::read(backup, directory, &config)?;
    ensure!(found.sequence > 0, "{} is empty", backup.display());
    let (sequence, users, deleted) = (found.sequence, found.users, found.deleted.clone());
    tell(format_args!(
        "{} holds {users} users and everything up to record {sequence}.",
        backup.display()
    ));
    let without = if args.with_deleted { &[][..] } else { &deleted };
    let unfinished = place.unfinished();
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)?;
    }
    found.restore(&unfinished, without, &config)?;
    // The overrides of a service stay as they are; a new one gets those of the back-up.
    if !keep_history(directory, &unfinished)? {
        keep_history(backup, &unfinished)?;
    }
    if occupied {
        report_deleted(&deleted, args.with_deleted);
    } else {
        tell(format_args!(
            "Users who were deleted after the back-up was made are restored too: delete them again."
        ));
    }
    let aside = place
        .take(&unfinished)
        .with_context(|| format!("cannot replace {}", directory.display()))?;
    if let Some(aside) = aside {
        tell(format_args!(
            "The replaced directory is now {}.",
            aside.display()
        ));
    }
    tell(format_args!("{} is restored.", directory.display()));
    Ok(ExitCode::SUCCESS)
}

fn report_deleted(deleted: &[String], with_them: bool) {
    let fate = if with_them {
        "are restored"
    } else {
        "stay deleted (--with-deleted would restore them)"
    };
    tell(format_args!(
        "{} of them were deleted since and {fate}.",
        deleted.len()
    ));
    let shown = deleted.iter().take(SHOWN);
    shown.for_each(|id| tell(format_args!("  {id}")));
    if deleted.len() > SHOWN {
        tell(format_args!("  and {} more", deleted.len() - SHOWN));
    }
}
