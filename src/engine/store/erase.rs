//! Erasure: what the journal still holds of a deleted user goes once a checkpoint covers it.
//!
//! The state forgets a user at once, and so does the checkpoint after that. What is kept of the covered journal is then written anew
//! without the lines about the user; of purchases and refunds what the race needs stays, without a name. Until that is done, a file
//! names the users it is still to be done for: so an end in the middle loses no erasure.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::Kept;
use crate::ingest::{Alias, EntityKind, Key, Record, Trace};
use crate::journal::{Directory, JournalError};

/// A deleted user.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Erased {
    id: String,
    /// The record of the deletion: nothing of the user is kept from before it.
    at: u64,
    /// Makes numbers of the ids of the user's purchases; it goes with the note of the erasure, so that nobody can make them again.
    #[serde(default)]
    key: Key,
}

impl Erased {
    /// The user whom a record deletes.
    pub(super) fn of(record: &Record<'_>, at: u64) -> Option<Self> {
        match record {
            Record::Deletion {
                kind: EntityKind::User,
                id,
                ..
            } => Some(Self {
                id: (*id).to_owned(),
                at,
                key: Key::default(),
            }),
            Record::Deletion { .. } | Record::Departure { .. } => None,
            Record::Terms(_) | Record::Lines { .. } | Record::Anonymised { .. } => None,
            Record::Lost => None,
        }
    }
}

/// The deletions of each user.
pub(super) struct Deletions<'a>(HashMap<&'a str, Vec<&'a Erased>>);

impl<'a> Deletions<'a> {
    fn new(users: impl IntoIterator<Item = &'a Erased>) -> Self {
        let mut each: HashMap<_, Vec<_>> = HashMap::new();
        for user in users {
            each.entry(user.id.as_str()).or_default().push(user);
        }
        Self(each)
    }

    /// Those of the users whose erasure was begun that may be erased in one segment and not yet in the next: whom the newest checkpoint
    /// covers, or all where it is lost.
    pub(super) fn half_done(
        directory: &Directory,
        users: &'a [Erased],
    ) -> Result<Self, JournalError> {
        let covered = directory.checkpoint()?.map_or(u64::MAX, |it| it.sequence);
        Ok(Self::new(users.iter().filter(|it| it.at <= covered)))
    }

    /// The record `at` as it is once the erasure is ended, so that all of the journal tells of the same; `None`: as it is.
    pub(super) fn end(&self, at: u64, content: &[u8]) -> Option<Vec<u8>> {
        if self.0.is_empty() {
            return None;
        }
        self.edit(at, content, Some)
    }

    fn edit<'r>(
        &self,
        at: u64,
        content: &'r [u8],
        needed: impl Fn(Trace<'r>) -> Option<Trace<'r>>,
    ) -> Option<Vec<u8>> {
        let alias = |user: &str| self.alias(user, at);
        Record::read(content).ok()?.without(alias, needed)
    }

    /// Who a user of the record `at` is from now on: that goes by the first deletion after it.
    fn alias(&self, user: &str, at: u64) -> Option<Alias> {
        let later = self.0.get(user)?.iter().filter(|it| at <= it.at);
        let first = later.min_by_key(|it| it.at)?;
        Some(Alias {
            number: first.at,
            key: first.key,
        })
    }
}

/// The users whose erasure was begun and not ended.
pub(super) fn unfinished(directory: &Directory) -> Result<Vec<Erased>, JournalError> {
    let Some(note) = directory.note()? else {
        return Ok(Vec::new());
    };
    serde_json::from_slice(&note).map_err(|error| JournalError::Damaged {
        path: directory.path().join("erasing"),
        offset: error.column() as u64,
        what: error.to_string(),
    })
}

/// Takes down durably whose erasure is begun.
pub(super) fn note(directory: &Directory, users: &[Erased]) -> Result<(), JournalError> {
    if users.is_empty() {
        return Ok(());
    }
    directory.write_note(&serde_json::to_vec(users).unwrap_or_default())
}

impl Kept {
    /// Takes down durably of whom the journal up to `sequence` is to know nothing more.
    pub(super) fn note_erased(&self, sequence: u64) -> Result<Vec<Erased>, JournalError> {
        let erasing = self.erasing.lock();
        let covered = erasing.iter().filter(|user| user.at <= sequence);
        let covered: Vec<Erased> = covered.cloned().collect();
        drop(erasing);
        note(self.journal.directory(), &covered)?;
        Ok(covered)
    }

    /// Writes the journal up to `sequence`, which a checkpoint covers, anew without the users, but for what is `needed` of their traces.
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
        // An id may be written with escapes, and a number in many ways.
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
            "the journal knows of deleted users no more"
        );
        Ok(())
    }
}
