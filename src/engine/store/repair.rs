//! Repair of a data directory, with what only the engine knows of its content.

use super::erase;
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
        erase::recover(directory)?;
    }
    Ok(())
}
