//! Erasure of deleted users from the journal.

use super::erase::{Deletions, Erased, note};
use super::kept::Kept;
use crate::ingest::Trace;
use crate::journal::JournalError;

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
        if users.is_empty() {
            return Ok(());
        }
        let directory = self.journal.directory();
        let deletions = Deletions::new(users);
        let ids = || deletions.0.keys();
        // The bytes of an id can differ from the id: JSON has escapes, and a number many spellings.
        let is_plain = |id: &&str| id.parse::<f64>().is_err();
        let plain = ids().all(is_plain);
        let concerned = |bytes: &[u8]| {
            !plain
                || memchr::memchr(b'\\', bytes).is_some()
                || ids().any(|id| memchr::memmem::find(bytes, id.as_bytes()).is_some())
        };
        directory.rewrite(sequence, concerned, |at, content| {
            deletions.edit(at, content, &needed)
        })?;
        directory.drop_note()?;
        self.erasing.lock().retain(|user| !users.contains(user));
        tracing::info!(
            users = users.len(),
            "deleted users were erased from the journal"
        );
        Ok(())
    }
}
