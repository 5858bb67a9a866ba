//! Repair of a data directory, with what only the engine knows of its content.

use super::erase::{self, Erased};
use super::load::restored;
use crate::config::Config;
use crate::ingest::Record;
use crate::journal::{Damage, Diagnosis, Directory, JournalError};

/// Finds all damage of a data directory. Changes nothing.
///
/// # Errors
/// An I/O error.
pub fn diagnose(directory: &Directory) -> Result<Diagnosis, JournalError> {
    let mut diagnosis = directory.diagnose()?;
    match erase::unfinished(directory) {
        Err(JournalError::Damaged { path, what, .. }) => diagnosis.add(Damage::Note { path, what }),
        other => drop(other?),
    }
    Ok(diagnosis)
}

/// Repairs what [`diagnose`] found. Damaged files are set aside, except the list of erasures: it names deleted users.
///
/// # Errors
/// An I/O error.
pub fn repair(directory: &Directory, diagnosis: &Diagnosis) -> Result<(), JournalError> {
    let mut filler = Vec::new();
    Record::Lost.write(&mut filler);
    directory.repair(diagnosis, &filler)?;
    if let Err(JournalError::Damaged { .. }) = erase::unfinished(directory) {
        recover(directory)?;
    }
    Ok(())
}

/// Replaces an unreadable list of erasures by the deletions that the journal still names: a deletion is the last record of a user to be
/// erased. Later deletions are found by the next start.
fn recover(directory: &Directory) -> Result<(), JournalError> {
    let covered = erase::covered(directory)?;
    let first = directory.first()?.unwrap_or(1);
    let (restored, _) = restored(directory, &Config::embedded())?;
    let key = restored.facts.books.seen.key();
    let mut users = Vec::new();
    directory.replay(first - 1, |sequence, content, _, _| {
        let record = Record::read(content).ok();
        let erased = record
            .iter()
            .flat_map(|record| Erased::of(record, sequence, key));
        // Whether rewriting had begun was in the lost list.
        let erased = erased.filter(|user| user.at <= covered);
        users.extend(erased.map(|user| user.begun()));
        Ok::<_, JournalError>(())
    })?;
    if users.is_empty() {
        return directory.drop_note();
    }
    erase::note(directory, &users)
}
