//! Erasure of deleted users from the journal.

use super::erase::{Deletions, Erased, note};
use super::kept::Kept;
use crate::ingest::{Record, Trace};
use crate::journal::{Index, JournalError};

impl Kept {
    /// Writes the list of the users to erase from the journal up to `sequence`, durably. Returns them.
    pub(super) fn note_erased(&self, sequence: u64) -> Result<Vec<Erased>, JournalError> {
        let erasing = self.erasing.lock();
        let covered = erasing.iter().filter(|user| user.at <= sequence);
        let covered: Vec<Erased> = covered.cloned().collect();
        drop(erasing);
        note(self.journal.directory(), &covered)?;
        Ok(covered)
    }

    /// Rewrites the journal up to `sequence`, which a checkpoint covers, without the users, except for what is `needed` of their traces.
    pub(super) fn erase(
        &self,
        sequence: u64,
        users: &[Erased],
        needed: impl Fn(Trace<'_>) -> Option<Trace<'_>>,
    ) -> Result<(), JournalError> {
        let directory = self.journal.directory();
        if users.is_empty() {
            return directory.index(sequence, &mentions);
        }
        // A replay after this, from before the deletions, takes all segments for rewritten.
        let begun: Vec<Erased> = users.iter().map(Erased::begun).collect();
        note(directory, &begun)?;
        let deletions = Deletions::new(users);
        let concerned = |index: &Index| deletions.0.keys().any(|id| index.may_have(id));
        let edit = |at, content: &[u8]| deletions.edit(at, content, &needed);
        directory.rewrite(sequence, concerned, edit, &mentions)?;
        directory.drop_note()?;
        self.erasing.lock().retain(|user| !users.contains(user));
        tracing::info!(
            users = users.len(),
            "deleted users were erased from the journal"
        );
        Ok(())
    }
}

/// Adds the users whom a record mentions.
fn mentions(content: &[u8], add: &mut dyn FnMut(&str)) {
    if let Ok(record) = Record::read(content) {
        record.users(add);
    }
}
