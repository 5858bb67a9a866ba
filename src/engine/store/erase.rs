//! Erasure: the journal forgets a deleted user once a checkpoint covers the deletion.
//!
//! The state forgets a user at once, so the next checkpoint does not hold the user. Then the covered segments are rewritten without the
//! lines about the user. What the race needs of purchases and refunds stays, without the user's id. Until this is done, a file lists the
//! users, so that no erasure is lost if the process ends in the middle.

use std::collections::HashMap;
use std::slice;

use serde::{Deserialize, Serialize};

use crate::id::EventKey;
use crate::ingest::{Alias, EntityKind, Record, Trace};
use crate::journal::{Directory, JournalError};

/// An id of a deleted user.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Erased {
    id: String,
    /// Sequence of the deletion: records up to it keep nothing of the user.
    pub(super) at: u64,
    /// Hashes the ids of the user's purchases: the key of the event ids, so that a later refund finds its purchase.
    #[serde(default)]
    pub(super) key: EventKey,
    /// Whether segments may already be rewritten without the user. Lists of older versions do not say.
    #[serde(default = "yes")]
    has_begun: bool,
}

const fn yes() -> bool {
    true
}

impl Erased {
    /// Returns the ids of the user whom a record deletes, given the key of the event ids. They share the number of the deletion, so that
    /// they stay one buyer.
    pub(super) fn of(record: &Record<'_>, at: u64, key: EventKey) -> Vec<Self> {
        let ids = match record {
            Record::Deletion {
                kind: EntityKind::User,
                id,
                ..
            } => slice::from_ref(id),
            Record::Forgetting { ids, .. } => ids,
            Record::Deletion { .. } | Record::Departure { .. } | Record::Merge { .. } => &[],
            Record::Terms(_) | Record::Lines { .. } | Record::Anonymised { .. } => &[],
            // The journal forgets evicted users with its history.
            Record::Lost | Record::Eviction { .. } => &[],
            Record::Placed { .. }
            | Record::Ladder { .. }
            | Record::Creator { .. }
            | Record::Pace(_)
            | Record::Usual { .. }
            | Record::Trial(_) => &[],
        };
        let erased = |id: &&str| Self {
            id: (*id).to_owned(),
            at,
            key,
            has_begun: false,
        };
        ids.iter().map(erased).collect()
    }

    /// Returns the user as listed from the first rewritten segment on.
    pub(super) fn begun(&self) -> Self {
        Self {
            has_begun: true,
            ..self.clone()
        }
    }
}

/// The deletions of each user.
pub(super) struct Deletions<'a>(pub(super) HashMap<&'a str, Vec<&'a Erased>>);

impl<'a> Deletions<'a> {
    pub(super) fn new(users: impl IntoIterator<Item = &'a Erased>) -> Self {
        let mut each: HashMap<_, Vec<_>> = HashMap::new();
        for user in users {
            each.entry(user.id.as_str()).or_default().push(user);
        }
        Self(each)
    }

    /// Selects the users who may already be erased in some segments but not in others. If the newest checkpoint, which may be missing, does
    /// not cover the deletion, they are not.
    pub(super) fn half_done(
        directory: &Directory,
        users: &'a [Erased],
    ) -> Result<Self, JournalError> {
        let covered = covered(directory)?;
        let half_done = users.iter().filter(|it| it.has_begun && it.at <= covered);
        Ok(Self::new(half_done))
    }

    /// Returns the record `at` as it is after the erasure, or `None` if it does not change. Applied to every record, it makes a journal
    /// consistent of which only some segments were rewritten.
    pub(super) fn finish(&self, at: u64, content: &[u8]) -> Option<Vec<u8>> {
        if self.0.is_empty() {
            return None;
        }
        self.edit(at, content, Some)
    }

    pub(super) fn edit<'r>(
        &self,
        at: u64,
        content: &'r [u8],
        needed: impl Fn(Trace<'r>) -> Option<Trace<'r>>,
    ) -> Option<Vec<u8>> {
        let alias = |user: &str| self.alias(user, at);
        Record::read(content).ok()?.without(alias, needed)
    }

    /// Returns the alias of a user in the record `at`: that of the first deletion after it.
    fn alias(&self, user: &str, at: u64) -> Option<Alias> {
        let later = self.0.get(user)?.iter().filter(|it| at <= it.at);
        let first = later.min_by_key(|it| it.at)?;
        Some(Alias {
            number: first.at,
            key: first.key,
        })
    }
}

/// Returns the last record that the newest checkpoint covers; without one, no record is too new.
pub(super) fn covered(directory: &Directory) -> Result<u64, JournalError> {
    Ok(directory.checkpoint()?.map_or(u64::MAX, |it| it.sequence))
}

/// Reads the users whose erasure is unfinished.
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

/// Writes the list of the users whose erasure begins, durably.
pub(super) fn note(directory: &Directory, users: &[Erased]) -> Result<(), JournalError> {
    if users.is_empty() {
        return Ok(());
    }
    directory.write_note(&serde_json::to_vec(users).unwrap_or_default())
}
