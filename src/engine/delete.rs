//! Deletion. The entity is removed at once, and what was learnt about it in slices of rows, so that no request waits for a walk over all
//! of them.

use std::sync::Arc;

use super::slices::{ITEMS, USERS, slices};
use super::workers::Wanted;
use super::{Engine, EntityKind};
use crate::ingest::{Record, Retired};
use crate::journal::Broken;

impl Engine {
    /// Deletes an entity and forgets what was learnt about it. Returns whether it existed. The deletion runs to the end even if the caller
    /// stops waiting.
    ///
    /// # Errors
    /// The journal is broken.
    ///
    /// # Panics
    /// If the deletion panics, as [`Self::on_workers`].
    pub async fn delete(self: &Arc<Self>, kind: EntityKind, id: &str) -> Result<bool, Broken> {
        let (engine, id) = (Arc::clone(self), id.to_owned());
        let deletion = move |_: &Wanted| engine.delete_now(kind, &id);
        let deleted = self.on_workers(deletion).await?;
        self.durable().await?;
        Ok(deleted)
    }

    fn delete_now(&self, kind: EntityKind, id: &str) -> Result<bool, Broken> {
        let _one_at_a_time = self.deleting.lock();
        self.check_journal()?;
        let Some(retired) = self.remove(kind, id)? else {
            return Ok(false);
        };
        let (items, users) = {
            let facts = self.facts.read();
            (facts.books.items.rows(), facts.books.users.rows())
        };
        for slice in slices(items, ITEMS) {
            let mut facts = self.facts.write();
            facts.leave(retired, slice);
            self.settle(&mut facts);
        }
        for slice in slices(users, USERS) {
            self.facts.write().forget(retired, slice);
        }
        self.facts.write().retire(retired);
        Ok(true)
    }

    /// Removes an entity and appends the deletion to the journal. Returns `None` if there is no such entity.
    fn remove(&self, kind: EntityKind, id: &str) -> Result<Option<Retired>, Broken> {
        let generation = self.live.load();
        let last_complete = self.last_complete(&generation.config);
        let mut facts = self.facts.write();
        let ids = match kind {
            EntityKind::User => facts.ids_of_user(id),
            EntityKind::Item | EntityKind::Merchant => Vec::new(),
        };
        let retired = facts.delete(kind, id, last_complete);
        self.settle(&mut facts);
        // The journal may still mention a user who was evicted.
        if retired.is_some() || kind == EntityKind::User {
            let record = if ids.len() > 1 {
                let ids = ids.iter().map(String::as_str).collect();
                Record::Forgetting { ids, last_complete }
            } else {
                Record::Deletion {
                    kind,
                    id,
                    last_complete,
                }
            };
            self.append(&generation, &record)?;
        }
        Ok(retired)
    }
}
