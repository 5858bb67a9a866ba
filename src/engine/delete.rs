//! Deletion: the entity goes at once, and what was learnt of it in slices, so that no request waits for a walk over all rows.

use std::sync::Arc;

use super::slices::{ITEMS, USERS, slices};
use super::{Engine, EntityKind};
use crate::ingest::{Record, Retired};
use crate::journal::Broken;

impl Engine {
    /// Deletes an entity and forgets what was learnt of it. Returns whether there was one. It runs to the end even if the caller stops
    /// waiting.
    ///
    /// # Errors
    /// The journal is broken.
    pub async fn delete(self: &Arc<Self>, kind: EntityKind, id: &str) -> Result<bool, Broken> {
        let (engine, id) = (Arc::clone(self), id.to_owned());
        let deleted = self.on_workers(move || engine.delete_now(kind, &id)).await;
        let deleted = deleted.unwrap_or(Ok(false))?;
        self.durable().await?;
        Ok(deleted)
    }

    fn delete_now(&self, kind: EntityKind, id: &str) -> Result<bool, Broken> {
        let _one_at_a_time = self.deleting.lock();
        self.check_journal()?;
        let Some(retired) = self.take_out(kind, id)? else {
            return Ok(false);
        };
        let (items, users) = {
            let facts = self.facts.read();
            (facts.books.items.rows(), facts.books.users.rows())
        };
        for slice in slices(items, ITEMS) {
            self.facts.write().leave(retired, slice);
        }
        for slice in slices(users, USERS) {
            self.facts.write().forget(retired, slice);
        }
        self.facts.write().retire(retired);
        Ok(true)
    }

    /// Takes an entity out and appends the deletion to the journal.
    fn take_out(&self, kind: EntityKind, id: &str) -> Result<Option<Retired>, Broken> {
        let generation = self.live.load();
        let last_complete = self.last_complete(&generation.config);
        let mut facts = self.facts.write();
        let retired = facts.delete(kind, id, last_complete);
        if let (Some(kept), Some(_)) = (&self.kept, retired) {
            let record = Record::Deletion {
                kind,
                id,
                last_complete,
            };
            kept.append(&generation, &record)?;
        }
        Ok(retired)
    }
}
